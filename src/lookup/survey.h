/* SPDX-License-Identifier: Apache-2.0
 *
 * Find the manifest of a reference for one platform, and store nothing: the indexes are read, as
 * many as there are, an entry is chosen as for a fetch, and a single image is checked by its
 * config.
 *
 * Calling sequence: set the members of the first section, request the root by its tag or digest
 * with number 0, then tug__survey_use for everything that settles, until tug__survey_is_complete.
 * Threads: the engine's owner.
 */
#ifndef TUG_LOOKUP_SURVEY_H
#define TUG_LOOKUP_SURVEY_H

#include "engine/engine.h"
#include "plan/choice.h"
#include "oci/digest_set.h"
#include "plan/gathered.h"

struct tug__survey {
    /* set by the caller; borrowed */
    struct tug__engine *engine; /* without a store */
    struct tug__waiter *waiter; /* whose edges the requests get */
    const struct tug_ref *ref;
    struct tug__wish wish;    /* of one platform */
    tug__choice_warn_fn warn; /* must not change the survey */
    void *warn_context;

    unsigned requested; /* 1: the root */

    /* so far */
    unsigned received; /* results, of those requested */
    struct tug__gathered gathered;
    struct tug__digest_set indexes; /* requested already */

    /* the result, once complete */
    struct tug_digest digest;
    char *media_type; /* owned */
    uint64_t size_bytes;
    bool has_platform;
    struct tug_platform platform;
};

/* Use a result of the engine for one of the waiter's edges, request what it names, and choose when
 * it was the last.
 * Errors: TUG_ERR_NOT_FOUND: there is nothing for the platform; TUG_ERR_CONTENT, and as
 * tug__document_parse, tug__config_platform, tug__engine_start. The survey is over then, and the
 * waiter to be forgotten. */
enum tug_status tug__survey_use(struct tug__survey *survey, const struct tug__settled *settled,
                                const struct tug__edge *edge, struct tug_error *err);
/* Tell whether the result is known. */
bool tug__survey_is_complete(const struct tug__survey *survey);
/* Free what it owns. */
void tug__survey_fini(struct tug__survey *survey);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the api room share.
 */
#ifndef TUG_API_INTERNAL_H
#define TUG_API_INTERNAL_H

#include <tug/fetch.h>

#include "api/keys.h"
#include "base/cancel.h"
#include "pipeline/pipeline.h"

struct tug_fetch {
    /* set at create, then read-only */
    struct tug_store *store;          /* borrowed */
    struct tug_fetch_options options; /* with defaults; its pointers are owned below */
    struct tug_platform *platforms;
    bool has_default_platform; /* platforms holds this machine's, which was not asked for */
    char **labels;
    char **headers;
    struct tug_store **donors; /* each is borrowed */
    char **texts;              /* copies of the options' single strings */
    struct tug__bell *bell;
    bool has_registry; /* tug__registry_release is due */
    /* owner only */
    struct tug_ref **refs;
    struct tug_reference_options **ref_options; /* one per reference; NULL: none of its own */
    size_t ref_count, ref_capacity;
    struct tug__run_keys keys;
    bool has_run;
    /* shared: set from any thread */
    struct tug__cancel cancel;
    struct tug__image_cancels image_cancels; /* each: ref_capacity of them */
};

/* Free the options of a reference; NULL is allowed. */
void tug__reference_options_free(const struct tug_fetch *fetch,
                                 struct tug_reference_options *options);

/* Describe a fetch as the pipeline wants it. out_settings: borrows from fetch, until a reference is
 * added to it. */
void tug__fetch_settings(struct tug_fetch *fetch, struct tug__run_settings *out_settings);

/* The same for the one run of a fetch. Errors: TUG_ERR_INVALID_ARGUMENT: it has run already. */
enum tug_status tug__fetch_begin(struct tug_fetch *fetch, struct tug__run_settings *out_settings,
                                 struct tug_error *err);

#endif

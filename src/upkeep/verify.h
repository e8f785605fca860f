/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of verification: is everything there, and is it what it says it is?
 *
 * Rounds: walk the store, choose what to look at, hash it, have what is wrong repaired. A document
 * that was repaired may name what nobody knew of: then another round looks at that. A finding is
 * reported once, when it is known whether it was repaired.
 */
#ifndef TUG_UPKEEP_VERIFY_H
#define TUG_UPKEEP_VERIFY_H

#include <tug/upkeep.h>

#include "base/trace.h"
#include "upkeep/refetch.h"
#include "store/watch.h"
#include "trust/trust.h"

/* Where a blob came from. Borrowed for the call. */
struct tug__repair_origin {
    const char *const *texts; /* "HOST/REPOSITORY", the most likely first; as many as the blob's
                                 source_count */
};

/* All of a verification's input. Borrowed for the call. */
struct tug__verify_settings {
    struct tug_store *store;
    const struct tug_verify_options *options; /* every default filled in, what is ignored */
    /* What to look at: the digests of roots and blobs; names, of each, NULL: no image of its own.
     * NULL: the whole store. */
    const struct tug_digest *digests;
    const char *const *names;
    size_t count;
    const struct tug__keys *keys; /* one of which has to have signed; NULL: signatures are not
                                     looked at */
    struct tug__watch *watch;
    struct tug__trace *trace; /* NULL: none */
    /* Fetch blobs again. NULL: nothing is repaired. origins: of each blob. out_bytes: received, to
     * be added to. Returns: TUG_OK also when some could not be fetched; else nothing more can be
     * done. */
    enum tug_status (*repair)(void *context, struct tug__refetch *blobs,
                              const struct tug__repair_origin *origins, size_t count,
                              uint64_t *out_bytes, struct tug_error *err);
    void *repair_context;
};

/* The contract is that of tug_store_verify (tug/upkeep.h). */
enum tug_status tug__verify(const struct tug__verify_settings *settings,
                            struct tug_verify_result *out_result, struct tug_error *err);

#endif

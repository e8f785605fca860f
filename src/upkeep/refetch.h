/* SPDX-License-Identifier: Apache-2.0
 *
 * Fetch digests again that the store has lost or has damaged, from where they came from.
 */
#ifndef TUG_UPKEEP_REFETCH_H
#define TUG_UPKEEP_REFETCH_H

#include "oci/media_type.h"
#include "pipeline/pipeline.h"
#include "store/watch.h"

/* A blob to be fetched. Borrowed for the call. */
struct tug__refetch {
    /* set by the caller */
    struct tug_digest digest;
    bool has_size; /* size_bytes is what its descriptor says */
    uint64_t size_bytes;
    enum tug__media_kind kind;
    const char *media_type; /* NULL: nobody says it */
    size_t source_count; /* of settings.refs, which holds the sources of all blobs in their order:
                            repositories to ask, the most likely first */
    /* set by tug__refetch_all */
    bool is_done;           /* it is in the store, verified and durable */
    struct tug_error error; /* why not */
};

/* All of the input. Borrowed for the call. */
struct tug__refetching {
    const struct tug__run_settings *run; /* store, options, refs, cancel and bell count */
    struct tug__refetch *blobs;
    size_t count;
    struct tug__watch *watch; /* told of blobs and bytes; asked whether to stop */
};

/* Fetch blobs, all at once; what is in the store is hashed first, and stays if it is right.
 * out_received_bytes: over the network; added to.
 * Errors: TUG_ERR_CANCELLED, TUG_ERR_CONFIG, TUG_ERR_NO_MEMORY. What could not be fetched is no
 * error: each blob has its own. Threads: the caller's is the resolver. Blocks: until all is done.
 */
enum tug_status tug__refetch_all(const struct tug__refetching *refetching,
                                 uint64_t *out_received_bytes, struct tug_error *err);

#endif

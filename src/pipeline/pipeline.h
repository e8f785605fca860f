/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the pipeline room: run a set of references against a store.
 *
 * The thread that calls tug__run is the resolver: it owns the images and, through the engine
 * (engine/engine.h), all wanted content. It never uses the network; pool/pool.h shows the threads
 * that do, and the order of shutdown. No locks in this room.
 */
#ifndef TUG_PIPELINE_PIPELINE_H
#define TUG_PIPELINE_PIPELINE_H

#include <tug/fetch.h>

#include "base/cancel.h"
#include "base/queue.h"
#include "base/trace.h"
#include "trust/trust.h"

/* Which references are to be given up. Any thread may set each and then some, in this order. */
struct tug__image_cancels {
    struct tug__cancel some;  /* one of the others was set */
    struct tug__cancel *each; /* one per reference */
};

/* All of a run's input. Borrowed for the call. */
struct tug__run_settings {
    struct tug_store *store;
    struct tug_fetch_options options; /* every default filled in */
    bool has_default_platform;        /* options.platforms is a default, too */
    struct tug_ref *const *refs;
    /* one per reference; NULL: the run's. Defaults are filled in; labels include the run's. */
    const struct tug_reference_options *const *ref_options;
    const struct tug__keys *const *ref_keys; /* of each, that have to have signed it; NULL: no
                                                signature is needed; the array may be NULL */
    size_t ref_count;
    /* May be set from any thread; ring the bell afterwards. */
    const struct tug__cancel *cancel;
    struct tug__image_cancels *image_cancels; /* likewise */
    struct tug__bell *bell;                   /* the resolver sleeps on it */
    struct tug__trace *trace;                 /* NULL: none */
};

/* Fetch all references; the contract is tug_fetch_run's (tug/fetch.h). */
enum tug_status tug__run(const struct tug__run_settings *settings, struct tug_error *err);

#endif

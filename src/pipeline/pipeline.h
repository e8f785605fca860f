/* SPDX-License-Identifier: Apache-2.0
 *
 * The door of the pipeline room: run a set of references against a store.
 *
 *                jobs (spmc)                    segments (spsc each)
 *   resolver ───────────────▶ N workers ───────────────────────────▶ lanes (hash, commit)
 *      ▲  ╲__________________________ inbox (spsc each) ______________▶ │
 *      └──────────── events (an spsc ring per worker and per lane) ────┘
 *
 * Resolver: the thread that calls tug__run. It owns the graph (images, nodes, edges, transfers,
 * jobs, retry timers, what is known of hosts) and never touches the network.
 *
 * Locks: one in this room, of the rate limit (budget.h), and one of the registry's session
 * (registry/session.h), each for a few lines and never nested.
 * Objects have one owner at a time; queues hand them over.
 *
 * Shutdown, always in this order (tug__pool_stop walks it):
 *   1. the resolver submits no more jobs and sets the pool's stop flag;
 *   2. workers that wait for a job or for the network are woken; each writes out what it holds,
 * sends its job back, then ENDED; the resolver goes on taking events, so that nobody waits for
 * room;
 *   3. each lane gets STOP: it hashes and commits what is complete, then sends STOPPED; images that
 *      are complete by that get their names;
 *   4. each lane gets END, and sends ENDED;
 *   5. all threads are joined;
 *   6. transfers that are not complete are closed (their files stay for the next run), jobs still
 * in the ring are freed, then queues, bells and clients.
 */
#ifndef TUG_PIPELINE_PIPELINE_H
#define TUG_PIPELINE_PIPELINE_H

#include <tug/fetch.h>

#include "base/cancel.h"
#include "pipeline/queue.h"

/* All of a run's input. Borrowed for the call. */
struct tug__run_settings {
    struct tug_store *store;
    struct tug_fetch_options options; /* every default filled in */
    bool has_default_platform;        /* options.platforms is such a default */
    struct tug_ref *const *refs;
    /* of each reference; NULL: the run's. Defaults are filled in, labels are all that it gets. */
    const struct tug_reference_options *const *ref_options;
    size_t ref_count;
    /* Set from any thread; ring the bell after it. */
    const struct tug__cancel *cancel;
    struct tug__bell *bell; /* what the resolver sleeps on */
};

struct tug__session;

/* Make the session of a run: what the options say, with every registry of its references.
 * out_session: owned (tug__session_destroy). Errors: TUG_ERR_CONFIG, TUG_ERR_INVALID_ARGUMENT
 * (credentials for several registries), TUG_ERR_NO_MEMORY. Blocks: on the disk. */
enum tug_status tug__run_session(const struct tug__run_settings *settings,
                                 struct tug__session **out_session, struct tug_error *err);

/* Fetch all references; the contract is tug_fetch_run's (tug/fetch.h). */
enum tug_status tug__run(const struct tug__run_settings *settings, struct tug_error *err);

#endif

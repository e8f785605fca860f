/* SPDX-License-Identifier: Apache-2.0
 *
 * A run of the engine that is only about digests: no images, no names.
 *
 * Knows: the engine. Does not know: HTTP, which documents name the digests.
 * Threads: the resolver, which is the caller's.
 */
#include "upkeep/refetch.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "pipeline/fit.h"
#include "pipeline/gauge.h"
#include "pipeline/start.h"
#include "registry/registry.h"

/* How long a stop may go unseen. */
#define LOOK_MS 200

/* One source of a blob waits for it. */
struct want {
    struct tug__waiter waiter;
    struct tug__refetch *blob;
};

struct refetch_run {
    const struct tug__refetching *given;
    const struct tug__run_settings *settings;
    struct tug__session *session;
    struct tug__engine *engine;
    struct want *wants;   /* ref_count: one for each source; owned */
    size_t waiting_count; /* wants that wait */
    size_t done_count;    /* blobs that are there */
    bool is_stopped;
    struct tug__gauge gauge;
};

static bool is_document(const struct tug__refetch *blob)
{
    return blob->kind == TUG__MEDIA_INDEX || blob->kind == TUG__MEDIA_MANIFEST;
}

/* Give every want that waited for something its answer. The first source that fails is what is
 * told, unless another one has it. */
static void take_settled(void *context)
{
    struct refetch_run *const run = context;
    struct tug__settled settled;

    while (tug__engine_next_settled(run->engine, &settled)) {
        for (const struct tug__edge *edge = settled.edges; edge != NULL; edge = edge->next) {
            struct tug__refetch *blob;
            struct tug_error error = {0};

            if (edge->waiter == NULL) {
                continue;
            }
            blob = run->wants[edge->number].blob;
            run->waiting_count--;
            if (!tug__settled_refusal(&settled, edge, &error)) {
                run->done_count += blob->is_done ? 0 : 1;
                blob->is_done = true;
            } else if (blob->error.code == TUG_OK) {
                blob->error = error;
            }
        }
    }
}

static bool nothing_more(void *context)
{
    (void)context;
    return false;
}

/* Want a blob of one of its sources. */
static void start(struct refetch_run *run, size_t position, struct tug__refetch *blob)
{
    struct want *const want = &run->wants[position];
    const struct tug__wanted wanted = {
        .digest = blob->digest,
        .has_size = blob->has_size,
        .size_bytes = blob->size_bytes,
        .kind = blob->kind,
        .is_document = is_document(blob),
        .media_type = (char *)(uintptr_t)blob->media_type,
        .source = run->settings->refs[position],
        .is_recheck = !is_document(blob), /* a document is compared when it comes */
    };
    struct tug_error error = {0};

    want->blob = blob;
    if (tug__engine_start(run->engine, &wanted, &want->waiter, (unsigned)position, &error) ==
        TUG_OK) {
        run->waiting_count++;
    } else if (blob->error.code == TUG_OK) {
        blob->error = error;
    }
}

static void start_all(struct refetch_run *run)
{
    size_t position = 0;

    for (size_t i = 0; i < run->given->count; i++) {
        struct tug__refetch *const blob = &run->given->blobs[i];

        if (blob->source_count == 0) {
            (void)tug__fail(&blob->error, TUG_ERR_NOT_FOUND,
                            "no image says which repository it came from");
        }
        for (size_t k = 0; k < blob->source_count; k++) {
            start(run, position++, blob);
        }
    }
}

static bool should_stop(struct refetch_run *run)
{
    run->is_stopped = run->is_stopped || tug__cancel_is_set(run->settings->cancel) ||
                      tug__watch_should_stop(run->given->watch);
    return run->is_stopped;
}

static void tell(const struct refetch_run *run)
{
    struct tug_work_progress progress = {
        .items_done = run->done_count,
        .items_total = run->given->count,
        .bytes_done = tug__engine_load(run->engine).received_bytes,
    };

    tug__watch_tell(run->given->watch, &progress, false);
}

/* Work until every blob has its answer or the run is to stop. */
static void loop(struct refetch_run *run)
{
    while (run->waiting_count > 0 && !should_stop(run)) {
        const uint64_t gauge_ns = tug__gauge_read(&run->gauge);
        const uint64_t stop_ns = tug__deadline_ns(LOOK_MS);
        uint64_t look_ns;
        uint64_t wake_ns;

        tug__engine_wake(run->engine);
        look_ns = tug__engine_measure(run->engine);
        tug__engine_submit(run->engine);
        take_settled(run);
        wake_ns = tug__engine_due(run->engine);
        wake_ns = wake_ns < look_ns ? wake_ns : look_ns;
        wake_ns = wake_ns < stop_ns ? wake_ns : stop_ns;
        wake_ns = wake_ns < gauge_ns ? wake_ns : gauge_ns;
        if (run->waiting_count > 0) {
            tug__bell_wait(run->settings->bell, wake_ns);
        }
        while (tug__engine_handle_event(run->engine)) {
            take_settled(run);
        }
        tell(run);
    }
    tug__engine_halt(run->engine);
}

static void ignore_event(void *context, struct tug_event *event)
{
    (void)context;
    (void)event;
}

static enum tug_status make_engine(struct refetch_run *run, struct tug_error *err)
{
    const struct tug_fetch_options *const options = &run->settings->options;
    const struct tug__engine_settings own = {
        .store = run->settings->store,
        .session = run->session,
        .worker_count = tug__fit_workers(options, options->max_concurrent_downloads),
        .on_event = ignore_event,
    };

    return tug__run_engine(run->settings, &own, &run->engine, err);
}

/* Say of what is not done why it is not. */
static void tell_rest(struct refetch_run *run)
{
    for (size_t i = 0; i < run->given->count; i++) {
        struct tug__refetch *const blob = &run->given->blobs[i];

        if (blob->is_done) {
            blob->error = (struct tug_error){0};
        } else if (blob->error.code == TUG_OK) {
            (void)tug__fail(&blob->error, TUG_ERR_CANCELLED, "interrupted");
        }
        tug__session_cut_error(run->session, &blob->error);
    }
}

enum tug_status tug__refetch_all(const struct tug__refetching *refetching,
                                 uint64_t *out_received_bytes, struct tug_error *err)
{
    struct refetch_run run = {.given = refetching, .settings = refetching->run};
    const struct tug__engine_handler handler = {
        .on_settled = take_settled,
        .on_round = nothing_more,
        .context = &run,
    };
    enum tug_status status = tug__run_session(run.settings, &run.session, err);

    if (status != TUG_OK) {
        return status;
    }
    run.wants = calloc(run.settings->ref_count + 1, sizeof *run.wants);
    status = run.wants != NULL ? make_engine(&run, err) : tug__fail_memory(err);
    if (status == TUG_OK) {
        run.gauge = (struct tug__gauge){.trace = run.settings->trace, .engine = run.engine};
        start_all(&run);
        loop(&run);
        tug__engine_stop(run.engine, &handler);
        *out_received_bytes += tug__engine_load(run.engine).received_bytes;
        tell_rest(&run);
        status = run.is_stopped ? tug__fail(err, TUG_ERR_CANCELLED, "interrupted") : TUG_OK;
    }
    tug__engine_destroy(run.engine);
    free(run.wants);
    tug__session_destroy(run.session);
    return status;
}

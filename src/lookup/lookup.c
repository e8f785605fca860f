/* SPDX-License-Identifier: Apache-2.0
 *
 * Resolve references at their registries, and fetch nothing.
 *
 * Knows: questions, the engine's interface. Does not know: HTTP, retries.
 * Threads: the caller of tug__lookup_run.
 *
 * Each reference is a question that waits for one node of an engine without a store. Every
 * repository is asked itself, even when another one has returned the same digest: a digest that
 * exists elsewhere may be missing here.
 */
#include "lookup/lookup.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "lookup/question.h"
#include "pipeline/start.h"
#include "registry/registry.h"

/* Questions in progress per worker: enough that a slow registry, or one that asked for a pause,
 * leaves no worker idle. */
#define QUESTIONS_PER_WORKER 64

/* Start as many questions as there is room for. Returns: true when more could be started at once.
 */
static bool give_out_work(struct tug__lookup *lookup)
{
    const size_t most =
        (size_t)tug__engine_load(lookup->engine).worker_count * QUESTIONS_PER_WORKER;
    const size_t count = lookup->settings->ref_count;

    while (lookup->begun < count && lookup->begun - lookup->done_count < most) {
        tug__question_begin(lookup, lookup->begun++);
    }
    tug__engine_submit(lookup->engine);
    tug__questions_settle(lookup);
    return lookup->begun < count && lookup->begun - lookup->done_count < most;
}

/* Work until every question is answered or the run has to stop. */
static void loop(struct tug__lookup *lookup, uint64_t end_ns)
{
    const struct tug__run_settings *const settings = lookup->settings;

    while (lookup->done_count < settings->ref_count) {
        const uint64_t gauge_ns = tug__gauge_read(&lookup->gauge);
        uint64_t wake_ns;

        tug__engine_wake(lookup->engine);
        tug__questions_settle(lookup);
        wake_ns = give_out_work(lookup) ? 0 : tug__engine_due(lookup->engine);
        if (lookup->done_count < settings->ref_count && !lookup->is_failing_fast) {
            wake_ns = wake_ns < end_ns ? wake_ns : end_ns;
            tug__bell_wait(settings->bell, wake_ns < gauge_ns ? wake_ns : gauge_ns);
        }
        while (tug__engine_handle_event(lookup->engine)) {
            tug__questions_settle(lookup);
        }
        if (tug__cancel_is_set(settings->cancel) || tug__now_ns() >= end_ns ||
            lookup->is_failing_fast) {
            return;
        }
    }
}

/* Report the references that the end of the run left unanswered. */
static void fail_rest(struct tug__lookup *lookup)
{
    struct tug_error error = {0};

    if (tug__cancel_is_set(lookup->settings->cancel)) {
        (void)tug__fail(&error, TUG_ERR_CANCELLED, "interrupted");
    } else if (lookup->is_failing_fast) {
        (void)tug__fail(&error, TUG_ERR_CANCELLED, "not resolved: another reference failed first");
    } else {
        (void)tug__fail(&error, TUG_ERR_TIMEOUT, "timed out");
    }
    for (size_t i = 0; i < lookup->settings->ref_count; i++) {
        if (!lookup->questions[i].is_done) {
            tug__question_fail(lookup, &lookup->questions[i], &error, 0);
        }
    }
}

/* --- the run --- */

/* Handle the results of the engine. */
static void handle_settled(void *context)
{
    tug__questions_settle(context);
}

/* Single attempts are not reported. */
static void ignore_event(void *context, struct tug_event *event)
{
    (void)context;
    (void)event;
}

/* Nothing is published. */
static bool owe_nothing(void *context)
{
    (void)context;
    return false;
}

static enum tug_status set_up(struct tug__lookup *lookup, struct tug_error *err)
{
    const struct tug__run_settings *const settings = lookup->settings;
    const unsigned most = settings->options.max_concurrent_downloads;
    struct tug__engine_settings own = {
        .worker_count = settings->ref_count < most ? (unsigned)settings->ref_count : most,
        .is_dry = true,
        .on_event = ignore_event,
    };
    enum tug_status status;

    lookup->questions = calloc(settings->ref_count + 1, sizeof *lookup->questions);
    if (lookup->questions == NULL) {
        return tug__fail_memory(err);
    }
    status = tug__run_session(settings, &lookup->session, err);
    own.session = lookup->session;
    if (status == TUG_OK && settings->ref_count > 0) {
        status = tug__run_engine(settings, &own, &lookup->engine, err);
    }
    lookup->gauge = (struct tug__gauge){.trace = settings->trace, .engine = lookup->engine};
    return status;
}

enum tug_status tug__lookup_run(const struct tug__run_settings *settings, struct tug_error *err)
{
    struct tug__lookup lookup = {.settings = settings, .wish = tug__run_wish(settings)};
    const uint64_t end_ns = settings->options.timeout_ms > 0
                                ? tug__deadline_ns(settings->options.timeout_ms)
                                : TUG__NEVER_NS;
    enum tug_status status = set_up(&lookup, err);

    if (lookup.engine != NULL) {
        const struct tug__engine_handler handler = {
            .on_settled = handle_settled, .on_round = owe_nothing, .context = &lookup};

        loop(&lookup, end_ns);
        tug__engine_stop(lookup.engine, &handler);
        fail_rest(&lookup);
        tug__lookup_warn(&lookup);
        status = lookup.first_error.code;
        if (status != TUG_OK && err != NULL) {
            *err = lookup.first_error;
            tug__session_cut_error(lookup.session, err);
        }
    }
    tug__engine_destroy(lookup.engine);
    tug__session_destroy(lookup.session); /* after its clients */
    free(lookup.questions);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Resolve references at their registries, and fetch nothing.
 *
 * Knows: the engine's interface. Does not know: HTTP, retries.
 * Threads: the caller of tug__lookup_run.
 *
 * Each reference is a question that waits for one node of an engine without a store. Every
 * repository is asked itself, even when another one has returned the same digest: a digest that
 * exists elsewhere may be missing here.
 */
#include "pipeline/lookup.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "oci/descriptor.h"
#include "oci/document.h"
#include "oci/media_type.h"
#include "pipeline/gauge.h"
#include "pipeline/shown.h"
#include "pipeline/start.h"
#include "pipeline/survey.h"

/* Questions in progress per worker: enough that a slow registry, or one that asked for a pause,
 * leaves no worker idle. */
#define QUESTIONS_PER_WORKER 64

struct lookup;

/* One reference, by its position in the array. */
struct question {
    struct tug__waiter waiter; /* first: an edge's waiter is found by it */
    struct lookup *lookup;     /* once it has begun */
    struct tug__survey
        *survey; /* owned; for one platform; NULL: the root is wanted, whatever it is */
    bool is_done;
};

_Static_assert(offsetof(struct question, waiter) == 0, "a question is found by its first member");

struct lookup {
    const struct tug__run_settings *settings;
    struct tug__session *session;
    struct tug__engine *engine;
    struct tug__wish wish;      /* of references without options of their own */
    struct question *questions; /* owned; ref_count */
    size_t begun;               /* all before this one are started */
    size_t done_count;
    bool is_failing_fast;
    struct tug_error first_error; /* of the first reference that failed; zero: none has */
    struct tug__gauge gauge;
};

/* --- events --- */

static void emit(const struct lookup *lookup, const struct tug_event *event)
{
    const struct tug_fetch_options *const options = &lookup->settings->options;
    const struct tug_totals totals = {.images = lookup->settings->ref_count};

    if (options->on_event != NULL) {
        struct tug_event complete = *event;
        struct tug__shown shown;

        complete.totals = &totals;
        options->on_event(options->event_context, tug__show(lookup->session, &complete, &shown));
    }
}

static void emit_warnings(const struct lookup *lookup)
{
    char text[512];
    char shown[TUG_ERROR_MESSAGE_MAX];
    struct tug_event event = {.kind = TUG_EVENT_WARNING, .text = shown};

    while (tug__session_pop_warning(lookup->session, text, sizeof text)) {
        (void)tug_text_escape(shown, sizeof shown, text, strlen(text));
        emit(lookup, &event);
    }
}

/* Report a warning about the choice among the entries of an index. */
static void warn(void *context, bool is_shortfall, const char *text)
{
    const struct question *const question = context;
    const struct lookup *const lookup = question->lookup;
    char shown[TUG_ERROR_MESSAGE_MAX];
    const struct tug_event event = {
        .kind = TUG_EVENT_WARNING,
        .ref = tug_ref_name(lookup->settings->refs[question - lookup->questions]),
        .text = shown,
        .is_shortfall = is_shortfall,
    };

    (void)tug_text_escape(shown, sizeof shown, text, strlen(text));
    emit(lookup, &event);
}

/* A question waits for nothing any more. */
static void close_question(struct lookup *lookup, struct question *question)
{
    tug__engine_forget(lookup->engine, &question->waiter);
    if (question->survey != NULL) {
        tug__survey_fini(question->survey);
        free(question->survey);
        question->survey = NULL;
    }
}

/* Report the result of a question. result: complete, except for position and reference. */
static void report(struct lookup *lookup, struct question *question,
                   struct tug_image_result *result)
{
    const struct tug_event event = {.kind = TUG_EVENT_IMAGE, .image = result};

    question->is_done = true;
    lookup->done_count++;
    result->position = (size_t)(question - lookup->questions);
    result->ref = tug_ref_name(lookup->settings->refs[result->position]);
    emit_warnings(lookup);
    emit(lookup, &event);
    close_question(lookup, question);
    if (result->status == TUG_OK) {
        return;
    }
    if (lookup->first_error.code == TUG_OK) {
        lookup->first_error = result->error;
    }
    lookup->is_failing_fast = lookup->is_failing_fast || lookup->settings->options.fail_fast;
}

static void report_failure(struct lookup *lookup, struct question *question,
                           const struct tug_error *error, double seconds)
{
    struct tug_image_result result = {.status = error->code, .error = *error, .seconds = seconds};

    report(lookup, question, &result);
}

/* --- answers --- */

/* Choose the media type: the registry's or, if that is generic, the document's own. Returns: owned;
 * NULL when out of memory. */
static char *choose_media_type(const struct tug__settled *settled)
{
    const struct tug__document_text text = {
        .bytes = settled->body, .length = settled->size_bytes, .media_type = settled->media_type};
    struct tug__document document;
    char *type = NULL;

    if (tug__media_is_generic(settled->media_type) && settled->body != NULL &&
        tug__document_parse(&text, &document, NULL) == TUG_OK) {
        type = strdup(document.media_type);
        tug__document_fini(&document);
        return type;
    }
    type = strdup(settled->media_type);
    if (type != NULL) {
        type[strcspn(type, "; \t")] = '\0';
        if (tug__media_type_check(type, NULL) != TUG_OK) {
            type[0] = '\0'; /* it is passed to terminals and scripts unchanged */
        }
    }
    return type;
}

/* Check the digest of a reply against the reference. Errors: TUG_ERR_CONTENT. */
static enum tug_status check_digest(const struct tug_ref *ref, const struct tug_digest *digest,
                                    struct tug_error *err)
{
    const struct tug_digest *const pinned = tug_ref_digest(ref);
    char text[TUG_DIGEST_TEXT_MAX];

    if (pinned == NULL || pinned->algorithm != digest->algorithm ||
        tug_digest_equal(pinned, digest)) {
        return TUG_OK;
    }
    return tug__fail(err, TUG_ERR_CONTENT, "the registry returned another manifest: %s",
                     tug_digest_format(digest, text));
}

static void handle_answer(struct lookup *lookup, struct question *question,
                          const struct tug__settled *settled)
{
    const struct tug_ref *const ref = lookup->settings->refs[question - lookup->questions];
    struct tug_error error = {0};
    char *media_type = NULL;
    struct tug_image_result result = {
        .digest = tug_ref_digest(ref) != NULL ? *tug_ref_digest(ref) : settled->digest,
        .size_bytes = settled->size_bytes,
        .seconds = settled->seconds,
    };

    if (check_digest(ref, &settled->digest, &error) == TUG_OK) {
        media_type = choose_media_type(settled);
        if (media_type == NULL) {
            (void)tug__fail_memory(&error);
        }
    }
    if (error.code != TUG_OK) {
        report_failure(lookup, question, &error, settled->seconds);
    } else {
        result.media_type = media_type;
        report(lookup, question, &result);
    }
    free(media_type);
}

/* Use what was found out for a question about one platform. */
static void handle_survey(struct lookup *lookup, struct question *question,
                          const struct tug__settled *settled, const struct tug__edge *edge)
{
    struct tug__survey *const survey = question->survey;
    struct tug_error error = {0};

    if (tug__survey_use(survey, settled, edge, &error) != TUG_OK) {
        report_failure(lookup, question, &error, settled->seconds);
    } else if (tug__survey_is_complete(survey)) {
        struct tug_image_result result = {
            .digest = survey->digest,
            .media_type = survey->media_type,
            .size_bytes = survey->size_bytes,
            .seconds = settled->seconds,
            .platform = survey->has_platform ? &survey->platform : NULL,
        };

        report(lookup, question, &result);
    }
}

static void handle_edge(struct lookup *lookup, const struct tug__settled *settled,
                        const struct tug__edge *edge)
{
    struct question *const question = (struct question *)edge->waiter;
    struct tug_error error;

    if (question == NULL) {
        return;
    }
    if (tug__settled_refusal(settled, edge, &error)) {
        report_failure(lookup, question, &error, settled->seconds);
    } else if (question->survey != NULL) {
        handle_survey(lookup, question, settled, edge);
    } else {
        handle_answer(lookup, question, settled);
    }
}

/* Handle the results of the engine. */
static void handle_settled(void *context)
{
    struct lookup *const lookup = context;
    struct tug__settled settled;

    while (tug__engine_next_settled(lookup->engine, &settled)) {
        for (const struct tug__edge *edge = settled.edges; edge != NULL; edge = edge->next) {
            handle_edge(lookup, &settled, edge);
        }
    }
}

/* --- questions --- */

/* Prepare a question: with a survey, if one platform is wanted.
 * Errors: TUG_ERR_INVALID_ARGUMENT: several are; TUG_ERR_NO_MEMORY. */
static enum tug_status prepare(struct lookup *lookup, size_t position, struct tug_error *err)
{
    struct question *const question = &lookup->questions[position];
    const struct tug__wish wish =
        tug__wish_of(&lookup->wish, lookup->settings->ref_options[position]);

    question->lookup = lookup;
    if (wish.all_platforms || wish.is_default) {
        return TUG_OK;
    }
    if (wish.platform_count > 1) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                         "only one platform can be resolved at a time, not %zu",
                         wish.platform_count);
    }
    question->survey = malloc(sizeof *question->survey);
    if (question->survey == NULL) {
        return tug__fail_memory(err);
    }
    *question->survey = (struct tug__survey){
        .engine = lookup->engine,
        .waiter = &question->waiter,
        .ref = lookup->settings->refs[position],
        .wish = {.platforms = wish.platforms, .platform_count = 1},
        .warn = warn,
        .warn_context = question,
        .requested = 1,
    };
    return TUG_OK;
}

/* Request the root: its headers, or the document when it has to be read. */
static enum tug_status request_root(struct lookup *lookup, struct question *question,
                                    const struct tug_ref *ref, struct tug_error *err)
{
    const struct tug_digest *const pinned = tug_ref_digest(ref);
    char reference[TUG_DIGEST_TEXT_MAX]; /* a tag is shorter */
    struct tug__wanted wanted = {
        .tag = reference,
        .is_document = true,
        .source = ref,
        .asks_digest_first = question->survey == NULL,
        .may_be_blob = pinned != NULL,
        .is_lookup = true,
    };

    if (pinned != NULL) {
        wanted.digest = *pinned;
        (void)tug_digest_format(pinned, reference);
    } else {
        (void)snprintf(reference, sizeof reference, "%s", tug_ref_tag(ref));
    }
    return tug__engine_start(lookup->engine, &wanted, &question->waiter, 0, err);
}

/* Start a question. */
static void begin(struct lookup *lookup, size_t position)
{
    struct question *const question = &lookup->questions[position];
    struct tug_error error = {0};
    enum tug_status status = prepare(lookup, position, &error);

    if (status == TUG_OK) {
        status = request_root(lookup, question, lookup->settings->refs[position], &error);
    }
    if (status != TUG_OK) {
        report_failure(lookup, question, &error, 0);
    }
}

/* Start as many questions as there is room for. Returns: true when more could be started at once.
 */
static bool give_out_work(struct lookup *lookup)
{
    const size_t most =
        (size_t)tug__engine_load(lookup->engine).worker_count * QUESTIONS_PER_WORKER;
    const size_t count = lookup->settings->ref_count;

    while (lookup->begun < count && lookup->begun - lookup->done_count < most) {
        begin(lookup, lookup->begun++);
    }
    tug__engine_submit(lookup->engine);
    handle_settled(lookup);
    return lookup->begun < count && lookup->begun - lookup->done_count < most;
}

/* Work until every question is answered or the run has to stop. */
static void loop(struct lookup *lookup, uint64_t end_ns)
{
    const struct tug__run_settings *const settings = lookup->settings;

    while (lookup->done_count < settings->ref_count) {
        const uint64_t gauge_ns = tug__gauge_read(&lookup->gauge);
        uint64_t wake_ns = tug__engine_wake(lookup->engine);

        handle_settled(lookup);
        if (give_out_work(lookup)) {
            wake_ns = 0;
        }
        if (lookup->done_count < settings->ref_count && !lookup->is_failing_fast) {
            wake_ns = wake_ns < end_ns ? wake_ns : end_ns;
            tug__bell_wait(settings->bell, wake_ns < gauge_ns ? wake_ns : gauge_ns);
        }
        while (tug__engine_handle_event(lookup->engine)) {
            handle_settled(lookup);
        }
        if (tug__cancel_is_set(settings->cancel) || tug__now_ns() >= end_ns ||
            lookup->is_failing_fast) {
            return;
        }
    }
}

/* Report the references that the end of the run left unanswered. */
static void fail_rest(struct lookup *lookup)
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
            report_failure(lookup, &lookup->questions[i], &error, 0);
        }
    }
}

/* --- the run --- */

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

static enum tug_status set_up(struct lookup *lookup, struct tug_error *err)
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
    struct lookup lookup = {.settings = settings, .wish = tug__run_wish(settings)};
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
        emit_warnings(&lookup);
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

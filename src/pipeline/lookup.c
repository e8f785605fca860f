/* SPDX-License-Identifier: Apache-2.0
 *
 * Resolve references at their registries, and fetch nothing.
 *
 * Knows: the registry's interface, the retry policy. Does not know: the store, the graph of a run.
 * Threads: tug__lookup_run in the caller's; askers, each with one client. Shared state is guarded
 * by one mutex, which is never held while a request runs.
 */
#include "pipeline/lookup.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "oci/content_kind.h"
#include "oci/descriptor.h"
#include "oci/digest.h"
#include "oci/document.h"
#include "pipeline/fit.h"
#include "pipeline/shown.h"
#include "registry/registry.h"
#include "registry/retry.h"

/* Stack of a thread: libcurl with OpenSSL needs the most. */

/* Result of one reference. */
struct answer {
    struct tug_image_result result;
    char *media_type; /* owned */
    bool is_reported;
};

struct lookup {
    /* set before the askers start, then read-only */
    const struct tug__run_settings *settings;
    struct tug__session *session;
    struct tug__retry_policy retry_policy;
    /* shared */
    struct tug__cancel stop;
    pthread_mutex_t mutex;
    pthread_cond_t woken;   /* stop was set */
    struct answer *answers; /* ref_count; each belongs to its asker until it is in done */
    size_t next;
    size_t *done; /* ref_count positions, in order of completion */
    size_t done_count;
    unsigned running;
    /* caller's thread only */
    bool is_failing_fast;
};

struct asker {
    struct lookup *lookup;
    struct tug__client *client;
    pthread_t thread;
    bool is_started;
    uint32_t random;
};

static bool should_stop(void *context)
{
    const struct asker *const asker = context;

    return tug__cancel_is_set(&asker->lookup->stop);
}

/* Choose the media type: the registry's or, if that is generic, the document's own. */
static char *choose_media_type(const struct tug__manifest_reply *reply)
{
    struct tug__document document;
    char *type = NULL;

    if (tug__media_is_generic(reply->media_type) && reply->body != NULL &&
        tug__document_parse(reply->body, reply->length, reply->media_type, false, &document,
                            NULL) == TUG_OK) {
        type = strdup(document.media_type);
        tug__document_fini(&document);
        return type;
    }
    type = strdup(reply->media_type);
    if (type != NULL) {
        type[strcspn(type, "; \t")] = '\0';
        if (tug__media_type_check(type, NULL) != TUG_OK) {
            type[0] = '\0'; /* it is passed to terminals and scripts unchanged */
        }
    }
    return type;
}

/* Check a reply against the request and the registry's headers. */
static enum tug_status check_reply(const struct tug_ref *ref,
                                   const struct tug__manifest_reply *reply, struct answer *answer,
                                   struct tug_error *err)
{
    const struct tug_digest *const pinned = tug_ref_digest(ref);
    const struct tug_digest *const promised = pinned != NULL ? pinned : &reply->digest;
    struct tug_digest found = reply->digest;
    char text[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = TUG_OK;

    if (reply->body != NULL) {
        status = tug__digest_of(promised->algorithm != TUG_DIGEST_NONE ? promised->algorithm
                                                                       : TUG_DIGEST_SHA256,
                                reply->body, reply->length, &found, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    if (promised->algorithm != TUG_DIGEST_NONE && found.algorithm == promised->algorithm &&
        !tug_digest_equal(&found, promised)) {
        return tug__fail(err, TUG_ERR_CONTENT, "the registry returned another manifest: %s",
                         tug_digest_format(&found, text));
    }
    answer->media_type = choose_media_type(reply);
    if (answer->media_type == NULL) {
        return tug__fail_memory(err);
    }
    answer->result.digest = pinned != NULL ? *pinned : found;
    answer->result.size_bytes = reply->body != NULL ? reply->length : reply->size_bytes;
    return TUG_OK;
}

/* Tell whether the reply to a HEAD is complete. */
static bool is_whole(const struct tug__manifest_reply *reply)
{
    return reply->digest.algorithm != TUG_DIGEST_NONE && reply->has_size &&
           !tug__media_is_generic(reply->media_type);
}

/* A digest has no manifest: check for a blob. */
static enum tug_status ask_for_blob(struct asker *asker, const struct tug__source *source,
                                    const struct tug_digest *digest, struct answer *answer,
                                    struct tug__manifest_reply *out_reply, struct tug_error *err)
{
    char type[TUG__MEDIA_TYPE_MAX];
    enum tug_status status;

    *err = (struct tug_error){0};
    status = tug__client_head_blob(asker->client, source, digest, out_reply, err);
    if (status != TUG_OK) {
        return status;
    }
    tug__content_type_of_blob(out_reply->media_type, type);
    answer->media_type = strdup(type);
    if (answer->media_type == NULL) {
        return tug__fail_memory(err);
    }
    answer->result.digest = *digest;
    answer->result.size_bytes = out_reply->size_bytes;
    return TUG_OK;
}

/* Try once: with a HEAD, then with a GET if that is not enough. is_last: no attempt is left. */
static enum tug_status ask(struct asker *asker, const struct tug_ref *ref, bool is_last,
                           struct answer *answer, struct tug__manifest_reply *out_reply,
                           struct tug_error *err)
{
    const struct tug_digest *const pinned = tug_ref_digest(ref);
    const struct tug__source source = {.host = tug_ref_host(ref),
                                       .repository = tug_ref_repository(ref)};
    char digest[TUG_DIGEST_TEXT_MAX];
    const char *const reference =
        pinned != NULL ? tug_digest_format(pinned, digest) : tug_ref_tag(ref);
    enum tug_status status =
        tug__client_head_manifest(asker->client, &source, reference, out_reply, err);

    if (status != TUG_OK ? tug__retry_by_get(err, out_reply->result.retry_after_ms, is_last)
                         : !is_whole(out_reply)) {
        *err = (struct tug_error){0};
        status = tug__client_get_manifest(asker->client, &source, reference, NULL, out_reply, err);
    }
    if (status == TUG_OK) {
        status = check_reply(ref, out_reply, answer, err);
    } else if (pinned != NULL &&
               (status == TUG_ERR_NOT_FOUND || (is_last && err->http_status == 500))) {
        status = ask_for_blob(asker, &source, pinned, answer, out_reply, err);
    }
    free(out_reply->body);
    out_reply->body = NULL;
    return status;
}

/* Sleep, until the run has to stop. */
static void wait_ms(struct lookup *lookup, uint64_t delay_ms)
{
    const uint64_t end_ns = tug__deadline_ns(delay_ms);

    (void)pthread_mutex_lock(&lookup->mutex);
    while (!tug__cancel_is_set(&lookup->stop) && tug__now_ns() < end_ns) {
        tug__cond_wait_until(&lookup->woken, &lookup->mutex, end_ns);
    }
    (void)pthread_mutex_unlock(&lookup->mutex);
}

/* Retry until there is an answer, or no point in trying again. */
static void resolve(struct asker *asker, const struct tug_ref *ref, struct answer *answer)
{
    const struct tug__retry_policy *const policy = &asker->lookup->retry_policy;
    const uint64_t begin_ns = tug__now_ns();
    unsigned failures = 0;

    for (;;) {
        struct tug_error error = {0};
        struct tug__manifest_reply reply;
        uint64_t delay_ms = 0;
        const enum tug_status status =
            ask(asker, ref, failures >= policy->retries, answer, &reply, &error);

        answer->result.status = status;
        answer->result.error = error;
        answer->result.seconds = (double)(tug__now_ns() - begin_ns) / (double)TUG__NS_PER_S;
        if (status == TUG_OK || should_stop(asker)) {
            return;
        }
        asker->random = asker->random * UINT32_C(1664525) + UINT32_C(1013904223);
        failures = reply.result.is_deferred ? failures : tug__retry_count(failures, 0);
        if (!tug__retry_decide(policy, &error, failures, reply.result.retry_after_ms,
                               asker->random >> 16, &delay_ms)) {
            return;
        }
        wait_ms(asker->lookup, delay_ms);
    }
}

static void *asker_main(void *argument)
{
    struct asker *const asker = argument;
    struct lookup *const lookup = asker->lookup;

    (void)pthread_mutex_lock(&lookup->mutex);
    while (!tug__cancel_is_set(&lookup->stop) && lookup->next < lookup->settings->ref_count) {
        const size_t position = lookup->next++;

        (void)pthread_mutex_unlock(&lookup->mutex);
        resolve(asker, lookup->settings->refs[position], &lookup->answers[position]);
        (void)pthread_mutex_lock(&lookup->mutex);
        lookup->done[lookup->done_count++] = position;
        tug__bell_ring(lookup->settings->bell);
    }
    lookup->running--;
    (void)pthread_mutex_unlock(&lookup->mutex);
    tug__bell_ring(lookup->settings->bell);
    return NULL;
}

static enum tug_status start(struct lookup *lookup, struct asker *asker, struct tug_error *err)
{
    const struct tug_fetch_options *const options = &lookup->settings->options;
    const struct tug__client_settings settings = {
        .session = lookup->session,
        .connect_timeout_ms = options->connect_timeout_ms,
        .stall_timeout_ms = options->stall_timeout_ms,
        .should_stop = should_stop,
        .stop_context = asker,
    };
    enum tug_status status;

    asker->lookup = lookup;
    asker->random = (uint32_t)tug__now_ns();
    status = tug__client_create(&settings, &asker->client, err);
    if (status != TUG_OK) {
        return status;
    }
    (void)pthread_mutex_lock(&lookup->mutex);
    status = tug__thread_start(&asker->thread, asker_main, asker, err);
    asker->is_started = status == TUG_OK;
    lookup->running += asker->is_started;
    (void)pthread_mutex_unlock(&lookup->mutex);
    return status;
}

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

/* Set the error of a reference that was not resolved because the run stopped. */
static void explain_stop(const struct lookup *lookup, struct answer *answer)
{
    struct tug_error error = {0};

    if (tug__cancel_is_set(lookup->settings->cancel)) {
        (void)tug__fail(&error, TUG_ERR_CANCELLED, "interrupted");
    } else if (lookup->is_failing_fast) {
        (void)tug__fail(&error, TUG_ERR_CANCELLED, "not resolved: another reference failed first");
    } else {
        (void)tug__fail(&error, TUG_ERR_TIMEOUT, "timed out");
    }
    answer->result.status = error.code;
    answer->result.error = error;
}

/* Report an answer, and the first failure to the caller. */
static void report(struct lookup *lookup, size_t position, struct tug_error *first_error)
{
    struct answer *const answer = &lookup->answers[position];
    struct tug_event event = {.kind = TUG_EVENT_IMAGE, .image = &answer->result};

    if (answer->result.status == TUG_ERR_CANCELLED) {
        explain_stop(lookup, answer);
    }
    answer->is_reported = true;
    answer->result.position = position;
    answer->result.ref = tug_ref_name(lookup->settings->refs[position]);
    answer->result.media_type = answer->media_type;
    emit_warnings(lookup);
    emit(lookup, &event);
    if (first_error->code == TUG_OK && answer->result.status != TUG_OK) {
        *first_error = answer->result.error;
    }
    free(answer->media_type);
    answer->media_type = NULL;
}

/* Report finished answers. Returns: true when no asker is left. */
static bool report_done(struct lookup *lookup, size_t *reported_count,
                        struct tug_error *first_error)
{
    size_t done_count;
    bool is_over;

    (void)pthread_mutex_lock(&lookup->mutex);
    done_count = lookup->done_count;
    is_over = lookup->running == 0;
    (void)pthread_mutex_unlock(&lookup->mutex);
    for (; *reported_count < done_count; ++*reported_count) {
        report(lookup, lookup->done[*reported_count], first_error);
    }
    return is_over;
}

/* Stop the askers, whether in a request, waiting, or about to start. */
static void stop(struct lookup *lookup, struct asker *askers, unsigned count)
{
    tug__cancel_set(&lookup->stop);
    (void)pthread_mutex_lock(&lookup->mutex);
    (void)pthread_cond_broadcast(&lookup->woken);
    (void)pthread_mutex_unlock(&lookup->mutex);
    for (unsigned i = 0; i < count; i++) {
        if (askers[i].is_started) {
            tug__client_wake(askers[i].client);
        }
    }
}

static void fail_rest(struct lookup *lookup, struct tug_error *first_error)
{
    for (size_t i = 0; i < lookup->settings->ref_count; i++) {
        if (!lookup->answers[i].is_reported) {
            lookup->answers[i].result.status = TUG_ERR_CANCELLED;
            report(lookup, i, first_error);
        }
    }
}

static void loop(struct lookup *lookup, struct asker *askers, unsigned count,
                 struct tug_error *first_error)
{
    const struct tug__run_settings *const settings = lookup->settings;
    const uint64_t end_ns = settings->options.timeout_ms > 0
                                ? tug__deadline_ns(settings->options.timeout_ms)
                                : TUG__NEVER_NS;
    size_t reported_count = 0;
    bool is_stopping = false;

    while (!report_done(lookup, &reported_count, first_error)) {
        if (settings->options.fail_fast && first_error->code != TUG_OK && !is_stopping) {
            lookup->is_failing_fast = true;
        }
        if (!is_stopping && (tug__cancel_is_set(settings->cancel) || tug__now_ns() >= end_ns ||
                             lookup->is_failing_fast)) {
            is_stopping = true;
            stop(lookup, askers, count);
        }
        tug__bell_wait(settings->bell, is_stopping ? TUG__NEVER_NS : end_ns);
    }
}

static enum tug_status set_up(struct lookup *lookup, struct tug_error *err)
{
    const struct tug_fetch_options *const options = &lookup->settings->options;

    lookup->retry_policy = (struct tug__retry_policy){
        .retries = options->no_retries ? 0 : options->retries,
        .max_wait_ms = options->retry_max_wait_ms,
    };
    tug__cancel_init(&lookup->stop);
    (void)pthread_mutex_init(&lookup->mutex, NULL);
    (void)tug__cond_init(&lookup->woken, NULL);
    lookup->answers = calloc(lookup->settings->ref_count + 1, sizeof *lookup->answers);
    lookup->done = calloc(lookup->settings->ref_count + 1, sizeof *lookup->done);
    if (lookup->answers == NULL || lookup->done == NULL) {
        return tug__fail_memory(err);
    }
    return tug__run_session(lookup->settings, &lookup->session, err);
}

enum tug_status tug__lookup_run(const struct tug__run_settings *settings, struct tug_error *err)
{
    struct lookup lookup = {.settings = settings};
    struct tug_error first_error = {0};
    const unsigned most = settings->options.max_concurrent_downloads;
    const unsigned count = tug__fit_workers(
        &settings->options, settings->ref_count < most ? (unsigned)settings->ref_count : most);
    struct asker *const askers = calloc(count + 1, sizeof *askers);
    enum tug_status status = set_up(&lookup, err);

    if (askers == NULL && status == TUG_OK) {
        status = tug__fail_memory(err);
    }
    for (unsigned i = 0; status == TUG_OK && i < count; i++) {
        status = start(&lookup, &askers[i], err);
        if (status != TUG_OK && i > 0) { /* go on with fewer */
            tug__fit_log(&settings->options, i, count, "the system has no more threads");
            status = TUG_OK;
            break;
        }
    }
    if (status != TUG_OK && askers != NULL) {
        stop(&lookup, askers, count);
    }
    if (status == TUG_OK) {
        loop(&lookup, askers, count, &first_error);
        fail_rest(&lookup, &first_error);
        status = first_error.code;
        if (status != TUG_OK && err != NULL) {
            *err = first_error;
            tug__session_cut_error(lookup.session, err);
        }
    }
    for (unsigned i = 0; askers != NULL && i < count; i++) {
        if (askers[i].is_started) {
            (void)pthread_join(askers[i].thread, NULL);
        }
        tug__client_destroy(askers[i].client);
    }
    free(askers);
    for (size_t i = 0; lookup.answers != NULL && i < settings->ref_count; i++) {
        free(lookup.answers[i].media_type);
    }
    free(lookup.answers);
    free(lookup.done);
    tug__session_destroy(lookup.session);
    (void)pthread_cond_destroy(&lookup.woken);
    (void)pthread_mutex_destroy(&lookup.mutex);
    return status;
}

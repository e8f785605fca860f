/* SPDX-License-Identifier: Apache-2.0
 *
 * The resolver's loop: begin images, give out work, take events, keep the clock.
 *
 * Knows: everything of this room by its doors. Does not know: how any of it is done.
 * Threads: the caller of tug__run, which is the resolver.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "pipeline/resolver.h"

/* Images at work at once: enough that small ones keep all workers busy, few enough that memory
 * stays bounded however long the list is. */
#define IMAGES_PER_WORKER 4

void tug__emit(struct tug__resolver *resolver, struct tug_event *event)
{
    const struct tug_fetch_options *const options = &resolver->settings->options;

    if (options->on_event == NULL) {
        return;
    }
    resolver->totals.seconds =
        (double)(tug__now_ns() - resolver->started_ns) / (double)TUG__NS_PER_S;
    event->totals = &resolver->totals;
    options->on_event(options->event_context, event);
}

void tug__emit_warning(struct tug__resolver *resolver, const struct tug__image *image,
                       const char *format, ...)
{
    char text[512];
    char shown[TUG_ERROR_MESSAGE_MAX];
    struct tug_event event = {.kind = TUG_EVENT_WARNING, .ref = image->result.ref, .text = shown};
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)tug_text_escape(shown, sizeof shown, text, strlen(text));
    tug__emit(resolver, &event);
}

/* Hand on what registries warn of. */
static void emit_warnings(struct tug__resolver *resolver)
{
    char text[512];
    char shown[TUG_ERROR_MESSAGE_MAX];
    struct tug_event event = {.kind = TUG_EVENT_WARNING, .text = shown};

    while (tug__session_take_warning(resolver->session, text, sizeof text)) {
        (void)tug_text_escape(shown, sizeof shown, text, strlen(text));
        tug__emit(resolver, &event);
    }
}

/* Report the state of each active download and the sums. */
static void tick(struct tug__resolver *resolver)
{
    struct tug_totals *const totals = &resolver->totals;
    struct tug_event event;

    emit_warnings(resolver);
    totals->bytes_done = resolver->bytes_settled;
    totals->blobs_active = 0;
    totals->bytes_received = tug__pool_received(resolver->pool);
    for (const struct tug__node *node = resolver->graph.nodes; node != NULL; node = node->next) {
        if (node->transfer == NULL) {
            continue;
        }
        totals->bytes_done += tug__counter_get(&node->transfer->progress);
        totals->blobs_active += node->is_running;
    }
    for (const struct tug__node *node = resolver->graph.nodes; node != NULL; node = node->next) {
        if (!node->is_running) {
            continue;
        }
        event = (struct tug_event){
            .kind = TUG_EVENT_PROGRESS,
            .digest = node->digest,
            .media_type = node->media_type,
            .size_bytes = node->size_bytes,
            .done_bytes = tug__counter_get(&node->transfer->progress),
        };
        tug__emit(resolver, &event);
    }
    event = (struct tug_event){.kind = TUG_EVENT_TICK};
    tug__emit(resolver, &event);
}

static void take_event(void *context, const struct tug__msg *msg)
{
    struct tug__resolver *const resolver = context;

    if (msg->kind == TUG__MSG_PUBLISHED) {
        const struct tug__publication *const publication = msg->object;

        tug__image_finish(resolver, publication->owner, &publication->error);
    } else {
        tug__jobs_take_event(resolver, msg);
    }
}

static void begin_images(struct tug__resolver *resolver)
{
    const size_t most = (size_t)resolver->pool->worker_count * IMAGES_PER_WORKER;

    while (!resolver->is_stopping && resolver->images_begun < resolver->settings->ref_count &&
           resolver->images_active < most) {
        tug__image_begin(resolver, &resolver->images[resolver->images_begun++]);
    }
}

/* Work until every image is done or the run is to stop. */
static void loop(struct tug__resolver *resolver)
{
    const struct tug__run_settings *const settings = resolver->settings;
    const uint64_t tick_ns = settings->options.tick_ms * TUG__NS_PER_MS;
    const uint64_t end_ns = settings->options.timeout_ms > 0
                                ? tug__deadline_ns(settings->options.timeout_ms)
                                : TUG__NEVER_NS;
    uint64_t next_tick_ns = tug__now_ns() + tick_ns;

    while (resolver->images_done < settings->ref_count) {
        struct tug__msg msg;
        uint64_t wake_ns = tug__jobs_wake(resolver);
        uint64_t now_ns;

        begin_images(resolver);
        tug__jobs_submit(resolver);
        wake_ns = wake_ns < next_tick_ns ? wake_ns : next_tick_ns;
        wake_ns = wake_ns < end_ns ? wake_ns : end_ns;
        if (resolver->images_done < settings->ref_count && !resolver->is_stopping) {
            tug__bell_wait(settings->bell, wake_ns);
        }
        while (tug__pool_next_event(resolver->pool, &msg)) {
            take_event(resolver, &msg);
        }
        now_ns = tug__now_ns();
        if (now_ns >= next_tick_ns) {
            tick(resolver);
            next_tick_ns = now_ns + tick_ns;
        }
        if (tug__cancel_is_set(settings->cancel) || now_ns >= end_ns || resolver->is_stopping) {
            resolver->is_stopping = true;
            return;
        }
    }
}

/* Report what the end of the run left undone. */
static void fail_rest(struct tug__resolver *resolver)
{
    struct tug_error error = {0};

    if (tug__cancel_is_set(resolver->settings->cancel)) {
        (void)tug__fail(&error, TUG_ERR_CANCELLED, "interrupted; what was received is kept");
    } else if (resolver->is_failing_fast) {
        (void)tug__fail(&error, TUG_ERR_CANCELLED, "not fetched: another reference failed first");
    } else {
        (void)tug__fail(&error, TUG_ERR_TIMEOUT,
                        "the time for the run is over; what was received is kept");
    }
    resolver->is_stopping = true;
    for (size_t i = 0; i < resolver->settings->ref_count; i++) {
        tug__image_fail(resolver, &resolver->images[i], &error);
    }
}

/* Credentials are for one registry. out_host: borrowed; NULL when there are none. */
static enum tug_status find_credential_host(const struct tug__run_settings *settings,
                                            const char **out_host, struct tug_error *err)
{
    const struct tug_fetch_options *const options = &settings->options;

    *out_host = NULL;
    if ((options->user == NULL && options->refresh_token == NULL) || settings->ref_count == 0) {
        return TUG_OK;
    }
    *out_host = tug_ref_host(settings->refs[0]);
    for (size_t i = 1; i < settings->ref_count; i++) {
        if (strcmp(tug_ref_host(settings->refs[i]), *out_host) != 0) {
            return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                             "credentials are for one registry, but there are references to %s and "
                             "%s",
                             *out_host, tug_ref_host(settings->refs[i]));
        }
    }
    return TUG_OK;
}

enum tug_status tug__run_session(const struct tug__run_settings *settings,
                                 struct tug__session **out_session, struct tug_error *err)
{
    const struct tug_fetch_options *const options = &settings->options;
    struct tug__session_settings wanted = {
        .plain_http = options->plain_http,
        .skip_verify = options->skip_verify,
        .ca_file = options->ca_file,
        .certificate_file = options->certificate_file,
        .key_file = options->key_file,
        .hosts_dir = options->hosts_dir,
        .proxy = options->proxy,
        .refresh_token = options->refresh_token,
        .authfile = options->authfile,
        .on_log = options->on_log,
        .log_context = options->log_context,
        .log_heads = options->log_http,
        .log_timing = options->log_timing,
        .log_config = options->log_config,
    };
    struct tug__session *session = NULL;
    enum tug_status status = find_credential_host(settings, &wanted.credential_host, err);

    if (wanted.credential_host != NULL && options->user != NULL) {
        wanted.user = options->user;
        wanted.password = options->password != NULL ? options->password : "";
    }
    if (status == TUG_OK) {
        status = tug__session_create(&wanted, &session, err);
    }
    for (size_t i = 0; status == TUG_OK && i < settings->ref_count; i++) {
        status = tug__session_add(session, tug_ref_host(settings->refs[i]), err);
    }
    if (status != TUG_OK) {
        tug__session_destroy(session);
        return status;
    }
    *out_session = session;
    return TUG_OK;
}

static enum tug_status set_up(struct tug__resolver *resolver, struct tug_error *err)
{
    const struct tug__run_settings *const settings = resolver->settings;
    const struct tug_fetch_options *const options = &settings->options;
    struct tug__pool_settings pool_settings = {
        .store = settings->store,
        .worker_count = options->max_concurrent_downloads,
        .client = {.connect_timeout_ms = options->connect_timeout_ms,
                   .stall_timeout_ms = options->stall_timeout_ms},
    };
    enum tug_status status;

    resolver->wish = (struct tug__wish){
        .platforms = options->platforms,
        .platform_count = options->platform_count,
        .all_platforms = options->all_platforms,
        .all_metadata = options->all_metadata,
        .metadata_only = options->metadata_only,
    };
    resolver->retry_policy = (struct tug__retry_policy){
        .retries = options->no_retries ? 0 : options->retries,
        .max_wait_ms = options->retry_max_wait_ms,
    };
    resolver->started_ns = tug__now_ns();
    resolver->random = (uint32_t)resolver->started_ns;
    resolver->totals.images = settings->ref_count;
    resolver->images = calloc(settings->ref_count + 1, sizeof *resolver->images);
    if (resolver->images == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < settings->ref_count; i++) {
        resolver->images[i].ref = settings->refs[i];
        resolver->images[i].result.ref = tug_ref_name(settings->refs[i]);
        resolver->images[i].result.position = i;
    }
    status = tug__run_session(settings, &resolver->session, err);
    if (status != TUG_OK) {
        return status;
    }
    pool_settings.client.session = resolver->session;
    return tug__pool_start(&pool_settings, settings->bell, &resolver->pool, err);
}

enum tug_status tug__run(const struct tug__run_settings *settings, struct tug_error *err)
{
    struct tug__resolver resolver = {.settings = settings};
    enum tug_status status = set_up(&resolver, err);

    if (status == TUG_OK) {
        loop(&resolver);
        tug__pool_stop(resolver.pool, take_event, &resolver);
        fail_rest(&resolver);
        tick(&resolver);
        status = resolver.first_status;
        if (status != TUG_OK && err != NULL) {
            *err = resolver.first_error;
        }
    }
    tug__jobs_fini(&resolver);
    for (size_t i = 0; resolver.images != NULL && i < settings->ref_count; i++) {
        tug__image_fini(&resolver.images[i]);
    }
    free(resolver.images);
    tug__pool_destroy(resolver.pool);
    tug__session_destroy(resolver.session); /* after its clients */
    return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The resolver's loop: start images, hand out work, receive messages, keep the clock.
 *
 * Knows: the interfaces of this room's files. Does not know: HTTP, how any of it is done.
 * Threads: the caller of tug__run, which is the resolver.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "pipeline/fit.h"
#include "pipeline/resolver.h"
#include "registry/registry.h"

/* Images in progress per worker: enough that small ones keep all workers busy, few enough that
 * memory stays bounded however long the list is. */
#define IMAGES_PER_WORKER 4
/* Factor by which that may grow when workers would otherwise be idle. */
#define IDLE_FACTOR 16
/* Most finished images that wait for their names; no more are started then, so that a long list of
 * images already present does not fill the memory. */
#define IMAGES_PUBLISHING_MAX 4096

/* Handle the results of the engine. */
static void handle_settled(void *context)
{
    struct tug__resolver *const resolver = context;
    struct tug__publication *const published = tug__engine_take_published(resolver->engine);

    if (published != NULL) {
        tug__publish_take(resolver, published);
    }
    tug__images_settle(resolver);
}

/* The run is over; images completed meanwhile get their names. */
static bool publish_rest(void *context)
{
    struct tug__resolver *const resolver = context;

    (void)tug__publish_due(resolver);
    return resolver->naming.publication != NULL;
}

/* Start no new work from now on. */
static void halt(struct tug__resolver *resolver)
{
    resolver->ending.is_stopping = true;
    tug__engine_halt(resolver->engine);
}

/* Hand out queued work. */
static void submit(struct tug__resolver *resolver)
{
    tug__engine_submit(resolver->engine);
    tug__images_settle(resolver);
}

/* Start a reference if one is left and fewer than `most` images are being fetched.
 * Returns: true if so. */
static bool begin_image(struct tug__resolver *resolver, size_t most)
{
    if (resolver->ending.is_stopping || resolver->images.begun == resolver->settings->ref_count ||
        resolver->images.active_count - resolver->images.publishing_count >= most ||
        resolver->images.publishing_count >= IMAGES_PUBLISHING_MAX) {
        return false;
    }
    tug__image_begin(resolver, resolver->images.begun++);
    tug__images_sweep(resolver);
    return true;
}

/* Start images and hand out work. While workers would be idle, because the images in progress wait
 * for slow or silent registries, more than usual are started. Returns: true when more could be
 * started, but events have been waiting long enough. */
static bool give_out_work(struct tug__resolver *resolver)
{
    const size_t most = (size_t)tug__engine_load(resolver->engine).worker_count * IMAGES_PER_WORKER;
    size_t begun = 0;

    while (begun < most && begin_image(resolver, most)) {
        begun++;
    }
    submit(resolver);
    while (begun < most && tug__engine_load(resolver->engine).idle_workers > 0 &&
           begin_image(resolver, most * IDLE_FACTOR)) {
        begun++;
        submit(resolver);
    }
    return begun == most;
}

/* Pass on what a lane waits for. */
static void emit_notice(struct tug__resolver *resolver)
{
    char text[TUG_ERROR_MESSAGE_MAX];

    if (tug__engine_take_notice(resolver->engine, text)) {
        tug__emit_notice(resolver, text);
    }
}

/* Work until every image is done or the run is to stop. */
static void loop(struct tug__resolver *resolver, uint64_t end_ns)
{
    const struct tug__run_settings *const settings = resolver->settings;
    const uint64_t tick_ns = settings->options.tick_ms * TUG__NS_PER_MS;
    uint64_t next_tick_ns = tug__now_ns() + tick_ns;

    while (resolver->images.done_count < settings->ref_count) {
        uint64_t wake_ns = tug__engine_wake(resolver->engine);
        uint64_t look_ns;
        uint64_t publish_ns;
        uint64_t now_ns;

        tug__images_settle(resolver);
        look_ns = tug__engine_look(resolver->engine);
        if (give_out_work(resolver)) {
            wake_ns = 0;
        }
        publish_ns = tug__publish_due(resolver);
        wake_ns = wake_ns < look_ns ? wake_ns : look_ns;
        wake_ns = wake_ns < publish_ns ? wake_ns : publish_ns;
        wake_ns = wake_ns < next_tick_ns ? wake_ns : next_tick_ns;
        wake_ns = wake_ns < end_ns ? wake_ns : end_ns;
        if (resolver->images.done_count < settings->ref_count && !resolver->ending.is_stopping) {
            tug__bell_wait(settings->bell, wake_ns);
        }
        while (tug__engine_take_event(resolver->engine)) {
            handle_settled(resolver);
        }
        emit_notice(resolver);
        now_ns = tug__now_ns();
        if (now_ns >= next_tick_ns) {
            tug__tick(resolver);
            next_tick_ns = now_ns + tick_ns;
        }
        if (tug__cancel_is_set(settings->cancel) || tug__now_ns() >= end_ns ||
            resolver->ending.is_stopping) {
            halt(resolver);
            return;
        }
    }
}

/* Report the references that the end of the run left undone. */
static void fail_rest(struct tug__resolver *resolver)
{
    struct tug_error error = {0};

    if (tug__cancel_is_set(resolver->settings->cancel)) {
        (void)tug__fail(&error, TUG_ERR_CANCELLED, "interrupted; partial downloads are kept");
    } else if (resolver->ending.is_failing_fast) {
        (void)tug__fail(&error, TUG_ERR_CANCELLED, "not fetched: another reference failed first");
    } else {
        (void)tug__fail(&error, TUG_ERR_TIMEOUT, "timed out; partial downloads are kept");
    }
    resolver->ending.is_stopping = true;
    while (resolver->images.at_work != NULL) {
        tug__image_fail(resolver, resolver->images.at_work, &error);
    }
    for (; resolver->images.begun < resolver->settings->ref_count; resolver->images.begun++) {
        tug__image_fail_idle(resolver, resolver->images.begun, &error);
    }
}

/* Find the one registry that credentials are for. out_host: borrowed; NULL when there are no
 * credentials. */
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

/* Pass on immediate events of the engine. */
static void on_event(void *context, struct tug_event *event)
{
    tug__emit(context, event);
}

static enum tug_status make_engine(struct tug__resolver *resolver, struct tug_error *err)
{
    const struct tug__run_settings *const settings = resolver->settings;
    const struct tug_fetch_options *const options = &settings->options;
    const unsigned wanted = tug__fit_workers(options, options->max_concurrent_downloads);
    const struct tug__engine_settings engine_settings = {
        .store = settings->store,
        .session = resolver->session,
        .bell = settings->bell,
        .refs = settings->refs,
        .ref_count = settings->ref_count,
        .worker_count = wanted,
        .max_per_host = options->max_per_host,
        .bytes_per_s = options->limit_bytes_per_s,
        .connect_timeout_ms = options->connect_timeout_ms,
        .stall_timeout_ms = options->stall_timeout_ms,
        .chunk_size_bytes = options->chunk_size_bytes,
        .retries = options->no_retries ? 0 : options->retries,
        .retry_max_wait_ms = options->retry_max_wait_ms,
        .never_split = options->never_split,
        .is_dry = options->dry_run,
        .recheck = options->recheck,
        .on_event = on_event,
        .event_context = resolver,
    };
    const enum tug_status status = tug__engine_create(&engine_settings, &resolver->engine, err);
    unsigned worker_count;

    if (status != TUG_OK) {
        return status;
    }
    worker_count = tug__engine_load(resolver->engine).worker_count;
    if (worker_count < wanted) {
        tug__fit_log(options, worker_count, wanted, "the system has no more threads");
    }
    if (resolver->ending.is_stopping) {
        tug__engine_halt(resolver->engine);
    }
    return TUG_OK;
}

static enum tug_status set_up(struct tug__resolver *resolver, uint64_t end_ns, int *out_use_fd,
                              struct tug_error *err)
{
    const struct tug__run_settings *const settings = resolver->settings;
    const struct tug_fetch_options *const options = &settings->options;
    enum tug_status status;

    resolver->wish = (struct tug__wish){
        .platforms = options->platforms,
        .platform_count = options->platform_count,
        .is_default = settings->has_default_platform,
        .all_platforms = options->all_platforms,
        .all_metadata = options->all_metadata,
        .metadata_only = options->metadata_only,
    };
    resolver->reporter.started_ns = tug__now_ns();
    resolver->reporter.totals.images = settings->ref_count;
    status = tug__run_session(settings, &resolver->session, err);
    if (status == TUG_OK) {
        status = tug__run_use_store(resolver, end_ns, out_use_fd, err);
    }
    if (status == TUG_OK) {
        status = make_engine(resolver, err);
    }
    return status;
}

enum tug_status tug__run(const struct tug__run_settings *settings, struct tug_error *err)
{
    struct tug__resolver resolver = {.settings = settings};
    const uint64_t end_ns = settings->options.timeout_ms > 0
                                ? tug__deadline_ns(settings->options.timeout_ms)
                                : TUG__NEVER_NS;
    int use_fd = -1;
    enum tug_status status = set_up(&resolver, end_ns, &use_fd, err);

    if (status == TUG_OK) {
        loop(&resolver, end_ns);
        resolver.ending.is_stopping = true;
        tug__engine_stop(resolver.engine,
                         &(struct tug__engine_handler){.on_settled = handle_settled,
                                                       .on_round = publish_rest,
                                                       .context = &resolver});
        fail_rest(&resolver);
        tug__tick(&resolver);
        status = resolver.ending.first_error.code;
        if (status != TUG_OK && err != NULL) {
            *err = resolver.ending.first_error;
            tug__session_cut_error(resolver.session, err);
        }
    }
    tug__publish_fini(&resolver);
    tug__plan_fini(&resolver);
    tug__digest_set_fini(&resolver.checked);
    tug__engine_destroy(resolver.engine);
    tug__images_sweep(&resolver);
    tug__index_names_fini(&resolver.names);
    tug__store_unlock(use_fd);              /* the store is not used any more */
    tug__session_destroy(resolver.session); /* after its clients */
    return status;
}

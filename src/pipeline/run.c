/* SPDX-License-Identifier: Apache-2.0
 *
 * The resolver's loop: start images, hand out work, receive messages, keep the clock.
 *
 * Knows: the interfaces of this room's files. Does not know: HTTP, how any of it is done.
 * Threads: the caller of tug__run, which is the resolver.
 */
#include "base/clock.h"
#include "base/error.h"
#include "pipeline/resolver.h"
#include "pipeline/start.h"
#include "registry/registry.h"

/* Images in progress per worker: enough that small ones keep all workers busy, few enough that
 * memory stays bounded however long the list is. */
#define IMAGES_PER_WORKER 4
/* Factor by which that may grow when workers would otherwise be idle. */
#define IDLE_FACTOR 16
/* Most finished images that wait for their names; no more are started then, so that a long list of
 * images already present does not fill the memory. */
#define IMAGES_PUBLISHING_MAX 4096

/* Steps of the resolver that take less are not traced: it wakes thousands of times a second. */
#define STEP_NS_MIN 2000

/* Handle the results of the engine. */
static void handle_settled(void *context)
{
    struct tug__resolver *const resolver = context;
    struct tug__publication *const published = tug__engine_get_published(resolver->engine);

    if (published != NULL) {
        tug__publish_finish(resolver, published);
    }
    tug__images_settle(resolver);
}

/* The run is over; images completed meanwhile get their names. */
static bool publish_rest(void *context)
{
    struct tug__resolver *const resolver = context;

    (void)tug__publish_due(resolver);
    (void)tug__gauge_read(&resolver->gauge);
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

static void fail_cancelled(struct tug_error *out_error)
{
    (void)tug__fail(out_error, TUG_ERR_CANCELLED, "cancelled; partial downloads are kept");
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
    if (tug__cancel_is_set(&resolver->settings->image_cancels->each[resolver->images.begun])) {
        struct tug_error error = {0};

        fail_cancelled(&error);
        tug__image_fail_idle(resolver, resolver->images.begun++, &error);
        return true;
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

    if (tug__engine_get_notice(resolver->engine, text)) {
        tug__emit_notice(resolver, text);
    }
}

/* Note a step of the resolver that began at began_ns, unless it was short. */
static void end_step(const struct tug__resolver *resolver, const char *name, uint64_t began_ns)
{
    if (resolver->row != NULL && tug__now_ns() - began_ns >= STEP_NS_MIN) {
        tug__trace_end(resolver->row, began_ns, &(struct tug_trace_event){.name = name});
    }
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* Start and hand out what can be. Returns: when to look again. */
static uint64_t decide(struct tug__resolver *resolver)
{
    const uint64_t began_ns = tug__trace_begin(resolver->row);
    uint64_t measure_ns;
    uint64_t publish_ns;
    uint64_t wake_ns;
    bool has_more;
    bool has_ready;

    tug__engine_wake(resolver->engine);
    tug__images_settle(resolver);
    measure_ns = tug__engine_measure(resolver->engine);
    has_more = give_out_work(resolver);
    has_ready = resolver->naming.first_ready != NULL;
    publish_ns = tug__publish_due(resolver);
    if (has_ready) { /* one that was to be named may lack blobs again */
        submit(resolver);
    }
    wake_ns = earlier(has_more ? 0 : tug__engine_due(resolver->engine), publish_ns);
    end_step(resolver, "decide", began_ns);
    return earlier(wake_ns, measure_ns);
}

/* Handle all messages from workers and lanes. */
static void take_results(struct tug__resolver *resolver)
{
    const uint64_t began_ns = tug__trace_begin(resolver->row);

    while (tug__engine_handle_event(resolver->engine)) {
        handle_settled(resolver);
    }
    emit_notice(resolver);
    end_step(resolver, "results", began_ns);
}

/* Report progress. */
static void report(struct tug__resolver *resolver)
{
    const uint64_t began_ns = tug__trace_begin(resolver->row);

    tug__tick(resolver);
    end_step(resolver, "report", began_ns);
}

/* Give up the images in progress that the program has cancelled. One that is getting its name goes
 * on: it is complete. */
static void give_up_cancelled(struct tug__resolver *resolver)
{
    struct tug__image_cancels *const cancels = resolver->settings->image_cancels;
    struct tug__image *next;

    if (!tug__cancel_take(&cancels->some)) {
        return;
    }
    for (struct tug__image *image = resolver->images.at_work; image != NULL; image = next) {
        next = image->next;
        if (image->state != TUG__IMAGE_PUBLISHING &&
            tug__cancel_is_set(&cancels->each[image->result.position])) {
            struct tug_error error = {0};

            fail_cancelled(&error);
            tug__image_fail(resolver, image, &error);
        }
    }
}

/* Work until every image is done or the run is to stop. */
static void loop(struct tug__resolver *resolver, uint64_t end_ns)
{
    const struct tug__run_settings *const settings = resolver->settings;
    const uint64_t tick_ns = settings->options.tick_ms * TUG__NS_PER_MS;
    uint64_t next_tick_ns = tug__now_ns() + tick_ns;

    while (resolver->images.done_count < settings->ref_count) {
        uint64_t wake_ns = decide(resolver);
        uint64_t now_ns;

        wake_ns = earlier(wake_ns, tug__gauge_read(&resolver->gauge));
        wake_ns = earlier(wake_ns, earlier(next_tick_ns, end_ns));
        if (resolver->images.done_count < settings->ref_count && !resolver->ending.is_stopping) {
            tug__bell_wait(settings->bell, wake_ns);
        }
        take_results(resolver);
        give_up_cancelled(resolver);
        now_ns = tug__now_ns();
        if (now_ns >= next_tick_ns) {
            report(resolver);
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

/* Pass on immediate events of the engine. */
static void on_event(void *context, struct tug_event *event)
{
    tug__emit(context, event);
}

static enum tug_status make_engine(struct tug__resolver *resolver, struct tug_error *err)
{
    const struct tug_fetch_options *const options = &resolver->settings->options;
    const struct tug__engine_settings own = {
        .store = resolver->settings->store,
        .session = resolver->session,
        .worker_count = options->max_concurrent_downloads,
        .is_dry = options->dry_run,
        .recheck = options->recheck,
        .on_event = on_event,
        .event_context = resolver,
    };
    enum tug_status status = tug__run_engine(resolver->settings, &own, &resolver->engine, err);

    if (status == TUG_OK && options->delta == TUG_DELTA_AUTO) {
        status =
            tug__engine_use_deltas(resolver->engine, options->donors, options->donor_count, err);
    }
    if (status != TUG_OK && resolver->engine != NULL) { /* its threads have started */
        tug__engine_stop(resolver->engine, &(struct tug__engine_handler){
                                               .on_settled = handle_settled,
                                               .on_round = publish_rest,
                                               .context = resolver,
                                           });
    }
    if (status == TUG_OK && resolver->ending.is_stopping) {
        tug__engine_halt(resolver->engine);
    }
    return status;
}

static enum tug_status set_up(struct tug__resolver *resolver, uint64_t end_ns, int *out_use_fd,
                              struct tug_error *err)
{
    const struct tug__run_settings *const settings = resolver->settings;
    enum tug_status status;
    uint64_t began_ns;

    resolver->row = tug__trace_row(settings->trace, "resolver", -1);
    began_ns = tug__trace_begin(resolver->row);
    resolver->wish = tug__run_wish(settings);
    resolver->reporter.started_ns = tug__now_ns();
    resolver->reporter.totals.images = settings->ref_count;
    status = tug__run_session(settings, &resolver->session, err);
    if (status == TUG_OK) {
        status = tug__run_use_store(resolver, end_ns, out_use_fd, err);
    }
    if (status == TUG_OK) {
        tug__partials_find(resolver);
        status = make_engine(resolver, err);
    }
    resolver->gauge = (struct tug__gauge){.trace = settings->trace, .engine = resolver->engine};
    tug__trace_end(resolver->row, began_ns,
                   &(struct tug_trace_event){.name = "set up", .status = status});
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
        if (!resolver.ending.is_stopping) {
            tug__partials_report(&resolver);
        }
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
    tug__partials_fini(&resolver);
    tug__engine_destroy(resolver.engine);
    tug__images_sweep(&resolver);
    tug__index_names_fini(&resolver.names);
    tug__store_unlock(use_fd);              /* the store is not used any more */
    tug__session_destroy(resolver.session); /* after its clients */
    return status;
}

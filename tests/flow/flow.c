/* SPDX-License-Identifier: Apache-2.0
 *
 * Run a fetch of a flow test and gather what it did.
 *
 * Knows: the public API, the command's options. Does not know: what any test is about.
 * Threads: the test's; a fetch begun by flow_start has one of its own.
 */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/portable.h"

/* Downloads at a time of a test that does not say: many threads where a race would be seen. */
#ifdef __SANITIZE_THREAD__
#define DOWNLOADS 8
#define DOWNLOADS_OPTION "--max-concurrent-downloads=8"
#else
#define DOWNLOADS 0
#define DOWNLOADS_OPTION NULL
#endif

/* A user and a group without rights. */
#define NOBODY 65534

/* Changing the user makes a process undumpable, and the leak checker blind. */
static void set_user(uid_t user, gid_t group)
{
    cr_assert_eq(setegid(group), 0);
    cr_assert_eq(seteuid(user), 0);
    cr_assert_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}

void flow_open(struct flow *flow, const struct fake_options *options)
{
    memset(flow, 0, sizeof *flow);
    flow->registry = fake_registry_create(options);
    flow->directory = tmpdir_create();
    flow->store = tmpdir_join(flow->directory, "store");
    cr_assert_eq(tug_platform_parse("linux/amd64", &flow->platform, NULL), TUG_OK);
    flow->options.size = sizeof flow->options;
    flow->options.platforms = &flow->platform;
    flow->options.platform_count = 1;
    flow->options.plain_http = true;
    flow->options.no_retries = true;
    flow->options.max_concurrent_downloads = DOWNLOADS;
    cr_assert_eq(sem_init(&flow->reached, 0, 0), 0);
}

void flow_close(struct flow *flow)
{
    flow_check_store(flow);
    fake_registry_destroy(flow->registry);
    (void)sem_destroy(&flow->reached);
    free(flow->store);
    free(flow->hosts_dir);
    tmpdir_remove(flow->directory);
    if (getuid() == 0 && geteuid() != 0) {
        (void)seteuid(0); /* first: only root may change the group */
        set_user(0, 0);
    }
}

void flow_drop_root(void)
{
    if (geteuid() == 0) {
        set_user(NOBODY, NOBODY);
    }
}

void flow_want_default(struct flow *flow)
{
    flow->options.platforms = NULL;
    flow->options.platform_count = 0;
}

char *flow_reference(const struct flow *flow, const char *name)
{
    return build_text("%s/%s", fake_registry_host(flow->registry), name);
}

static void note_image(struct flow_seen *seen, const struct tug_image_result *image)
{
    seen->image = *image;
    seen->image.ref = NULL;
    seen->image.media_type = NULL;
    seen->image.left_out = NULL;
    seen->image.platform = NULL;
    if (image->platform != NULL) {
        (void)tug_platform_format(image->platform, seen->platform);
    }
    seen->media_type[0] = '\0';
    if (image->media_type != NULL) {
        (void)snprintf(seen->media_type, sizeof seen->media_type, "%s", image->media_type);
    }
}

static void note_progress(struct flow *flow, const struct tug_image_result *image)
{
    flow->seen.progress = *image;
    flow->seen.progress.ref = NULL;
    flow->seen.progress.media_type = NULL;
    flow->seen.progress.left_out = NULL;
    flow->seen.progress.platform = NULL;
    if (flow->cancel_blobs > 0 && image->blobs_done >= flow->cancel_blobs) {
        tug_fetch_cancel(flow->fetch);
    }
}

static void on_event(void *context, const struct tug_event *event)
{
    struct flow *const flow = context;
    struct flow_seen *const seen = &flow->seen;

    seen->counts[event->kind]++;
    seen->totals = *event->totals;
    switch (event->kind) {
    case TUG_EVENT_STARTED:
        if (event->done_bytes > seen->resumed_bytes) {
            seen->resumed_bytes = event->done_bytes;
        }
        seen->is_out_of_order |= seen->counts[TUG_EVENT_RESOLVED] == 0;
        break;
    case TUG_EVENT_PROGRESS:
        seen->is_out_of_order |= seen->counts[TUG_EVENT_STARTED] == 0;
        if (flow->cancel_retried && seen->counts[TUG_EVENT_RETRY] > 0) {
            tug_fetch_cancel(flow->fetch);
        }
        if (flow->signal_bytes > 0 && event->done_bytes >= flow->signal_bytes) {
            flow->signal_bytes = 0;
            (void)sem_post(&flow->reached);
        }
        break;
    case TUG_EVENT_RETRY:
        (void)snprintf(seen->retry, sizeof seen->retry, "%s", event->error->message);
        seen->attempt = event->attempt;
        seen->attempts_max = event->attempts_max;
        if (flow->released_by_retry != 0) {
            fake_rule_release(flow->registry, flow->released_by_retry);
        }
        break;
    case TUG_EVENT_WARNING:
        (void)snprintf(seen->warning, sizeof seen->warning, "%s", event->text);
        break;
    case TUG_EVENT_IMAGE:
        note_image(seen, event->image);
        if (flow->released_by_image != 0) {
            fake_rule_release(flow->registry, flow->released_by_image);
        }
        break;
    case TUG_EVENT_PLANNED:
        seen->planned.bytes += event->size_bytes;
        seen->planned.copied_bytes += event->copied_bytes;
        if (event->donor != NULL) {
            (void)tug_digest_format(event->donor, seen->planned.donor);
        }
        break;
    case TUG_EVENT_COMMITTED:
        seen->committed_refs += event->ref != NULL;
        break;
    case TUG_EVENT_IMAGE_PROGRESS:
        note_progress(flow, event->image);
        break;
    case TUG_EVENT_TICK:
        if (event->totals->blobs_active > 0) {
            seen->copied_bytes = event->totals->bytes_copied;
        }
        break;
    case TUG_EVENT_NONE:
    case TUG_EVENT_RESOLVED:
    case TUG_EVENT_REUSED:
    case TUG_EVENT_WAITING:
    default:
        break;
    }
}

/* A run that waits for an event and was not told of it would wait for the next tick, where nobody
 * notices: so ticks come in time only for tests that need them. */
static uint64_t choose_tick(const struct flow *flow)
{
    if (flow->options.tick_ms > 0) {
        return flow->options.tick_ms;
    }
    return flow->signal_bytes > 0 || flow->cancel_blobs > 0 ? 10 : 3 * FLOW_WAIT_MS;
}

static void prepare(struct flow *flow, const char *const *names, size_t count)
{
    struct tug_store_options store_options = TUG_STORE_OPTIONS_INIT;
    struct tug_fetch_options options = flow->options;
    struct tug_error error = {0};
    enum tug_status status;

    memset(&flow->seen, 0, sizeof flow->seen);
    options.on_event = on_event;
    options.event_context = flow;
    options.tick_ms = choose_tick(flow);
    store_options.sink = flow->sink;
    status = tug_store_open(flow->store, &store_options, &flow->open_store, &error);
    cr_assert_eq(status, TUG_OK, "%s", error.message);
    status = tug_fetch_create(flow->open_store, &options, &flow->fetch, &error);
    cr_assert_eq(status, TUG_OK, "%s", error.message);
    for (size_t i = 0; i < count; i++) {
        char *const reference = flow_reference(flow, names[i]);

        status = tug_fetch_add(flow->fetch, reference, &error);
        cr_assert_eq(status, TUG_OK, "%s", error.message);
        free(reference);
    }
}

static void *run_main(void *argument)
{
    struct flow *const flow = argument;

    flow->seen.status = tug_fetch_run(flow->fetch, &flow->seen.error);
    return NULL;
}

static enum tug_status finish(struct flow *flow)
{
    tug_fetch_destroy(flow->fetch);
    tug_store_close(flow->open_store);
    cr_assert_eq(flow->seen.status, flow->seen.error.code, "the status is not the error's code");
    flow_check_store(flow);
    return flow->seen.status;
}

enum tug_status flow_fetch_all(struct flow *flow, const char *const *names, size_t count)
{
    prepare(flow, names, count);
    (void)run_main(flow);
    return finish(flow);
}

enum tug_status flow_fetch(struct flow *flow, const char *name)
{
    return flow_fetch_all(flow, &name, 1);
}

void flow_start_all(struct flow *flow, const char *const *names, size_t count)
{
    prepare(flow, names, count);
    cr_assert_eq(pthread_create(&flow->thread, NULL, run_main, flow), 0);
}

void flow_start(struct flow *flow, const char *name)
{
    flow_start_all(flow, &name, 1);
}

enum tug_status flow_wait(struct flow *flow)
{
    cr_assert_eq(pthread_join(flow->thread, NULL), 0);
    return finish(flow);
}

void flow_wait_reached(struct flow *flow)
{
    cr_assert_eq(tug__sem_wait_until(&flow->reached, tug__deadline_ns(FLOW_WAIT_MS)), 0,
                 "the bytes never came");
}

int flow_command(const struct flow *flow, const char *name, const char *const *more,
                 struct run_result *out_result)
{
    char *const reference = flow_reference(flow, name);
    const char *argv[32] = {getenv("TUG"), "--store",     flow->store, "fetch", "--plain-http",
                            "--platform",  "linux/amd64", "--retries", "0"};
    size_t count = 9;

    cr_assert_not_null(argv[0], "TUG names no program");
    if (DOWNLOADS != 0) {
        argv[count++] = DOWNLOADS_OPTION;
    }
    for (; more != NULL && *more != NULL; more++) {
        argv[count++] = *more;
    }
    argv[count] = reference;
    (void)run_command(&(struct run_options){.argv = argv, .timeout_ms = FLOW_WAIT_MS}, out_result);
    free(reference);
    cr_assert_eq(out_result->signal, 0, "it died of signal %d", out_result->signal);
    return out_result->exit_status;
}

void flow_expect_exit(const struct flow *flow, const char *name, int status, const char *text)
{
    static const char *const quiet[] = {"-q", NULL};
    struct run_result result;
    char *const reference = flow_reference(flow, name);
    const int found = flow_command(flow, name, quiet, &result);

    cr_assert_eq(found, status, "exit status %d, not %d: %s", found, status, result.err);
    cr_assert_eq(result.out_len, 0, "on stdout: %s", result.out);
    cr_assert(result.err_len > 0 && strchr(result.err, '\n') == result.err + result.err_len - 1,
              "not one line: %s", result.err);
    cr_assert_eq(strncmp(result.err, "tug: ", 5), 0, "%s", result.err);
    /* What is no reference may hold a password, and is not repeated as it is. */
    cr_assert(status == 2 || strstr(result.err, reference) != NULL, "no reference: %s", result.err);
    cr_assert_not_null(strstr(result.err, text), "no '%s': %s", text, result.err);
    run_result_fini(&result);
    free(reference);
    flow_check_store(flow);
}

void flow_expect_fetched(struct flow *flow, const char *const *digests, size_t count)
{
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    for (size_t i = 0; i < count; i++) {
        cr_assert(flow_has(flow, digests[i]), "%s is missing", digests[i]);
        cr_assert_leq(flow_requests(flow, "GET", digests[i]), 1, "%s came twice", digests[i]);
    }
    cr_assert_eq(flow_blob_count(flow), count);
    cr_assert_eq(flow->seen.image.blobs, count);
}

size_t flow_requests(const struct flow *flow, const char *method, const char *what)
{
    return fake_record_count(flow->registry, method, what);
}

struct build_descriptor flow_add_blob(struct flow *flow, const char *media_type, const char *text)
{
    struct build_descriptor blob = {.media_type = media_type, .size_bytes = strlen(text)};

    fake_blob_add(flow->registry, "app", NULL, text, strlen(text), blob.digest);
    return blob;
}

struct build_descriptor flow_add_config(struct flow *flow)
{
    return flow_add_blob(flow, BUILD_OCI_CONFIG,
                         "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},"
                         "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
}

void flow_add_manifest(struct flow *flow, const char *tag, const struct build_descriptor *config,
                       const char *layers, struct build_descriptor *out_descriptor)
{
    const struct build_descriptor usual = flow_add_config(flow);
    char *const text = build_descriptor_json(config != NULL ? config : &usual, NULL);
    char *const json = build_text("{\"schemaVersion\":2,\"mediaType\":\"" BUILD_OCI_MANIFEST
                                  "\",\"config\":%s,\"layers\":[%s]}",
                                  text, layers);

    build_manifest_raw(flow->registry, "app", tag, BUILD_OCI_MANIFEST, json, out_descriptor);
    free(json);
    free(text);
}

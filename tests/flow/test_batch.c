/* SPDX-License-Identifier: Apache-2.0
 *
 * Many references in one run: each thing is asked for once, all workers are busy, one failure is
 * not that of all, index.json is not rewritten for each image.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "flow.h"

#define MANY 1000
#define SHARED 40

/* "app:0", "app:1", and so on. Returns: owned, with all its texts; free_names(). */
static char **make_names(size_t count)
{
    char **const names = calloc(count, sizeof *names);

    for (size_t i = 0; i < count; i++) {
        names[i] = build_text("app:%zu", i);
    }
    return names;
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}

/* Add a manifest "app:NUMBER" that differs from others and names these layers. */
static void add_image(struct flow *flow, size_t number, const char *layers)
{
    char *const text =
        build_text("{\"architecture\":\"amd64\",\"os\":\"linux\",\"number\":%zu}", number);
    struct build_descriptor config = flow_add_blob(flow, BUILD_OCI_CONFIG, text);
    char *const tag = build_text("%zu", number);

    flow_add_manifest(flow, tag, &config, layers, NULL);
    free(tag);
    free(text);
}

/* The descriptors of some generated layers, as JSON. */
static char *add_layers(struct flow *flow, unsigned count, uint64_t size_bytes)
{
    char *all = build_text("%s", "");

    for (unsigned i = 0; i < count; i++) {
        struct build_descriptor layer = {.media_type = BUILD_OCI_LAYER, .size_bytes = size_bytes};
        char *text;
        char *joined;

        fake_blob_add_generated(flow->registry, "app", NULL, size_bytes, i + 1, layer.digest);
        text = build_descriptor_json(&layer, NULL);
        joined = build_text("%s%s%s", all, i > 0 ? "," : "", text);
        free(text);
        free(all);
        all = joined;
    }
    return all;
}

static size_t index_count(const struct flow *flow)
{
    struct json_object *const index = flow_index(flow);
    struct json_object *manifests = NULL;
    size_t count;

    cr_assert(json_object_object_get_ex(index, "manifests", &manifests));
    count = json_object_array_length(manifests);
    json_object_put(index);
    return count;
}

Test(batch, shared_layers_come_once, .timeout = 60)
{
    struct flow flow;
    char **const names = make_names(SHARED);
    char *layers;

    flow_open(&flow, NULL);
    layers = add_layers(&flow, 3, 300000);
    for (size_t i = 0; i < SHARED; i++) {
        add_image(&flow, i, layers);
    }
    cr_assert_eq(flow_fetch_all(&flow, (const char *const *)names, SHARED), TUG_OK, "%s",
                 flow.seen.error.message);
    /* For each image its manifest and its configuration, and the three layers. */
    cr_assert_eq(fake_record_count(flow.registry, NULL, NULL), 2 * SHARED + 3);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_COMMITTED], 2 * SHARED + 3);
    cr_assert_eq(index_count(&flow), SHARED);
    cr_assert_eq(flow.seen.totals.images_done, SHARED);
    free(layers);
    free_names(names, SHARED);
    flow_close(&flow);
}

/* Fetch all names. As many requests as there are workers are held until all of them are there, and
 * then the next ones, up to so many: none is asked for later than it could be. */
static void fetch_in_step(struct flow *flow, const char *const *names, size_t requests)
{
    const unsigned workers = flow->options.max_concurrent_downloads;
    const struct fake_rule step = {.match.times = workers, .timing.hold = true};
    const int first = fake_rule_add(flow->registry, &step);

    for (size_t i = workers; i < requests; i += workers) {
        (void)fake_rule_add(flow->registry, &step);
    }
    fake_record_mark(flow->registry);
    flow_start_all(flow, names, MANY);
    for (size_t i = 0; i * workers < requests; i++) {
        cr_assert(
            fake_record_wait_count(flow->registry, NULL, NULL, (i + 1) * workers, FLOW_WAIT_MS),
            "%zu requests", fake_record_count(flow->registry, NULL, NULL));
        fake_rule_release(flow->registry, first + (int)i);
    }
    cr_assert_eq(flow_wait(flow), TUG_OK, "%s", flow->seen.error.message);
}

/* Two requests for each image, and then one, until few images are left. */
Test(batch, a_thousand_keep_all_workers_busy, .timeout = 120)
{
    struct flow flow;
    char **const names = make_names(MANY);

    flow_open(&flow, NULL);
    flow.options.max_concurrent_downloads = 16;
    for (size_t i = 0; i < MANY; i++) {
        add_image(&flow, i, "");
    }
    fetch_in_step(&flow, (const char *const *)names, 2 * MANY - 100);
    cr_assert_eq(fake_record_count(flow.registry, NULL, NULL), 2 * MANY);
    fetch_in_step(&flow, (const char *const *)names, MANY - 50);
    cr_assert_eq(fake_record_count(flow.registry, NULL, NULL), MANY);
    cr_assert_eq(fake_record_count(flow.registry, "HEAD", NULL), MANY);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_COMMITTED], 0);
    free_names(names, MANY);
    flow_close(&flow);
}

/* One failure is not that of all: one in ten is not there, forbidden, damaged, or on a dead host.
 */
Test(batch, a_tenth_fails_and_the_rest_is_there, .timeout = 60)
{
    struct flow flow;
    char **const names = make_names(200);
    const char *bad_layers = NULL;
    struct build_descriptor bad = {.media_type = BUILD_OCI_LAYER, .size_bytes = 1000};
    char *text;

    flow_open(&flow, NULL);
    fake_blob_add_generated(
        flow.registry, "app",
        "sha256:00000000000000000000000000000000000000000000000000000000000000aa", 1000, 1,
        bad.digest);
    text = build_descriptor_json(&bad, NULL);
    bad_layers = text;
    for (size_t i = 0; i < 200; i++) {
        if (i % 20 != 0) {
            add_image(&flow, i, i % 20 == 1 ? bad_layers : "");
        }
    }
    cr_assert_neq(flow_fetch_all(&flow, (const char *const *)names, 200), TUG_OK);
    cr_assert_eq(flow.seen.totals.images_failed, 20);
    cr_assert_eq(flow.seen.totals.images_done, 180);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_IMAGE], 200);
    cr_assert_eq(index_count(&flow), 180);
    /* Fetched twice, as it was bad, and then never again. */
    cr_assert_eq(flow_requests(&flow, NULL, bad.digest), 2);
    free(text);
    free_names(names, 200);
    flow_close(&flow);
}

/* index.json is renamed into place at most once a second, and at the end. */
Test(batch, few_rewrites_of_the_index, .timeout = 60)
{
    struct flow flow;
    char **const names = make_names(300);
    char buffer[16384] __attribute__((aligned(8)));
    const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    unsigned rewrites = 0;
    struct tug_store *store = NULL;
    ssize_t length;

    flow_open(&flow, &(struct fake_options){.delay_ms = 30});
    for (size_t i = 0; i < 300; i++) {
        add_image(&flow, i, "");
    }
    cr_assert_eq(tug_store_open(flow.store, NULL, &store, NULL), TUG_OK);
    tug_store_close(store);
    /* Both ends of each rename: the kernel drops an event that equals the one before. */
    cr_assert_geq(inotify_add_watch(fd, flow.store, IN_MOVED_FROM | IN_MOVED_TO), 0);
    cr_assert_eq(flow_fetch_all(&flow, (const char *const *)names, 300), TUG_OK);
    while ((length = read(fd, buffer, sizeof buffer)) > 0) {
        for (char *at = buffer; at < buffer + length;
             at += sizeof(struct inotify_event) + ((struct inotify_event *)(void *)at)->len) {
            rewrites += strcmp(((struct inotify_event *)(void *)at)->name, "index.json") == 0;
        }
    }
    cr_assert_geq(rewrites, 2, "%u rewrites in %.1f s", rewrites, flow.seen.totals.seconds);
    cr_assert_leq(rewrites, (unsigned)flow.seen.totals.seconds + 2, "%u rewrites in %.1f s",
                  rewrites, flow.seen.totals.seconds);
    cr_assert_eq(index_count(&flow), 300);
    (void)close(fd);
    free_names(names, 300);
    flow_close(&flow);
}

/* No more than two requests at once, whatever the number of workers. */
Test(batch, a_registry_has_its_limit, .timeout = 60)
{
    struct flow flow;
    char **const names = make_names(20);

    flow_open(&flow, &(struct fake_options){.delay_ms = 50});
    flow.options.max_concurrent_downloads = 8;
    flow.options.max_per_host = 2;
    for (size_t i = 0; i < 20; i++) {
        add_image(&flow, i, "");
    }
    cr_assert_eq(flow_fetch_all(&flow, (const char *const *)names, 20), TUG_OK);
    cr_assert_geq(flow.seen.totals.seconds, 40 * 0.05 / 2, "%.2f s", flow.seen.totals.seconds);
    free_names(names, 20);
    flow_close(&flow);
}

/* A reference has its own platforms and labels; the run's are for the others. */
Test(batch, references_have_options_of_their_own)
{
    static const char *const platforms[] = {"linux/amd64", "linux/arm64"};
    static const char *const labels[] = {"team=net"};
    const struct build_multi multi = {
        .image = {.repo = "app", .tag = "1"}, .platforms = platforms, .platform_count = 2};
    struct build_image_result images[2];
    struct tug_platform arm;
    struct tug_reference_options own = TUG_REFERENCE_OPTIONS_INIT;
    struct tug_store *store = NULL;
    struct tug_fetch *fetch = NULL;
    struct json_object *index;
    struct flow flow;
    char *reference;

    flow_open(&flow, NULL);
    build_multi_add(flow.registry, &multi, images, NULL);
    reference = flow_reference(&flow, "app:1");
    cr_assert_eq(tug_platform_parse("linux/arm64", &arm, NULL), TUG_OK);
    cr_assert_eq(tug_store_open(flow.store, NULL, &store, NULL), TUG_OK);
    cr_assert_eq(tug_fetch_create(store, &flow.options, &fetch, NULL), TUG_OK);
    own.platforms = &arm;
    own.platform_count = 1;
    own.labels = labels;
    own.label_count = 1;
    cr_assert_eq(tug_fetch_add_with(fetch, reference, &own, NULL), TUG_OK);
    memset(&arm, 0, sizeof arm); /* it was copied */
    own.labels = (const char *const[]){"io.containerd.image.name=x"};
    cr_assert_eq(tug_fetch_add_with(fetch, reference, &own, NULL), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_fetch_run(fetch, NULL), TUG_OK);
    tug_fetch_destroy(fetch);
    tug_store_close(store);
    cr_assert(flow_has(&flow, images[1].config.digest));
    cr_assert_not(flow_has(&flow, images[0].config.digest));
    index = flow_index(&flow);
    cr_assert_str_eq(flow_annotation(flow_index_entry(&flow, index, "app:1"), "team"), "net");
    json_object_put(index);
    free(reference);
    flow_close(&flow);
}

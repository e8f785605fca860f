/* SPDX-License-Identifier: Apache-2.0
 *
 * What a fetch does to a store that has something already.
 *
 * Knows: the layout. Does not know: documents.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(store, .timeout = 60);

#define LAYER_BYTES 200000
#define REF_NAME "org.opencontainers.image.ref.name"

static const uint64_t layer_size = LAYER_BYTES;

static void add_image(struct flow *flow, struct build_image_result *out_built)
{
    const struct build_image image = {
        .repo = "app", .tag = "1", .layer_sizes = &layer_size, .layer_count = 1, .seed = 5};

    build_image_add(flow->registry, &image, out_built);
}

/* Put a file where a blob belongs. */
static void plant(const struct flow *flow, const char *digest, const void *data, size_t length)
{
    char *const path = flow_path(flow, "blobs", digest);

    (void)unlink(path);
    tmpdir_write(path, data, length);
    cr_assert_eq(chmod(path, 0444), 0);
    free(path);
}

/* A store without an image in it. */
static void make_store(const struct flow *flow)
{
    struct tug_error error = {0};
    struct tug_store *store = NULL;

    cr_assert_eq(tug_store_open(flow->store, NULL, &store, &error), TUG_OK, "%s", error.message);
    tug_store_close(store);
}

Test(store, blob_of_right_size_is_not_fetched)
{
    static char content[LAYER_BYTES];
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &built);
    make_store(&flow);
    fake_generate(5, 0, content, sizeof content);
    plant(&flow, built.layers[0].digest, content, sizeof content);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, NULL, built.layers[0].digest), 0);
    cr_assert_eq(flow.seen.image.bytes_reused, LAYER_BYTES);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_REUSED], 1);
    flow_close(&flow);
}

static void check_replaced(size_t length)
{
    static char content[LAYER_BYTES + 1];
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &built);
    make_store(&flow);
    fake_generate(5, 0, content, LAYER_BYTES);
    plant(&flow, built.layers[0].digest, content, length);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, "GET", built.layers[0].digest), 1);
    cr_assert_eq(flow.seen.image.bytes_reused, 0);
    flow_close(&flow);
}

Test(store, blob_of_wrong_size_is_fetched_again)
{
    check_replaced(LAYER_BYTES - 1);
    check_replaced(LAYER_BYTES + 1);
    check_replaced(0);
}

/* A manifest is read from the store before it is believed, also when its size is right. */
Test(store, damaged_manifest_is_fetched_again)
{
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &built);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    char *const zeros = calloc(1, built.manifest.size_bytes);
    plant(&flow, built.manifest.digest, zeros, built.manifest.size_bytes);
    char *const name = build_text("app@%s", built.manifest.digest);
    fake_record_mark(flow.registry);
    cr_assert_eq(flow_fetch(&flow, name), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, "GET", built.manifest.digest), 1);
    free(name);
    free(zeros);
    flow_close(&flow);
}

Test(store, fetching_twice_transfers_no_blob)
{
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &built);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.image.bytes_fetched, built.total_bytes);
    fake_record_mark(flow.registry);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, NULL, "/blobs/"), 0);
    cr_assert_eq(fake_record_totals(flow.registry).body_bytes, 0);
    cr_assert_eq(flow.seen.image.bytes_fetched, 0);
    cr_assert_eq(flow.seen.image.bytes_reused, built.total_bytes);
    flow_close(&flow);
}

Test(store, index_entry_is_replaced)
{
    struct build_image_result first;
    struct build_image_result second;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &first);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, &second);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "2"}, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:2"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    struct json_object *const index = flow_index(&flow);
    struct json_object *const entry = flow_index_entry(&flow, index, "app:1");
    cr_assert_str_eq(json_object_get_string(json_object_object_get(entry, "digest")),
                     second.manifest.digest);
    (void)flow_index_entry(&flow, index, "app:2");
    cr_assert_eq(json_object_array_length(json_object_object_get(index, "manifests")), 2);
    (void)json_object_put(index);
    flow_close(&flow);
}

Test(store, labels_are_annotations)
{
    static const char *const labels[] = {"team=red", "note=a=b \"quoted\"", "team=blue"};
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, NULL);
    flow.options.labels = labels;
    flow.options.label_count = FLOW_COUNT(labels);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    struct json_object *const index = flow_index(&flow);
    struct json_object *const entry = flow_index_entry(&flow, index, "app:1");
    char *const reference = flow_reference(&flow, "app:1");
    cr_assert_str_eq(flow_annotation(entry, "team"), "blue");
    cr_assert_str_eq(flow_annotation(entry, "note"), "a=b \"quoted\"");
    cr_assert_str_eq(flow_annotation(entry, REF_NAME), reference);
    cr_assert_str_eq(flow_annotation(entry, "containerd.io/distribution.source.127.0.0.1"), "app");
    free(reference);
    (void)json_object_put(index);
    flow_close(&flow);
}

/* What failed is not named, but what came of it stays for the next run. */
Test(store, failed_image_is_not_named)
{
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &built);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = built.layers[0].digest,
                                                     .match.times = 1,
                                                     .answer.status = 500});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_NETWORK);
    struct json_object *const index = flow_index(&flow);
    cr_assert_eq(json_object_array_length(json_object_object_get(index, "manifests")), 0);
    (void)json_object_put(index);
    cr_assert(flow_has(&flow, built.manifest.digest));
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    flow_close(&flow);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What a fetch does to a store that has something already, and to one that cannot take anything.
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

Test(store, file_in_its_place)
{
    struct run_result result;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, NULL);
    tmpdir_write(flow.store, "mine", 4);
    cr_assert_eq(flow_command(&flow, "app:1", NULL, &result), 7, "%s", result.err);
    cr_assert_not_null(strstr(result.err, "Not a directory"), "%s", result.err);
    cr_assert_eq(strchr(result.err, '\n'), result.err + result.err_len - 1, "%s", result.err);
    cr_assert_eq(flow_requests(&flow, NULL, NULL), 0);
    char *const text = tmpdir_read(flow.store, NULL);
    cr_assert_str_eq(text, "mine");
    free(text);
    run_result_fini(&result);
    cr_assert_eq(unlink(flow.store), 0);
    flow_close(&flow);
}

/*
 * Run a shell script in a mount namespace of its own, with $1 the store, $2 a spare directory and
 * fetch() for app:1. What it prints on stdout must be `expected`.
 */
static void run_mounted(struct flow *flow, const char *script, const char *expected,
                        const char *message)
{
    char *const reference = flow_reference(flow, "app:1");
    char *const spare = tmpdir_join(flow->directory, "spare");
    char *const text = build_text("fetch() {\n"
                                  "    status=0\n"
                                  "    \"$TUG\" --store \"$1\" fetch -q --plain-http --retries 0 "
                                  "--platform linux/amd64 '%s' > /dev/null || status=$?\n"
                                  "    echo \"exit $status\"\n"
                                  "}\n"
                                  "%s",
                                  reference, script);
    /* Not the root user: a user namespace gives the right to mount. */
    const char *const argv[] = {
        "unshare", geteuid() == 0 ? "-m" : "-rm", "sh", "-euc", text, "sh", flow->store, spare,
        NULL};
    struct run_result result;

    cr_assert_not_null(getenv("TUG"), "TUG names no program");
    (void)run_command(&(struct run_options){.argv = argv, .timeout_ms = FLOW_WAIT_MS}, &result);
    cr_assert_eq(result.exit_status, 0, "%s", result.err);
    cr_assert_str_eq(result.out, expected, "%s%s", result.out, result.err);
    cr_assert_not_null(strstr(result.err, message), "no '%s': %s", message, result.err);
    cr_assert_eq(strchr(result.err, '\n'), result.err + result.err_len - 1, "%s", result.err);
    run_result_fini(&result);
    free(text);
    free(spare);
    free(reference);
}

Test(store, t41_read_only)
{
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &built);
    make_store(&flow);
    run_mounted(&flow,
                "mount --bind \"$1\" \"$1\"\n"
                "mount -o remount,bind,ro \"$1\"\n"
                "fetch \"$1\"\n",
                "exit 7\n", "Read-only file system");
    cr_assert_eq(flow_blob_count(&flow), 0);
    cr_assert_eq(flow_requests(&flow, NULL, "/blobs/"), 0);
    flow_close(&flow);
}

Test(store, t41_no_permission)
{
    struct flow flow;

    flow_drop_root();
    flow_open(&flow, NULL);
    add_image(&flow, NULL);
    make_store(&flow);
    char *const path = tmpdir_join(flow.store, "ingest/sha256");
    cr_assert_eq(chmod(path, 0500), 0);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_STORE);
    cr_assert_not_null(strstr(flow.seen.error.message, "Permission denied"), "%s",
                       flow.seen.error.message);
    cr_assert_eq(flow_blob_count(&flow), 0);
    free(path);
    flow_close(&flow);
}

/* The disk is full in mid-blob: what is there stays good, and goes on where there is room again. */
Test(store, t41_full)
{
    static const uint64_t size = 3 << 20;
    const struct build_image image = {
        .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1};
    struct build_image_result built;
    struct flow flow;
    struct fake_request last;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &image, &built);
    make_store(&flow);
    run_mounted(&flow,
                "mkdir \"$2\"\n"
                "mount -t tmpfs -o size=1m none \"$2\"\n"
                "fetch \"$2/store\"\n"
                "cp -a \"$2/store/.\" \"$1\"\n"
                "mount -o remount,size=16m \"$2\"\n"
                "fetch \"$2/store\"\n",
                "exit 7\nexit 0\n", "No space left on device");
    flow_check_store(&flow);
    cr_assert(!flow_has(&flow, built.layers[0].digest));
    const int64_t kept = flow_partial_size(&flow, built.layers[0].digest);
    cr_assert(kept > 0 && kept < (int64_t)size, "%jd bytes kept", (intmax_t)kept);
    cr_assert(fake_record_get(flow.registry, "GET", built.layers[0].digest, 1, &last));
    char *const range = build_text("bytes=%jd-%ju", (intmax_t)kept, (uintmax_t)size - 1);
    cr_assert_str_eq(last.range, range);
    free(range);
    flow_close(&flow);
}

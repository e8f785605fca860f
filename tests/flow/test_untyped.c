/* SPDX-License-Identifier: Apache-2.0
 *
 * What is named without saying what it is.
 *
 * Knows: indexes, manifests. Does not know: how documents are parsed.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

TestSuite(untyped, .timeout = 60);

/* Add an index of one entry without a type. more: members of the entry, with a comma before. */
static void add_index(struct flow *flow, const char *tag, const struct build_descriptor *entry,
                      const char *more, struct build_descriptor *out_index)
{
    char *const json = build_text("{\"schemaVersion\":2,\"mediaType\":\"" BUILD_OCI_INDEX
                                  "\",\"manifests\":[{\"digest\":\"%s\",\"size\":%llu%s}]}",
                                  entry->digest, (unsigned long long)entry->size_bytes, more);

    build_manifest_raw(flow->registry, "app", tag, BUILD_OCI_INDEX, json, out_index);
    free(json);
}

static void add_image(struct flow *flow, struct build_image_result *out_image)
{
    static const uint64_t size = 3000;

    build_image_add(flow->registry,
                    &(struct build_image){.repo = "app", .layer_sizes = &size, .layer_count = 1},
                    out_image);
}

static void expect_image(struct flow *flow, const struct build_image_result *image)
{
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    cr_assert(flow_has(flow, image->manifest.digest));
    cr_assert(flow_has(flow, image->config.digest));
    cr_assert(flow_has(flow, image->layers[0].digest));
    cr_assert_eq(flow_requests(flow, NULL, "/manifests/"), flow->seen.image.blobs - 2);
    cr_assert_eq(flow_requests(flow, NULL, "/blobs/"), 2, "no document is asked for as a blob");
}

Test(untyped, f52_entry_with_a_platform)
{
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &image);
    add_index(&flow, "1", &image.manifest,
              ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}", NULL);
    expect_image(&flow, &image);
    flow_close(&flow);
}

Test(untyped, f52_entry_for_another_platform_is_not_asked_for)
{
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &image);
    add_index(&flow, "1", &image.manifest,
              ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}", NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_NOT_FOUND);
    cr_assert_eq(flow_requests(&flow, NULL, image.manifest.digest), 0);
    flow_close(&flow);
}

Test(untyped, f52_entry_without_anything_is_a_manifest)
{
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &image);
    add_index(&flow, "1", &image.manifest, "", NULL);
    expect_image(&flow, &image);
    flow_close(&flow);
}

Test(untyped, f52_entry_without_anything_is_an_index)
{
    struct build_descriptor inner;
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &image);
    add_index(&flow, NULL, &image.manifest, "", &inner);
    add_index(&flow, "1", &inner, "", NULL);
    expect_image(&flow, &image);
    cr_assert(flow_has(&flow, inner.digest));
    flow_close(&flow);
}

/* "app@DIGEST" in new memory. Returns: owned; free(). */
static char *by_digest(const char *digest)
{
    return build_text("app@%s", digest);
}

/* Fetch a blob by its digest, and check the entry it has in index.json. */
static void fetch_blob(struct flow *flow, const struct build_descriptor *blob, const char *type)
{
    char *const name = by_digest(blob->digest);
    struct json_object *index;
    struct json_object *member = NULL;

    cr_assert_eq(flow_fetch(flow, name), TUG_OK, "%s", flow->seen.error.message);
    cr_assert(flow_has(flow, blob->digest));
    cr_assert_str_eq(flow->seen.media_type, type);
    cr_assert_eq(flow->seen.image.size_bytes, blob->size_bytes);
    cr_assert_eq(flow->seen.image.bytes_known, blob->size_bytes);
    cr_assert_eq(flow->seen.image.blobs, 1);
    cr_assert_eq(flow->seen.image.blobs_done, 1);
    index = flow_index(flow);
    cr_assert(json_object_object_get_ex(flow_index_entry(flow, index, name), "mediaType", &member));
    cr_assert_str_eq(json_object_get_string(member), type);
    json_object_put(index);
    free(name);
}

#define NO_TYPE "application/octet-stream"

Test(untyped, f24_layer_by_its_digest)
{
    static const uint64_t size = 5 << 20;
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry,
                    &(struct build_image){.repo = "app", .layer_sizes = &size, .layer_count = 1},
                    &image);
    fetch_blob(&flow, &image.layers[0], NO_TYPE);
    cr_assert_eq(flow.seen.image.bytes_fetched, size);
    cr_assert_eq(flow_requests(&flow, "GET", "/blobs/"), 1);
    /* Again: how long it is, is asked, for nothing else tells whether it is whole. */
    fetch_blob(&flow, &image.layers[0], NO_TYPE);
    cr_assert_eq(flow.seen.image.bytes_fetched, 0);
    cr_assert_eq(flow_requests(&flow, "GET", "/blobs/"), 1);
    flow_close(&flow);
}

Test(untyped, f24_config_by_its_digest)
{
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &image);
    fetch_blob(&flow, &image.config, NO_TYPE);
    fetch_blob(&flow, &image.config, NO_TYPE);
    cr_assert_eq(flow.seen.image.bytes_reused, image.config.size_bytes);
    cr_assert_eq(flow_requests(&flow, NULL, image.config.digest), 3, "it is in the store");
    flow_close(&flow);
}

Test(untyped, f24_neither_manifest_nor_blob)
{
    char *const name =
        by_digest("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    struct flow flow;

    flow_open(&flow, NULL);
    flow_expect_exit(&flow, name, 3, "manifest sha256:e3b0c442");
    flow_close(&flow);
    free(name);
}

/* What claims to be a manifest, and is none, must not be read as one by anybody. */
Test(untyped, f24_blob_that_claims_to_be_a_manifest)
{
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &image);
    (void)fake_rule_add(flow.registry,
                        &(struct fake_rule){.match.path = "/blobs/",
                                            .answer.headers = "Content-Type: " BUILD_OCI_MANIFEST});
    fetch_blob(&flow, &image.layers[0], NO_TYPE);
    flow_close(&flow);
}

/* The same digest as a layer of an image, and by itself. */
Test(untyped, f24_layer_of_an_image_of_the_same_run)
{
    static const uint64_t size = 3000;
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(
        flow.registry,
        &(struct build_image){.repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1},
        &image);
    char *const name = by_digest(image.layers[0].digest);
    const char *const one[] = {"app:1", name};
    const char *const two[] = {name, "app:1"};

    cr_assert_eq(flow_fetch_all(&flow, one, 2), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_IMAGE], 2);
    cr_assert_eq(flow_fetch_all(&flow, two, 2), TUG_OK, "%s", flow.seen.error.message);
    flow_close(&flow);
    free(name);
}

Test(untyped, f24_dry_run_and_limit)
{
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &image);
    char *const name = by_digest(image.layers[0].digest);

    flow.options.max_size_bytes = 2999;
    cr_assert_eq(flow_fetch(&flow, name), TUG_ERR_TOO_LARGE);
    flow.options.max_size_bytes = 3000;
    flow.options.dry_run = true;
    cr_assert_eq(flow_fetch(&flow, name), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_PLANNED], 1);
    cr_assert_eq(flow_requests(&flow, "GET", "/blobs/"), 0);
    flow_close(&flow);
    free(name);
}

/* `tug resolve` asks for the same. */
Test(untyped, f24_resolve)
{
    struct build_image_result image;
    struct run_result result;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &image);
    char *const name = by_digest(image.layers[0].digest);
    char *const reference = flow_reference(&flow, name);
    char *const expected =
        build_text("%s %s " NO_TYPE " 3000\n", reference, image.layers[0].digest);
    const char *const argv[] = {getenv("TUG"), "resolve", "--plain-http", "-q", reference, NULL};

    (void)run_command(&(struct run_options){.argv = argv, .timeout_ms = FLOW_WAIT_MS}, &result);
    cr_assert_eq(result.exit_status, 0, "%s", result.err);
    cr_assert_str_eq(result.out, expected);
    cr_assert_eq(flow_requests(&flow, "GET", "/blobs/"), 0);
    run_result_fini(&result);
    flow_close(&flow);
    free(expected);
    free(reference);
    free(name);
}

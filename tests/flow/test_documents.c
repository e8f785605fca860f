/* SPDX-License-Identifier: Apache-2.0
 *
 * Every kind of document and blob that registries serve.
 *
 * Knows: image-spec 1.1.1, the Docker formats. Does not know: how the content is chosen.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

TestSuite(documents, .timeout = 60);

static const uint64_t two_layers[] = {1000, 300000};

/* Fetch app:1 and check that exactly these blobs are in the store, each asked for once. */
static void expect_fetched(struct flow *flow, const char *const *digests, size_t count)
{
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    for (size_t i = 0; i < count; i++) {
        cr_assert(flow_has(flow, digests[i]), "%s is missing", digests[i]);
        cr_assert_leq(flow_requests(flow, "GET", digests[i]), 1, "%s came twice", digests[i]);
    }
    cr_assert_eq(flow_blob_count(flow), count);
    cr_assert_eq(flow->seen.image.blobs, count);
}

static void check_image(enum build_family family, const char *algorithm, const char *media_type)
{
    const struct build_image image = {.repo = "app",
                                      .tag = "1",
                                      .family = family,
                                      .layer_sizes = two_layers,
                                      .layer_count = 2,
                                      .algorithm = algorithm};
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &image, &built);
    const char *const digests[] = {built.manifest.digest, built.config.digest,
                                   built.layers[0].digest, built.layers[1].digest};
    expect_fetched(&flow, digests, FLOW_COUNT(digests));
    cr_assert_str_eq(flow.seen.media_type, media_type);
    cr_assert_eq(flow.seen.image.bytes_fetched, built.total_bytes);
    cr_assert_eq(flow.seen.image.size_bytes, built.manifest.size_bytes);
    flow_close(&flow);
}

Test(documents, oci_manifest)
{
    check_image(BUILD_OCI, NULL, BUILD_OCI_MANIFEST);
}

Test(documents, docker_manifest)
{
    check_image(BUILD_DOCKER, NULL, BUILD_DOCKER_MANIFEST);
}

Test(documents, sha512_digests)
{
    check_image(BUILD_OCI, "sha512", BUILD_OCI_MANIFEST);
}

static void check_index(enum build_family family, const char *media_type)
{
    static const char *const platforms[] = {"linux/arm64", "linux/amd64"};
    const struct build_multi multi = {.image = {.repo = "app",
                                                .tag = "1",
                                                .family = family,
                                                .layer_sizes = two_layers,
                                                .layer_count = 2},
                                      .platforms = platforms,
                                      .platform_count = 2};
    struct build_image_result built[2];
    struct build_descriptor index;
    struct flow flow;

    flow_open(&flow, NULL);
    build_multi_add(flow.registry, &multi, built, &index);
    const char *const digests[] = {index.digest, built[1].manifest.digest, built[1].config.digest,
                                   built[1].layers[0].digest, built[1].layers[1].digest};
    expect_fetched(&flow, digests, FLOW_COUNT(digests));
    cr_assert_str_eq(flow.seen.media_type, media_type);
    flow_close(&flow);
}

Test(documents, oci_index)
{
    check_index(BUILD_OCI, BUILD_OCI_INDEX);
}

Test(documents, docker_manifest_list)
{
    check_index(BUILD_DOCKER, BUILD_DOCKER_INDEX);
}

Test(documents, nested_indexes)
{
    struct build_image_result built;
    struct build_descriptor inner;
    struct build_descriptor outer;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &(struct build_image){.repo = "app"}, &built);
    const struct build_entry leaf = {.descriptor = &built.manifest, .platform = "linux/amd64"};
    build_index_add(flow.registry,
                    &(struct build_index){.repo = "app", .entries = &leaf, .entry_count = 1},
                    &inner);
    const struct build_entry branch = {.descriptor = &inner};
    build_index_add(
        flow.registry,
        &(struct build_index){.repo = "app", .tag = "1", .entries = &branch, .entry_count = 1},
        &outer);
    const char *const digests[] = {outer.digest, inner.digest, built.manifest.digest,
                                   built.config.digest};
    expect_fetched(&flow, digests, FLOW_COUNT(digests));
    flow_close(&flow);
}

Test(documents, artifact_of_unknown_types)
{
    struct build_descriptor manifest;
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor config = flow_add_blob(&flow, "application/vnd.x.config", "?");
    const struct build_descriptor chart = flow_add_blob(&flow, "application/vnd.x.chart", "chart");
    char *const layers = build_descriptor_json(&chart, NULL);
    flow_add_manifest(&flow, "1", &config, layers, &manifest);
    const char *const digests[] = {manifest.digest, config.digest, chart.digest};
    expect_fetched(&flow, digests, FLOW_COUNT(digests));
    cr_assert_eq(flow.seen.counts[TUG_EVENT_WARNING], 0, "%s", flow.seen.warning);
    free(layers);
    flow_close(&flow);
}

Test(documents, empty_config)
{
    struct build_descriptor manifest;
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor empty =
        flow_add_blob(&flow, "application/vnd.oci.empty.v1+json", "{}");
    char *const layers = build_descriptor_json(&empty, "\"data\":\"e30=\"");
    flow_add_manifest(&flow, "1", &empty, layers, &manifest);
    const char *const digests[] = {manifest.digest, empty.digest};
    expect_fetched(&flow, digests, FLOW_COUNT(digests));
    free(layers);
    flow_close(&flow);
}

Test(documents, zstd_layer)
{
    struct build_descriptor manifest;
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor config = flow_add_config(&flow);
    const struct build_descriptor layer =
        flow_add_blob(&flow, "application/vnd.oci.image.layer.v1.tar+zstd", "zstd, or so it says");
    char *const layers = build_descriptor_json(&layer, NULL);
    flow_add_manifest(&flow, "1", NULL, layers, &manifest);
    const char *const digests[] = {manifest.digest, config.digest, layer.digest};
    expect_fetched(&flow, digests, FLOW_COUNT(digests));
    free(layers);
    flow_close(&flow);
}

Test(documents, empty_blob_needs_no_request)
{
    struct build_descriptor manifest;
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor config = flow_add_config(&flow);
    const struct build_descriptor empty = flow_add_blob(&flow, BUILD_OCI_LAYER, "");
    char *const layers = build_descriptor_json(&empty, NULL);
    flow_add_manifest(&flow, "1", NULL, layers, &manifest);
    const char *const digests[] = {manifest.digest, config.digest, empty.digest};
    expect_fetched(&flow, digests, FLOW_COUNT(digests));
    cr_assert_eq(flow_requests(&flow, NULL, empty.digest), 0);
    free(layers);
    flow_close(&flow);
}

Test(documents, digest_listed_twice)
{
    struct build_descriptor manifest;
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor config = flow_add_config(&flow);
    const struct build_descriptor layer = flow_add_blob(&flow, BUILD_OCI_LAYER, "once is enough");
    char *const text = build_descriptor_json(&layer, NULL);
    char *const layers = build_text("%s,%s,%s", text, text, text);
    flow_add_manifest(&flow, "1", NULL, layers, &manifest);
    const char *const digests[] = {manifest.digest, config.digest, layer.digest};
    expect_fetched(&flow, digests, FLOW_COUNT(digests));
    free(layers);
    free(text);
    flow_close(&flow);
}

Test(documents, inline_data_is_used)
{
    struct build_descriptor manifest;
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor config = flow_add_config(&flow);
    const struct build_descriptor layer = flow_add_blob(&flow, BUILD_OCI_LAYER, "hello");
    char *const layers = build_descriptor_json(&layer, "\"data\":\"aGVsbG8=\"");
    flow_add_manifest(&flow, "1", NULL, layers, &manifest);
    const char *const digests[] = {manifest.digest, config.digest, layer.digest};
    expect_fetched(&flow, digests, FLOW_COUNT(digests));
    cr_assert_eq(flow_requests(&flow, NULL, layer.digest), 0);
    free(layers);
    flow_close(&flow);
}

/* Inline data that is not the blob: other bytes, another length, no base64. */
static void check_wrong_data(const char *data)
{
    struct build_descriptor manifest;
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor config = flow_add_config(&flow);
    const struct build_descriptor layer = flow_add_blob(&flow, BUILD_OCI_LAYER, "hello");
    char *const layers = build_descriptor_json(&layer, data);
    flow_add_manifest(&flow, "1", NULL, layers, &manifest);
    const char *const digests[] = {manifest.digest, config.digest, layer.digest};
    expect_fetched(&flow, digests, FLOW_COUNT(digests));
    cr_assert_eq(flow_requests(&flow, "GET", layer.digest), 1);
    free(layers);
    flow_close(&flow);
}

Test(documents, t33_inline_data_of_other_content)
{
    check_wrong_data("\"data\":\"SGVsbG8=\"");
}

Test(documents, t33_inline_data_of_other_size)
{
    check_wrong_data("\"data\":\"aGVsbG8hIQ==\"");
}

Test(documents, t33_inline_data_not_base64)
{
    check_wrong_data("\"data\":\"*****\"");
}

#define FOREIGN_LAYER "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

/* An image "app:1" with a config and one foreign layer. is_missing: the registry lacks it.
 * more: members of the layer's descriptor, NULL: none. */
static struct build_descriptor add_foreign(struct flow *flow, bool is_missing, const char *more)
{
    const struct build_descriptor layer = flow_add_blob(flow, FOREIGN_LAYER, "elsewhere");
    char *const layers = build_descriptor_json(&layer, more);

    if (is_missing) {
        fake_rule_add(flow->registry,
                      &(struct fake_rule){.match.path = layer.digest, .answer.status = 404});
    }
    (void)flow_add_config(flow);
    flow_add_manifest(flow, "1", NULL, layers, NULL);
    free(layers);
    return layer;
}

static const char *left_out_of(const struct flow *flow, struct json_object *index)
{
    return flow_annotation(flow_index_entry(flow, index, "app:1"), "tug.left-out");
}

/* What the registry has is fetched, whatever its type and its urls. */
static void check_foreign_there(const char *more)
{
    struct json_object *index;
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor layer = add_foreign(&flow, false, more);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(flow_has(&flow, layer.digest));
    cr_assert_eq(flow.seen.image.left_out_count, 0);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_WARNING], 0, "%s", flow.seen.warning);
    index = flow_index(&flow);
    cr_assert_null(left_out_of(&flow, index));
    json_object_put(index);
    flow_close(&flow);
}

#define URLS "\"urls\":[\"https://registry.invalid/layer\"]"

Test(documents, f18_foreign_layer_that_the_registry_has)
{
    check_foreign_there(NULL);
    check_foreign_there(URLS);
    check_foreign_there("\"urls\":[]");
}

/* Without urls it can be nowhere else. */
Test(documents, f18_foreign_layer_that_nobody_has)
{
    struct flow flow;

    flow_open(&flow, NULL);
    (void)add_foreign(&flow, true, NULL);
    flow_expect_exit(&flow, "app:1", 3, "404");
    flow_close(&flow);
}

/* Complete without it, and everything tells so: the line, also with -q, the result, index.json. */
Test(documents, f18_what_is_left_out_is_told)
{
    static const char *const words[] = {"-q", "--format", "json", NULL};
    struct run_result result;
    struct json_object *index;
    struct flow flow;
    char *expected;

    flow_open(&flow, NULL);
    const struct build_descriptor layer = add_foreign(&flow, true, URLS);
    cr_assert_eq(flow_command(&flow, "app:1", words, &result), 0, "%s", result.err);
    cr_assert_not_null(strstr(result.err, "is left out: the registry does not have it"), "%s",
                       result.err);
    expected = build_text(",\"blobs\":2,");
    cr_assert_not_null(strstr(result.out, expected), "%s", result.out);
    free(expected);
    expected = build_text(",\"leftOut\":[\"%s\"]", layer.digest);
    cr_assert_not_null(strstr(result.out, expected), "%s", result.out);
    free(expected);
    run_result_fini(&result);
    index = flow_index(&flow);
    cr_assert_str_eq(left_out_of(&flow, index), layer.digest);
    json_object_put(index);
    cr_assert_lt(flow_partial_size(&flow, layer.digest), 0, "a partial file of nothing");
    flow_close(&flow);
}

/* Two images of one run, and of one repository, lack the same layer. */
Test(documents, f18_one_layer_left_out_of_several_images)
{
    static const char *const names[] = {"app:1", "app:2", "app:3"};
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor layer = add_foreign(&flow, true, URLS);
    char *const layers = build_descriptor_json(&layer, URLS ",\"annotations\":{}");
    flow_add_manifest(&flow, "2", NULL, layers, NULL);
    flow_add_manifest(&flow, "3", NULL, layers, NULL);
    cr_assert_eq(flow_fetch_all(&flow, names, 3), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_WARNING], 3, "%s", flow.seen.warning);
    cr_assert_eq(flow.seen.image.left_out_count, 1);
    cr_assert_eq(flow.seen.image.blobs, 2);
    cr_assert_eq(flow.seen.totals.blobs, flow.seen.totals.blobs_done);
    cr_assert_eq(flow.seen.totals.bytes_known, flow.seen.totals.bytes_done);
    free(layers);
    flow_close(&flow);
}

Test(documents, foreign_layer_is_left_out)
{
    struct build_descriptor manifest;
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor config = flow_add_config(&flow);
    const struct build_descriptor layer = flow_add_blob(&flow, FOREIGN_LAYER, "elsewhere");
    char *const layers = build_descriptor_json(&layer, URLS);

    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = layer.digest, .answer.status = 404});
    flow_add_manifest(&flow, "1", NULL, layers, &manifest);
    const char *const digests[] = {manifest.digest, config.digest};
    expect_fetched(&flow, digests, FLOW_COUNT(digests));
    cr_assert_not_null(strstr(flow.seen.warning, "foreign layer"), "%s", flow.seen.warning);
    free(layers);
    flow_close(&flow);
}

/* An image as Docker before 1.10 pushed it. */
Test(documents, f51_config_without_its_type)
{
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor config =
        flow_add_blob(&flow, "application/octet-stream",
                      "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{}}");
    char *const text = build_descriptor_json(&config, NULL);
    char *const manifest = build_text("{\"schemaVersion\":2,\"config\":%s,\"layers\":[]}", text);
    build_manifest_raw(flow.registry, "app", "1", BUILD_DOCKER_MANIFEST, manifest, NULL);
    build_manifest_raw(flow.registry, "app", "2", BUILD_OCI_MANIFEST, manifest, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(flow_has(&flow, config.digest));
    cr_assert_not_null(strstr(flow.seen.warning, "by Docker before 1.10"), "%s", flow.seen.warning);
    /* in an OCI manifest it is an artifact's, and what it likes */
    cr_assert_eq(flow_fetch(&flow, "app:2"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_WARNING], 0, "%s", flow.seen.warning);
    free(manifest);
    free(text);
    flow_close(&flow);
}

static void check_schema1(const char *media_type)
{
    struct flow flow;

    flow_open(&flow, NULL);
    build_manifest_raw(flow.registry, "app", "1", media_type,
                       "{\"schemaVersion\":1,\"name\":\"app\",\"tag\":\"1\",\"fsLayers\":[]}",
                       NULL);
    flow_expect_exit(&flow, "app:1", 6, "schema 1 manifests are no longer supported");
    flow_close(&flow);
}

Test(documents, schema1_is_refused)
{
    check_schema1("application/vnd.docker.distribution.manifest.v1+prettyjws");
    check_schema1("application/vnd.docker.distribution.manifest.v1+json");
    check_schema1("application/json");
}

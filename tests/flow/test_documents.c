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
    flow_expect_fetched(&flow, digests, FLOW_COUNT(digests));
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
    flow_expect_fetched(&flow, digests, FLOW_COUNT(digests));
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
    flow_expect_fetched(&flow, digests, FLOW_COUNT(digests));
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
    flow_expect_fetched(&flow, digests, FLOW_COUNT(digests));
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
    flow_expect_fetched(&flow, digests, FLOW_COUNT(digests));
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
    flow_expect_fetched(&flow, digests, FLOW_COUNT(digests));
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
    flow_expect_fetched(&flow, digests, FLOW_COUNT(digests));
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
    flow_expect_fetched(&flow, digests, FLOW_COUNT(digests));
    free(layers);
    free(text);
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

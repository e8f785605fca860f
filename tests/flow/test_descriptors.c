/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptors with sizes and digests that no honest document has, and answers whose headers lie.
 *
 * Knows: what a hostile or broken registry may send. Does not know: blobs' bytes.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

TestSuite(descriptors, .timeout = 60);

#define SHA256_OF_NOTHING "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Serve a manifest "app:1" with a layer of this JSON, and expect it to be refused before any blob
 * is asked for. */
static void check_layer(const char *layer, const char *text)
{
    struct flow flow;

    flow_open(&flow, NULL);
    flow_add_manifest(&flow, "1", NULL, layer, NULL);
    flow_expect_exit(&flow, "app:1", 6, text);
    cr_assert_eq(flow_requests(&flow, NULL, "/blobs/"), 0, "it was believed");
    flow_close(&flow);
}

static void check_size(const char *size)
{
    char *const layer = build_text("{\"mediaType\":\"" BUILD_OCI_LAYER
                                   "\",\"digest\":\"" SHA256_OF_NOTHING "\",\"size\":%s}",
                                   size);

    check_layer(layer, "size");
    free(layer);
}

Test(descriptors, t25_negative_size)
{
    check_size("-1");
    check_size("-9223372036854775808");
}

Test(descriptors, t25_huge_size)
{
    check_size("9223372036854775808");
    check_size("18446744073709551616");
    check_size("1e400");
}

Test(descriptors, t25_fractional_size)
{
    check_size("1.5");
    check_size("0.0");
    check_size("1e2");
}

Test(descriptors, t25_size_of_another_type)
{
    check_size("\"12\"");
    check_size("null");
    check_size("[3]");
}

Test(descriptors, t25_size_named_twice)
{
    check_layer("{\"mediaType\":\"" BUILD_OCI_LAYER "\",\"digest\":\"" SHA256_OF_NOTHING
                "\",\"size\":12,\"size\":13}",
                "names a member twice");
}

/* The largest size there is: nothing is reserved for it, and what comes is too short for it. */
Test(descriptors, t25_largest_size)
{
    struct build_descriptor layer;
    struct flow flow;

    flow_open(&flow, NULL);
    layer = flow_add_blob(&flow, BUILD_OCI_LAYER, "short");
    layer.size_bytes = INT64_MAX;
    char *const layers = build_descriptor_json(&layer, NULL);
    flow_add_manifest(&flow, "1", NULL, layers, NULL);
    flow_expect_exit(&flow, "app:1", 6, "a size of 9223372036854775807 bytes is over the limit");
    free(layers);
    flow_close(&flow);
}

static void check_digest(const char *digest)
{
    char *const layer =
        build_text("{\"mediaType\":\"" BUILD_OCI_LAYER "\",\"digest\":\"%s\",\"size\":0}", digest);

    check_layer(layer, "layers[0]");
    free(layer);
}

Test(descriptors, t24_digest_that_is_a_path)
{
    check_digest("sha256:../../../../../etc/passwd");
    check_digest("../../blobs/sha256:00");
    check_digest("sha256:"
                 "../b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

Test(descriptors, t24_digest_malformed)
{
    check_digest("");
    check_digest("sha256:");
    check_digest("sha256:e3b0c4");
    check_digest("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
    check_digest(SHA256_OF_NOTHING "00");
    check_digest("md5:d41d8cd98f00b204e9800998ecf8427e");
}

Test(descriptors, t24_digest_with_a_nul)
{
    check_layer("{\"mediaType\":\"" BUILD_OCI_LAYER "\",\"digest\":\"" SHA256_OF_NOTHING
                "\\u0000x\",\"size\":0}",
                "bad escape");
}

/* The manifest of an index entry is not of the size that the index says. */
Test(descriptors, t26_manifest_of_other_size)
{
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &(struct build_image){.repo = "app"}, &built);
    built.manifest.size_bytes++;
    const struct build_entry entry = {.descriptor = &built.manifest, .platform = "linux/amd64"};
    const struct build_index index = {
        .repo = "app", .tag = "1", .entries = &entry, .entry_count = 1};
    build_index_add(flow.registry, &index, NULL);
    flow_expect_exit(&flow, "app:1", 6, "bytes, not");
    cr_assert(!flow_has(&flow, built.manifest.digest));
    flow_close(&flow);
}

/* Another manifest under the digest, with a header that says it is the right one. */
Test(descriptors, t22_other_manifest_under_the_digest)
{
    const char *const json = "{\"schemaVersion\":2,\"layers\":[]}";
    char digest[FAKE_DIGEST_SIZE];
    struct flow flow;

    flow_open(&flow, NULL);
    fake_digest(NULL, "what was asked for", 18, digest);
    fake_manifest_add(flow.registry,
                      &(struct fake_manifest){.repo = "app", .digest = digest, .json = json}, NULL);
    char *const name = build_text("app@%s", digest);
    flow_expect_exit(&flow, name, 6, "its content has the digest sha256:");
    cr_assert_eq(flow_blob_count(&flow), 0);
    free(name);
    flow_close(&flow);
}

/* Answer the manifest with a Docker-Content-Digest of our own. */
static void check_header(const char *digest, int status, const char *text)
{
    char *const header = build_text("Docker-Content-Digest: %s\r\n", digest);
    struct run_result result;
    struct flow flow;

    flow_open(&flow, NULL);
    flow_add_manifest(&flow, "1", NULL, "", NULL);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/manifests/", .answer.headers = header});
    if (status == 0) {
        cr_assert_eq(flow_command(&flow, "app:1", NULL, &result), 0, "%s", result.err);
        cr_assert_not_null(strstr(result.out, text), "%s", result.out);
        run_result_fini(&result);
    } else {
        flow_expect_exit(&flow, "app:1", status, text);
    }
    flow_close(&flow);
    free(header);
}

Test(descriptors, t23_header_with_another_digest)
{
    check_header(SHA256_OF_NOTHING, 6, "its content has the digest sha256:");
}

Test(descriptors, t23_header_malformed)
{
    check_header("sha256:../../x", 6, "Docker-Content-Digest header is not a digest");
    check_header("\x1b[2J", 6, "Docker-Content-Digest header is not a digest: '\\x1b[2J'");
}

/* Of an algorithm that nobody here can compute: as if it were not there. */
Test(descriptors, t23_header_of_an_unknown_algorithm)
{
    check_header("blake3:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0,
                 "app:1 sha256:");
}

/* T-22: where a digest was asked for, that one decides. */
static void check_pinned_header(const char *header)
{
    struct build_descriptor manifest;
    struct flow flow;

    flow_open(&flow, NULL);
    flow_add_manifest(&flow, "1", NULL, "", &manifest);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/manifests/", .answer.headers = header});
    char *const name = build_text("app@%s", manifest.digest);
    cr_assert_eq(flow_fetch(&flow, name), TUG_OK, "%s", flow.seen.error.message);
    free(name);
    flow_close(&flow);
}

Test(descriptors, t22_header_of_a_pinned_manifest)
{
    check_pinned_header("Docker-Content-Digest: blake3:aaaaaaaaaaaaaaaa\r\n");
    check_pinned_header("Docker-Content-Digest: sha256:../../x\r\n");
    check_pinned_header("Docker-Content-Digest: " SHA256_OF_NOTHING "\r\n");
}

Test(descriptors, t23_header_of_another_algorithm)
{
    const char *const config_text = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},"
                                    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
    struct build_descriptor config = {.media_type = BUILD_OCI_CONFIG,
                                      .size_bytes = strlen(config_text)};
    char digest[FAKE_DIGEST_SIZE];

    fake_digest(NULL, config_text, strlen(config_text), config.digest);
    char *const text = build_descriptor_json(&config, NULL);
    char *const json = build_text("{\"schemaVersion\":2,\"mediaType\":\"" BUILD_OCI_MANIFEST
                                  "\",\"config\":%s,\"layers\":[]}",
                                  text);
    fake_digest("sha512", json, strlen(json), digest);
    check_header(digest, 0, digest);
    free(json);
    free(text);
}

Test(descriptors, header_missing)
{
    struct flow flow;

    flow_open(&flow, NULL);
    flow_add_manifest(&flow, "1", NULL, "", NULL);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = "/manifests/",
                                                     .answer.omit = "Docker-Content-Digest"});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    flow_close(&flow);
}

static void check_encoding(const char *path, uint8_t flip_mask)
{
    struct flow flow;

    flow_open(&flow, NULL);
    flow_add_manifest(&flow, "1", NULL, "", NULL);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = path,
                                                     .answer.headers = "Content-Encoding: gzip\r\n",
                                                     .body.flip_mask = flip_mask});
    flow_expect_exit(&flow, "app:1", 6, "Content-Encoding 'gzip', which was not asked for");
    flow_close(&flow);
}

Test(descriptors, t29_encoded_content)
{
    check_encoding("/manifests/", 0); /* by tag: nothing proves the bytes */
    check_encoding("/blobs/", 1);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Images converted while they are fetched: what is asked for, what index.json names, what of schema
 * 1 is refused.
 */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

TestSuite(convert, .timeout = 60);

#define SCHEMA1 "application/vnd.docker.distribution.manifest.v1+json"
#define SIGNED "application/vnd.docker.distribution.manifest.v1+prettyjws"
#define A16 "aaaaaaaaaaaaaaaa"
#define B16 "bbbbbbbbbbbbbbbb"
#define A A16 A16 A16 A16
#define B B16 B16 B16 B16
#define ABSENT "sha256:" B
/* An empty tar archive. */
static const char zeros[1024];
/* Of "hello, layer\n", without its last 12 bytes. */
static const unsigned char truncated_gzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00,
                                               0x02, 0xff, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xd7};

static void open_converting(struct flow *flow)
{
    flow_open(flow, NULL);
    flow->options.convert = "oci";
}

/* Write a manifest of two layers, the upper one first. lower, upper: digests. more: members of the
 * upper history, with a comma before. Returns: owned. */
static char *schema1_of(const char *lower, const char *upper, const char *more)
{
    return build_text(
        "{\"schemaVersion\":1,\"name\":\"app\",\"tag\":\"1\",\"architecture\":\"amd64\","
        "\"fsLayers\":[{\"blobSum\":\"%s\"},{\"blobSum\":\"%s\"}],\"history\":["
        "{\"v1Compatibility\":\"{\\\"id\\\":\\\"" B "\\\",\\\"parent\\\":\\\"" A "\\\","
        "\\\"os\\\":\\\"linux\\\",\\\"architecture\\\":\\\"amd64\\\"%s}\"},"
        "{\"v1Compatibility\":\"{\\\"id\\\":\\\"" A "\\\"}\"}]}",
        upper, lower, more);
}

static void add_layer(struct flow *flow, const void *bytes, size_t length, char *out_digest)
{
    fake_blob_add(flow->registry, "app", NULL, bytes, length, out_digest);
}

/* The document of a digest in the store. Returns: owned; json_object_put(). */
static struct json_object *read_blob(const struct flow *flow, const struct tug_digest *digest)
{
    char text[TUG_DIGEST_TEXT_MAX];
    char *const path = flow_path(flow, "blobs", tug_digest_format(digest, text));
    struct json_object *const json = json_object_from_file(path);

    cr_assert_not_null(json, "%s", path);
    free(path);
    return json;
}

static struct json_object *member(struct json_object *json, const char *key)
{
    struct json_object *value = NULL;

    cr_assert(json_object_object_get_ex(json, key, &value), "%s", key);
    return value;
}

static const char *text_of(struct json_object *json, const char *key)
{
    return json_object_get_string(member(json, key));
}

/* The result says what was converted, and so does index.json. */
static void expect_converted(const struct flow *flow, const char *original, const char *media_type)
{
    struct json_object *const index = flow_index(flow);
    struct json_object *const entry = flow_index_entry(flow, index, "app:1");
    char text[TUG_DIGEST_TEXT_MAX];

    cr_assert_str_eq(tug_digest_format(&flow->seen.image.named.converted_from, text), original);
    cr_assert_str_eq(flow->seen.media_type, media_type);
    cr_assert_str_eq(text_of(entry, "digest"), tug_digest_format(&flow->seen.image.digest, text));
    cr_assert_str_eq(text_of(entry, "mediaType"), media_type);
    cr_assert_str_eq(flow_annotation(entry, "tug.converted-from"), original);
    json_object_put(index);
}

Test(convert, a_docker_manifest)
{
    static const uint64_t size = 3000;
    struct build_image_result image;
    struct flow flow;
    struct tug_digest made;
    struct json_object *json;

    open_converting(&flow);
    build_image_add(flow.registry,
                    &(struct build_image){.repo = "app",
                                          .tag = "1",
                                          .family = BUILD_DOCKER,
                                          .layer_sizes = &size,
                                          .layer_count = 1},
                    &image);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    expect_converted(&flow, image.manifest.digest, BUILD_OCI_MANIFEST);
    made = flow.seen.image.digest;
    json = read_blob(&flow, &made);
    cr_assert_str_eq(text_of(member(json, "config"), "mediaType"), BUILD_OCI_CONFIG);
    cr_assert_str_eq(text_of(json_object_array_get_idx(member(json, "layers"), 0), "digest"),
                     image.layers[0].digest);
    json_object_put(json);
    /* again: nothing is fetched, and nothing is written */
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(tug_digest_equal(&made, &flow.seen.image.digest));
    cr_assert_eq(flow.seen.image.bytes_fetched, 0);
    cr_assert_eq(flow_requests(&flow, "GET", NULL), 3);
    flow_close(&flow);
}

Test(convert, what_is_oci_stays)
{
    struct build_image_result image;
    struct flow flow;
    char text[TUG_DIGEST_TEXT_MAX];

    open_converting(&flow);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, &image);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_str_eq(tug_digest_format(&flow.seen.image.digest, text), image.manifest.digest);
    cr_assert_eq(flow.seen.image.named.converted_from.algorithm, TUG_DIGEST_NONE);
    cr_assert_eq(flow_blob_count(&flow), 2);
    flow_close(&flow);
}

/* All manifests of a list are fetched, and configs and layers of the wanted platform only. */
Test(convert, a_list_becomes_the_same_for_every_platform)
{
    static const char *const platforms[] = {"linux/amd64", "linux/arm64"};
    static const uint64_t size = 3000;
    struct build_image_result images[2];
    struct build_descriptor list;
    struct flow flow;
    struct tug_digest made;

    open_converting(&flow);
    build_multi_add(flow.registry,
                    &(struct build_multi){.image = {.repo = "app",
                                                    .tag = "1",
                                                    .family = BUILD_DOCKER,
                                                    .layer_sizes = &size,
                                                    .layer_count = 1},
                                          .platforms = platforms,
                                          .platform_count = 2},
                    images, &list);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    expect_converted(&flow, list.digest, BUILD_OCI_INDEX);
    made = flow.seen.image.digest;
    cr_assert(flow_has(&flow, images[1].manifest.digest));
    cr_assert_not(flow_has(&flow, images[1].config.digest));
    cr_assert_not(flow_has(&flow, images[1].layers[0].digest));
    cr_assert_eq(tug_platform_parse("linux/arm64", &flow.platform, NULL), TUG_OK);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(tug_digest_equal(&made, &flow.seen.image.digest));
    flow_close(&flow);
}

Test(convert, a_manifest_that_is_not_there_stays_in_the_list)
{
    struct build_image_result image;
    struct build_descriptor absent = {.media_type = BUILD_DOCKER_MANIFEST, .size_bytes = 700};
    struct build_descriptor list;
    struct flow flow;
    struct json_object *json, *entries_json;

    open_converting(&flow);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .family = BUILD_DOCKER},
                    &image);
    (void)snprintf(absent.digest, sizeof absent.digest, "%s", ABSENT);
    const struct build_entry entries[] = {
        {.descriptor = &absent, .platform = "linux/arm64"},
        {.descriptor = &image.manifest, .platform = "linux/amd64"},
    };
    build_index_add(flow.registry,
                    &(struct build_index){.repo = "app",
                                          .tag = "1",
                                          .family = BUILD_DOCKER,
                                          .entries = entries,
                                          .entry_count = 2},
                    &list);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_not_null(strstr(flow.seen.warning, "its entry stays as it is"), "%s",
                       flow.seen.warning);
    expect_converted(&flow, list.digest, BUILD_OCI_INDEX);
    json = read_blob(&flow, &flow.seen.image.digest);
    entries_json = member(json, "manifests");
    cr_assert_str_eq(text_of(json_object_array_get_idx(entries_json, 0), "digest"), ABSENT);
    cr_assert_str_eq(text_of(json_object_array_get_idx(entries_json, 0), "mediaType"),
                     BUILD_DOCKER_MANIFEST);
    cr_assert_str_eq(text_of(json_object_array_get_idx(entries_json, 1), "mediaType"),
                     BUILD_OCI_MANIFEST);
    json_object_put(json);
    flow_close(&flow);
}

/* --- schema 1 --- */

Test(convert, schema1_becomes_an_image)
{
    struct flow flow;
    struct build_descriptor manifest;
    struct tug_digest made, config_digest;
    struct json_object *json, *config;
    char lower[FAKE_DIGEST_SIZE];
    char blank[FAKE_DIGEST_SIZE];

    open_converting(&flow);
    add_layer(&flow, "hello", 5, lower);
    add_layer(&flow, zeros, sizeof zeros, blank);
    char *const text = schema1_of(lower, blank, "");
    build_manifest_raw(flow.registry, "app", "1", SCHEMA1, text, &manifest);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    expect_converted(&flow, manifest.digest, BUILD_OCI_MANIFEST);
    cr_assert_str_eq(flow.seen.platform, "linux/amd64");
    cr_assert_eq(flow_requests(&flow, "HEAD", "/blobs/"), 2, "their sizes are asked for");
    made = flow.seen.image.digest;
    json = read_blob(&flow, &made);
    cr_assert_eq(json_object_array_length(member(json, "layers")), 1, "the blank one is left out");
    cr_assert_str_eq(text_of(json_object_array_get_idx(member(json, "layers"), 0), "digest"),
                     lower);
    cr_assert_eq(
        tug_digest_parse(text_of(member(json, "config"), "digest"), 71, &config_digest, NULL),
        TUG_OK);
    config = read_blob(&flow, &config_digest);
    cr_assert_str_eq(json_object_get_string(json_object_array_get_idx(
                         member(member(config, "rootfs"), "diff_ids"), 0)),
                     lower, "it is not compressed");
    cr_assert_eq(json_object_array_length(member(config, "history")), 2);
    json_object_put(config);
    json_object_put(json);
    /* again, from what index.json names, and without that */
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(tug_digest_equal(&made, &flow.seen.image.digest));
    cr_assert_eq(flow.seen.image.bytes_fetched, 0);
    flow.options.recheck = true;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(tug_digest_equal(&made, &flow.seen.image.digest));
    free(text);
    flow_close(&flow);
}

/* A blob that only a throw-away layer names is never asked for. */
Test(convert, throw_away_layers_are_not_fetched)
{
    struct flow flow;
    char lower[FAKE_DIGEST_SIZE];

    open_converting(&flow);
    add_layer(&flow, "hello", 5, lower);
    char *const text = schema1_of(lower, ABSENT, ",\\\"throwaway\\\":true");
    build_manifest_raw(flow.registry, "app", "1", "application/json", text, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, NULL, ABSENT), 0);
    free(text);
    flow_close(&flow);
}

/* Put a signature into a manifest, as Docker did. protected_text: base64url. Returns: owned. */
static char *sign(const char *manifest, const char *protected_text)
{
    return build_text(
        "%.*s,\"signatures\":[{\"header\":{},\"signature\":\"AA\",\"protected\":\"%s\"}]}",
        (int)strlen(manifest) - 1, manifest, protected_text);
}

/* The digest of a signed manifest is that of what was signed. */
Test(convert, signatures_do_not_count)
{
    struct flow flow;
    char lower[FAKE_DIGEST_SIZE];
    char digest[FAKE_DIGEST_SIZE];

    open_converting(&flow);
    add_layer(&flow, "hello", 5, lower);
    char *const text = schema1_of(lower, lower, "");
    char *const header =
        build_text("{\"formatLength\":%zu,\"formatTail\":\"fQ\"}", strlen(text) - 1); /* "}" */
    char *const base64 = tug__base64_encode(header, strlen(header));
    base64[strcspn(base64, "=")] = '\0';
    char *const body = sign(text, base64);
    fake_digest("sha256", text, strlen(text), digest);
    fake_manifest_add(
        flow.registry,
        &(struct fake_manifest){
            .repo = "app", .tag = "1", .media_type = SIGNED, .json = body, .digest = digest},
        NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    expect_converted(&flow, digest, BUILD_OCI_MANIFEST);
    cr_assert(flow_has(&flow, digest));
    free(text);
    free(header);
    free(base64);
    free(body);
    flow_close(&flow);
}

Test(convert, schema1_is_judged_by_its_platform)
{
    struct flow flow;
    char lower[FAKE_DIGEST_SIZE];

    open_converting(&flow);
    add_layer(&flow, "hello", 5, lower);
    char *const text = schema1_of(lower, lower, "");
    build_manifest_raw(flow.registry, "app", "1", SCHEMA1, text, NULL);
    cr_assert_eq(tug_platform_parse("linux/arm64", &flow.platform, NULL), TUG_OK);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_NOT_FOUND);
    cr_assert_eq(flow_requests(&flow, NULL, "/blobs/"), 0);
    free(text);
    flow_close(&flow);
}

Test(convert, schema1_without_its_layers_is_refused)
{
    struct flow flow;
    char lower[FAKE_DIGEST_SIZE];

    open_converting(&flow);
    add_layer(&flow, "hello", 5, lower);
    char *const text = schema1_of(lower, lower, "");
    build_manifest_raw(flow.registry, "app", "1", SCHEMA1, text, NULL);
    flow.options.metadata_only = true;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_UNSUPPORTED, "%s", flow.seen.error.message);
    cr_assert_not_null(strstr(flow.seen.error.message, "without --metadata-only"), "%s",
                       flow.seen.error.message);
    free(text);
    flow_close(&flow);
}

/* Sizes come only with the layers, but --max-size holds all the same. */
Test(convert, schema1_is_within_the_size_that_is_allowed)
{
    struct flow flow;
    char lower[FAKE_DIGEST_SIZE];
    char upper[FAKE_DIGEST_SIZE];

    open_converting(&flow);
    add_layer(&flow, "hello", 5, lower);
    add_layer(&flow, zeros, sizeof zeros, upper);
    char *const text = schema1_of(lower, upper, "");
    build_manifest_raw(flow.registry, "app", "1", SCHEMA1, text, NULL);
    flow.options.max_size_bytes = 1000;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_TOO_LARGE, "%s", flow.seen.error.message);
    flow.options.max_size_bytes = strlen(text) + sizeof zeros;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_TOO_LARGE, "%s", flow.seen.error.message);
    free(text);
    flow_close(&flow);
}

/* --- what is refused --- */

/* Fetch with the command: exit status 6 in words, and no name. */
static void expect_refused(struct flow *flow, const char *text)
{
    static const char *const more[] = {"--convert", "oci", "-q", NULL};
    struct run_result result;
    struct json_object *index;

    cr_assert_eq(flow_command(flow, "app:1", more, &result), 6, "%s", result.err);
    cr_assert_not_null(strstr(result.err, text), "%s", result.err);
    cr_assert_eq(strchr(result.err, '\n'), result.err + strlen(result.err) - 1, "%s", result.err);
    index = flow_index(flow);
    cr_assert_eq(json_object_array_length(member(index, "manifests")), 0);
    json_object_put(index);
    run_result_fini(&result);
}

static void refuse_manifest(const char *json, const char *text)
{
    struct flow flow;

    flow_open(&flow, NULL);
    build_manifest_raw(flow.registry, "app", "1", SCHEMA1, json, NULL);
    expect_refused(&flow, text);
    flow_close(&flow);
}

#define V1(MEMBERS) "{\"v1Compatibility\":\"{" MEMBERS "}\"}"
#define ID(X) "\\\"id\\\":\\\"" X "\\\""
#define HEAD "{\"schemaVersion\":1,\"architecture\":\"amd64\",\"fsLayers\":["
#define FS "{\"blobSum\":\"" ABSENT "\"}"

Test(convert, manifests_that_contradict_themselves)
{
    refuse_manifest(HEAD FS "," FS "],\"history\":[" V1(ID(A)) "]}",
                    "it has 2 fsLayers and 1 of history");
    refuse_manifest(HEAD FS "," FS "," FS
                            "],\"history\":[" V1(ID(A) ",\\\"parent\\\":\\\"" B "\\\"") "," V1(
                                ID(B) ",\\\"parent\\\":\\\"" A "\\\"") "," V1(ID(A)) "]}",
                    "is its own ancestor");
    refuse_manifest(HEAD FS "],\"history\":[{\"v1Compatibility\":\"no JSON\"}]}", "not valid JSON");
    refuse_manifest("{\"schemaVersion\":1,\"fsLayers\":[],\"history\":[],\"layers\":[]}",
                    "members of schema 1 and of schema 2");
}

Test(convert, too_many_layers)
{
    char *const text = malloc(1 << 20);
    size_t length = (size_t)sprintf(text, "%s", HEAD);

    for (int i = 0; i < 1025; i++) {
        length += (size_t)sprintf(text + length, "%s{}", i > 0 ? "," : "");
    }
    (void)sprintf(text + length, "],\"history\":[]}");
    refuse_manifest(text, "fsLayers: more than 1024");
    free(text);
}

Test(convert, a_layer_that_cannot_be_unpacked)
{
    struct flow flow;
    char lower[FAKE_DIGEST_SIZE];

    flow_open(&flow, NULL);
    add_layer(&flow, truncated_gzip, sizeof truncated_gzip, lower);
    char *const text = schema1_of(lower, lower, "");
    build_manifest_raw(flow.registry, "app", "1", SCHEMA1, text, NULL);
    expect_refused(&flow, "cannot be unpacked: truncated gzip input");
    free(text);
    flow_close(&flow);
}

Test(convert, schema1_within_an_index)
{
    struct flow flow;
    struct build_descriptor manifest;
    char lower[FAKE_DIGEST_SIZE];

    flow_open(&flow, NULL);
    add_layer(&flow, "hello", 5, lower);
    char *const text = schema1_of(lower, lower, "");
    build_manifest_raw(flow.registry, "app", NULL, SCHEMA1, text, &manifest);
    const struct build_entry entry = {.descriptor = &manifest, .platform = "linux/amd64"};
    build_index_add(
        flow.registry,
        &(struct build_index){
            .repo = "app", .tag = "1", .family = BUILD_DOCKER, .entries = &entry, .entry_count = 1},
        NULL);
    expect_refused(&flow, "a schema 1 manifest within an index is not converted");
    free(text);
    flow_close(&flow);
}

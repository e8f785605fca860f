/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents that are none, or mean two things, or have no end: refused before they are believed.
 *
 * Knows: what a hostile or broken registry may send. Does not know: blobs.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

TestSuite(bad_documents, .timeout = 60);

/* Of "{}". */
#define EMPTY_DIGEST "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

/* Serve this as "app:1" and expect it to be refused with this text. */
static void check_manifest(const char *media_type, const char *json, const char *text)
{
    struct flow flow;

    flow_open(&flow, NULL);
    build_manifest_raw(flow.registry, "app", "1", media_type, json, NULL);
    flow_expect_exit(&flow, "app:1", 6, text);
    cr_assert_eq(flow_requests(&flow, NULL, "/blobs/"), 0, "it was believed");
    flow_close(&flow);
}

Test(bad_documents, t25_manifest_not_json)
{
    check_manifest(BUILD_OCI_MANIFEST, "<html>Please log in</html>", "JSON");
    check_manifest(BUILD_OCI_MANIFEST, "{\"schemaVersion\":2,", "JSON");
    check_manifest(BUILD_OCI_MANIFEST, "[]", "");
    check_manifest(BUILD_OCI_MANIFEST, "{\"schemaVersion\":2}{}", "JSON");
}

Test(bad_documents, t25_manifest_of_no_kind)
{
    check_manifest(BUILD_OCI_MANIFEST, "{\"schemaVersion\":2}", "neither an index nor a manifest");
    check_manifest("application/json", "{\"schemaVersion\":3,\"config\":{}}", "schemaVersion");
    check_manifest("text/html", "{\"schemaVersion\":2,\"layers\":[]}",
                   "neither a manifest nor an index");
}

/* Other tools would see layers there, or another config. */
Test(bad_documents, f10_names_in_another_case)
{
    check_manifest(BUILD_OCI_MANIFEST,
                   "{\"schemaVersion\":2,\"config\":{\"digest\":\"" EMPTY_DIGEST
                   "\",\"size\":2},\"layers\":[],\"Layers\":[{}]}",
                   "'Layers' differs from 'layers' in case only");
    check_manifest(BUILD_OCI_MANIFEST,
                   "{\"schemaVersion\":2,\"config\":{\"digest\":\"" EMPTY_DIGEST
                   "\",\"size\":2,\"Size\":3},\"layers\":[]}",
                   "config: 'Size' differs");
    check_manifest(BUILD_OCI_MANIFEST,
                   "{\"schemaVersion\":2,\"config\":{\"digest\":\"" EMPTY_DIGEST "\",\"size\":2}}",
                   "layers: missing");
}

Test(bad_documents, f10_config_with_names_in_another_case)
{
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor config =
        flow_add_blob(&flow, BUILD_OCI_CONFIG,
                      "{\"architecture\":\"amd64\",\"os\":\"linux\",\"OS\":\"windows\"}");
    flow_add_manifest(&flow, "1", &config, "", NULL);
    flow_expect_exit(&flow, "app:1", 6, "'OS' differs from 'os' in case only");
    flow_close(&flow);
}

Test(bad_documents, t21_both_index_and_manifest)
{
    check_manifest(BUILD_OCI_INDEX,
                   "{\"schemaVersion\":2,\"mediaType\":\"" BUILD_OCI_INDEX
                   "\",\"manifests\":[],\"layers\":[]}",
                   "ambiguous");
    check_manifest(BUILD_OCI_MANIFEST,
                   "{\"schemaVersion\":2,\"manifests\":[],\"config\":{},\"layers\":[]}",
                   "ambiguous");
}

Test(bad_documents, t21_type_announced_and_own_type_differ)
{
    check_manifest(BUILD_OCI_INDEX,
                   "{\"schemaVersion\":2,\"mediaType\":\"" BUILD_OCI_MANIFEST "\",\"layers\":[]}",
                   "but its mediaType is");
    check_manifest(BUILD_OCI_MANIFEST, "{\"schemaVersion\":2,\"manifests\":[]}",
                   "a manifest by its type");
}

Test(bad_documents, t25_manifest_over_4_mib)
{
    const size_t length = ((size_t)4 << 20) + 1;
    char *const json = malloc(length + 1);
    struct flow flow;

    memset(json, ' ', length);
    json[length] = '\0';
    memcpy(json, "{}", 2);
    check_manifest(BUILD_OCI_MANIFEST, json, "over the limit of 4194304");
    flow_open(&flow, NULL);
    build_manifest_raw(flow.registry, "app", "1", BUILD_OCI_MANIFEST, json, NULL);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/manifests/", .body.chunked = true});
    flow_expect_exit(&flow, "app:1", 6, "over the limit of 4194304");
    flow_close(&flow);
    free(json);
}

Test(bad_documents, t25_manifest_without_end)
{
    struct flow flow;

    flow_open(&flow, NULL);
    build_manifest_raw(flow.registry, "app", "1", BUILD_OCI_MANIFEST, "{}", NULL);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = "/manifests/",
                                                     .body.chunked = true,
                                                     .body.extra_bytes = FAKE_ENDLESS});
    flow_expect_exit(&flow, "app:1", 6, "over the limit of 4194304");
    cr_assert_eq(flow_requests(&flow, NULL, NULL), 1);
    flow_close(&flow);
}

/* JSON of this many levels, in a member that nobody reads. */
static char *nest(int levels)
{
    char *const open = malloc((size_t)levels);
    char *const close = malloc((size_t)levels);
    char *text;

    memset(open, '[', (size_t)levels - 1);
    memset(close, ']', (size_t)levels - 1);
    open[levels - 1] = '\0';
    close[levels - 1] = '\0';
    text = build_text("{\"schemaVersion\":2,\"config\":{\"digest\":\"" EMPTY_DIGEST
                      "\",\"size\":2,\"data\":\"e30=\"},\"layers\":[],\"x\":%s%s}",
                      open, close);
    free(open);
    free(close);
    return text;
}

Test(bad_documents, t25_json_of_65_levels)
{
    char *const good = nest(64);
    char *const bad = nest(65);
    char *const worse = nest(100000);
    struct flow flow;

    flow_open(&flow, NULL);
    build_manifest_raw(flow.registry, "app", "1", BUILD_OCI_MANIFEST, good, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    flow_close(&flow);
    check_manifest(BUILD_OCI_MANIFEST, bad, "64");
    check_manifest(BUILD_OCI_MANIFEST, worse, "64");
    free(worse);
    free(bad);
    free(good);
}

/* Indexes within indexes: the innermost names an image. Returns: what the fetch returned. */
static enum tug_status fetch_nested(int levels)
{
    struct build_image_result built;
    struct build_descriptor inner;
    enum tug_status status;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &(struct build_image){.repo = "app"}, &built);
    inner = built.manifest;
    for (int i = 0; i < levels; i++) {
        const struct build_entry entry = {.descriptor = &inner,
                                          .platform = i == 0 ? "linux/amd64" : NULL};
        const struct build_index index = {.repo = "app",
                                          .tag = i == levels - 1 ? "1" : NULL,
                                          .entries = &entry,
                                          .entry_count = 1};
        struct build_descriptor outer;

        build_index_add(flow.registry, &index, &outer);
        inner = outer;
    }
    status = flow_fetch(&flow, "app:1");
    cr_assert(status == TUG_OK || strstr(flow.seen.error.message, "levels deep") != NULL, "%s",
              flow.seen.error.message);
    flow_close(&flow);
    return status;
}

Test(bad_documents, t19_indexes_of_65_levels)
{
    cr_assert_eq(fetch_nested(64), TUG_OK);
    cr_assert_eq(fetch_nested(65), TUG_ERR_CONTENT);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Foreign layers: fetched when the registry has them, otherwise reported as left out.
 *
 * Knows: the types of Docker and OCI. Does not know: how the content is chosen.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

TestSuite(foreign_layers, .timeout = 60);

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

Test(foreign_layers, f18_foreign_layer_that_the_registry_has)
{
    check_foreign_there(NULL);
    check_foreign_there(URLS);
    check_foreign_there("\"urls\":[]");
}

/* Without urls it can be nowhere else. */
Test(foreign_layers, f18_foreign_layer_that_nobody_has)
{
    struct flow flow;

    flow_open(&flow, NULL);
    (void)add_foreign(&flow, true, NULL);
    flow_expect_exit(&flow, "app:1", 3, "404");
    flow_close(&flow);
}

/* Complete without it, and everything tells so: the line, also with -q, the result, index.json. */
Test(foreign_layers, f18_what_is_left_out_is_told)
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
Test(foreign_layers, f18_one_layer_left_out_of_several_images)
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

Test(foreign_layers, foreign_layer_is_left_out)
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
    flow_expect_fetched(&flow, digests, FLOW_COUNT(digests));
    cr_assert_not_null(strstr(flow.seen.warning, "foreign layer"), "%s", flow.seen.warning);
    free(layers);
    flow_close(&flow);
}

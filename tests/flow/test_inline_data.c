/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptors that carry their content: used when it is right, never believed.
 *
 * Knows: image-spec 1.1.1, member "data". Does not know: how the content is chosen.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>

TestSuite(inline_data, .timeout = 60);

Test(inline_data, inline_data_is_used)
{
    struct build_descriptor manifest;
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor config = flow_add_config(&flow);
    const struct build_descriptor layer = flow_add_blob(&flow, BUILD_OCI_LAYER, "hello");
    char *const layers = build_descriptor_json(&layer, "\"data\":\"aGVsbG8=\"");
    flow_add_manifest(&flow, "1", NULL, layers, &manifest);
    const char *const digests[] = {manifest.digest, config.digest, layer.digest};
    flow_expect_fetched(&flow, digests, FLOW_COUNT(digests));
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
    flow_expect_fetched(&flow, digests, FLOW_COUNT(digests));
    cr_assert_eq(flow_requests(&flow, "GET", layer.digest), 1);
    free(layers);
    flow_close(&flow);
}

Test(inline_data, t33_inline_data_of_other_content)
{
    check_wrong_data("\"data\":\"SGVsbG8=\"");
}

Test(inline_data, t33_inline_data_of_other_size)
{
    check_wrong_data("\"data\":\"aGVsbG8hIQ==\"");
}

Test(inline_data, t33_inline_data_not_base64)
{
    check_wrong_data("\"data\":\"*****\"");
}

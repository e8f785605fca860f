/* SPDX-License-Identifier: Apache-2.0
 *
 * The platform in an image config.
 */
#include "oci/document.h"

#include <string.h>

#include <criterion/criterion.h>

static void expect(const char *text, const char *expected)
{
    struct tug_platform platform;
    bool has_platform = expected == NULL;
    char printed[TUG_PLATFORM_TEXT_MAX];

    memset(&platform, 0x5a, sizeof platform);
    tug__config_platform(text, strlen(text), &platform, &has_platform);
    cr_assert_eq(has_platform, expected != NULL, "%s", text);
    if (expected != NULL) {
        cr_assert_str_eq(tug_platform_format(&platform, printed), expected);
    }
}

Test(oci_platform_config, reads_and_normalises)
{
    expect("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{},\"history\":[]}",
           "linux/amd64");
    expect("{\"architecture\":\"aarch64\",\"os\":\"Linux\",\"variant\":\"v8\"}", "linux/arm64");
    expect("{\"architecture\":\"amd64\",\"os\":\"windows\",\"os.version\":\"10.0.17763.1\"}",
           "windows(10.0.17763.1)/amd64");
}

Test(oci_platform_config, finds_none_where_none_is)
{
    expect("", NULL);
    expect("{}", NULL);
    expect("[]", NULL);
    expect("not json", NULL);
    expect("{\"architecture\":\"amd64\"}", NULL);
    expect("{\"os\":\"linux\"}", NULL);
    expect("{\"architecture\":\"\",\"os\":\"\"}", NULL);
    expect("{\"architecture\":1,\"os\":\"linux\"}", NULL);
    expect("{\"architecture\":null,\"os\":\"linux\"}", NULL);
}

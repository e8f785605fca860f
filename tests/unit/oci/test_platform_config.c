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
    cr_assert_eq(tug__config_platform(text, strlen(text), &platform, &has_platform, NULL), TUG_OK,
                 "%s", text);
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

static void refuse(const char *text, const char *message)
{
    struct tug_platform platform;
    struct tug_error err = {0};
    bool has_platform;

    cr_assert_eq(tug__config_platform(text, strlen(text), &platform, &has_platform, &err),
                 TUG_ERR_CONTENT, "%s", text);
    cr_assert_not_null(strstr(err.message, message), "%s: %s", text, err.message);
}

Test(oci_platform_config, f10_refuses_what_other_parsers_read_in_another_way)
{
    refuse("{\"architecture\":\"amd64\",\"os\":\"linux\",\"OS\":\"windows\"}", "in case only");
    refuse("{\"Architecture\":\"amd64\"}", "in case only");
    refuse("{\"RootFS\":{}}", "in case only");
    refuse("{\"o\xc5\xbf\":\"windows\"}", "in case only");
    refuse("{\"os\":\"linux\",\"os\":\"windows\",\"architecture\":\"amd64\"}", "twice");
}

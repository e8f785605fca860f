/* SPDX-License-Identifier: Apache-2.0
 *
 * A glance at an image config: platform and time.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "oci/document.h"

static struct tug__config_glance look(const char *text)
{
    struct tug__config_glance glance;

    memset(&glance, 0x5a, sizeof glance);
    tug__config_glance(text, strlen(text), &glance);
    return glance;
}

static void expect(const char *text, const char *platform, const char *created)
{
    const struct tug__config_glance glance = look(text);
    char printed[TUG_PLATFORM_TEXT_MAX];

    cr_assert_eq(glance.has_platform, platform != NULL, "%s", text);
    if (platform != NULL) {
        cr_assert_str_eq(tug_platform_format(&glance.platform, printed), platform);
    }
    cr_assert_str_eq(glance.created, created, "%s", text);
}

Test(oci_config_glance, reads_and_normalises)
{
    expect("{\"architecture\":\"aarch64\",\"os\":\"Linux\",\"variant\":\"v8\","
           "\"created\":\"2024-05-06T07:08:09Z\",\"config\":{\"os\":\"no\"}}",
           "linux/arm64", "2024-05-06T07:08:09Z");
    expect("{\"architecture\":\"amd64\",\"os\":\"windows\",\"os.version\":\"10.0.17763.1\"}",
           "windows(10.0.17763.1)/amd64", "");
}

Test(oci_config_glance, leaves_out_what_cannot_be_used)
{
    char text[400];

    expect("", NULL, "");
    expect("[]", NULL, "");
    expect("{\"os\":\"linux\",\"created\":7}", NULL, "");
    expect("{\"architecture\":1,\"os\":\"linux\",\"created\":null}", NULL, "");
    expect("{\"created\":\"a\\u0062\"}", NULL, "");
    expect("{\"created\":\"now\"", NULL, ""); /* cut off */
    memset(text, 'x', sizeof text);
    memcpy(text, "{\"created\":\"", 12);
    memcpy(text + sizeof text - 3, "\"}", 3);
    expect(text, NULL, "");
}

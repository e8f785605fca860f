/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags as versions, and their order.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "ref/version.h"

static struct tug__version version(const char *text)
{
    struct tug__version version = {0};

    cr_assert(tug__version_parse(text, strlen(text), &version), "'%s'", text);
    return version;
}

static int compare(const char *left, const char *right)
{
    const struct tug__version left_version = version(left);
    const struct tug__version right_version = version(right);

    return tug__version_compare(&left_version, &right_version);
}

/* Each is less than all after it. */
static void check_order(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const int order = compare(texts[i], texts[j]);

            cr_assert(i < j   ? order < 0
                      : i > j ? order > 0
                              : order == 0,
                      "'%s', '%s': %d", texts[i], texts[j], order);
        }
    }
}

#define CHECK_ORDER(...)                                                                           \
    check_order((const char *const[]){__VA_ARGS__},                                                \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

Test(version, the_order_of_semver)
{
    CHECK_ORDER("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
                "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1", "2.1.10",
                "10.0.0");
}

Test(version, the_order_of_tags)
{
    CHECK_ORDER("0", "1-rc1", "1", "1.2", "1.2.0.1", "1.2.3", "1.10", "v2", "20240115");
    CHECK_ORDER("1-2", "1-10", "1-99999999999999999999999", "1-alpine", "1-alpine3.9",
                "1-alpine3.10", "1-rc2", "1-rc10", "1-rc10a");
}

Test(version, what_is_written_in_several_ways)
{
    cr_assert_eq(compare("1", "v1.0.0"), 0);
    cr_assert_eq(compare("1.2", "1.2.0.0"), 0);
    cr_assert_eq(compare("2024.01.05", "2024.1.5"), 0);
    cr_assert_eq(compare("1.2.3_7", "1.2.3+8"), 0);
    cr_assert_eq(compare("1.2.3-rc1_a", "1.2.3-rc01"), 0);
}

Test(version, what_is_no_version)
{
    static const char *const texts[] = {
        "",       "v",  "latest", "1.",   ".1",   "1..2", "1.2.3.4.5",
        "1.2rc1", "1a", "3f2a1",  "V1",   "1-",   "1-a.", "1-a..b",
        "1.x",    "*",  "-1",     "1.2 ", "1.-2", "vv1",  "1234567890123456789"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct tug__version version;

        cr_assert_not(tug__version_parse(texts[i], strlen(texts[i]), &version), "'%s'", texts[i]);
    }
}

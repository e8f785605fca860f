/* SPDX-License-Identifier: Apache-2.0
 *
 * Which platforms run on which, in which order.
 */
#include "oci/platform.h"

#include <string.h>

#include <criterion/criterion.h>

static int rank(const char *wanted, const char *offered)
{
    struct tug_platform want;
    struct tug_platform offer;

    cr_assert_eq(tug_platform_parse(wanted, &want, NULL), TUG_OK, "'%s'", wanted);
    cr_assert_eq(tug_platform_parse(offered, &offer, NULL), TUG_OK, "'%s'", offered);
    return tug__platform_rank(&want, &offer);
}

/* Expect the offers, up to a NULL, to be ranked 0, 1, 2 … */
static void expect_ladder(const char *wanted, const char *const *offers)
{
    for (int i = 0; offers[i] != NULL; i++) {
        cr_assert_eq(rank(wanted, offers[i]), i, "%s on %s: rank %d, not %d", offers[i], wanted,
                     rank(wanted, offers[i]), i);
    }
}

static void expect_none(const char *wanted, const char *offered)
{
    cr_assert_eq(rank(wanted, offered), TUG__PLATFORM_NO_MATCH, "%s on %s", offered, wanted);
}

Test(oci_platform_rank, walks_down_amd64_to_386)
{
    static const char *const v3[] = {"linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386",
                                     NULL};
    static const char *const v1[] = {"linux/amd64/v1", "linux/386", NULL};

    expect_ladder("linux/amd64/v3", v3);
    expect_ladder("linux/amd64", v1);
    expect_none("linux/amd64", "linux/amd64/v2");
    expect_none("linux/amd64/v3", "linux/amd64/v4");
    expect_none("linux/386", "linux/amd64");
    expect_none("linux/amd64", "linux/386/x");
}

Test(oci_platform_rank, walks_down_arm_to_v5)
{
    static const char *const v7[] = {"linux/arm/v7", "linux/arm/v6", "linux/arm/v5", NULL};
    static const char *const v8[] = {"linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5",
                                     NULL};

    expect_ladder("linux/arm", v7);
    expect_ladder("linux/arm/v8", v8);
    expect_none("linux/arm/v6", "linux/arm/v7");
    expect_none("linux/arm/v7", "linux/arm/v4");
    expect_none("linux/arm/v7", "linux/arm64");
    expect_none("linux/arm/v5", "linux/arm/v4");
}

Test(oci_platform_rank, walks_down_arm64_v8_to_32_bits)
{
    static const char *const plain[] = {"linux/arm64",  "linux/arm/v8", "linux/arm/v7",
                                        "linux/arm/v6", "linux/arm/v5", NULL};
    static const char *const v8_2[] = {
        "linux/arm64/v8.2", "linux/arm64/v8.1", "linux/arm64/v8", "linux/arm/v8",
        "linux/arm/v7",     "linux/arm/v6",     "linux/arm/v5",   NULL};

    expect_ladder("linux/arm64", plain);
    expect_ladder("linux/arm64/v8.2", v8_2);
    expect_none("linux/arm64", "linux/arm64/v8.1");
    expect_none("linux/arm64", "linux/arm64/v9");
    expect_none("linux/arm64", "linux/arm/v9");
    expect_none("linux/arm64", "linux/arm/v4");
    expect_none("linux/arm64", "linux/amd64");
}

Test(oci_platform_rank, walks_down_arm64_v9_through_v8)
{
    static const char *const v9_1[] = {"linux/arm64/v9.1", "linux/arm64/v9",
                                       "linux/arm64/v8.6", "linux/arm64/v8.5",
                                       "linux/arm64/v8.4", "linux/arm64/v8.3",
                                       "linux/arm64/v8.2", "linux/arm64/v8.1",
                                       "linux/arm64/v8",   "linux/arm/v8",
                                       "linux/arm/v7",     "linux/arm/v6",
                                       "linux/arm/v5",     NULL};

    expect_ladder("linux/arm64/v9.1", v9_1);
    expect_none("linux/arm64/v9", "linux/arm64/v8.6");
    expect_none("linux/arm64/v9", "linux/arm64/v9.1");
    // v8.9 is the last of its line
    cr_assert_eq(rank("linux/arm64/v9.6", "linux/arm64/v8.9"), 7);
    expect_none("linux/arm64/v9.6", "linux/arm64/v8.10");
}

Test(oci_platform_rank, matches_other_architectures_exactly)
{
    cr_assert_eq(rank("linux/s390x", "linux/s390x"), 0);
    cr_assert_eq(rank("linux/ppc64le/power9", "linux/ppc64le/power9"), 0);
    expect_none("linux/ppc64le/power9", "linux/ppc64le/power8");
    expect_none("linux/ppc64le", "linux/ppc64le/power8");
    expect_none("linux/ppc64le", "linux/ppc64");
}

Test(oci_platform_rank, matches_strange_variants_exactly)
{
    cr_assert_eq(rank("linux/arm64/foo", "linux/arm64/foo"), 0);
    expect_none("linux/arm64/foo", "linux/arm64");
    expect_none("linux/amd64/foo", "linux/amd64");
    expect_none("linux/amd64/v3.1", "linux/amd64");
    expect_none("linux/amd64/v0", "linux/386");
    expect_none("linux/amd64/v", "linux/amd64");
    expect_none("linux/amd64/v999", "linux/amd64");
    expect_none("linux/arm/v7x", "linux/arm/v6");
    expect_none("linux/arm64/v8.", "linux/arm64");
    expect_none("linux/arm64/v10", "linux/arm64");
    expect_none("linux/arm64", "linux/arm64/foo");
    expect_none("linux/arm/v7", "linux/arm/foo");
    expect_none("linux/amd64/v3", "linux/amd64/v0");
}

Test(oci_platform_rank, never_crosses_operating_systems)
{
    expect_none("linux/amd64", "windows/amd64");
    expect_none("linux/amd64", "windows/386");
}

Test(oci_platform_rank, compares_os_versions_by_leading_components)
{
    cr_assert_eq(rank("windows/amd64", "windows(10.0.1)/amd64"), 0);
    cr_assert_eq(rank("windows(10.0.17763)/amd64", "windows(10.0.17763.99)/amd64"), 0);
    cr_assert_eq(rank("windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"), 0);
    expect_none("windows(10.0.17763)/amd64", "windows(10.0.177630.1)/amd64");
    expect_none("windows(10.0.17763)/amd64", "windows(10.0.20348)/amd64");
    expect_none("windows(10.0.17763)/amd64", "windows(10.0)/amd64");
    expect_none("windows(10.0.17763)/amd64", "windows/amd64");
}

Test(oci_platform_rank, ranks_stay_below_no_match)
{
    cr_assert_lt(rank("linux/arm64/v9.99", "linux/arm/v5"), TUG__PLATFORM_NO_MATCH);
    cr_assert_lt(rank("linux/arm64/v8.99", "linux/arm/v5"), TUG__PLATFORM_NO_MATCH);
    cr_assert_eq(rank("linux/amd64/v99", "linux/386"), 99);
}

Test(oci_platform_rank, an_empty_offer_matches_nothing)
{
    const struct tug_platform wanted = {.os = "linux", .architecture = "amd64"};
    const struct tug_platform offered = {0};

    cr_assert_eq(tug__platform_rank(&wanted, &offered), TUG__PLATFORM_NO_MATCH);
}

Test(oci_platform_rank, knows_the_platform_of_attestations)
{
    struct tug_platform platform = {.os = "unknown", .architecture = "unknown"};

    cr_assert(tug__platform_is_unknown(&platform));
    (void)strcpy(platform.os, "linux");
    cr_assert_not(tug__platform_is_unknown(&platform));
}

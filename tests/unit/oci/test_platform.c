/* SPDX-License-Identifier: Apache-2.0
 *
 * Platforms: specifiers, normal form, this machine.
 */
#include "oci/platform.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

/* Parse and print again. */
static void expect(const char *text, const char *expected)
{
    struct tug_platform platform;
    struct tug_error err = {0};
    char printed[TUG_PLATFORM_TEXT_MAX];

    cr_assert_eq(tug_platform_parse(text, &platform, &err), TUG_OK, "'%s': %s", text, err.message);
    cr_assert_str_eq(tug_platform_format(&platform, printed), expected);
}

static void refuse(const char *text, const char *why)
{
    struct tug_platform platform;
    struct tug_platform before;
    struct tug_error err = {0};

    memset(&platform, 0x5a, sizeof platform);
    before = platform;
    cr_assert_eq(tug_platform_parse(text, &platform, &err), TUG_ERR_INVALID_ARGUMENT,
                 "'%s': accepted", text);
    cr_assert_eq(memcmp(&platform, &before, sizeof platform), 0, "'%s': output touched", text);
    cr_assert_not_null(strstr(err.message, why), "'%s': %s", text, err.message);
    cr_assert_not_null(strstr(err.message, "example: linux/arm64"), "'%s': %s", text, err.message);
}

Test(oci_platform, parses_os_and_architecture)
{
    expect("linux/amd64", "linux/amd64");
    expect("linux/s390x", "linux/s390x");
    expect("linux/arm/v6", "linux/arm/v6");
    expect("linux/amd64/v3", "linux/amd64/v3");
    expect("freebsd/riscv64", "freebsd/riscv64");
    expect("myos/my_arch-1.0", "myos/my_arch-1.0");
}

Test(oci_platform, parses_the_version_of_an_os)
{
    struct tug_platform platform;

    cr_assert_eq(tug_platform_parse("windows(10.0.17763)/amd64", &platform, NULL), TUG_OK);
    cr_assert_str_eq(platform.os, "windows");
    cr_assert_str_eq(platform.os_version, "10.0.17763");
    cr_assert_str_eq(platform.architecture, "amd64");
    expect("Windows(10.0.17763)/x86_64/v2", "windows(10.0.17763)/amd64/v2");
}

Test(oci_platform, brings_names_to_the_normal_form)
{
    expect("Linux/AMD64", "linux/amd64");
    expect("macOS/aarch64", "darwin/arm64");
    expect("linux/x86_64", "linux/amd64");
    expect("linux/x86-64", "linux/amd64");
    expect("linux/i386", "linux/386");
    expect("linux/i386/sse2", "linux/386");
    expect("linux/aarch64/v8", "linux/arm64");
    expect("linux/armhf", "linux/arm/v7");
    expect("linux/armel", "linux/arm/v6");
}

Test(oci_platform, leaves_out_default_variants)
{
    expect("linux/amd64/v1", "linux/amd64");
    expect("linux/arm64/v8", "linux/arm64");
    expect("linux/arm64/8", "linux/arm64");
    expect("linux/arm64/v8.0", "linux/arm64");
    expect("linux/arm64/9", "linux/arm64/v9");
    expect("linux/arm64/v9.0", "linux/arm64/v9");
    expect("linux/arm64/V8.2", "linux/arm64/v8.2");
    expect("linux/arm", "linux/arm/v7");
    expect("linux/arm/7", "linux/arm/v7");
    expect("linux/arm/5", "linux/arm/v5");
    expect("linux/ppc64le/power8", "linux/ppc64le/power8");
}

Test(oci_platform, completes_a_single_word)
{
    struct tug_platform host;
    struct tug_platform platform;

    tug_platform_host(&host);
    cr_assert_eq(tug_platform_parse("windows", &platform, NULL), TUG_OK);
    cr_assert_str_eq(platform.os, "windows");
    cr_assert_str_eq(platform.architecture, host.architecture);
    cr_assert_str_eq(platform.variant, host.variant);
    cr_assert_eq(tug_platform_parse("armhf", &platform, NULL), TUG_OK);
    cr_assert_str_eq(platform.os, host.os);
    cr_assert_str_eq(platform.architecture, "arm");
    cr_assert_str_eq(platform.variant, "v7");
    cr_assert_eq(tug_platform_parse("macos", &platform, NULL), TUG_OK);
    cr_assert_str_eq(platform.os, "darwin");
    cr_assert_eq(tug_platform_parse("riscv64", &platform, NULL), TUG_OK);
    cr_assert_str_eq(platform.variant, "");
    cr_assert_eq(tug_platform_parse("windows(10.0)", &platform, NULL), TUG_OK);
    cr_assert_str_eq(platform.os_version, "10.0");
}

Test(oci_platform, refuses_unknown_single_words)
{
    refuse("foo", "unknown operating system or architecture");
    refuse("amd65", "unknown operating system or architecture");
    refuse("arm64(10.0)", "unknown operating system or architecture");
}

Test(oci_platform, refuses_wildcards)
{
    refuse("*", "wildcards");
    refuse("linux/*", "wildcards");
}

Test(oci_platform, refuses_malformed_specifiers)
{
    refuse("", "each part");
    refuse("/", "each part");
    refuse("linux/", "each part");
    refuse("/amd64", "each part");
    refuse("linux//v7", "each part");
    refuse("linux/arm/", "each part");
    refuse("linux/arm/v7/x", "not of the form");
    refuse("linux/arm v7", "each part");
    refuse(" linux/arm", "each part");
    refuse("linux/arm\n", "each part");
}

Test(oci_platform, refuses_malformed_versions)
{
    refuse("windows(/amd64", "not of the form");
    refuse("windows(10/amd64", "not of the form");
    refuse("windows()/amd64", "each part");
    refuse("windows)/amd64", "each part");
    refuse("windows(10)x/amd64", "not of the form");
    refuse("windows((10))/amd64", "each part");
    refuse("(10)/amd64", "each part");
    refuse("linux/amd64(10)", "each part");
}

Test(oci_platform, takes_parts_up_to_the_capacity)
{
    char text[2 * TUG_PLATFORM_FIELD_MAX];
    struct tug_platform platform;

    (void)snprintf(text, sizeof text, "linux/%0*d", TUG_PLATFORM_FIELD_MAX - 1, 1);
    cr_assert_eq(tug_platform_parse(text, &platform, NULL), TUG_OK);
    (void)snprintf(text, sizeof text, "linux/%0*d", TUG_PLATFORM_FIELD_MAX, 1);
    refuse(text, "each part");
    // the longest variant is not made longer
    (void)snprintf(text, sizeof text, "linux/arm/%0*d", TUG_PLATFORM_FIELD_MAX - 1, 1);
    cr_assert_eq(tug_platform_parse(text, &platform, NULL), TUG_OK);
    cr_assert_eq(strlen(platform.variant), TUG_PLATFORM_FIELD_MAX - 1);
}

Test(oci_platform, cuts_long_texts_in_messages)
{
    char text[5000];
    struct tug_platform platform;
    struct tug_error err = {0};

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cr_assert_eq(tug_platform_parse(text, &platform, &err), TUG_ERR_INVALID_ARGUMENT);
    cr_assert(strlen(err.message) < 300);
}

Test(oci_platform, prints_the_longest_platform)
{
    struct tug_platform platform;
    char text[TUG_PLATFORM_TEXT_MAX];

    memset(&platform, 'x', sizeof platform);
    platform.os[TUG_PLATFORM_FIELD_MAX - 1] = '\0';
    platform.architecture[TUG_PLATFORM_FIELD_MAX - 1] = '\0';
    platform.variant[TUG_PLATFORM_FIELD_MAX - 1] = '\0';
    platform.os_version[TUG_PLATFORM_FIELD_MAX - 1] = '\0';
    cr_assert_eq(strlen(tug_platform_format(&platform, text)),
                 4 * (TUG_PLATFORM_FIELD_MAX - 1) + 4);
}

Test(oci_platform, describes_this_machine_in_normal_form)
{
    struct tug_platform host;
    struct tug_platform again;

    tug_platform_host(&host);
    again = host;
    tug__platform_normalise(&again);
    cr_assert_eq(memcmp(&host, &again, sizeof host), 0);
    cr_assert_str_eq(host.os, "linux");
    cr_assert_str_eq(host.os_version, "");
#if defined __x86_64__
    cr_assert_str_eq(host.architecture, "amd64");
    cr_assert_str_eq(host.variant, "");
#elif defined __aarch64__
    cr_assert_str_eq(host.architecture, "arm64");
    cr_assert_str_eq(host.variant, "");
#endif
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Text helpers.
 */
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static bool parses(const char *text, uint64_t expected)
{
    uint64_t value = 4711;
    const bool ok = tug__parse_u64(text, strlen(text), &value);

    cr_assert(value == (ok ? expected : 4711), "'%s': wrong value", text);
    return ok;
}

Test(base_str, numbers_are_digits_only)
{
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "+1",
                                      "-1",
                                      "-0",
                                      "0x10",
                                      "1e3",
                                      "1.0",
                                      "1,0",
                                      "a",
                                      "1\n",
                                      "१",
                                      "18446744073709551616",
                                      "99999999999999999999999"};

    cr_assert(parses("0", 0));
    cr_assert(parses("007", 7));
    cr_assert(parses("18446744073709551615", UINT64_MAX));
    cr_assert(parses("18446744073709551609", UINT64_MAX - 6));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_not(parses(bad[i], 0), "'%s' was taken", bad[i]);
    }
}

Test(base_str, a_number_ends_at_its_length)
{
    uint64_t value = 0;

    cr_assert(tug__parse_u64("1234", 2, &value));
    cr_assert(value == 12);
    cr_assert_not(tug__parse_u64("1\0", 2, &value));
}

Test(base_str, copies_a_part)
{
    char *const copy = tug__strndup("abcdef", 3);
    char *const empty = tug__strndup("abcdef", 0);

    cr_assert_str_eq(copy, "abc");
    cr_assert_str_eq(empty, "");
    free(copy);
    free(empty);
}

static void expect_base64(const char *text, const char *expected, size_t expected_length)
{
    struct tug_error err = {0};
    uint8_t *bytes = NULL;
    size_t length = 0;

    cr_assert_eq(tug__base64_decode(text, strlen(text), &bytes, &length, &err), TUG_OK, "'%s'",
                 text);
    cr_assert_not_null(bytes);
    cr_assert_eq(length, expected_length, "'%s': %zu bytes", text, length);
    cr_assert_eq(memcmp(bytes, expected, length), 0, "'%s': wrong bytes", text);
    free(bytes);
}

/* The test vectors of RFC 4648 section 10. */
Test(base_str, decodes_base64)
{
    expect_base64("", "", 0);
    expect_base64("Zg==", "f", 1);
    expect_base64("Zm8=", "fo", 2);
    expect_base64("Zm9v", "foo", 3);
    expect_base64("Zm9vYg==", "foob", 4);
    expect_base64("Zm9vYmE=", "fooba", 5);
    expect_base64("Zm9vYmFy", "foobar", 6);
    expect_base64("AAD/+/8=", "\0\0\xff\xfb\xff", 5);
}

Test(base_str, decodes_base64url)
{
    static const char *const bad[] = {"Zg==", "AAD/+/8", "Z", "Zm 9", "Zm9v="};
    struct tug_error err = {0};
    uint8_t *bytes = NULL;
    size_t length = 0;

    cr_assert_eq(tug__base64url_decode("AAD_-_8", 7, &bytes, &length, &err), TUG_OK);
    cr_assert_eq(length, 5);
    cr_assert_eq(memcmp(bytes, "\0\0\xff\xfb\xff", length), 0);
    free(bytes);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(tug__base64url_decode(bad[i], strlen(bad[i]), &bytes, &length, &err),
                     TUG_ERR_CONTENT, "'%s' was taken", bad[i]);
    }
}

Test(base_str, refuses_what_is_not_strict_base64)
{
    static const char *const bad[] = {"Z",     "Zg",       "Zg=",   "Zg===",  "====",   "=",
                                      "Zm9v=", " Zm9v",    "Zm9v ", "Zm\n9v", "Zm9v\n", "Zm9-",
                                      "Zm9_",  "Zg==Zg==", "Z===",  "Zm=v",   "Zm9\xc3"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tug_error err = {0};
        uint8_t *bytes = NULL;
        size_t length = 4711;

        cr_assert_eq(tug__base64_decode(bad[i], strlen(bad[i]), &bytes, &length, &err),
                     TUG_ERR_CONTENT, "'%s' was taken", bad[i]);
        cr_assert_null(bytes);
        cr_assert_eq(length, 4711);
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Text helpers and the escape filter.
 */
#include "base/str.h"

#include <stdio.h>
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

Test(base_str, knows_well_formed_utf8)
{
    static const char *const good[] = {"",
                                       "a",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "a\xc3\xa9z"};
    static const char *const bad[] = {"\x80",             /* no start */
                                      "\xbf",             /* no start */
                                      "\xc0\xaf",         /* overlong '/' */
                                      "\xc1\xbf",         /* overlong */
                                      "\xe0\x80\xaf",     /* overlong */
                                      "\xe0\x9f\xbf",     /* overlong */
                                      "\xf0\x80\x80\xaf", /* overlong */
                                      "\xf0\x8f\xbf\xbf", /* overlong */
                                      "\xed\xa0\x80",     /* surrogate */
                                      "\xed\xbf\xbf",     /* surrogate */
                                      "\xf4\x90\x80\x80", /* over U+10FFFF */
                                      "\xf5\x80\x80\x80", /* over U+10FFFF */
                                      "\xff\xfe",
                                      "\xc2",
                                      "\xe2\x82",
                                      "\xf0\x9f\x98",
                                      "\xc2"
                                      "a",
                                      "\xe2\x82"
                                      "a",
                                      "abc\xc3"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_assert(tug__is_utf8(good[i], strlen(good[i])), "good %zu", i);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_not(tug__is_utf8(bad[i], strlen(bad[i])), "bad %zu", i);
    }
    /* ASCII is passed over in words: a character that is not beside, across or at the end of one.
     */
    for (size_t at = 0; at <= 16; at++) {
        char text[20] = "abcdefghijklmnopqrs";

        memcpy(text + at, "\xc3\xa9", 2);
        cr_assert(tug__is_utf8(text, 19), "good at %zu", at);
        cr_assert_not(tug__is_utf8(text, at + 1), "cut at %zu", at);
        text[at + 1] = 'a';
        cr_assert_not(tug__is_utf8(text, 19), "bad at %zu", at);
    }
    cr_assert(tug__is_utf8("a\0b", 3), "NUL is a character");
    cr_assert_not(tug__is_utf8("\xc3\xa9", 1), "reads past its length");
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

static void expect_escaped(const char *text, size_t length, const char *expected)
{
    char out[256];
    const size_t written = tug_text_escape(out, sizeof out, text, length);

    cr_assert_str_eq(out, expected);
    cr_assert_eq(written, strlen(expected));
}

#define ESCAPED(literal, expected) expect_escaped(literal, sizeof(literal) - 1, expected)

Test(base_str, t43_escape_leaves_readable_text)
{
    ESCAPED("plain text: 'a' \"b\" /c", "plain text: 'a' \"b\" /c");
    ESCAPED("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    expect_escaped(NULL, 0, "");
}

Test(base_str, t43_escape_disarms_terminals)
{
    ESCAPED("\x1b[2J", "\\x1b[2J");
    ESCAPED("\x1b]52;c;QQ==\x07", "\\x1b]52;c;QQ==\\x07");
    ESCAPED("a\r\nb\tc\bd", "a\\x0d\\x0ab\\x09c\\x08d");
    ESCAPED("\0x", "\\x00x");
    ESCAPED("\x7f", "\\x7f");
    ESCAPED("\xc2\x9b"
            "31m", /* CSI as one C1 character */
            "\\x9b31m");
    ESCAPED("\x9b"
            "31m", /* the same as a bare byte */
            "\\x9b31m");
    ESCAPED("\xc2\x85", "\\x85");
    ESCAPED("\\x1b", "\\\\x1b"); /* an escape cannot be forged */
}

Test(base_str, t43_escape_disarms_readers)
{
    ESCAPED("\xe2\x80\xae"
            "cod",
            "\\u{202e}cod");                                   /* right-to-left override */
    ESCAPED("\xe2\x80\xa8\xe2\x80\xa9", "\\u{2028}\\u{2029}"); /* line, paragraph */
    ESCAPED("\xe2\x81\xa6\xe2\x81\xa9", "\\u{2066}\\u{2069}"); /* isolates */
    ESCAPED("\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f", "\\u{61c}\\u{200e}\\u{200f}"); /* marks */
    ESCAPED("\xef\xbb\xbf", "\\u{feff}");
}

/* Code points as escapes: N for each that must be escaped, in UTF-8 and as it is expected. */
static void expect_unseen(uint32_t code)
{
    char text[8] = "";
    char expected[32];
    const size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (size_t i = length - 1, rest = code; i > 0; i--, rest >>= 6) {
        text[i] = (char)(0x80 | (rest & 0x3F));
    }
    text[0] = (char)((length == 2 ? 0xC0 : length == 3 ? 0xE0 : 0xF0) | code >> 6 * (length - 1));
    (void)snprintf(expected, sizeof expected, "\\u{%x}", code);
    expect_escaped(text, length, expected);
}

Test(base_str, f43_what_is_not_seen_is_escaped)
{
    static const uint32_t codes[] = {
        0xA0,   0xAD,   0x34F,  0x61C,   0x1160,  0x1680,  0x17B5,  0x180E,  0x2000, 0x200A, 0x200B,
        0x200C, 0x200D, 0x202F, 0x205F,  0x2060,  0x2064,  0x206F,  0x2800,  0x3000, 0x3164, 0xFE0F,
        0xFEFF, 0xFFA0, 0xFFF9, 0x110BD, 0x1D173, 0xE0001, 0xE0020, 0xE01EF, 0xE0FFF};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        expect_unseen(codes[i]);
    }
    ESCAPED("reg\xe2\x80\x8bistry", "reg\\u{200b}istry");
    ESCAPED("a\xc2\xa1\xc2\xac\xc2\xae\xe2\x80\x90\xe2\x80\xa7 b", /* beside such, and seen */
            "a\xc2\xa1\xc2\xac\xc2\xae\xe2\x80\x90\xe2\x80\xa7 b");
    ESCAPED("\xc2\x9b", "\\x9b");
}

Test(base_str, t43_escape_shows_invalid_bytes)
{
    ESCAPED("\xff\xfe", "\\xff\\xfe");
    ESCAPED("\xc0\xaf", "\\xc0\\xaf");
    ESCAPED("\xed\xa0\x80", "\\xed\\xa0\\x80");
    ESCAPED("\xe2\x82", "\\xe2\\x82");
    ESCAPED("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
}

/* Whatever the capacity, the result is a whole number of characters and escapes. */
Test(base_str, escape_cuts_between_characters)
{
    static const char text[] = "a\x1b\xe2\x82\xac\\\xe2\x80\xae"
                               "b";
    static const size_t ends[] = {0, 1, 5, 8, 10, 18, 19};
    char whole[64];

    (void)tug_text_escape(whole, sizeof whole, text, strlen(text));
    for (size_t capacity = 1; capacity <= 24; capacity++) {
        char out[32];
        size_t expected = 0;
        size_t written;

        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
            expected = ends[i] < capacity ? ends[i] : expected;
        }
        memset(out, '#', sizeof out);
        written = tug_text_escape(out, capacity, text, strlen(text));
        cr_assert_eq(written, expected, "capacity %zu: %zu", capacity, written);
        cr_assert_eq(memcmp(out, whole, written), 0);
        cr_assert_eq(out[written], '\0');
        cr_assert_eq(out[capacity], '#', "wrote past its capacity");
    }
}

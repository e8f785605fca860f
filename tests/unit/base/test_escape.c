/* SPDX-License-Identifier: Apache-2.0
 *
 * The escape filter.
 */
#include <tug/error.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

static void expect_escaped(const char *text, size_t length, const char *expected)
{
    char out[256];
    const size_t written = tug_text_escape(out, sizeof out, text, length);

    cr_assert_str_eq(out, expected);
    cr_assert_eq(written, strlen(expected));
}

#define ESCAPED(literal, expected) expect_escaped(literal, sizeof(literal) - 1, expected)

Test(base_escape, t43_escape_leaves_readable_text)
{
    ESCAPED("plain text: 'a' \"b\" /c", "plain text: 'a' \"b\" /c");
    ESCAPED("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    expect_escaped(NULL, 0, "");
}

Test(base_escape, t43_escape_disarms_terminals)
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

Test(base_escape, t43_escape_disarms_readers)
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

Test(base_escape, f43_what_is_not_seen_is_escaped)
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

Test(base_escape, t43_escape_shows_invalid_bytes)
{
    ESCAPED("\xff\xfe", "\\xff\\xfe");
    ESCAPED("\xc0\xaf", "\\xc0\\xaf");
    ESCAPED("\xed\xa0\x80", "\\xed\\xa0\\x80");
    ESCAPED("\xe2\x82", "\\xe2\\x82");
    ESCAPED("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
}

/* Whatever the capacity, the result is a whole number of characters and escapes. */
Test(base_escape, escape_cuts_between_characters)
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

/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON strings: valid whatever the bytes, and harmless on a terminal.
 */
#include "display/json_write.h"

#include <criterion/criterion.h>

Test(display_json, strings_are_valid_whatever_the_bytes)
{
    static const char *const cases[][2] = {
        {"", "\"\""},
        {"plain / text", "\"plain / text\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\x01\n\t\x7f", "\"\\u0001\\u000a\\u0009\\u007f\""},
        {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""},
        /* what a terminal would obey */
        {"\xc2\x9b", "\"\\u009b\""},
        {"\xe2\x80\x8b\xe2\x80\xae\xef\xbb\xbf", "\"\\u200b\\u202e\\ufeff\""},
        /* no UTF-8: one U+FFFD for each byte that begins nothing */
        {"\xff", "\"\xef\xbf\xbd\""},
        {"\x80z", "\"\xef\xbf\xbdz\""},
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""}, /* overlong */
        {"\xe0\x80\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""}, /* the end comes too early */
        {"\xe2\"", "\"\xef\xbf\xbd\\\"\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text = {0};

        json_string(&text, cases[i][0]);
        cr_assert_not(text.has_failed);
        cr_assert_str_eq(text.data, cases[i][1], "case %zu: %s", i, text.data);
        text_fini(&text);
    }
}

Test(display_json, no_string_is_null)
{
    struct text text = {0};

    text_puts(&text, "[");
    json_string(&text, NULL);
    cr_assert_str_eq(text.data, "[null");
    text_fini(&text);
}

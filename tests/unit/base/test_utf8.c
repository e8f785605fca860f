/* SPDX-License-Identifier: Apache-2.0
 *
 * Well-formed UTF-8.
 */
#include "base/utf8.h"

#include <string.h>

#include <criterion/criterion.h>

Test(base_utf8, knows_well_formed_utf8)
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

/* SPDX-License-Identifier: Apache-2.0
 *
 * Origins of URLs: what credentials are bound to.
 */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "url/origin.h"

Test(url_origin, compares_scheme_host_and_port)
{
    static const char *const other[] = {"http://r.example/",       "https://r.example:444/",
                                        "https://a.r.example/",    "https://r.example./",
                                        "https://r.example.evil/", "https://evilr.example/"};
    struct tug__origin origin;
    struct tug__origin same;
    char text[TUG__ORIGIN_TEXT_MAX];

    cr_assert(tug__origin_parse("https://R.Example/path", &origin));
    cr_assert(tug__origin_parse("HTTPS://r.example:443?q", &same));
    cr_assert(tug__origin_equal(&origin, &same));
    cr_assert_str_eq(tug__origin_format(text, &same), "https://r.example:443");
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        cr_assert(tug__origin_parse(other[i], &same), "%s", other[i]);
        cr_assert(!tug__origin_equal(&origin, &same), "%s", other[i]);
    }
    cr_assert(tug__origin_parse("http://[::1]:5000/", &origin));
    cr_assert_str_eq(tug__origin_format(text, &origin), "http://[::1]:5000");
    cr_assert(tug__origin_parse("http://h:/x", &origin));
    cr_assert_eq(origin.port, 80u);
}

Test(url_origin, refuses_what_can_be_read_in_two_ways)
{
    static const char *const bad[] = {
        "",
        "ftp://h/",
        "//h/",
        "https:/h",
        "https://",
        "https:///path",
        "https://user@h/",
        "https://h:p@evil/",
        "https://h:0/",
        "https://h:65536/",
        "https://h:+1/",
        "https://h:443x/",
        "https://h\\@evil/",
        "https://h%2eexample/",
        "https://h h/",
        "https://h/a b",
        "https://h/\r\nX: y",
        "https://h/\xc3\xa9",
        "https://[::1/",
        "https://[::1]x/",
        "https://[::g]/",
        "https://[]/",
        "https://::1/",
    };
    const struct tug__origin before = {.port = 7, .host = "untouched"};
    char url[TUG__HOST_MAX + 16];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tug__origin origin = before;

        cr_assert_not(tug__origin_parse(bad[i], &origin), "%s", bad[i]);
        cr_assert(tug__origin_equal(&origin, &before), "%s", bad[i]);
    }
    for (size_t length = TUG__HOST_MAX - 1; length <= TUG__HOST_MAX; length++) {
        struct tug__origin origin = before;
        const int end = snprintf(url, sizeof url, "https://%0*d/", (int)length, 0);

        cr_assert_eq((size_t)end, length + 9);
        cr_assert_eq(tug__origin_parse(url, &origin), length < TUG__HOST_MAX, "%zu", length);
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Hosts judged, URLs shown.
 */
#include "url/url.h"

#include <string.h>

#include <criterion/criterion.h>

Test(url_url, loopback_is_literal)
{
    static const char *const yes[] = {"localhost", "localhost:5000", "LOCALHOST",
                                      "127.0.0.1", "127.0.0.1:80",   "127.255.255.254",
                                      "[::1]",     "[::1]:5000",     "[0:0:0:0:0:0:0:1]"};
    static const char *const no[] = {"",
                                     ":5000",
                                     "localhost.example",
                                     "notlocalhost",
                                     "127.0.0.1.example",
                                     "128.0.0.1",
                                     "127.1",
                                     "0.0.0.0",
                                     "10.0.0.1",
                                     "[::]",
                                     "[::2]",
                                     "[]",
                                     "[::ffff:127.0.0.1]",
                                     "::1",
                                     "0127.0.0.1",
                                     "registry.example"};
    char long_host[300];

    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        cr_assert(tug__url_is_loopback(yes[i]), "'%s'", yes[i]);
        cr_assert_eq(tug__scheme_default(yes[i], false), TUG__SCHEME_UNKNOWN);
        cr_assert_eq(tug__scheme_default(yes[i], true), TUG__SCHEME_HTTP);
    }
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        cr_assert_not(tug__url_is_loopback(no[i]), "'%s'", no[i]);
        cr_assert_eq(tug__scheme_default(no[i], false), TUG__SCHEME_HTTPS);
        cr_assert_eq(tug__scheme_default(no[i], true), TUG__SCHEME_HTTP);
    }
    memset(long_host, 'a', sizeof long_host - 1);
    long_host[sizeof long_host - 1] = '\0';
    cr_assert_not(tug__url_is_loopback(long_host));
}

static void expect_redacted(const char *url, const char *expected)
{
    char text[256];

    cr_assert_eq(tug__url_redact(text, sizeof text, url), text);
    cr_assert_str_eq(text, expected);
}

Test(url_url, secrets_are_not_shown)
{
    expect_redacted("https://h/p", "https://h/p");
    expect_redacted("https://h:80/p/q", "https://h:80/p/q");
    expect_redacted("https://user:secret@h/p", "https://h/p");
    expect_redacted("https://user@h", "https://h");
    expect_redacted("https://a@b:secret@h/p@q", "https://h/p@q");
    expect_redacted("https://h/p?sig=secret&x=secret", "https://h/p?REDACTED");
    expect_redacted("https://h?secret", "https://h?REDACTED");
    expect_redacted("https://u:secret@h?secret", "https://h?REDACTED");
    expect_redacted("https://h/p#secret", "https://h/p");
    expect_redacted("https://h/p?a=secret#b", "https://h/p?REDACTED");
    expect_redacted("user:secret@h/p", "h/p");
    expect_redacted("", "");
}

Test(url_url, redacted_text_fits_its_capacity)
{
    for (size_t capacity = 1; capacity < 40; capacity++) {
        char text[64];

        memset(text, '#', sizeof text);
        (void)tug__url_redact(text, capacity, "https://user:secret@host/path?secret");
        cr_assert_lt(strlen(text), capacity);
        cr_assert_null(strstr(text, "secret"));
        cr_assert_eq(text[capacity], '#');
        cr_assert_eq(strncmp(text, "https://host/path?REDACTED", strlen(text)), 0);
    }
}

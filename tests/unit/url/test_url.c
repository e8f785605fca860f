/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs built and shown.
 */
#include "url/url.h"

#include <string.h>

#include <criterion/criterion.h>

static void expect_url(char *host, char *path, bool needs_ns, enum tug__scheme scheme,
                       const char *expected)
{
    const struct tug__endpoint_config config = {.host = host, .path = path, .needs_ns = needs_ns};
    const struct tug__endpoint endpoint = {.config = &config, .registry_host = "[::1]:80"};
    char url[TUG__URL_MAX];

    cr_assert(tug__url_format(url, &endpoint, scheme, "a/b", "manifests", "1.0"));
    cr_assert_str_eq(url, expected);
}

Test(registry_url, is_built_of_its_parts)
{
    char host[] = "r.example:5000";
    char root[] = "/v2";
    char other_root[] = "/mirror/v2";
    char no_root[] = "";

    expect_url(host, root, false, TUG__SCHEME_HTTPS, "https://r.example:5000/v2/a/b/manifests/1.0");
    expect_url(host, other_root, false, TUG__SCHEME_HTTP,
               "http://r.example:5000/mirror/v2/a/b/manifests/1.0");
    expect_url(host, no_root, true, TUG__SCHEME_UNKNOWN,
               "https://r.example:5000/a/b/manifests/1.0?ns=%5B%3A%3A1%5D%3A80");
}

Test(registry_url, that_does_not_fit_is_refused)
{
    char path[TUG__URL_MAX];
    char host[] = "r.example";
    const struct tug__endpoint_config config = {.host = host, .path = path};
    const struct tug__endpoint endpoint = {.config = &config, .registry_host = "r.example"};
    char url[TUG__URL_MAX];

    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    cr_assert_not(tug__url_format(url, &endpoint, TUG__SCHEME_HTTPS, "a", "blobs", "1"));
}

Test(registry_url, loopback_is_literal)
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

Test(registry_url, secrets_are_not_shown)
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

Test(registry_url, redacted_text_fits_its_capacity)
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

/* SPDX-License-Identifier: Apache-2.0
 *
 * References relative to a URL (RFC 3986, section 5.4); test_realm.c has more of them.
 */
#include <criterion/criterion.h>

#include "url/resolve.h"

#define BASE "http://a/b/c/d;p?q"

static void resolve(const char *reference, const char *expected)
{
    char url[64];

    cr_assert(tug__url_resolve(url, sizeof url, BASE, reference), "'%s'", reference);
    cr_assert_str_eq(url, expected, "'%s': '%s'", reference, url);
}

Test(url_resolve, examples_of_the_rfc)
{
    resolve("g", "http://a/b/c/g");
    resolve("./g", "http://a/b/c/g");
    resolve("g/", "http://a/b/c/g/");
    resolve("/g", "http://a/g");
    resolve("//g", "http://g");
    resolve("?y", "http://a/b/c/d;p?y");
    resolve("g?y", "http://a/b/c/g?y");
    resolve("g#s", "http://a/b/c/g");
    resolve(";x", "http://a/b/c/;x");
    resolve("..", "http://a/b/");
    resolve("../..", "http://a/");
    resolve("../../../g", "http://a/g");
    resolve("g;x=1/../y", "http://a/b/c/y");
    resolve("g?y/../x", "http://a/b/c/g?y/../x");
    resolve("https://g/x", "https://g/x");
    resolve("", "http://a/b/c/d;p?q");
    resolve("#s", "http://a/b/c/d;p?q");
}

Test(url_resolve, refuses_what_is_no_http_url)
{
    char url[32];

    cr_assert_not(tug__url_resolve(url, sizeof url, BASE, "g:h"));
    cr_assert_not(tug__url_resolve(url, sizeof url, BASE, "file:///etc/passwd"));
    cr_assert_not(tug__url_resolve(url, sizeof url, BASE, "//user@g/x"));
    cr_assert_not(tug__url_resolve(url, sizeof url, BASE, "a b"));
    cr_assert_not(tug__url_resolve(url, sizeof url, BASE, "//"));
    cr_assert_not(tug__url_resolve(url, sizeof url, BASE, "/long/long/long/long/long/long"));
}

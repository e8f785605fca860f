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

    cr_assert(tug__url_resolve(url, sizeof url, BASE, reference, NULL) == TUG_OK, "'%s'",
              reference);
    cr_assert_str_eq(url, expected, "'%s': '%s'", reference, url);
}

Test(url_resolve, examples_of_the_rfc)
{
    resolve("g", "http://a/b/c/g");
    resolve("./g", "http://a/b/c/g");
    resolve("g/", "http://a/b/c/g/");
    resolve("/g", "http://a/g");
    resolve("//g", "http://g/");
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

/* Signatures in URLs cover each byte, and a "+" is not a space. */
Test(url_resolve, keeps_what_is_encoded)
{
    resolve("/x?_state=a+b%2Bc", "http://a/x?_state=a+b%2Bc");
    resolve("g%2fx?y=%20#s", "http://a/b/c/g%2fx?y=%20");
}

static void refuse(const char *reference)
{
    char url[32] = "untouched";

    cr_assert_eq(tug__url_resolve(url, sizeof url, BASE, reference, NULL), TUG_ERR_CONTENT, "'%s'",
                 reference);
    cr_assert_str_eq(url, "untouched");
}

Test(url_resolve, refuses_what_is_no_http_url)
{
    refuse("g:h");
    refuse("file:///etc/passwd");
    refuse("//user@g/x");
    refuse("a b");
    refuse("//");
    refuse("https:/g");
    refuse("https:///g");
    refuse("///g");
    refuse("//g%2eexample/");
    refuse("/\r\nX: y");
    refuse("/\xc3\xa9");
    refuse("/long/long/long/long/long/long");
}

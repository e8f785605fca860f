/* SPDX-License-Identifier: Apache-2.0
 *
 * The choice of a proxy.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "http/proxy.h"

static void clear_environment(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "all_proxy",
                                        "no_proxy",   "HTTP_PROXY",  "HTTPS_PROXY",
                                        "ALL_PROXY",  "NO_PROXY",    "REQUEST_METHOD"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unsetenv(names[i]);
    }
}

Test(proxy, from_the_environment)
{
    struct tug__proxies proxies;

    clear_environment();
    (void)setenv("https_proxy", "http://p:1", 1);
    (void)setenv("HTTP_PROXY", "http://cgi:1", 1); /* a CGI program's client sets it */
    (void)setenv("REQUEST_METHOD", "GET", 1);
    (void)setenv("no_proxy", "inside.example", 1);
    cr_assert_eq(tug__proxies_init(&proxies, NULL, NULL), TUG_OK);
    cr_assert_str_eq(tug__proxies_choose(&proxies, "https://a.example/v2/")->url, "http://p:1");
    cr_assert_null(tug__proxies_choose(&proxies, "http://a.example/v2/"));
    cr_assert_null(tug__proxies_choose(&proxies, "https://r.inside.example:5000/"));
    cr_assert_null(tug__proxies_choose(&proxies, "https://localhost:5000/v2/"));
    cr_assert_null(tug__proxies_choose(&proxies, "https://[::1]:5000/v2/"));
    tug__proxies_fini(&proxies);
}

Test(proxy, an_option_overrules_the_environment)
{
    struct tug__proxies proxies;

    clear_environment();
    (void)setenv("https_proxy", "http://p:1", 1);
    (void)setenv("no_proxy", "*", 1);
    cr_assert_eq(tug__proxies_init(&proxies, "http://q:2", NULL), TUG_OK);
    cr_assert_str_eq(tug__proxies_choose(&proxies, "http://127.0.0.1:5000/v2/")->url, "http://q:2");
    tug__proxies_fini(&proxies);
    cr_assert_eq(tug__proxies_init(&proxies, "", NULL), TUG_OK);
    cr_assert_null(tug__proxies_choose(&proxies, "https://a.example/"));
    tug__proxies_fini(&proxies);
    cr_assert_eq(tug__proxies_init(&proxies, "ftp://q:2", NULL), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug__proxies_init(&proxies, "http://q:2\r\nX: y", NULL), TUG_ERR_INVALID_ARGUMENT);
}

Test(proxy, f03_a_bad_proxy_of_the_environment)
{
    static const char *const names[] = {"http_proxy",  "HTTP_PROXY", "https_proxy",
                                        "HTTPS_PROXY", "all_proxy",  "ALL_PROXY"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct tug__proxies proxies;
        struct tug_error err = {0};

        clear_environment();
        (void)setenv(names[i], "http://joe:S3cr@t@host:1", 1);
        cr_assert_eq(tug__proxies_init(&proxies, NULL, &err), TUG_ERR_CONFIG);
        cr_assert_not_null(strstr(err.message, names[i]));
        cr_assert_null(strstr(err.message, "S3cr"));
    }
}

Test(proxy, f06_variables_in_capitals)
{
    struct tug__proxies proxies;

    clear_environment();
    (void)setenv("HTTP_PROXY", "http://p:1", 1);
    (void)setenv("HTTPS_PROXY", "http://p:2", 1);
    (void)setenv("NO_PROXY", "reg.corp:5000", 1);
    cr_assert_eq(tug__proxies_init(&proxies, NULL, NULL), TUG_OK);
    cr_assert_str_eq(tug__proxies_choose(&proxies, "http://a.example/")->url, "http://p:1");
    cr_assert_str_eq(tug__proxies_choose(&proxies, "https://a.example/")->url, "http://p:2");
    cr_assert_null(tug__proxies_choose(&proxies, "https://reg.corp:5000/v2/"));
    cr_assert_not_null(tug__proxies_choose(&proxies, "https://reg.corp/v2/"));
    tug__proxies_fini(&proxies);
}

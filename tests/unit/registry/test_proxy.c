/* SPDX-License-Identifier: Apache-2.0
 *
 * The choice of a proxy.
 */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "registry/proxy.h"

static void clear_environment(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "all_proxy", "no_proxy",
                                        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unsetenv(names[i]);
    }
}

Test(proxy, no_proxy_lists)
{
    static const struct {
        const char *list;
        const char *host;
        bool is_named;
    } cases[] = {
        {"*", "a.example", true},
        {"example.org", "example.org", true},
        {".example.org", "example.org", true},
        {"example.org", "a.example.org", true},
        {"x, example.org ,y", "A.EXAMPLE.ORG", true},
        {"example.org", "badexample.org", false},
        {"example.org", "example.org.evil", false},
        {"10.0.0.0/8", "10.200.3.4", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"192.168.4.0/22", "192.168.7.9", true},
        {"192.168.4.0/22", "192.168.8.1", false},
        {"fd00::/8", "fd12::1", true},
        {"fd00::/8", "fe12::1", false},
        {"10.0.0.0/33", "10.0.0.1", false},
        {"10.0.0.0/x", "10.0.0.1", false},
        {"0.1", "10.0.0.1", false},
        {"", "a", false},
        {" , ,", "a", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(tug__no_proxy_has(cases[i].list, cases[i].host), cases[i].is_named, "%s: %s",
                     cases[i].list, cases[i].host);
    }
    cr_assert_not(tug__no_proxy_has(NULL, "a"));
}

Test(proxy, from_the_environment)
{
    struct tug__proxies proxies;

    clear_environment();
    (void)setenv("https_proxy", "http://p:1", 1);
    (void)setenv("HTTP_PROXY", "http://cgi:1", 1); /* a CGI program's client sets it */
    (void)setenv("no_proxy", "inside.example", 1);
    cr_assert_eq(tug__proxies_init(&proxies, NULL, NULL), TUG_OK);
    cr_assert_str_eq(tug__proxies_choose(&proxies, "https://a.example/v2/"), "http://p:1");
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
    cr_assert_str_eq(tug__proxies_choose(&proxies, "http://127.0.0.1:5000/v2/"), "http://q:2");
    tug__proxies_fini(&proxies);
    cr_assert_eq(tug__proxies_init(&proxies, "", NULL), TUG_OK);
    cr_assert_null(tug__proxies_choose(&proxies, "https://a.example/"));
    tug__proxies_fini(&proxies);
    cr_assert_eq(tug__proxies_init(&proxies, "ftp://q:2", NULL), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug__proxies_init(&proxies, "http://q:2\r\nX: y", NULL), TUG_ERR_INVALID_ARGUMENT);
}

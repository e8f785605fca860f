/* SPDX-License-Identifier: Apache-2.0
 *
 * The choice of a proxy.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/no_proxy.h"
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
        cr_assert_eq(tug__no_proxy_has(cases[i].list, cases[i].host, 443), cases[i].is_named,
                     "%s: %s", cases[i].list, cases[i].host);
    }
    cr_assert_not(tug__no_proxy_has(NULL, "a", 1));
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

/* "NAME PASSWORD URL" of what a text is taken apart into; "" when it is refused. */
static char *parts_of(char out_text[256], const char *text)
{
    struct tug__proxy proxy = {0};
    const char *reason = NULL;
    const enum tug_status status = tug__proxy_parse(text, &proxy, &reason);

    out_text[0] = '\0';
    if (status == TUG_OK) {
        (void)snprintf(out_text, 256, "%s %s %s%s", proxy.user != NULL ? proxy.user : "-",
                       proxy.password != NULL ? proxy.password : "-", proxy.url,
                       proxy.is_tls ? " tls" : "");
    } else {
        cr_assert_eq(status, TUG_ERR_INVALID_ARGUMENT);
        cr_assert_not_null(reason);
        cr_assert_null(strstr(reason, "S3cr"), "%s: %s", text, reason);
    }
    tug__proxy_fini(&proxy);
    return out_text;
}

Test(proxy, f03_the_parts_of_a_proxy)
{
    static const char *const cases[][2] = {
        {"http://host:3128", "- - http://host:3128"},
        {"host:3128", "- - http://host:3128"},
        {"HTTPS://host/", "- - https://host tls"},
        {"socks5h://[::1]:1080", "- - socks5h://[::1]:1080"},
        {"http://joe:S3cr%40t@host:1", "joe S3cr@t http://host:1"},
        {"joe:a%25b%3a%2f@host", "joe a%b:/ http://host"},
        {"http://joe@host:1", "joe  http://host:1"},
        {"http://joe:p:q@host:1", "joe p:q http://host:1"},
        /* a character of the password that ends something */
        {"http://joe:S3cr@t@host:1", ""},
        {"http://joe:S3cr/t@host:1", ""},
        {"http://joe:1/S3cr@host:1", ""},
        {"http://joe:S3cr?t@host:1", ""},
        {"http://joe:S3cr#t@host:1", ""},
        {"joe:S3cr/t@host:1", ""},
        {"http://joe:S3cr%zz@host:1", ""},
        {"http://joe:S3cr%0at@host:1", ""},
        {"http://joe:S3cr t@host:1", ""},
        /* the rest */
        {"http://joe:S3cr@host:99999", ""},
        {"http://joe:S3cr@host:", "joe S3cr http://host:"},
        {"http://joe:S3cr@host:x", ""},
        {"http://joe:S3cr@", ""},
        {"http://joe:S3cr", ""},
        {"S3cr://host:1", ""},
        {"http://host:1?S3cr", ""},
        {"", ""},
    };
    char text[256];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_str_eq(parts_of(text, cases[i][0]), cases[i][1], "%s: %s", cases[i][0], text);
    }
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

Test(proxy, f06_what_users_write)
{
    static const struct {
        const char *list;
        const char *host;
        unsigned port;
        bool is_named;
    } cases[] = {
        {"10.9.9.1:5000", "10.9.9.1", 5000, true},
        {"10.9.9.1:5000", "10.9.9.1", 443, false},
        {"reg.corp:5000", "reg.corp", 5000, true},
        {"reg.corp:5000", "a.reg.corp", 5000, true},
        {"reg.corp:5000", "reg.corp", 80, false},
        {"*.corp.example", "a.corp.example", 443, true},
        {"*.corp.example", "corp.example", 443, true},
        {"*.corp.example:5000", "a.corp.example", 443, false},
        {"*.corp.example", "badcorp.example", 443, false},
        {".corp.example", "a.corp.example", 443, true},
        {"a,*", "b", 1, true},
        {"[fd00::1]:5000", "[fd00::1]", 5000, true},
        {"[fd00::1]:5000", "[fd00::1]", 80, false},
        {"[fd00::1]", "[fd00::1]", 80, true},
        {"fd00::1", "[fd00::1]", 80, true},
        {"fd00::/8", "[fd12::1]", 80, true},
        {"fd00::0:1", "[fd00::1]", 80, true},
        {"reg.corp.", "reg.corp", 80, true},
        {"x\ny reg.corp", "reg.corp", 80, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(tug__no_proxy_has(cases[i].list, cases[i].host, cases[i].port),
                     cases[i].is_named, "%s: %s:%u", cases[i].list, cases[i].host, cases[i].port);
    }
}

Test(proxy, f06_entries_that_match_nothing)
{
    static const char *const bad[] = {"http://reg.corp",
                                      "reg.corp:x",
                                      "reg.corp:0",
                                      "reg.corp:65536",
                                      "10.0.0.*",
                                      "10.0.",
                                      "10.0.0.0/33",
                                      "corp/8",
                                      "a*.corp",
                                      "[fd00::1",
                                      "[fd00::1]x",
                                      "[a]",
                                      "a@b",
                                      "..",
                                      "10.0.0.0/8:1"};
    char entry[TUG__NO_PROXY_ENTRY_MAX];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char list[128];
        const char *at = list;

        (void)snprintf(list, sizeof list, "good.example, %s,*.x", bad[i]);
        cr_assert(tug__no_proxy_next_bad(&at, entry), "%s", bad[i]);
        cr_assert_str_eq(entry, bad[i]);
        cr_assert_not(tug__no_proxy_next_bad(&at, entry));
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

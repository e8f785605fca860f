/* SPDX-License-Identifier: Apache-2.0
 *
 * The language of no_proxy.
 */
#include <criterion/criterion.h>

#include <stdio.h>

#include "http/no_proxy.h"

Test(no_proxy, no_proxy_lists)
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

Test(no_proxy, f06_what_users_write)
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

Test(no_proxy, f06_entries_that_match_nothing)
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

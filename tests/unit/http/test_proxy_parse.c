/* SPDX-License-Identifier: Apache-2.0
 *
 * The URL of a proxy is taken apart, and refused when it can be read in two ways.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "http/proxy.h"

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

Test(proxy_parse, f03_the_parts_of_a_proxy)
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

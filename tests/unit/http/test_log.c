/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines about requests hold no secret (T-13).
 */
#include <criterion/criterion.h>

#include <string.h>

#include "http/log.h"

static void keep_line(void *context, enum tug_log_level level, const char *line)
{
    cr_assert_eq(level, TUG_LOG_DEBUG);
    (void)strcpy(context, line);
}

static void expect_header(char direction, const char *const pair[2])
{
    char line[TUG__LOG_LINE_MAX] = "";
    const struct tug__log log = {.on_line = keep_line, .context = line};

    tug__log_header(&log, (struct tug__log_place){0}, direction, pair[0], strlen(pair[0]));
    cr_assert_str_eq(line, pair[1]);
}

Test(log, t13_headers)
{
    static const char *const outgoing[][2] = {
        {"X-Any: a secret of hosts.toml\r\n", "> X-Any: REDACTED"},
        {"Accept: a, b\r\n", "> Accept: a, b"},
        {"Range: bytes=0-1\r\n", "> Range: bytes=0-1"},
        {"HEAD /a HTTP/1.1\r\n", "> HEAD /a HTTP/1.1"},
        {"Authorization: Bearer abc\r\n", "> Authorization: REDACTED"},
    };
    static const char *const cases[][2] = {
        {"Authorization: Bearer abc\r\n", "< Authorization: REDACTED"},
        {"authorization: x\r\n", "< authorization: REDACTED"},
        {"Proxy-Authorization: Basic x", "< Proxy-Authorization: REDACTED"},
        {"Cookie: a=b\r\n", "< Cookie: REDACTED"},
        {"Set-Cookie: a=b\r\n", "< Set-Cookie: REDACTED"},
        {"X-JFrog-Art-Api-Key: k\r\n", "< X-JFrog-Art-Api-Key: REDACTED"},
        {"X-Auth-Token: k\r\n", "< X-Auth-Token: REDACTED"},
        {"GET /a?sig=abc HTTP/1.1\r\n", "< GET /a?REDACTED HTTP/1.1"},
        {"Location: https://u:p@h/x?a=b&c=d\r\n", "< Location: https://h/x?REDACTED"},
        {"Content-Length: 5\r\n", "< Content-Length: 5"},
        {"WWW-Authenticate: Bearer realm=\"https://h/t?k=v\",scope=\"s\"\r\n",
         "< WWW-Authenticate: Bearer realm=\"https://h/t?REDACTED\",scope=\"s\""},
        {"X: a\x1b[2J\r\n", "< X: a\\x1b[2J"},
    };

    for (size_t i = 0; i < sizeof outgoing / sizeof outgoing[0]; i++) {
        expect_header('>', outgoing[i]);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_header('<', cases[i]);
    }
}

Test(log, t13_bodies)
{
    static const char body[] = "{\"errors\":[\"at https://h/x?sig=abc\"],\"token\":\"secret\"}";
    char line[TUG__LOG_LINE_MAX] = "";
    const struct tug__log log = {.on_line = keep_line, .context = line};

    tug__log_body(&log, (struct tug__log_place){0}, body, strlen(body));
    cr_assert_null(strstr(line, "abc"));
    cr_assert_null(strstr(line, "secret"));
    cr_assert_not_null(strstr(line, "errors"));
}

Test(log, long_lines_are_cut)
{
    char long_line[5000];
    char line[TUG__LOG_LINE_MAX] = "";
    const struct tug__log log = {.on_line = keep_line, .context = line};

    memset(long_line, 'a', sizeof long_line);
    tug__log_header(&log, (struct tug__log_place){0}, '<', long_line, sizeof long_line);
    cr_assert_lt(strlen(line), sizeof line);
    cr_assert_gt(strlen(line), 500);
    tug__log_header(NULL, (struct tug__log_place){0}, '<', long_line, sizeof long_line);
}

Test(log, f47_lines_have_their_place)
{
    char line[TUG__LOG_LINE_MAX] = "";
    const struct tug__log log = {.on_line = keep_line, .context = line};
    const struct tug__log_place place = {.connection = 3, .request = 17};

    tug__log_header(&log, place, '<', "ETag: x\r\n", 9);
    cr_assert_str_eq(line, "c3 r17 < ETag: x");
    tug__log_header(&log, place, '<', "Set-Cookie: x\r\n", 15);
    cr_assert_str_eq(line, "c3 r17 < Set-Cookie: REDACTED");
    tug__log_body(&log, place, "no", 2);
    cr_assert_str_eq(line, "c3 r17 | no");
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers other than the expected one.
 */
#include "registry/response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/utf8.h"

static struct tug_error fail(int http_status, const char *body)
{
    struct tug_error err = {0};

    cr_assert_eq(tug__response_fail(http_status, body, strlen(body), NULL, &err), err.code);
    cr_assert_eq(err.http_status, http_status);
    cr_assert_eq(err.os_errno, 0);
    cr_assert_eq(tug__response_fail(http_status, body, strlen(body), NULL, NULL), err.code);
    return err;
}

Test(registry_response, a_status_has_its_code)
{
    static const struct {
        int http_status;
        enum tug_status code;
    } cases[] = {{401, TUG_ERR_AUTH},      {403, TUG_ERR_AUTH},    {404, TUG_ERR_NOT_FOUND},
                 {410, TUG_ERR_NOT_FOUND}, {400, TUG_ERR_NETWORK}, {429, TUG_ERR_RATE_LIMITED},
                 {408, TUG_ERR_NETWORK},   {500, TUG_ERR_NETWORK}, {503, TUG_ERR_NETWORK},
                 {204, TUG_ERR_NETWORK},   {304, TUG_ERR_NETWORK}, {999, TUG_ERR_NETWORK}};
    char number[16];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct tug_error err = fail(cases[i].http_status, "");

        cr_assert_eq(err.code, cases[i].code, "%d", cases[i].http_status);
        (void)snprintf(number, sizeof number, "%d", cases[i].http_status);
        cr_assert_not_null(strstr(err.message, number), "'%s' lacks %s", err.message, number);
    }
}

Test(registry_response, the_registry_explains)
{
    struct tug_error err =
        fail(404, "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":"
                  "\"no such tag\",\"detail\":{\"x\":1}},{\"code\":\"OTHER\"}]}");

    cr_assert_not_null(strstr(err.message, "MANIFEST_UNKNOWN: no such tag"), "%s", err.message);
    cr_assert_null(strstr(err.message, "OTHER"));
    err = fail(403, "{\"errors\":[{\"code\":\"DENIED\"}]}");
    cr_assert_not_null(strstr(err.message, "(DENIED)"), "%s", err.message);
}

/* Bodies that explain nothing are not shown. */
Test(registry_response, other_bodies_are_not_shown)
{
    static const char *const bodies[] = {"<html>MARK</html>",
                                         "MARK",
                                         "{\"errors\":\"MARK\"}",
                                         "{\"errors\":[]}",
                                         "{\"errors\":[\"MARK\"]}",
                                         "{\"errors\":[{\"message\":\"MARK\"}]}",
                                         "{\"errors\":[{\"code\":1,\"message\":\"MARK\"}]}",
                                         "{\"errors\":[{\"code\":\"X\",\"message\":[\"MARK\"]}]}",
                                         "{\"errors\":[{\"code\":\"MARK\"",
                                         "[{\"code\":\"MARK\"}]",
                                         "{\"code\":\"MARK\"}"};

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const struct tug_error err = fail(500, bodies[i]);

        cr_assert_null(strstr(err.message, "MARK"), "%s", err.message);
        cr_assert_neq(err.message[0], '\0');
    }
}

Test(registry_response, t43_words_are_escaped_and_cut)
{
    char *const body = malloc(70000);
    struct tug_error err =
        fail(500, "{\"errors\":[{\"code\":\"A\\u001b[2J\",\"message\":\"x\\r\\ny\\u202ez\"}]}");

    cr_assert_not_null(strstr(err.message, "A\\x1b[2J: x\\x0d\\x0ay\\u{202e}z"), "%s", err.message);
    memset(body, 'a', 60000);
    memcpy(body, "{\"errors\":[{\"code\":\"", 20);
    memcpy(body + 30000, "\",\"message\":\"", 13);
    memcpy(body + 59996, "\"}]}", 5);
    err = fail(500, body);
    cr_assert_lt(strlen(err.message), 500);
    cr_assert(tug__is_utf8(err.message, strlen(err.message)));
    free(body);
}

Test(registry_response, hostile_bodies_end_quickly)
{
    char *const body = malloc(TUG__ERROR_BODY_MAX + 1);
    struct tug_error err;

    memset(body, '[', TUG__ERROR_BODY_MAX);
    memcpy(body, "{\"errors\":", 10);
    body[TUG__ERROR_BODY_MAX] = '\0';
    err = fail(503, body);
    cr_assert_eq(err.code, TUG_ERR_NETWORK);
    err = fail(503, "{\"errors\":[{\"code\":\"a\",\"code\":\"b\"}]}");
    cr_assert_null(strstr(err.message, "("));
    free(body);
}

Test(registry_response, t13_urls_in_words_lose_their_secrets)
{
    const struct tug_error err =
        fail(500, "{\"errors\":[{\"code\":\"X\",\"message\":\"at https://u:p@h/x?sig=abc\"}]}");

    cr_assert_not_null(strstr(err.message, "(X: at https://h/x?REDACTED)"), "%s", err.message);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said to token servers, and what their answers mean (T-49).
 */
#include "auth/token_wire.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/str.h"

static void expect_reply(const char *body, const char *token, uint64_t lifetime_s)
{
    struct tug__token_reply reply = {0};
    struct tug_error err = {0};

    cr_assert_eq(tug__token_reply_parse(body, strlen(body), &reply, &err), TUG_OK, "%s: %s", body,
                 err.message);
    cr_assert_str_eq(reply.token, token);
    cr_assert_eq(reply.lifetime_s, lifetime_s, "%s: %lu", body, (unsigned long)reply.lifetime_s);
    tug__token_reply_fini(&reply);
}

static void refuse_reply(const char *body)
{
    struct tug__token_reply reply = {.lifetime_s = 7};
    struct tug_error err = {0};

    cr_assert_eq(tug__token_reply_parse(body, strlen(body), &reply, &err), TUG_ERR_AUTH, "%s",
                 body);
    cr_assert_eq(reply.lifetime_s, 7u);
    cr_assert_null(reply.token);
    cr_assert_null(strstr(err.message, "s3cret"), "%s", err.message);
}

static void expect_url(const struct tug__token_query *query, const char *expected)
{
    struct tug__buf url;
    struct tug_error err = {0};

    tug__buf_init(&url, TUG__TOKEN_QUERY_MAX);
    cr_assert_eq(tug__token_get_url(query, &url, &err), TUG_OK, "%s", err.message);
    cr_assert_str_eq(url.data, expected);
    tug__buf_fini(&url);
}

Test(auth_token_wire, reads_a_reply)
{
    expect_reply("{\"token\":\"abc.def\",\"expires_in\":300}", "abc.def", 300);
    expect_reply("{\"access_token\":\"abc\",\"expires_in\":300}", "abc", 300);
    expect_reply("{\"token\":\"\",\"access_token\":\"abc\"}", "abc", 60);
    expect_reply("{\"token\":\"a\",\"access_token\":\"b\",\"issued_at\":\"2099-01-01\"}", "a", 60);
}

Test(auth_token_wire, t49_clamps_the_lifetime)
{
    expect_reply("{\"token\":\"a\",\"expires_in\":5}", "a", 5);
    expect_reply("{\"token\":\"a\",\"expires_in\":\"3600\"}", "a", 3600);
    expect_reply("{\"token\":\"a\",\"expires_in\":0}", "a", 60);
    expect_reply("{\"token\":\"a\",\"expires_in\":-1}", "a", 60);
    expect_reply("{\"token\":\"a\",\"expires_in\":null}", "a", 60);
    expect_reply("{\"token\":\"a\",\"expires_in\":\"soon\"}", "a", 60);
    expect_reply("{\"token\":\"a\",\"expires_in\":[]}", "a", 60);
    expect_reply("{\"token\":\"a\",\"expires_in\":1.5}", "a", 60);
    expect_reply("{\"token\":\"a\",\"expires_in\":1000000000}", "a", 86400);
    expect_reply("{\"token\":\"a\",\"expires_in\":9223372036854775807}", "a", 86400);
    expect_reply("{\"token\":\"a\",\"expires_in\":99999999999999999999999}", "a", 60);
}

Test(auth_token_wire, t49_refuses_what_must_not_be_a_header)
{
    refuse_reply("{}");
    refuse_reply("{\"token\":\"\"}");
    refuse_reply("{\"token\":7}");
    refuse_reply("{\"token\":\"s3cret\\r\\nX: y\"}");
    refuse_reply("{\"token\":\"s3cret\\n\"}");
    refuse_reply("{\"token\":\"s3cret \"}");
    refuse_reply("{\"token\":\"s3cret\\u00e4\"}");
    refuse_reply("{\"token\":\"s3cret\\u0000\"}");
    refuse_reply("{\"token\":\"s3cret\"");
    refuse_reply("<html>s3cret</html>");
    refuse_reply("");
    refuse_reply("[\"s3cret\"]");
}

Test(auth_token_wire, refuses_a_large_reply)
{
    const size_t length = TUG__TOKEN_REPLY_MAX + 1;
    struct tug__token_reply reply = {0};
    char *const body = malloc(length);

    cr_assert_not_null(body);
    memset(body, ' ', length);
    memcpy(body, "{\"token\":\"a\"}", 13);
    cr_assert_eq(tug__token_reply_parse(body, length, &reply, NULL), TUG_ERR_AUTH);
    cr_assert_eq(tug__token_reply_parse(body, length - 1, &reply, NULL), TUG_OK);
    tug__token_reply_fini(&reply);
    free(body);
}

Test(auth_token_wire, keeps_a_refresh_token)
{
    static const char body[] = "{\"token\":\"a\",\"refresh_token\":\"r\"}";
    struct tug__token_reply reply = {0};

    cr_assert_eq(tug__token_reply_parse(body, sizeof body - 1, &reply, NULL), TUG_OK);
    cr_assert_str_eq(reply.refresh_token, "r");
    tug__token_reply_fini(&reply);
    cr_assert_null(reply.token);
}

Test(auth_token_wire, builds_the_url)
{
    expect_url(&(struct tug__token_query){.url = "https://a/t",
                                          .service = "registry.docker.io",
                                          .scope = "repository:library/nginx:pull"},
               "https://a/t?service=registry.docker.io&scope=repository%3Alibrary%2Fnginx%3Apull"
               "&client_id=tug");
    expect_url(&(struct tug__token_query){.url = "https://a/t?x=y",
                                          .service = "a&b=c#d e\r\n\xc3\xa4%",
                                          .scope = " a:b:pull,push  c:d:pull ",
                                          .account = "me@home"},
               "https://a/t?x=y&service=a%26b%3Dc%23d%20e%0D%0A%C3%A4%25&scope=a%3Ab%3Apull%2Cpush"
               "&scope=c%3Ad%3Apull&client_id=tug&account=me%40home");
    expect_url(&(struct tug__token_query){.url = "https://a/t?"}, "https://a/t?client_id=tug");
    expect_url(&(struct tug__token_query){.url = "https://a/t?x&", .service = ""},
               "https://a/t?x&client_id=tug");
}

Test(auth_token_wire, builds_the_forms)
{
    const struct tug__token_query query = {.url = "https://a/t", .service = "s", .scope = "a b"};
    char user[] = "me";
    char secret[] = "p&w=1+";
    struct tug__credential credential = {
        .kind = TUG__CREDENTIAL_PASSWORD, .username = user, .secret = secret};
    struct tug__buf form;
    struct tug_error err = {0};

    tug__buf_init(&form, TUG__TOKEN_QUERY_MAX);
    cr_assert_eq(tug__token_post_form(&query, &credential, &form, &err), TUG_OK);
    cr_assert_str_eq(form.data, "grant_type=password&username=me&password=p%26w%3D1%2B&service=s"
                                "&client_id=tug&scope=a%20b");
    tug__buf_clear(&form);
    credential.kind = TUG__CREDENTIAL_IDENTITY;
    cr_assert_eq(tug__token_post_form(&query, &credential, &form, &err), TUG_OK);
    cr_assert_str_eq(form.data, "grant_type=refresh_token&refresh_token=p%26w%3D1%2B&service=s"
                                "&client_id=tug&scope=a%20b");
    credential.kind = TUG__CREDENTIAL_BEARER;
    cr_assert_eq(tug__token_post_form(&query, &credential, &form, &err), TUG_ERR_INVALID_ARGUMENT);
    tug__buf_fini(&form);
}

Test(auth_token_wire, knows_which_servers_want_a_get)
{
    static const int unsupported[] = {400, 401, 404, 405};
    static const int final[] = {200, 403, 429, 500, 503};

    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++) {
        cr_assert(tug__token_post_is_unsupported(unsupported[i]));
    }
    for (size_t i = 0; i < sizeof final / sizeof *final; i++) {
        cr_assert(!tug__token_post_is_unsupported(final[i]));
    }
}

Test(auth_token_wire, encodes_basic)
{
    char user[] = "Aladdin";
    char secret[] = "open sesame";
    struct tug__credential credential = {
        .kind = TUG__CREDENTIAL_PASSWORD, .username = user, .secret = secret};
    char *value = NULL;

    cr_assert_eq(tug__basic_authorization(&credential, &value, NULL), TUG_OK);
    cr_assert_str_eq(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    tug__wipe_free(value);
    credential.kind = TUG__CREDENTIAL_BEARER;
    cr_assert_eq(tug__basic_authorization(&credential, &value, NULL), TUG_ERR_INVALID_ARGUMENT);
}

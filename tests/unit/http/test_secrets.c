/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets are cut from texts, however they are written there.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "http/secrets.h"

static struct tug__secrets *make(void)
{
    struct tug__secrets *secrets = NULL;

    cr_assert_eq(tug__secrets_create(&secrets, NULL), TUG_OK);
    return secrets;
}

static void add(struct tug__secrets *secrets, const char *text)
{
    cr_assert_eq(tug__secrets_add(secrets, TUG__SECRET_CONFIGURED, text, NULL), TUG_OK);
}

static const char *cut(struct tug__secrets *secrets, const char *text, bool is_torn)
{
    static char out[8192];
    const struct tug__raw_text raw = {text, strlen(text), is_torn};

    (void)tug__secrets_cut(secrets, out, sizeof out, &raw);
    return out;
}

Test(secrets, f04_every_way_of_writing)
{
    static const char *const cases[][2] = {
        {"no secret in it", "no secret in it"},
        {"p@ss w/rd+\"&x", "REDACTED"},
        {"<p@ss w/rd+\"&x>", "<REDACTED>"},
        {"a=p%40ss%20w%2Frd%2B%22%26x&b", "a=REDACTED&b"},
        {"p%40ss+w%2frd%2b%22%26x", "REDACTED"},
        {"p@ss w\\/rd+\\\"&x", "REDACTED"},
        {"p\\u0040ss w/rd\\u002b\\u0022\\u0026x", "REDACTED"},
        {"p@ss w/rd+&quot;&amp;x", "REDACTED"},
        {"p@ss w&#x2F;rd&#43;&#34;&#38;x", "REDACTED"},
        {"twice p@ss w/rd+\"&xp@ss w/rd+\"&x", "twice REDACTEDREDACTED"},
        {"p@ss w/rd is not it", "p@ss w/rd is not it"},
        {"", ""},
    };
    struct tug__secrets *const secrets = make();

    add(secrets, "p@ss w/rd+\"&x");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_str_eq(cut(secrets, cases[i][0], false), cases[i][1], "%s: %s", cases[i][0],
                         cut(secrets, cases[i][0], false));
    }
    tug__secrets_destroy(secrets);
}

/* Whatever stands before it in the same base64, and in either alphabet. */
Test(secrets, f04_base64_at_every_offset)
{
    struct tug__secrets *const secrets = make();
    static const char *const secret = "s\xc3\xbf?cr\xc3\xbe>t~\xff";

    add(secrets, secret);
    for (size_t before = 0; before < 7; before++) {
        for (size_t after = 0; after < 4; after++) {
            char plain[64];
            char text[128];
            char *encoded;
            int length = snprintf(plain, sizeof plain, "%.*s%s%.*s", (int)before, "user-n:", secret,
                                  (int)after, "xyz");

            encoded = tug__base64_encode(plain, (size_t)length);
            for (int is_url = 0; is_url < 2; is_url++) {
                (void)snprintf(text, sizeof text, "Basic %s.", encoded);
                cr_assert_not_null(strstr(cut(secrets, text, false), "REDACTED"), "%s", text);
                cr_assert(strlen(cut(secrets, text, false)) <= 6 + before * 4 / 3 + 1 + 8 + 1,
                          "%s: %s", text, cut(secrets, text, false));
                for (char *c = encoded; *c != '\0'; c++) {
                    *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
                }
            }
            free(encoded);
        }
    }
    tug__secrets_destroy(secrets);
}

Test(secrets, f04_logins_headers_and_urls)
{
    static const char *const cases[][2] = {
        {"joe:letme1n", "REDACTED"},
        {"x letme1n y", "x REDACTED y"},
        {"Basic am9lOmxldG1lMW4=", "Basic REDACTED"},
        {"Basic am9lOmxldG1lMW4%3D", "Basic REDACTED"},
        {"token abc.def", "token REDACTED"},
        {"Basic YW5uOmhpZGRlbg==", "REDACTED"},
        {"hidden", "REDACTED"},
        {"key k3y-value", "key REDACTED"},
        {"true and 1 stay", "true and 1 stay"},
        {"SIG%2Fnature", "REDACTED"},
        {"SIG/nature", "REDACTED"},
        {"short9", "REDACTED"},
        {"docker.io, host, 900", "docker.io, host, 900"},
    };
    struct tug__secrets *const secrets = make();

    cr_assert_eq(tug__secrets_add_login(secrets, "joe", "letme1n", NULL), TUG_OK);
    cr_assert_eq(tug__secrets_add_header(secrets, "authorization", "Bearer abc.def", NULL), TUG_OK);
    cr_assert_eq(tug__secrets_add_header(secrets, "Authorization", "Basic YW5uOmhpZGRlbg==", NULL),
                 TUG_OK);
    cr_assert_eq(tug__secrets_add_header(secrets, "X-Key", "k3y-value", NULL), TUG_OK);
    cr_assert_eq(tug__secrets_add_header(secrets, "X-Flag", "1", NULL), TUG_OK);
    cr_assert_eq(tug__secrets_add_url(secrets,
                                      "https://s.example/b?X-Amz-SignedHeaders=host&ns=docker.io&"
                                      "X-Amz-Expires=900&Signature=SIG%2Fnature&my_token=short9#f",
                                      NULL),
                 TUG_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_str_eq(cut(secrets, cases[i][0], false), cases[i][1], "%s: %s", cases[i][0],
                         cut(secrets, cases[i][0], false));
    }
    tug__secrets_destroy(secrets);
}

Test(secrets, f04_short_ones_are_whole_words)
{
    struct tug__secrets *const secrets = make();

    cr_assert_eq(tug__secrets_add_login(secrets, "joe", "re", NULL), TUG_OK);
    cr_assert_str_eq(cut(secrets, "a redirect is refused: more", false),
                     "a redirect is refused: more");
    cr_assert_str_eq(cut(secrets, "password=re, \"re\", re", false),
                     "password=REDACTED, \"REDACTED\", REDACTED");
    cr_assert_str_eq(cut(secrets, "joe:re am9lOnJl", false), "REDACTED REDACTED");
    tug__secrets_destroy(secrets);
}

Test(secrets, f04_texts_that_were_shortened)
{
    struct tug__secrets *const secrets = make();
    struct tug_error error = {.code = TUG_ERR_AUTH};

    add(secrets, "abcdefghijklmnopqrstuvwxyz");
    cr_assert_str_eq(cut(secrets, "it is 'abcdefghijklmno'", false), "it is 'REDACTED'");
    cr_assert_str_eq(cut(secrets, "it is abcde", false), "it is abcde");
    cr_assert_str_eq(cut(secrets, "it is abcde", true), "it is REDACTED");
    memset(error.message, 'x', sizeof error.message - 1);
    memcpy(error.message + sizeof error.message - 1 - 6, "abcdef", 6);
    tug__secrets_cut_error(secrets, &error);
    cr_assert_null(strstr(error.message, "abc"));
    tug__secrets_destroy(secrets);
}

/* A token of 8 KiB, of which not all is kept, is cut to its end. */
Test(secrets, f04_long_ones)
{
    struct tug__secrets *const secrets = make();
    char token[8192];
    char text[sizeof token + 64];
    char *encoded;

    for (size_t i = 0; i < sizeof token - 1; i++) {
        token[i] = "abcdefghij.klmnopqrstuvw-xyz_"[i * i % 29];
    }
    token[sizeof token - 1] = '\0';
    add(secrets, token);
    (void)snprintf(text, sizeof text, "{\"is\": \"%s\"}", token);
    cr_assert_str_eq(cut(secrets, text, false), "{\"is\": \"REDACTED\"}");
    encoded = tug__base64_encode(token, strlen(token) / 2);
    (void)snprintf(text, sizeof text, "(%s)", encoded);
    cr_assert_str_eq(cut(secrets, text, false), "(REDACTED)");
    free(encoded);
    tug__secrets_destroy(secrets);
}

Test(secrets, f04_what_passes_is_bounded)
{
    struct tug__secrets *const secrets = make();
    char text[32];

    add(secrets, "stays-for-ever");
    for (int i = 0; i < 2 * TUG__SECRETS_TOKENS_MAX; i++) {
        (void)snprintf(text, sizeof text, "token-%08d", i);
        cr_assert_eq(tug__secrets_add(secrets, TUG__SECRET_TOKEN, text, NULL), TUG_OK);
        cr_assert_eq(tug__secrets_add(secrets, TUG__SECRET_TOKEN, text, NULL), TUG_OK);
    }
    cr_assert_str_eq(cut(secrets, "stays-for-ever", false), "REDACTED");
    cr_assert_str_eq(cut(secrets, text, false), "REDACTED");
    (void)snprintf(text, sizeof text, "token-%08d", TUG__SECRETS_TOKENS_MAX);
    cr_assert_str_eq(cut(secrets, text, false), "REDACTED");
    tug__secrets_destroy(secrets);
    cr_assert_str_eq(cut(NULL, "nothing is known", false), "nothing is known");
}

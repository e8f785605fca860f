/* SPDX-License-Identifier: Apache-2.0
 *
 * WWW-Authenticate headers: what registries send, and what hostile ones might (T-45).
 */
#include "auth/challenge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

/* Read one header in memory of exactly its size, so that a sanitizer sees each byte read past it.
 */
static void add(struct tug__challenge *challenge, const char *header)
{
    const size_t length = strlen(header);
    char *const exact = malloc(length > 0 ? length : 1);

    cr_assert_not_null(exact);
    memcpy(exact, header, length);
    tug__challenge_add(challenge, exact, length);
    free(exact);
}

static struct tug__challenge parse(const char *header)
{
    struct tug__challenge challenge;

    tug__challenge_init(&challenge);
    add(&challenge, header);
    return challenge;
}

static void expect_bearer(const char *header, const char *realm, const char *service,
                          const char *scope)
{
    const struct tug__challenge challenge = parse(header);

    cr_assert_eq(challenge.scheme, TUG__AUTH_BEARER, "%s", header);
    cr_assert_str_eq(challenge.realm, realm, "%s: '%s'", header, challenge.realm);
    cr_assert_str_eq(challenge.service, service, "%s: '%s'", header, challenge.service);
    cr_assert_str_eq(challenge.scope, scope, "%s: '%s'", header, challenge.scope);
}

static void expect_scheme(const char *header, enum tug__auth_scheme scheme)
{
    const struct tug__challenge challenge = parse(header);

    cr_assert_eq(challenge.scheme, scheme, "'%.60s': %d", header, challenge.scheme);
}

Test(auth_challenge, reads_what_registries_send)
{
    expect_bearer("Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
                  "scope=\"repository:library/nginx:pull\"",
                  "https://auth.docker.io/token", "registry.docker.io",
                  "repository:library/nginx:pull");
    expect_bearer("bearer REALM=\"r\", Service = s ,\tSCOPE=\"\"", "r", "s", "");
    expect_bearer("BEARER realm=https://a.example/token?x=y", "https://a.example/token?x=y", "",
                  "");
    expect_bearer("Bearer scope=\"a b\",realm=\"r\",,", "r", "", "a b");
    expect_scheme("Basic realm=\"Registry\"", TUG__AUTH_BASIC);
    expect_scheme("basic", TUG__AUTH_BASIC);
}

Test(auth_challenge, t45_keeps_commas_equals_and_escapes_in_quotes)
{
    expect_bearer("Bearer realm=\"https://a/t?x=1,2\",service=\"a=b, Basic realm=c\","
                  "scope=\"repository:a/b:pull,push repository:c/d:pull\"",
                  "https://a/t?x=1,2", "a=b, Basic realm=c",
                  "repository:a/b:pull,push repository:c/d:pull");
    expect_bearer("Bearer realm=\"a\\\"b\\\\c\\d\",x=\"\\\"\"", "a\"b\\cd", "", "");
}

Test(auth_challenge, takes_several_challenges_apart)
{
    expect_bearer("Basic realm=\"x\", Bearer realm=\"y\",service=\"s\"", "y", "s", "");
    expect_bearer("Bearer realm=\"y\",service=\"s\", Basic realm=\"x\"", "y", "s", "");
    expect_bearer("Negotiate abc==, NTLM, Digest realm=\"d\",qop=\"auth,auth-int\", Bearer realm=y",
                  "y", "", "");
    expect_bearer("Bearer realm=\"first\", Bearer realm=\"second\"", "first", "", "");
    expect_scheme("Negotiate", TUG__AUTH_NONE);
    expect_scheme("Negotiate YII=, NTLM TlRM", TUG__AUTH_NONE);
    expect_scheme("Digest realm=\"x\", nonce=\"y\"", TUG__AUTH_NONE);
    expect_scheme("Negotiate, Basic realm=\"x\"", TUG__AUTH_BASIC);
}

Test(auth_challenge, takes_several_headers)
{
    struct tug__challenge challenge;

    tug__challenge_init(&challenge);
    cr_assert_eq(challenge.scheme, TUG__AUTH_NONE);
    add(&challenge, "Negotiate");
    add(&challenge, "Basic realm=\"b\"");
    cr_assert_eq(challenge.scheme, TUG__AUTH_BASIC);
    add(&challenge, "Bearer realm=\"t\",error=\"insufficient_scope\"");
    add(&challenge, "Basic realm=\"c\"");
    add(&challenge, "Bearer realm=\"u\"");
    cr_assert_eq(challenge.scheme, TUG__AUTH_BEARER);
    cr_assert_str_eq(challenge.realm, "t");
    cr_assert_str_eq(challenge.error, "insufficient_scope");
}

Test(auth_challenge, t45_gives_up_on_what_is_malformed)
{
    expect_scheme("", TUG__AUTH_NONE);
    expect_scheme(" , ,", TUG__AUTH_NONE);
    expect_scheme("=", TUG__AUTH_NONE);
    expect_scheme("\"", TUG__AUTH_NONE);
    expect_scheme("Bearer", TUG__AUTH_NONE);
    expect_scheme("Bearer service=\"s\"", TUG__AUTH_NONE);
    expect_scheme("Bearer realm=\"\"", TUG__AUTH_NONE);
    expect_scheme("Bearer realm=", TUG__AUTH_NONE);
    expect_scheme("Bearer realm=\"open", TUG__AUTH_NONE);
    expect_scheme("Bearer realm=\"r\",service=\"open", TUG__AUTH_NONE);
    expect_scheme("Bearer realm=\"r\\", TUG__AUTH_NONE);
    expect_scheme("Bearer realm=\"r\"garbage", TUG__AUTH_NONE);
    expect_scheme("Bearer: realm=\"r\"", TUG__AUTH_NONE);
    expect_scheme("Bearer realm=\"a\r\nX: y\"", TUG__AUTH_NONE);
    expect_scheme("Bearer realm=\"a\x1b[2J\"", TUG__AUTH_NONE);
    // what came before stays
    expect_scheme("Basic realm=\"x\", Bearer realm=\"open", TUG__AUTH_BASIC);
    expect_scheme("Basic realm=\"x\", Digest x=y, ;;;", TUG__AUTH_BASIC);
}

Test(auth_challenge, does_not_read_past_a_nul)
{
    static const char header[] = "Bearer realm=\"a\0b\"";
    static const char scheme[] = "Bea\0rer realm=\"a\"";
    struct tug__challenge challenge;

    tug__challenge_init(&challenge);
    tug__challenge_add(&challenge, header, sizeof header - 1);
    tug__challenge_add(&challenge, scheme, sizeof scheme - 1);
    cr_assert_eq(challenge.scheme, TUG__AUTH_NONE);
}

Test(auth_challenge, takes_the_first_of_repeated_parameters)
{
    expect_bearer("Bearer realm=\"a\",realm=\"b\",scope=x,scope=y", "a", "", "x");
}

Test(auth_challenge, t45_is_bounded)
{
    const size_t size = TUG__CHALLENGE_HEADER_MAX + 1;
    char *const header = malloc(size + 1);
    size_t length = 0;

    cr_assert_not_null(header);
    for (unsigned i = 0; i < 200; i++) {
        length += (size_t)sprintf(header + length, "Digest realm=\"%u\", ", i);
    }
    (void)strcpy(header + length, "Bearer realm=\"last\"");
    expect_bearer(header, "last", "", "");
    memset(header, 'a', size);
    header[size] = '\0';
    memcpy(header, "Bearer realm=\"", 14);
    header[size - 1] = '"';
    expect_scheme(header, TUG__AUTH_NONE);
    memcpy(header, "Basic realm=x,", 14); // longer than the limit as a whole
    memset(header + 14, ',', size - 14);
    expect_scheme(header, TUG__AUTH_NONE);
    header[size - 1] = '\0'; // just within
    expect_scheme(header, TUG__AUTH_BASIC);
    // a realm that does not fit does not count; a long error is only cut
    length = (size_t)sprintf(header, "Bearer realm=\"%0*d\", Basic", TUG__CHALLENGE_REALM_MAX, 0);
    expect_scheme(header, TUG__AUTH_BASIC);
    length = (size_t)sprintf(header, "Bearer realm=r,error=\"%0*d\\\"%0*d\"",
                             TUG__CHALLENGE_ERROR_MAX - 2, 0, 100, 0);
    cr_assert(length > 0);
    expect_bearer(header, "r", "", "");
    free(header);
}

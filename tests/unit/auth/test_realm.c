/* SPDX-License-Identifier: Apache-2.0
 *
 * Which token servers may be asked (T-07).
 */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "auth/challenge.h"

#define REGISTRY "https://r.example/v2/a/b/manifests/latest"

static void resolve(const char *request, const char *realm, const char *expected)
{
    char url[TUG__TOKEN_URL_MAX];
    struct tug_error err = {0};

    cr_assert_eq(tug__realm_resolve(request, realm, url, &err), TUG_OK, "'%s': %s", realm,
                 err.message);
    cr_assert_str_eq(url, expected, "'%s': '%s'", realm, url);
}

static void refuse(const char *request, const char *realm)
{
    char url[TUG__TOKEN_URL_MAX] = "untouched";
    struct tug_error err = {0};

    cr_assert_eq(tug__realm_resolve(request, realm, url, &err), TUG_ERR_AUTH, "'%s': '%s'", realm,
                 url);
    cr_assert_str_eq(url, "untouched");
    cr_assert_not_null(strstr(err.message, "refused"), "%s", err.message);
    cr_assert_null(strstr(err.message, "secret"), "%s", err.message);
}

Test(auth_realm, t07_takes_https_of_any_host)
{
    resolve(REGISTRY, "https://auth.docker.io/token", "https://auth.docker.io/token");
    resolve(REGISTRY, "https://other.example:8443/t?a=b&c=%20",
            "https://other.example:8443/t?a=b&c=%20");
    resolve(REGISTRY, "HTTPS://Other.example", "https://Other.example/");
    resolve(REGISTRY, "https://[::1]:5000/token", "https://[::1]:5000/token");
    resolve("http://r.example/v2/", "https://other.example/t", "https://other.example/t");
}

Test(auth_realm, resolves_relative_realms)
{
    resolve(REGISTRY, "/token?x=y", "https://r.example/token?x=y");
    resolve(REGISTRY, "//auth.example/token", "https://auth.example/token");
    resolve(REGISTRY, "token", "https://r.example/v2/a/b/manifests/token");
    resolve(REGISTRY, "../../../token/./x", "https://r.example/v2/token/x");
    resolve(REGISTRY, "../../../../../../../token", "https://r.example/token");
    resolve(REGISTRY, "/a/b/..", "https://r.example/a/");
    resolve(REGISTRY, "/..", "https://r.example/");
    resolve(REGISTRY, "/.", "https://r.example/");
    resolve(REGISTRY, "/a/../b?c=/../d", "https://r.example/b?c=/../d");
    resolve(REGISTRY, "?x", "https://r.example/v2/a/b/manifests/latest?x");
    resolve("https://r.example", "token", "https://r.example/token");
    resolve("https://r.example?q", "token", "https://r.example/token");
    resolve(REGISTRY, "/token#fragment", "https://r.example/token");
}

Test(auth_realm, t07_refuses_http_but_of_the_registry_itself)
{
    refuse(REGISTRY, "http://auth.example/token?secret");
    refuse(REGISTRY, "http://r.example/token");
    refuse(REGISTRY, "http://r.example:443/token");
    refuse(REGISTRY, "http://127.0.0.1/token");
    resolve("http://r.example:5000/v2/", "http://R.example:5000/t", "http://R.example:5000/t");
    resolve("http://r.example/v2/", "http://r.example:80/t", "http://r.example:80/t");
    resolve("http://r.example/v2/", "/t", "http://r.example/t");
    refuse("http://r.example:5000/v2/", "http://r.example:5001/t");
    refuse("http://r.example:5000/v2/", "http://r.example/t");
    refuse("http://r.example:5000/v2/", "http://127.0.0.1:5000/t");
    refuse("http://r.example:5000/v2/", "//r.example:5001/t");
    refuse("https://127.0.0.1:5000/v2/", "http://127.0.0.1:5001/t");
    // tests and development: both on this machine
    resolve("http://127.0.0.1:5000/v2/", "http://127.0.0.1:5001/t", "http://127.0.0.1:5001/t");
    resolve("http://localhost:5000/v2/", "http://[::1]:5001/t", "http://[::1]:5001/t");
    refuse("http://127.0.0.1:5000/v2/", "http://127.0.0.1.evil.example/t");
    refuse("http://127.0.0.1:5000/v2/", "http://169.254.169.254/latest/meta-data");
}

Test(auth_realm, t07_refuses_what_is_no_plain_url)
{
    refuse(REGISTRY, "");
    refuse(REGISTRY, "file:///etc/passwd");
    refuse(REGISTRY, "ftp://auth.example/");
    refuse(REGISTRY, "gopher://auth.example/");
    refuse(REGISTRY, "javascript:alert(1)");
    refuse(REGISTRY, "https:auth.example");
    refuse(REGISTRY, "https:///token");
    refuse(REGISTRY, "https://user:secret@auth.example/token");
    refuse(REGISTRY, "//user@auth.example/token");
    refuse(REGISTRY, "https://auth.example/\r\nX-Header: y");
    refuse(REGISTRY, "/token\nx");
    refuse(REGISTRY, "https://auth.example/a b");
    refuse(REGISTRY, "https://auth.example/\x1b[2J");
    refuse(REGISTRY, "https://\xc3\xa4uth.example/");
    refuse(REGISTRY, "https://auth.example:99999/");
    refuse(REGISTRY, "https://auth.example:0/");
    refuse(REGISTRY, "https://auth.example:8x/");
    refuse(REGISTRY, "https://[::1/");
    refuse(REGISTRY, "https://[::zz]/");
    refuse(REGISTRY, "https://auth.example\\@evil.example/");
    refuse(REGISTRY, "https://auth%2eexample/");
}

Test(auth_realm, refuses_what_does_not_fit)
{
    char realm[TUG__TOKEN_URL_MAX + 1];

    memset(realm, 'a', sizeof realm - 1);
    realm[sizeof realm - 1] = '\0';
    realm[0] = '/';
    refuse(REGISTRY, realm);
}

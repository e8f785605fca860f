/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs of endpoints.
 */
#include "registry/endpoint_url.h"

#include <string.h>

#include <criterion/criterion.h>

static void expect_url(char *host, char *path, bool needs_ns, enum tug__scheme scheme,
                       const char *expected)
{
    const struct tug__endpoint_config config = {.host = host, .path = path, .needs_ns = needs_ns};
    const struct tug__endpoint endpoint = {.config = &config, .registry_host = "[::1]:80"};
    const struct tug__resource resource = {"a/b", "manifests", "1.0"};
    char url[TUG__URL_MAX];

    cr_assert(tug__endpoint_url(url, &endpoint, scheme, &resource));
    cr_assert_str_eq(url, expected);
}

Test(registry_endpoint_url, is_built_of_its_parts)
{
    char host[] = "r.example:5000";
    char root[] = "/v2";
    char other_root[] = "/mirror/v2";
    char no_root[] = "";

    expect_url(host, root, false, TUG__SCHEME_HTTPS, "https://r.example:5000/v2/a/b/manifests/1.0");
    expect_url(host, other_root, false, TUG__SCHEME_HTTP,
               "http://r.example:5000/mirror/v2/a/b/manifests/1.0");
    expect_url(host, no_root, true, TUG__SCHEME_UNKNOWN,
               "https://r.example:5000/a/b/manifests/1.0?ns=%5B%3A%3A1%5D%3A80");
}

Test(registry_endpoint_url, that_does_not_fit_is_refused)
{
    char path[TUG__URL_MAX];
    char host[] = "r.example";
    const struct tug__endpoint_config config = {.host = host, .path = path};
    const struct tug__endpoint endpoint = {.config = &config, .registry_host = "r.example"};
    const struct tug__resource resource = {"a", "blobs", "1"};
    char url[TUG__URL_MAX];

    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    cr_assert_not(tug__endpoint_url(url, &endpoint, TUG__SCHEME_HTTPS, &resource));
}

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
    const struct tug__resource resource = {"a/b", "manifests", "1.0", NULL};
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

/* A page of a list; what a mirror has put into its link is not put there again. */
static void expect_page(const char *query, const char *expected)
{
    char host[] = "m.example";
    char root[] = "/v2";
    const struct tug__endpoint_config config = {.host = host, .path = root, .needs_ns = true};
    const struct tug__endpoint endpoint = {.config = &config, .registry_host = "r.example"};
    const struct tug__resource resource = {"a", "tags", "list", query};
    char url[TUG__URL_MAX];

    cr_assert(tug__endpoint_url(url, &endpoint, TUG__SCHEME_HTTPS, &resource));
    cr_assert_str_eq(url, expected);
}

Test(registry_endpoint_url, pages_of_a_list)
{
    expect_page("", "https://m.example/v2/a/tags/list?ns=r.example");
    expect_page("n=2", "https://m.example/v2/a/tags/list?n=2&ns=r.example");
    expect_page("n=2&ns=r.example", "https://m.example/v2/a/tags/list?n=2&ns=r.example");
    expect_page("ns=x&n=2", "https://m.example/v2/a/tags/list?ns=x&n=2");
    expect_page("last=ns=", "https://m.example/v2/a/tags/list?last=ns=&ns=r.example");
}

Test(registry_endpoint_url, that_does_not_fit_is_refused)
{
    char path[TUG__URL_MAX];
    char host[] = "r.example";
    const struct tug__endpoint_config config = {.host = host, .path = path};
    const struct tug__endpoint endpoint = {.config = &config, .registry_host = "r.example"};
    const struct tug__resource resource = {"a", "blobs", "1", NULL};
    char url[TUG__URL_MAX];

    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    cr_assert_not(tug__endpoint_url(url, &endpoint, TUG__SCHEME_HTTPS, &resource));
}

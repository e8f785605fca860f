/* SPDX-License-Identifier: Apache-2.0
 *
 * Links to the next page of a list, and how many are followed (T-19).
 */
#include "registry/page.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#define URL "https://r.example/v2/a/b/tags/list?n=2"

static const struct tug__resource resource = {"a/b", "tags", "list", "n=2"};

static void expect(const char *link, const char *query)
{
    char found[TUG__PAGE_QUERY_MAX] = "";
    struct tug_error err = {0};

    cr_assert_eq(tug__page_next(link, URL, &resource, found, &err), TUG_OK, "'%s': %s", link,
                 err.message);
    cr_assert_str_eq(found, query, "'%s': '%s'", link, found);
}

static void refuse(const char *link, const char *why)
{
    char found[TUG__PAGE_QUERY_MAX] = "untouched";
    struct tug_error err = {0};

    cr_assert_eq(tug__page_next(link, URL, &resource, found, &err), TUG_ERR_CONTENT, "'%s'", link);
    cr_assert_not_null(strstr(err.message, why), "'%s': %s", link, err.message);
    cr_assert_str_eq(found, "untouched");
}

Test(registry_page, links)
{
    expect("</v2/a/b/tags/list?n=2&last=x>; rel=\"next\"", "n=2&last=x");
    expect("</v2/a/b/tags/list?last=x>;rel=next", "last=x");
    expect("<https://r.example/v2/a/b/tags/list?last=x>; REL=\"Next\"", "last=x");
    expect("<https://R.example:443/v2/a/b/tags/list?last=x>; rel=\"prev next\"", "last=x");
    expect("<?last=x>; rel=next", "last=x");
    expect("<>; rel=next", "n=2"); /* this page again */
    expect("<list?last=x>; rel=next", "last=x");
    expect("<../tags/list?last=x#y>; rel=next", "last=x");
    expect("</other>; rel=first, </v2/a/b/tags/list?last=x>; title=\"a;b,c\" ; rel=\"next\"",
           "last=x");
    expect("</artifactory/api/docker/v2/a/b/tags/list?last=x>; rel=next", "last=x");
    expect("</a/b/tags/list?next_page=gAAA%3D%3D>; rel=next", "next_page=gAAA%3D%3D");
    expect("", "");
    expect(" , ", "");
    expect("</x>; rel=first", "");
    expect("</x>", "");
    expect("</x>; rel=prev; rel=next", "");
    expect("</x>; rel=nextish, </y>; rel=\"not next-ish\"", "");
}

Test(registry_page, t19_links_that_are_refused)
{
    char longer[TUG__PAGE_QUERY_MAX + 64];

    refuse("<http://evil.example/v2/a/b/tags/list?last=x>; rel=next", "another server");
    refuse("<//evil.example/v2/a/b/tags/list?last=x>; rel=next", "another server");
    refuse("<http://r.example/v2/a/b/tags/list?last=x>; rel=next", "another server");
    refuse("<https://r.example:444/v2/a/b/tags/list?last=x>; rel=next", "another server");
    refuse("<https://me:secret@r.example/v2/a/b/tags/list?x>; rel=next", "not a usable URL");
    refuse("<file:///etc/passwd?x>; rel=next", "not a usable URL");
    refuse("</v2/a/c/tags/list?last=x>; rel=next", "another list");
    refuse("</v2/xa/b/tags/list?last=x>; rel=next", "another list");
    refuse("</v2/a/b/tags/list/../../manifests/1?x>; rel=next", "another list");
    refuse("</token?x>; rel=next", "another list");
    refuse("</v2/a/b/tags/list>; rel=next", "names no page");
    refuse("</v2/a/b/tags/list?>; rel=next", "names no page");
    refuse("</v2/a/b/tags/list?a b>; rel=next", "not a usable URL");
    refuse("/v2/a/b/tags/list?last=x; rel=next", "malformed");
    refuse("</v2/a/b/tags/list?last=x; rel=next", "malformed");
    refuse("</x?y>; rel=\"next", "malformed");
    refuse("</x?y> rel=next", "malformed");
    refuse("\x1b[31m", "malformed");
    (void)snprintf(longer, sizeof longer, "<?%*s>; rel=next", TUG__PAGE_QUERY_MAX, "x");
    for (char *at = strchr(longer, ' '); at < strchr(longer, '>'); at++) {
        *at = 'x';
    }
    refuse(longer, "too long");
}

static enum tug_status take(struct tug__pages *pages, size_t items, unsigned next)
{
    char query[32] = "";

    if (next > 0) {
        (void)snprintf(query, sizeof query, "last=%u", next);
    }
    return tug__pages_take(pages, items, query, NULL);
}

Test(registry_page, t19_pages_that_do_not_end)
{
    struct tug__pages pages = {.max_pages = 100, .max_items = 1000, .max_barren = 2};

    for (unsigned i = 1; i < 100; i++) {
        cr_assert_eq(take(&pages, 1, i), TUG_OK);
    }
    cr_assert_eq(take(&pages, 1, 0), TUG_OK);
    cr_assert_eq(take(&pages, 1, 100), TUG_ERR_TOO_LARGE);
    tug__pages_clear(&pages);

    cr_assert_eq(take(&pages, 1000, 1), TUG_OK);
    cr_assert_eq(take(&pages, 1, 0), TUG_ERR_TOO_LARGE);
    tug__pages_clear(&pages);

    for (unsigned i = 1; i < 50; i++) {
        cr_assert_eq(take(&pages, 1, i), TUG_OK);
    }
    cr_assert_eq(take(&pages, 1, 49), TUG_ERR_CONTENT, "a link to itself");
    cr_assert_eq(take(&pages, 1, 1), TUG_ERR_CONTENT, "a loop");
    tug__pages_clear(&pages);

    cr_assert_eq(take(&pages, 0, 1), TUG_OK);
    cr_assert_eq(take(&pages, 0, 2), TUG_OK);
    cr_assert_eq(take(&pages, 1, 3), TUG_OK);
    cr_assert_eq(take(&pages, 0, 4), TUG_OK);
    cr_assert_eq(take(&pages, 0, 5), TUG_OK);
    cr_assert_eq(take(&pages, 0, 6), TUG_ERR_CONTENT);
    tug__pages_clear(&pages);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The platforms of an entry grow with each fetch of the same root.
 */
#include "index/internal.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static void expect(const char *old, const char *new, const char *expected)
{
    char *text = NULL;

    cr_assert_eq(tug__index_platforms_join(old, new, &text, NULL), TUG_OK);
    if (expected == NULL) {
        cr_assert_null(text);
    } else {
        cr_assert_not_null(text);
        cr_assert_str_eq(text, expected);
    }
    free(text);
}

Test(index_platforms, are_a_set)
{
    expect(NULL, NULL, NULL);
    expect(NULL, "linux/amd64", "linux/amd64");
    expect("linux/amd64", NULL, "linux/amd64");
    expect("linux/amd64", "linux/amd64", "linux/amd64");
    expect("linux/amd64", "linux/arm64", "linux/amd64 linux/arm64");
    expect("linux/amd64 linux/arm64", "linux/arm64 linux/arm", "linux/amd64 linux/arm64 linux/arm");
    expect("linux/arm64", "linux/arm", "linux/arm64 linux/arm");
    expect("", "linux/arm", "linux/arm");
}

Test(index_platforms, all_and_none)
{
    expect("all", "linux/amd64", "all");
    expect("linux/amd64", "all", "all");
    expect("none", "linux/amd64", "linux/amd64");
    expect("linux/amd64", "none", "linux/amd64");
    expect("none", "none", "none");
    expect("none", NULL, NULL);
    expect("none", "all", "all");
}

Test(index_platforms, a_set_without_end_is_all)
{
    char set[5000];

    memset(set, 'a', sizeof set - 1);
    set[sizeof set - 1] = '\0';
    expect(set, "linux/amd64", "all");
}

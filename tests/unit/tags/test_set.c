/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tags are wanted, and their order.
 */
#include "tags/set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct tug_tags_options options;
static struct tug__version_range range;

/* Add names separated by blanks; each page ends with a '|'. */
static void add(struct tug__tag_set *set, const char *names)
{
    const struct tug__tag_wish wish = {.options = &options,
                                       .range = options.range != NULL ? &range : NULL};
    char *const copy = strdup(names);
    char *rest = copy;
    char *page;

    if (options.range != NULL) {
        cr_assert_eq(tug__version_range_parse(options.range, &range, NULL), TUG_OK);
    }
    while ((page = strsep(&rest, "|")) != NULL) {
        const size_t length = strlen(page);

        for (char *at = page; *at != '\0'; at++) {
            *at = (char)(*at == ' ' ? '\0' : *at);
        }
        cr_assert_eq(tug__tag_set_add(set, &wish, page, length > 0 ? length + 1 : 0, NULL), TUG_OK);
    }
    tug__tag_set_finish(set, &wish);
    free(copy);
}

static void expect(const char *names, const char *expected)
{
    struct tug__tag_set set = {0};
    char found[512] = "";

    add(&set, names);
    for (size_t i = 0; i < set.count; i++) {
        const size_t length = strlen(found);

        (void)snprintf(found + length, sizeof found - length, "%s%s", i > 0 ? " " : "",
                       set.tags[i].name);
    }
    cr_assert_str_eq(found, expected);
    cr_assert_eq(set.foreign_count, 0);
    tug__tag_set_fini(&set);
    options = (struct tug_tags_options)TUG_TAGS_OPTIONS_INIT;
}

Test(tag_set, versions_then_the_rest)
{
    options = (struct tug_tags_options)TUG_TAGS_OPTIONS_INIT;
    expect("latest 1.10 1.9 v1.9.5 1.10-rc2 1.10-rc10 edge 2 Main",
           "1.9 v1.9.5 1.10-rc2 1.10-rc10 1.10 2 Main edge latest");
    expect("1.0 1 1.0.0 v1", "1 1.0 1.0.0 v1");
    expect("", "");
}

Test(tag_set, each_once)
{
    options = (struct tug_tags_options)TUG_TAGS_OPTIONS_INIT;
    expect("1 2 2|2 3 a|a 1", "1 2 3 a");
}

Test(tag_set, patterns)
{
    static const char *const match[] = {"1.*", "v[0-9]*"};
    static const char *const exclude[] = {"*-rc*", "?.?.0"};

    options = (struct tug_tags_options)TUG_TAGS_OPTIONS_INIT;
    options.match = match;
    options.match_count = 2;
    expect("1.2 1.2.0 2.1 v3 vx latest 1.3-rc1", "1.2 1.2.0 1.3-rc1 v3");
    options.exclude = exclude;
    options.exclude_count = 2;
    expect("1.2 1.2.0 2.1.0 v3 3.4 1.3-rc1", "1.2 v3 3.4");
    options.match = match;
    options.match_count = 2;
    options.exclude = exclude;
    options.exclude_count = 2;
    expect("1.2 1.2.0 2.1 v3 1.3-rc1", "1.2 v3");
}

Test(tag_set, versions_in_a_range)
{
    options = (struct tug_tags_options)TUG_TAGS_OPTIONS_INIT;
    options.range = ">=1.2, <2";
    expect("1.1 1.2 1.10 1.9-rc1 2 latest v1.5", "1.2 v1.5 1.10");
    options.range = ">=1.2, <2";
    options.newest = 2;
    expect("1.1 1.2 1.10 1.9-rc1 2 latest v1.5", "v1.5 1.10");
}

Test(tag_set, the_newest)
{
    options = (struct tug_tags_options)TUG_TAGS_OPTIONS_INIT;
    options.newest = 2;
    expect("latest zzz 1.2 1.10 1.9 1.10", "1.9 1.10");
    options.newest = 9;
    expect("latest zzz 1.2 1.10 1.9", "1.2 1.9 1.10");
}

/* What a registry calls a tag ends up in references, on terminals and in scripts. */
Test(tag_set, names_that_are_no_tags)
{
    static const char names[] = "1\0-x\0../../etc\0a b\0\0a\nb\0\x1b[2J\0tag\\u002e\0a@b\0a:b\0"
                                "2\0\xc3\xa4";
    char longest[131];
    struct tug__tag_set set = {0};

    options = (struct tug_tags_options)TUG_TAGS_OPTIONS_INIT;
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    cr_assert_eq(tug__tag_set_add(&set, &(struct tug__tag_wish){.options = &options}, names,
                                  sizeof names, NULL),
                 TUG_OK);
    cr_assert_eq(tug__tag_set_add(&set, &(struct tug__tag_wish){.options = &options}, longest,
                                  sizeof longest, NULL),
                 TUG_OK);
    cr_assert_eq(set.count, 2);
    cr_assert_str_eq(set.tags[0].name, "1");
    cr_assert_str_eq(set.tags[1].name, "2");
    cr_assert_eq(set.foreign_count, 11);
    cr_assert_str_eq(set.foreign, "-x");
    tug__tag_set_fini(&set);
}

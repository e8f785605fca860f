/* SPDX-License-Identifier: Apache-2.0
 *
 * Which entries of an index are chosen.
 */
#include "plan/plan.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#define ENTRIES_MAX 8

struct index {
    struct tug__descriptor entries[ENTRIES_MAX];
    size_t count;
    enum tug__want wants[ENTRIES_MAX];
    size_t best[ENTRIES_MAX];
};

static struct tug_platform platform(const char *text)
{
    struct tug_platform parsed;

    cr_assert_eq(tug_platform_parse(text, &parsed, NULL), TUG_OK, "'%s'", text);
    return parsed;
}

/* Make an index; "" is an entry without platform. The list ends with NULL. */
static struct index make_index(const char *const *platforms)
{
    struct index index = {0};

    for (; *platforms != NULL; platforms++) {
        struct tug__descriptor *const entry = &index.entries[index.count];

        if (strcmp(*platforms, "unknown/unknown") == 0) {
            entry->has_platform = true;
            (void)strcpy(entry->platform.os, "unknown");
            (void)strcpy(entry->platform.architecture, "unknown");
        } else if (**platforms != '\0') {
            entry->has_platform = true;
            entry->platform = platform(*platforms);
        }
        index.wants[index.count] = (enum tug__want)99;
        index.best[index.count] = 99;
        index.count++;
    }
    return index;
}

static enum tug_status choose(struct index *index, const struct tug__wish *wish,
                              struct tug_error *err)
{
    return tug__plan_select(wish, index->entries, index->count, index->wants, index->best, err);
}

/* Choose one platform and compare: 'A' all, 'M' metadata, '-' nothing. */
static void expect_wants(struct index *index, const struct tug__wish *wish, const char *expected)
{
    struct tug_error err = {0};
    char wants[ENTRIES_MAX + 1] = "";

    cr_assert_eq(choose(index, wish, &err), TUG_OK, "%s", err.message);
    for (size_t i = 0; i < index->count; i++) {
        wants[i] = index->wants[i] == TUG__WANT_ALL        ? 'A'
                   : index->wants[i] == TUG__WANT_METADATA ? 'M'
                   : index->wants[i] == TUG__WANT_NOTHING  ? '-'
                                                           : '?';
    }
    cr_assert_str_eq(wants, expected);
}

static const char *const common[] = {"linux/arm64",     "linux/amd64", "linux/arm/v6",
                                     "linux/arm/v7",    "linux/amd64", "windows/amd64",
                                     "unknown/unknown", NULL};

Test(pipeline_plan, chooses_the_first_of_equals)
{
    struct index index = make_index(common);
    const struct tug_platform wanted = platform("linux/amd64");

    expect_wants(&index, &(struct tug__wish){.platforms = &wanted, .platform_count = 1}, "-A-----");
    cr_assert_eq(index.best[0], 1);
}

Test(pipeline_plan, chooses_the_best_variant)
{
    struct index index = make_index(common);
    const struct tug_platform wanted[] = {platform("linux/arm/v7"), platform("linux/arm/v6")};

    expect_wants(&index, &(struct tug__wish){.platforms = wanted, .platform_count = 1}, "---A---");
    expect_wants(&index, &(struct tug__wish){.platforms = wanted, .platform_count = 2}, "--AA---");
    cr_assert_eq(index.best[0], 3);
    cr_assert_eq(index.best[1], 2);
}

Test(pipeline_plan, several_wishes_may_share_an_entry)
{
    static const char *const small[] = {"linux/arm/v6", NULL};
    struct index index = make_index(small);
    const struct tug_platform wanted[] = {platform("linux/arm/v7"), platform("linux/arm/v6")};

    expect_wants(&index, &(struct tug__wish){.platforms = wanted, .platform_count = 2}, "A");
    cr_assert_eq(index.best[0], 0);
    cr_assert_eq(index.best[1], 0);
}

Test(pipeline_plan, all_platforms_are_all_entries)
{
    struct index index = make_index(common);

    expect_wants(&index, &(struct tug__wish){.all_platforms = true}, "AAAAAAA");
    expect_wants(&index, &(struct tug__wish){.all_platforms = true, .metadata_only = true},
                 "MMMMMMM");
}

Test(pipeline_plan, metadata_of_the_rest)
{
    struct index index = make_index(common);
    const struct tug_platform wanted = platform("linux/arm64");

    expect_wants(
        &index,
        &(struct tug__wish){.platforms = &wanted, .platform_count = 1, .all_metadata = true},
        "AMMMMMM");
    expect_wants(
        &index,
        &(struct tug__wish){.platforms = &wanted, .platform_count = 1, .metadata_only = true},
        "M------");
}

Test(pipeline_plan, entries_without_platform_are_always_chosen)
{
    static const char *const mixed[] = {"", "linux/amd64", "", NULL};
    struct index index = make_index(mixed);
    const struct tug_platform there = platform("linux/amd64");
    const struct tug_platform missing = platform("linux/s390x");

    expect_wants(&index, &(struct tug__wish){.platforms = &there, .platform_count = 1}, "AAA");
    cr_assert_eq(index.best[0], 1);
    expect_wants(&index, &(struct tug__wish){.platforms = &missing, .platform_count = 1}, "A-A");
    cr_assert_eq(index.best[0], 3, "only an entry without platform can serve it");
}

Test(pipeline_plan, a_missing_platform_is_told_with_those_there)
{
    struct index index = make_index(common);
    const struct tug_platform wanted[] = {platform("linux/amd64"), platform("linux/s390x")};
    struct tug_error err = {0};

    cr_assert_eq(
        choose(&index, &(struct tug__wish){.platforms = wanted, .platform_count = 2}, &err),
        TUG_ERR_NOT_FOUND);
    cr_assert_not_null(strstr(err.message, "linux/s390x"));
    cr_assert_not_null(strstr(err.message, "linux/arm64, linux/amd64, linux/arm/v6, linux/arm"));
    cr_assert_not_null(strstr(err.message, "windows/amd64"));
    cr_assert_null(strstr(err.message, "unknown"));
}

Test(pipeline_plan, an_empty_index_has_none)
{
    static const char *const empty[] = {NULL};
    static const char *const attestation[] = {"unknown/unknown", NULL};
    const struct tug_platform wanted = platform("linux/amd64");
    const struct tug__wish wish = {.platforms = &wanted, .platform_count = 1};
    struct index index = make_index(empty);
    struct tug_error err = {0};

    cr_assert_eq(choose(&index, &wish, &err), TUG_ERR_NOT_FOUND);
    cr_assert_not_null(strstr(err.message, "none"), "%s", err.message);
    index = make_index(attestation);
    cr_assert_eq(choose(&index, &wish, &err), TUG_ERR_NOT_FOUND);
    cr_assert_eq(choose(&index, &wish, NULL), TUG_ERR_NOT_FOUND);
}

/* Choose one platform and compare what is passed over; NULL: nothing. */
static void expect_passed_over(const char *const *offered, const char *wanted_text,
                               const char *expected)
{
    struct index index = make_index(offered);
    const struct tug_platform wanted = platform(wanted_text);
    char list[TUG__PLAN_VERSIONS_MAX] = "?";
    bool has_any;

    cr_assert_eq(
        choose(&index, &(struct tug__wish){.platforms = &wanted, .platform_count = 1}, NULL),
        TUG_OK);
    has_any = tug__plan_passed_over(&wanted, index.entries, index.count, index.wants, index.best[0],
                                    list);
    cr_assert_eq(has_any, *expected != '\0');
    cr_assert_str_eq(list, expected);
}

Test(pipeline_plan, f49_versions_that_are_passed_over)
{
    static const char *const windows[] = {"windows(10.0.17763.1)/amd64",
                                          "windows(10.0.20348.2)/amd64",
                                          "linux/amd64",
                                          "windows(10.0.20348.2)/amd64",
                                          "windows(10.0.20348.22)/amd64",
                                          "windows(10.0.26100.3)/arm64",
                                          "",
                                          NULL};

    expect_passed_over(windows, "windows/amd64", "10.0.20348.2, 10.0.20348.22");
    expect_passed_over(windows, "windows(10.0.20348)/amd64", "10.0.20348.22");
    expect_passed_over(windows, "windows(10.0.20348.2)/amd64", "");
    expect_passed_over(windows, "windows/arm64", "");
    expect_passed_over(windows, "linux/amd64", "");
    expect_passed_over(windows, "linux/s390x", "");
}

/* What is wanted for another reason is not passed over. */
Test(pipeline_plan, f49_versions_that_are_wanted_too)
{
    static const char *const windows[] = {"windows(1)/amd64", "windows(2)/amd64", NULL};
    const struct tug_platform wanted[] = {platform("windows/amd64"), platform("windows(2)/amd64")};
    struct index index = make_index(windows);
    char list[TUG__PLAN_VERSIONS_MAX];

    expect_wants(&index, &(struct tug__wish){.platforms = wanted, .platform_count = 2}, "AA");
    cr_assert_not(tug__plan_passed_over(&wanted[0], index.entries, index.count, index.wants,
                                        index.best[0], list));
}

Test(pipeline_plan, f49_long_lists_are_cut)
{
    static struct tug__descriptor entries[200];
    static enum tug__want wants[200];
    const struct tug_platform wanted = platform("windows/amd64");
    const struct tug__wish wish = {.platforms = &wanted, .platform_count = 1};
    char list[TUG__PLAN_VERSIONS_MAX];
    size_t best = 0;

    for (size_t i = 0; i < 200; i++) {
        entries[i].has_platform = true;
        entries[i].platform = wanted;
        (void)snprintf(entries[i].platform.os_version, TUG_PLATFORM_FIELD_MAX, "10.0.%zu", i);
    }
    cr_assert_eq(tug__plan_select(&wish, entries, 200, wants, &best, NULL), TUG_OK);
    cr_assert(tug__plan_passed_over(&wanted, entries, 200, wants, best, list));
    cr_assert_not_null(strstr(list, ", ..."));
}

/* A long list of platforms is cut, not overrun. */
Test(pipeline_plan, long_lists_are_cut)
{
    static struct tug__descriptor entries[1500];
    static enum tug__want wants[1500];
    const struct tug_platform wanted = platform("linux/amd64");
    const struct tug__wish wish = {.platforms = &wanted, .platform_count = 1};
    struct tug_error err = {0};
    size_t best = 0;

    for (size_t i = 0; i < 1500; i++) {
        entries[i].has_platform = true;
        (void)strcpy(entries[i].platform.os, "plan9");
        (void)snprintf(entries[i].platform.architecture, TUG_PLATFORM_FIELD_MAX,
                       "architecture-with-a-rather-long-name-%zu", i);
    }
    cr_assert_eq(tug__plan_select(&wish, entries, 1500, wants, &best, &err), TUG_ERR_NOT_FOUND);
    cr_assert_not_null(strstr(err.message, ", ..."));
    cr_assert_lt(strlen(err.message), 600);
}

Test(pipeline_plan, f48_metadata_of_all_platforms_unless_some_are_asked_for)
{
    const struct tug_platform host = platform("linux/amd64");
    const struct tug_platform other = platform("linux/arm64");
    const struct tug_reference_options own = {.platforms = &other, .platform_count = 1};
    const struct tug_reference_options all = {.all_platforms = true};
    struct tug__wish run = {
        .platforms = &host, .platform_count = 1, .is_default = true, .metadata_only = true};

    cr_assert(tug__wish_of(&run, NULL).all_platforms);
    cr_assert(tug__wish_of(&run, &all).all_platforms);
    cr_assert_not(tug__wish_of(&run, &own).all_platforms);
    cr_assert_eq(tug__wish_of(&run, &own).platforms, &other);
    cr_assert_not(tug__wish_of(&run, &own).is_default);
    run.is_default = false;
    cr_assert_not(tug__wish_of(&run, NULL).all_platforms);
    run.is_default = true;
    run.metadata_only = false;
    cr_assert_not(tug__wish_of(&run, NULL).all_platforms);
}

Test(pipeline_plan, f45_a_reference_may_want_metadata)
{
    const struct tug_platform host = platform("linux/amd64");
    const struct tug__wish run = {.platforms = &host, .platform_count = 1, .is_default = true};
    const struct tug_reference_options only = {.metadata_only = true};
    const struct tug_reference_options all = {.all_metadata = true};

    cr_assert(tug__wish_of(&run, &only).metadata_only);
    cr_assert(tug__wish_of(&run, &only).all_platforms);
    cr_assert(tug__wish_of(&run, &all).all_metadata);
    cr_assert_not(tug__wish_of(&run, &all).all_platforms);
    cr_assert_not(tug__wish_of(&run, NULL).metadata_only);
}

/* A single image has to fit every platform that was asked for. */
Test(pipeline_plan, a_single_image)
{
    const struct tug_platform wanted[] = {platform("linux/amd64"), platform("linux/386")};
    const struct tug_platform arm = platform("linux/arm64");
    struct tug__wish wish = {.platforms = wanted, .platform_count = 1};
    struct tug_error error = {0};

    cr_assert_eq(tug__plan_check(&wish, &wanted[0], &error), TUG_OK);
    cr_assert_eq(tug__plan_check(&wish, &wanted[1], &error), TUG_OK, "amd64 runs it");
    wish.platform_count = 2;
    cr_assert_eq(tug__plan_check(&wish, &wanted[0], &error), TUG_ERR_NOT_FOUND);
    cr_assert_str_eq(error.message, "platform linux/386 not found; the image is for linux/amd64");
    cr_assert_eq(tug__plan_check(&wish, &arm, &error), TUG_ERR_NOT_FOUND);
    wish.all_platforms = true;
    cr_assert_eq(tug__plan_check(&wish, &arm, &error), TUG_OK);
}

/* Without type and platform an entry may be anything. */
Test(pipeline_plan, may_be_index)
{
    char no_type[] = "";
    char type[] = "a/b";
    struct tug__descriptor entry = {.media_type = no_type};

    cr_assert(tug__plan_may_be_index(&entry));
    entry.has_platform = true;
    cr_assert_not(tug__plan_may_be_index(&entry));
    entry.media_type = type;
    entry.has_platform = false;
    cr_assert_not(tug__plan_may_be_index(&entry));
    entry.kind = TUG__MEDIA_INDEX;
    cr_assert(tug__plan_may_be_index(&entry));
}

Test(pipeline_plan, platform_as_root)
{
    const struct tug_platform platforms[] = {platform("linux/amd64"), platform("linux/arm64")};
    struct tug__wish wish = {.platforms = platforms, .platform_count = 1, .platform_root = true};

    cr_assert_eq(tug__wish_check(&wish, NULL), TUG_OK);
    wish.all_metadata = true;
    cr_assert_eq(tug__wish_check(&wish, NULL), TUG_ERR_INVALID_ARGUMENT);
    wish.all_metadata = false;
    wish.platform_count = 2;
    cr_assert_eq(tug__wish_check(&wish, NULL), TUG_ERR_INVALID_ARGUMENT);
    wish.platform_root = false;
    cr_assert_eq(tug__wish_check(&wish, NULL), TUG_OK);
}

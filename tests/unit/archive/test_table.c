/* SPDX-License-Identifier: Apache-2.0
 *
 * Members by name, and by way of links.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "archive/limits.h"
#include "archive/table.h"

static void add(struct tug__table *table, const char *name, const char *target, uint64_t size)
{
    const struct tug__part part = {.size_bytes = size};

    cr_assert_eq(tug__table_add(table, name, target, &part, NULL), TUG_OK);
}

/* Returns: the size of what is found; 0: nothing. */
static uint64_t find(struct tug__table *table, const char *name)
{
    struct tug__part part = {0};

    return tug__table_find(table, name, &part, NULL) == TUG_OK ? part.size_bytes : 0;
}

Test(archive_table, content_is_found_by_way_of_links)
{
    struct tug__table table = {0};

    add(&table, "id2/layer.tar", "id1/layer.tar", 0);
    add(&table, "id1/layer.tar", "hex.tar", 0);
    add(&table, "hex.tar", NULL, 7);
    cr_assert_eq(find(&table, "id2/layer.tar"), 7);
    cr_assert_eq(find(&table, "hex.tar"), 7);
    cr_assert_eq(find(&table, "hex"), 0);
    cr_assert_eq(find(&table, ""), 0);
    add(&table, "more.tar", NULL, 9); /* after a search */
    cr_assert_eq(find(&table, "more.tar"), 9);
    tug__table_fini(&table);
}

Test(archive_table, the_last_member_of_a_name_counts)
{
    struct tug__table table = {0};

    for (uint64_t i = 1; i <= 100; i++) {
        add(&table, i % 2 == 0 ? "even" : "odd", NULL, i);
    }
    cr_assert_eq(find(&table, "even"), 100);
    cr_assert_eq(find(&table, "odd"), 99);
    tug__table_fini(&table);
}

Test(archive_table, t35_links_in_a_circle_lead_nowhere)
{
    struct tug__table table = {0};
    struct tug_error error = {0};
    struct tug__part part;

    add(&table, "a", "b", 0);
    add(&table, "b", "a", 0);
    add(&table, "c", "c", 0);
    add(&table, "d", "nothing", 0);
    cr_assert_eq(tug__table_find(&table, "a", &part, &error), TUG_ERR_CONTENT);
    cr_assert_eq(tug__table_find(&table, "c", &part, &error), TUG_ERR_CONTENT);
    cr_assert_eq(tug__table_find(&table, "d", &part, &error), TUG_ERR_CONTENT);
    cr_assert_str_eq(error.message, "the archive lacks 'nothing'");
    tug__table_fini(&table);
}

Test(archive_table, t35_names_have_a_limit)
{
    struct tug__table table = {0};
    char name[TUG__ARCHIVE_NAME_MAX];
    enum tug_status status = TUG_OK;
    size_t count = 0;

    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    while (status == TUG_OK && count < 100000) {
        status = tug__table_add(&table, name, NULL, NULL, NULL);
        count++;
    }
    cr_assert_eq(status, TUG_ERR_TOO_LARGE);
    cr_assert_leq(table.name_bytes, TUG__ARCHIVE_NAMES_MAX + TUG__ARCHIVE_NAME_MAX);
    tug__table_fini(&table);
}

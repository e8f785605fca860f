/* SPDX-License-Identifier: Apache-2.0
 *
 * Aligned columns.
 */
#include "display/table.h"

#include <string.h>

#include <criterion/criterion.h>

static const struct table_column columns[] = {{"NAME", false}, {"SIZE", true}, {"WHO", false}};

static void begin(struct table *table, struct text *out)
{
    *out = (struct text){0};
    table_begin(table, columns, 3, out);
}

static void expect(struct table *table, struct text *out, const char *expected)
{
    table_end(table);
    cr_assert_str_eq(out->data, expected);
    text_fini(out);
}

Test(display_table, columns_are_aligned)
{
    struct table table;
    struct text out;

    begin(&table, &out);
    table_cell(&table, "a");
    table_size(&table, 1536, false);
    table_cell(&table, "process 1 (x)");
    table_cell(&table, "longer");
    table_size(&table, 7, true);
    table_cell(&table, NULL);
    expect(&table, &out,
           "NAME      SIZE  WHO\n"
           "a       1.5KiB  process 1 (x)\n"
           "longer       7  -\n");
}

Test(display_table, without_rows_there_are_titles)
{
    struct table table;
    struct text out;

    begin(&table, &out);
    expect(&table, &out, "NAME  SIZE  WHO\n");
}

Test(display_table, cells_are_escaped_and_counted_in_characters)
{
    struct table table;
    struct text out;

    begin(&table, &out);
    table_cell(&table, "\033[1m");
    table_age(&table, 90);
    table_cell(&table, "");
    table_cell(&table, "\xc3\xa4\xc3\xb6\xc3\xbc");
    table_age(&table, -3);
    table_cell(&table, "b");
    expect(&table, &out,
           "NAME     SIZE  WHO\n"
           "\\x1b[1m    1m  -\n"
           "\xc3\xa4\xc3\xb6\xc3\xbc        0s  b\n");
}

/* Rows go out while the table is filled, and a column may become wider then. */
Test(display_table, memory_does_not_grow_with_the_rows)
{
    struct table table;
    struct text out;
    size_t longest = 0;
    size_t lines = 0;

    begin(&table, &out);
    for (unsigned i = 0; i < 10000; i++) {
        table_cell(&table, i < 5000 ? "name" : "a longer name");
        table_size(&table, i, true);
        table_cell(&table, "x");
        longest = out.length > longest ? out.length : longest;
        for (const char *at = out.data; out.length > 0 && (at = strchr(at, '\n')) != NULL; at++) {
            lines++;
        }
        text_clear(&out);
    }
    cr_assert_lt(table.cells.capacity, 64 * 1024);
    cr_assert_lt(longest, 64 * 1024);
    table_end(&table);
    for (const char *at = out.data; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    cr_assert_eq(lines, 10001);
    cr_assert_not_null(strstr(out.data, "a longer name  9999  x\n"));
    text_fini(&out);
}

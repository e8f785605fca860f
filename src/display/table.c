/* SPDX-License-Identifier: Apache-2.0
 *
 * Write tables.
 *
 * Knows: columns of text. Does not know: what they mean.
 * Threads: one at a time.
 */
#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tug/error.h>

#include "units.h"

/* Longest cell. */
#define CELL_MAX 4096
_Static_assert(CELL_MAX <= UINT16_MAX, "a table notes lengths in 16 bits");
/* Spaces between columns. */
#define GAP 2

void table_begin(struct table *table, const struct table_column *columns, size_t count,
                 struct text *out)
{
    *table = (struct table){.out = out, .columns = columns, .column_count = count};
    for (size_t i = 0; i < count; i++) {
        table->widths[i] = strlen(columns[i].title);
    }
}

/* Characters of a text that is escaped: each fills a column, as near as a table needs it. */
static size_t count_characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return count;
}

/* Add spaces; printf would take longer than all the rest of a row. */
static void add_spaces(struct text *text, size_t count)
{
    static const char spaces[] = "                                ";

    for (; count >= sizeof spaces; count -= sizeof spaces - 1) {
        text_append(text, spaces, sizeof spaces - 1);
    }
    text_append(text, spaces, count);
}

/* A cell as it is written. */
struct cell {
    const char *text;
    size_t length; /* bytes */
    size_t extent; /* columns */
};

static void print_cell(const struct table *table, size_t column, const struct cell *cell)
{
    struct text *const out = table->out;
    const size_t padding =
        table->widths[column] > cell->extent ? table->widths[column] - cell->extent : 0;
    const bool is_right = table->columns[column].is_right;
    const bool is_last = column + 1 == table->column_count;

    add_spaces(out, is_right ? padding : 0);
    text_append(out, cell->text, cell->length);
    if (is_last) {
        text_append(out, "\n", 1);
    } else {
        add_spaces(out, (is_right ? 0 : padding) + GAP);
    }
}

static void print_header(struct table *table)
{
    for (size_t i = 0; !table->has_header && i < table->column_count; i++) {
        const char *const title = table->columns[i].title;
        const struct cell cell = {title, strlen(title), strlen(title)};

        print_cell(table, i, &cell);
    }
    table->has_header = true;
}

/* Print the rows that have gathered. */
static void print_rows(struct table *table)
{
    const char *at = table->cells.data;

    for (size_t i = 0; i < table->cell_count; i++) {
        size_t *const width = &table->widths[i % table->column_count];

        *width = table->extents[i] > *width ? table->extents[i] : *width;
    }
    print_header(table);
    for (size_t i = 0; i < table->cell_count; i++) {
        const struct cell cell = {at, table->lengths[i], table->extents[i]};

        print_cell(table, i % table->column_count, &cell);
        at += cell.length;
    }
    table->cell_count = 0;
    text_clear(&table->cells);
}

/* Tell whether a text is shown as it is: most are, and a table may have many. */
static bool is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~' || text[i] == '\\') {
            return false;
        }
    }
    return length < CELL_MAX;
}

static void add_cell(struct table *table, const char *text, size_t length, size_t extent)
{
    text_append(&table->cells, text, length);
    table->lengths[table->cell_count] = (uint16_t)length;
    table->extents[table->cell_count++] = (uint16_t)extent;
    table->out->has_failed = table->out->has_failed || table->cells.has_failed;
}

void table_cell(struct table *table, const char *raw)
{
    const char *const shown = raw != NULL && *raw != '\0' ? raw : "-";
    const size_t length = strlen(shown);
    char cell[CELL_MAX];

    if (table->out->has_failed) {
        return;
    }
    if (is_plain(shown, length)) {
        add_cell(table, shown, length, length);
    } else {
        const size_t escaped = tug_text_escape(cell, sizeof cell, shown, length);

        add_cell(table, cell, escaped, count_characters(cell));
    }
    if (table->cell_count == TABLE_ROWS_AT_ONCE * table->column_count && !table->out->has_failed) {
        print_rows(table);
    }
}

void table_size(struct table *table, uint64_t bytes, bool is_exact)
{
    char text[UNITS_TEXT_MAX];
    char *space;

    if (is_exact) {
        (void)snprintf(text, sizeof text, "%" PRIu64, bytes);
        table_cell(table, text);
        return;
    }
    space = strchr(units_format_size((double)bytes, text), ' ');
    if (space != NULL) { /* a cell is one word */
        memmove(space, space + 1, strlen(space));
    }
    table_cell(table, text);
}

void table_age(struct table *table, int64_t seconds)
{
    char text[UNITS_TEXT_MAX];

    table_cell(table, units_format_age(seconds, text));
}

void table_end(struct table *table)
{
    if (!table->out->has_failed) {
        print_rows(table);
    }
    text_fini(&table->cells);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Aligned columns. A table is written while it is filled: the first few hundred rows decide how
 * wide columns are, later ones can only make them wider. So memory does not grow with the table.
 * Threads: one at a time.
 */
#ifndef TUG_DISPLAY_TABLE_H
#define TUG_DISPLAY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define TABLE_COLUMNS_MAX 12
/* Rows that are looked at before they are written. */
#define TABLE_ROWS_AT_ONCE 256

/* One column. Titles are in capitals, as in other tools. */
struct table_column {
    const char *title;
    bool is_right; /* numbers: aligned at their ends */
};

/* A table being printed. Begin with table_begin; the fields are private to table.c. */
struct table {
    struct text *out; /* borrowed */
    const struct table_column *columns;
    size_t column_count;
    struct text cells; /* of the rows that are not written yet, one behind the other */
    size_t cell_count; /* of these rows */
    uint16_t lengths[TABLE_ROWS_AT_ONCE * TABLE_COLUMNS_MAX]; /* of each cell, bytes */
    uint16_t extents[TABLE_ROWS_AT_ONCE * TABLE_COLUMNS_MAX]; /* the columns that it fills */
    size_t widths[TABLE_COLUMNS_MAX];
    bool has_header; /* printed, or not wanted */
};

/* Begin a table. columns: at most TABLE_COLUMNS_MAX, borrowed as long as the table. out: rows are
 * added to it, which the caller may print and empty between two calls; table_end is due. */
void table_begin(struct table *table, const struct table_column *columns, size_t count,
                 struct text *out);
/* Fill the next cell; a row ends with its last column. raw: any text, is escaped; NULL and "" are
 * shown as "-", so that a row always has as many words. Spaces in it would make it several words:
 * that is the caller's business. Without memory, out has failed. */
void table_cell(struct table *table, const char *raw);
/* Fill the next cell with a size: "1.5KiB", or exact, the number of bytes. */
void table_size(struct table *table, uint64_t bytes, bool is_exact);
/* Fill the next cell with an age: "12s", "5m", "3h", "12d", "3y". */
void table_age(struct table *table, int64_t seconds);
/* Add what is left, also the titles of a table without rows; free it. */
void table_end(struct table *table);

#endif

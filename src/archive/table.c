/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of an archive that manifest.json may speak of.
 *
 * Knows: names, parts. Does not know: documents, what the members are for. Threads: its owner's.
 */
#include "archive/table.h"

#include <stdlib.h>
#include <string.h>

#include "archive/limits.h"
#include "base/error.h"
#include "base/str.h"

enum tug_status tug__table_add(struct tug__table *table, const char *name, const char *target,
                               const struct tug__part *part, struct tug_error *err)
{
    struct tug__table_row row = {0};

    table->name_bytes += strlen(name) + (target != NULL ? strlen(target) : 0);
    if (table->name_bytes > TUG__ARCHIVE_NAMES_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "the archive has more than %zu bytes of names",
                         TUG__ARCHIVE_NAMES_MAX);
    }
    if (table->count == table->capacity) {
        const size_t capacity = table->capacity > 0 ? table->capacity * 2 : 64;
        struct tug__table_row *const grown = reallocarray(table->rows, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        table->rows = grown;
        table->capacity = capacity;
    }
    row.name = strdup(name);
    if (row.name == NULL || !tug__text_copy(&row.target, target)) {
        free(row.name);
        return tug__fail_memory(err);
    }
    row.part = part != NULL ? *part : row.part;
    row.position = table->count;
    table->rows[table->count++] = row;
    table->is_sorted = false;
    return TUG_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const struct tug__table_row *const left = a;
    const struct tug__table_row *const right = b;
    const int by_name = strcmp(left->name, right->name);

    return by_name != 0 ? by_name
                        : (left->position > right->position) - (left->position < right->position);
}

/* Find the last row of a name. */
static const struct tug__table_row *find(const struct tug__table *table, const char *name)
{
    size_t low = 0;
    size_t high = table->count;

    while (low < high) { /* to the first one behind those of this name */
        const size_t middle = low + (high - low) / 2;

        if (strcmp(table->rows[middle].name, name) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && strcmp(table->rows[low - 1].name, name) == 0 ? &table->rows[low - 1] : NULL;
}

enum tug_status tug__table_find(struct tug__table *table, const char *name,
                                struct tug__part *out_part, struct tug_error *err)
{
    const char *at = name;

    if (!table->is_sorted && table->count > 0) {
        qsort(table->rows, table->count, sizeof *table->rows, compare_rows);
        table->is_sorted = true;
    }
    for (int links = 0; links <= TUG__ARCHIVE_LINKS_MAX; links++) {
        const struct tug__table_row *const row = find(table, at);

        if (row == NULL) {
            return tug__fail(err, TUG_ERR_CONTENT, "the archive lacks '%.200s'", at);
        }
        if (row->target == NULL) {
            *out_part = row->part;
            return TUG_OK;
        }
        at = row->target;
    }
    return tug__fail(err, TUG_ERR_CONTENT, "the links from '%.200s' lead nowhere", name);
}

void tug__table_fini(struct tug__table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free(table->rows[i].name);
        free(table->rows[i].target);
    }
    free(table->rows);
    *table = (struct tug__table){0};
}

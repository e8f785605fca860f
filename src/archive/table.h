/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of an archive that manifest.json may speak of: content, and links to it.
 * Threads: its owner's. Blocks: no.
 */
#ifndef TUG_ARCHIVE_TABLE_H
#define TUG_ARCHIVE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>

#include "archive/intake.h"

/* One member. */
struct tug__table_row {
    char *name;            /* owned; as tug__member_name gives it */
    char *target;          /* of a link: the member that it means; owned. NULL: it is content */
    struct tug__part part; /* of content */
    size_t position;       /* in the archive */
};

/* All members. All zero: none. Fields are private to table.c. */
struct tug__table {
    struct tug__table_row *rows; /* owned */
    size_t count, capacity;
    size_t name_bytes;
    bool is_sorted;
};

/* Add a member. target: NULL: part is its content. Errors: TUG_ERR_TOO_LARGE (of all names),
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__table_add(struct tug__table *table, const char *name, const char *target,
                               const struct tug__part *part, struct tug_error *err);

/* Find content by a name, by way of links. Of several members of one name the last one counts, as
 * for tar. Errors: TUG_ERR_CONTENT: there is none, or links lead nowhere. */
enum tug_status tug__table_find(struct tug__table *table, const char *name,
                                struct tug__part *out_part, struct tug_error *err);

/* Free it. */
void tug__table_fini(struct tug__table *table);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Which of a repository's tags are wanted, and in what order: decided without I/O.
 * Threads: its owner. Blocks: never.
 */
#ifndef TUG_TAGS_SET_H
#define TUG_TAGS_SET_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>
#include <tug/tags.h>

#include "ref/version.h"

/* What is wanted. All borrowed. */
struct tug__tag_wish {
    const struct tug_tags_options *options;
    const struct tug__version_range *range; /* of options.range, parsed; NULL: none */
};

/* One tag. */
struct tug__tag {
    char *name; /* owned */
    struct tug__version version;
    bool is_version;
};

/* Tags of one repository. All zero is the empty set. */
struct tug__tag_set {
    struct tug__tag *tags; /* owned */
    size_t count;
    size_t capacity;
    size_t foreign_count; /* names that are no tags */
    char foreign[64];     /* the first of them, cut */
};

/* Add those names of a page that are wanted. names: length bytes, each name ends with a NUL.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__tag_set_add(struct tug__tag_set *set, const struct tug__tag_wish *wish,
                                 const char *names, size_t length, struct tug_error *err);

/* Bring the tags into order, each once, and keep the newest, if they alone are wanted. */
void tug__tag_set_finish(struct tug__tag_set *set, const struct tug__tag_wish *wish);

/* Free what it owns; it is empty afterwards. */
void tug__tag_set_fini(struct tug__tag_set *set);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The entries of a list of referrers, collected from its pages and put together as one index.
 * Threads: any; nothing is shared. Blocks: never.
 */
#ifndef TUG_REGISTRY_REFERRER_LIST_H
#define TUG_REGISTRY_REFERRER_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>
#include <tug/oci.h>

#include "base/buf.h"

/* One entry. */
struct tug__referrer {
    struct tug_digest digest; /* first: entries are ordered by it */
    size_t first, length;     /* of its text */
};

/* The entries so far. */
struct tug__referrer_list {
    const char *artifact_type; /* borrowed; the type to keep, besides entries that say none; NULL:
                                  all */
    struct tug__buf text;      /* of the entries, one after the other */
    struct tug__referrer *entries;
    size_t count, capacity;
};

/* Begin. artifact_type: as in the struct. tug__referrer_list_fini is due. */
void tug__referrer_list_init(struct tug__referrer_list *list, const char *artifact_type);
/* Free everything. */
void tug__referrer_list_fini(struct tug__referrer_list *list);
/* Drop the entries. */
void tug__referrer_list_clear(struct tug__referrer_list *list);

/* A page of referrers, which is an index. */
struct tug__referrer_page {
    const char *text; /* length bytes; borrowed */
    size_t length;
    bool is_filtered; /* the registry has left out those of other types */
    size_t count;     /* set by tug__referrer_list_add: entries on the page, kept or not */
};

/* Add the entries of a page.
 * Errors: TUG_ERR_CONTENT (not an index with valid entries), TUG_ERR_UNSUPPORTED (a digest of an
 * unknown algorithm), TUG_ERR_TOO_LARGE (a limit of oci/limits.h), TUG_ERR_NO_MEMORY. */
enum tug_status tug__referrer_list_add(struct tug__referrer_list *list,
                                       struct tug__referrer_page *page, struct tug_error *err);
/* Drop the entries that is_kept returns false for. */
void tug__referrer_list_keep(struct tug__referrer_list *list,
                             bool (*is_kept)(void *context, const struct tug_digest *digest),
                             void *context);
/* Write one index of all entries, ordered by digest, each digest once: the same entries give the
 * same bytes, in whatever order they came. buf: appended to. Errors: TUG_ERR_TOO_LARGE (the limit
 * of buf), TUG_ERR_NO_MEMORY. */
enum tug_status tug__referrer_list_write(struct tug__referrer_list *list, struct tug__buf *buf,
                                         struct tug_error *err);

#endif

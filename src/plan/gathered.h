/* SPDX-License-Identifier: Apache-2.0
 *
 * Results of reading the documents of an image, kept until all of them are read: the entries of its
 * indexes, the configs to compare with them, a manifest that has to wait for its config.
 * Threads: its owner's.
 */
#ifndef TUG_PLAN_GATHERED_H
#define TUG_PLAN_GATHERED_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/document.h"

/* A config whose platform has to be compared with the promised one. */
struct tug__config_check {
    struct tug_digest digest;
    bool is_entry; /* false: the manifest is the root; compare with the wanted platforms */
    struct tug_digest manifest; /* is_entry: compare with its index entries */
    struct tug__config_check *next;
};

/* All zero: empty. */
struct tug__gathered {
    bool is_index;                   /* the root is an index, whose entries must be chosen from */
    struct tug__descriptor *entries; /* of its indexes; owned */
    size_t entry_count, entry_capacity;
    bool has_ordered_entries;         /* by digest */
    struct tug__document held;        /* a root manifest whose config is judged before its layers
                                         are asked for; owned; zero: none */
    struct tug__config_check *checks; /* owned */
};

/* Keep a copy of an index entry. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__gathered_add_entry(struct tug__gathered *gathered,
                                        const struct tug__descriptor *entry, struct tug_error *err);
/* Find the entries of the indexes with a digest. out_count: their number, 0: none. Returns: the
 * first of them. Sorts all entries, so call it only after the choice among them. */
const struct tug__descriptor *tug__gathered_find_entries(struct tug__gathered *gathered,
                                                         const struct tug_digest *digest,
                                                         size_t *out_count);
/* Note a config to compare. manifest: the config's manifest, which is an entry of an index; NULL:
 * compare with the wanted platforms. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__gathered_add_check(struct tug__gathered *gathered,
                                        const struct tug_digest *config,
                                        const struct tug_digest *manifest, struct tug_error *err);
/* Drop the configs, once they are compared. */
void tug__gathered_forget_checks(struct tug__gathered *gathered);
/* Free everything. */
void tug__gathered_fini(struct tug__gathered *gathered);

#endif

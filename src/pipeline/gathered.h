/* SPDX-License-Identifier: Apache-2.0
 *
 * What the documents of an image say, kept until all of them are read: the entries of its indexes,
 * the configs to be compared with them, a manifest that has to wait for its config.
 * Threads: its owner's.
 */
#ifndef TUG_PIPELINE_GATHERED_H
#define TUG_PIPELINE_GATHERED_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/document.h"

/* A config whose platform is to be compared with what was promised. */
struct tug__config_check {
    struct tug_digest digest;
    bool is_entry;              /* false: the manifest is the root, compare with the wish */
    struct tug_digest manifest; /* is_entry: compare with what the indexes say of it */
    struct tug__config_check *next;
};

/* All zero: nothing. */
struct tug__gathered {
    bool is_index;                   /* the root is an index: entries must be chosen */
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
/* The entries that the indexes have for a digest.
 * out_count: of them; 0: none. Returns: the first of them. The entries are put in order for that,
 * so it is for the time after the choice among them. */
const struct tug__descriptor *tug__gathered_find_entries(struct tug__gathered *gathered,
                                                         const struct tug_digest *digest,
                                                         size_t *out_count);
/* Remember to compare a config. manifest: whose config it is, of an index's entry; NULL compares
 * with the wish. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__gathered_add_check(struct tug__gathered *gathered,
                                        const struct tug_digest *config,
                                        const struct tug_digest *manifest, struct tug_error *err);
/* The configs are compared: forget them. */
void tug__gathered_forget_checks(struct tug__gathered *gathered);
/* Forget everything. */
void tug__gathered_fini(struct tug__gathered *gathered);

#endif

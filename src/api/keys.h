/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of a run for signatures: each file is read once, however many references name it.
 * Threads: one at a time.
 */
#ifndef TUG_API_KEYS_H
#define TUG_API_KEYS_H

#include <stddef.h>

#include <tug/error.h>

#include "trust/trust.h"

/* Fields are private to keys.c. All zero: no keys. */
struct tug__run_keys {
    void *by_name;              /* tsearch tree of struct tug__key; owned */
    struct tug__keys run;       /* of all references without keys of their own */
    struct tug__keys **of_refs; /* one per reference, its own or the run's; NULL: none has any */
    size_t capacity;            /* of of_refs */
};

/* Load the run's keys, before any reference is added. Errors: TUG_ERR_CONFIG, TUG_ERR_NO_MEMORY.
 * On failure tug__run_keys_fini is due as well. */
enum tug_status tug__run_keys_load(struct tug__run_keys *keys, const char *const *paths,
                                   size_t count, struct tug_error *err);
/* Note the keys of the reference that is added at a position; it may have failed to be added there
 * before. count: 0: the run's. Errors: as tug__run_keys_load. */
enum tug_status tug__run_keys_add(struct tug__run_keys *keys, size_t position,
                                  const char *const *paths, size_t count, struct tug_error *err);
/* Get the keys of each reference; NULL: none. NULL: no reference has any. Borrowed until the next
 * one is added. */
const struct tug__keys *const *tug__run_keys_get(const struct tug__run_keys *keys);
void tug__run_keys_fini(struct tug__run_keys *keys);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A stop flag that any thread may set and any thread may read.
 */
#ifndef TUG_BASE_CANCEL_H
#define TUG_BASE_CANCEL_H

#include <stdatomic.h>
#include <stdbool.h>

/* shared: flag goes from false to true once, or until it is taken; writers: any; readers: any. */
struct tug__cancel {
    atomic_bool is_set;
};

/* Clear the flag, before any thread reads it. */
void tug__cancel_init(struct tug__cancel *cancel);
/* Set the flag. Sleeping threads must be woken by other means (the bell of their queue). */
void tug__cancel_set(struct tug__cancel *cancel);
/* Read the flag and clear it: for flags that count again. Threads: one. */
bool tug__cancel_take(struct tug__cancel *cancel);
/* Read the flag. */
bool tug__cancel_is_set(const struct tug__cancel *cancel);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A stop flag that any thread may set and any thread may look at.
 */
#ifndef TUG_BASE_CANCEL_H
#define TUG_BASE_CANCEL_H

#include <stdatomic.h>
#include <stdbool.h>

/* shared: flag goes from false to true once; writers: any; readers: any. */
struct tug__cancel {
    atomic_bool is_set;
};

/* Clear the flag, before any thread looks at it. */
void tug__cancel_init(struct tug__cancel *cancel);
/* Set the flag. Whoever sleeps must be woken by other means (the bell of its queue). */
void tug__cancel_set(struct tug__cancel *cancel);
/* Look at the flag. */
bool tug__cancel_is_set(const struct tug__cancel *cancel);

#endif

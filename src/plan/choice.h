/* SPDX-License-Identifier: Apache-2.0
 *
 * What the choice among the entries of an index means: warnings, and a text for index.json.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_PLAN_CHOICE_H
#define TUG_PLAN_CHOICE_H

#include "plan/plan.h"

/* A choice, as tug__plan_select made it. Borrowed. */
struct tug__choice {
    const struct tug__wish *wish;
    const struct tug__descriptor *entries;
    size_t count;
    const enum tug__want *wants;
    const size_t *best;
};

/* Receives a warning. is_shortfall: as in tug_event; text: borrowed for the call, not escaped. */
typedef void (*tug__choice_warn_fn)(void *context, bool is_shortfall, const char *text);

/* Warn of substitutes for wanted platforms, and of versions passed over. */
void tug__choice_warn(const struct tug__choice *choice, tug__choice_warn_fn warn, void *context);

/* Write down which platforms were chosen, for TUG__INDEX_PLATFORMS. Returns: owned; NULL: none, or
 * no memory. */
char *tug__choice_text(const struct tug__choice *choice);

#endif

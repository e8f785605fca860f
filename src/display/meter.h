/* SPDX-License-Identifier: Apache-2.0
 *
 * One line on the terminal at standard error with the progress of long work, redrawn in place.
 * Threads: main.
 */
#ifndef TUG_DISPLAY_METER_H
#define TUG_DISPLAY_METER_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/store.h>

/* A meter. Set verb; the rest is initially zero, and private to meter.c. */
struct meter {
    const char *verb; /* past participle for the items, e.g. "verified"; borrowed */
    bool is_drawn;
};

/* Write the line: "verified 1.2 GiB of 45 GiB, 12 of 340, 880 MiB/s, 51 s left". Returns: out_text.
 * capacity: with the NUL; a text that does not fit is truncated. */
char *meter_text(const char *verb, const struct tug_work_progress *progress, char *out_text,
                 size_t capacity);

/* Draw the line, if standard error is a terminal that can draw it. */
void meter_draw(struct meter *meter, const struct tug_work_progress *progress);

/* Clear the line for other output. */
void meter_clear(struct meter *meter);

#endif

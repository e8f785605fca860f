/* SPDX-License-Identifier: Apache-2.0
 *
 * Properties of the terminal at standard output and standard error.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_DISPLAY_TERMINAL_H
#define TUG_DISPLAY_TERMINAL_H

#include <stdbool.h>

/* When colour is used (--color). */
enum color_mode {
    COLOR_AUTO = 0,
    COLOR_ALWAYS,
    COLOR_NEVER,
};

/* Open placeholders for closed standard descriptors, so that no file of the store is opened as
 * descriptor 1 or 2 and then written to. Writing to a placeholder fails. Call first in main.
 * Returns: false when that is not possible. */
bool terminal_guard_descriptors(void);

/* Tell whether standard error is a terminal that can move its cursor. */
bool terminal_can_draw(void);

/* Tell whether the progress display is to use colour: --color, then NO_COLOR, then the terminal. */
bool terminal_has_color(enum color_mode mode);

/* Find the size of the terminal at standard error: from the terminal, else from COLUMNS and LINES,
 * else 80 by 24. Always at least 1 by 1, at most 1000 by 1000. */
void terminal_size(unsigned *out_columns, unsigned *out_rows);

#endif

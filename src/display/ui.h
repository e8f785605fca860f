/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress on standard error, in one of several forms.
 * Threads: main.
 */
#ifndef TUG_DISPLAY_UI_H
#define TUG_DISPLAY_UI_H

#include <stdbool.h>

#include <tug/fetch.h>

/* The forms. */
enum ui_kind {
    UI_NONE = 0, /* warnings only */
    UI_PLAIN,    /* lines for a log */
    UI_TTY,      /* a block of lines that is redrawn in place */
    UI_JSON,     /* objects, one a line: everything on standard error is one */
};

struct ui_options {
    enum ui_kind kind;
    int verbosity;  /* -1: not even warnings; 1, 2: more lines */
    bool has_color; /* UI_TTY only */
    bool is_dry;    /* nothing is fetched: no summary line */
};

/* A display. Opaque. */
struct ui;

/* Make a display. options: borrowed for the call. Returns: owned, NULL when there is no memory. */
struct ui *ui_create(const struct ui_options *options);

/* Interval of ticks that suits the display, in ms, for tug_fetch_options.tick_ms. */
uint64_t ui_tick_ms(const struct ui *ui);

/* Show an event of the run. Failed images are not shown; the caller reports errors. */
void ui_on_event(struct ui *ui, const struct tug_event *event);

/* Make room for other output to the terminal: erase the block drawn in place until the next tick.
 */
void ui_clear(struct ui *ui);

/* Report a failure of the whole run, in the display's form.
 * code: for JSON; message: safe text, one line. */
void ui_show_error(struct ui *ui, enum tug_status code, const char *message);

/* Set the exit status, for the summary. ui: NULL is allowed. */
void ui_set_exit_status(struct ui *ui, int exit_status);

/* Erase the block drawn in place, print a summary line of the run, and free the display.
 * ui: NULL is allowed. */
void ui_finish(struct ui *ui);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Between ui.c and the forms of display.
 * Threads: main.
 */
#ifndef TUG_DISPLAY_UI_BACKEND_H
#define TUG_DISPLAY_UI_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#include "active.h"
#include "rows.h"
#include "text.h"
#include "ui.h"

/* Most lines drawn in place: images, blobs, "and K more", the last retry, the total. */
#define UI_LINES_MAX (2 * ACTIVE_MAX + 1 + ROWS_NOTE_MAX + 1)

/* Functions of a form of display; all are set. */
struct ui_backend {
    /* Show a line that stays. line: without its end. */
    void (*show_line)(struct ui *ui, const char *line);
    /* Show the state; ui->totals and ui->active are up to date. */
    void (*tick)(struct ui *ui);
    /* Erase the block drawn in place. */
    void (*clear)(struct ui *ui);
};

struct ui {
    /* set at create, then read-only */
    struct ui_options options;
    const struct ui_backend *backend;
    /* written by ui.c */
    struct tug_totals totals; /* of the last event */
    uint64_t fetched_count;   /* blobs and manifests that were fetched */
    uint64_t reused_count;    /* blobs and manifests that were already in the store */
    uint64_t reused_bytes;    /* sizes of the blobs that were reused */
    uint64_t stopped_count;   /* images that ended with the run, for no fault of theirs */
    int exit_status;          /* of the command */
    struct rate rate;         /* of the whole run */
    struct active active;
    /* written by ui_plain.c */
    double total_seconds; /* when the last total line was shown */
    /* written by ui_tty.c */
    struct text frame;                        /* output collected for one write */
    struct text kept;                         /* lines that stay, shown at the next redraw */
    unsigned short line_widths[UI_LINES_MAX]; /* of the lines drawn in place */
    size_t line_count;
    double drawn_seconds; /* when the block was drawn last, or the last JSON progress written */
};

extern const struct ui_backend ui_plain;
extern const struct ui_backend ui_tty;

/* The JSON form (ui_json.c), each call one line: an event; the state of the run, unless the last
 * one is less than a quarter of a second old; a failure of the command itself (code: as by
 * tug_status_name; message: safe text); the totals at the end. */
void ui_json_event(const struct tug_event *event);
void ui_json_progress(struct ui *ui);
void ui_json_error(const char *code, const char *message);
void ui_json_summary(const struct ui *ui);

/* Write a line that stays, at once. */
void ui_write_line(const char *line);

/* Write the start of a digest, "sha256:0123456789ab". Returns: out_text. */
char *ui_short_digest(const struct tug_digest *digest, char out_text[TUG_DIGEST_TEXT_MAX]);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress as a block of lines at the bottom of the terminal, redrawn in place.
 *
 * Knows: the terminal's size, cursor-up and erase. Does not know: the order of events, which ui.c
 * turns into lines that stay above the block. Threads: main.
 *
 * Between two writes the cursor stands at the start of the line below the block, nothing is hidden
 * and no attribute is set: the process may end at any time without restoring anything. A line of
 * the block is at least one column shorter than the terminal, so it never wraps by itself; lines
 * drawn before the terminal became narrower are counted as the terminal wraps them now.
 */
#include <string.h>
#include <unistd.h>

#include "terminal.h"
#include "ui_backend.h"

#define GREEN "\x1b[32m"
#define YELLOW "\x1b[33m"
#define PLAIN "\x1b[0m"

/* From this many rows on the last retry may use several. */
#define NOTE_ROWS 12
/* From this many rows on the block leaves some to the lines above it. */
#define KEPT_ROWS 16
#define KEPT_COUNT 3
/* Seconds between two redraws, less a little so that a tick that is early is not lost. */
#define REDRAW_SECONDS 0.095

/* --- the block --- */

/* Add a line of the block and remember how wide it is. */
static void add_row(struct ui *ui, const struct row *row)
{
    const size_t length = strlen(row->text);

    if (ui->line_count == UI_LINES_MAX) {
        return;
    }
    if (ui->options.has_color && row->color_end > row->color_start && row->color_end <= length) {
        text_append(&ui->frame, row->text, row->color_start);
        text_puts(&ui->frame, row->color == ROW_BAD ? YELLOW : GREEN);
        text_append(&ui->frame, row->text + row->color_start, row->color_end - row->color_start);
        text_puts(&ui->frame, PLAIN);
        text_append(&ui->frame, row->text + row->color_end, length - row->color_end);
    } else {
        text_append(&ui->frame, row->text, length);
    }
    text_puts(&ui->frame, "\x1b[K\n");
    ui->line_widths[ui->line_count++] = (unsigned short)length;
}

/* Rows of the terminal that the block takes at present. */
static size_t block_rows(const struct ui *ui, size_t columns)
{
    size_t rows = 0;

    for (size_t i = 0; i < ui->line_count; i++) {
        rows += ui->line_widths[i] > columns ? (ui->line_widths[i] + columns - 1) / columns : 1;
    }
    return rows;
}

/* Start a frame: go up to the first line of the block, and print the lines to keep there. The rest
 * is overwritten, not erased: some terminals save the screen to their scrollback on an erase from
 * its top. Returns: rows of the old block, some of which may be left below the new output. */
static size_t begin_frame(struct ui *ui, size_t columns)
{
    const size_t rows = block_rows(ui, columns);

    text_clear(&ui->frame);
    if (rows > 0) {
        text_printf(&ui->frame, "\r\x1b[%zuA", rows);
    }
    if (ui->kept.length > 0) {
        text_append(&ui->frame, ui->kept.data, ui->kept.length);
        text_clear(&ui->kept);
    }
    ui->line_count = 0;
    return rows;
}

/* Write the frame; a failure is ignored, because only display output is lost. */
static void end_frame(struct ui *ui)
{
    if (!ui->frame.has_failed && ui->frame.length > 0) {
        (void)text_write_all(STDERR_FILENO, ui->frame.data, ui->frame.length);
    }
}

/* Add the rows of active images and blobs, at most `most`. */
static void add_work(struct ui *ui, size_t width, size_t most)
{
    struct row_choice choices[2 * ACTIVE_MAX + 1];
    const size_t capacity = sizeof choices / sizeof choices[0];
    const size_t count = rows_choose(&ui->active, most < capacity ? most : capacity, choices);
    const double now_seconds = ui->totals.seconds;
    struct row row;

    for (size_t i = 0; i < count; i++) {
        switch (choices[i].kind) {
        case ROW_IMAGE:
            row_of_image(&ui->active.images[choices[i].index], now_seconds, width, &row);
            break;
        case ROW_BLOB:
            row_of_blob(&ui->active.blobs[choices[i].index], now_seconds, width, &row);
            break;
        case ROW_MORE:
            row_of_more(choices[i].index, width, &row);
            break;
        }
        add_row(ui, &row);
    }
}

static void draw(struct ui *ui)
{
    struct row notes[ROWS_NOTE_MAX];
    struct row total;
    unsigned columns;
    unsigned rows;

    terminal_size(&columns, &rows);
    const size_t width = columns > ROWS_WIDTH_MAX ? ROWS_WIDTH_MAX : columns > 1 ? columns - 1 : 1;
    const size_t note_count = rows_of_retry(&ui->active, &ui->totals, width,
                                            rows >= NOTE_ROWS ? ROWS_NOTE_MAX
                                            : rows > 3        ? 1
                                                              : 0,
                                            notes);
    /* Rows for the total, and for the cursor's line; also keep the last finished lines visible. */
    const size_t other_count = note_count + 2 + (rows >= KEPT_ROWS ? KEPT_COUNT : 0);

    const size_t old_rows = begin_frame(ui, columns);

    add_work(ui, width, rows > other_count ? rows - other_count : 0);
    for (size_t i = 0; i < note_count; i++) {
        add_row(ui, &notes[i]);
    }
    row_of_total(&ui->active, &ui->totals, &ui->rate, width, &total);
    add_row(ui, &total);
    if (ui->line_count < old_rows) {
        text_puts(&ui->frame, "\x1b[J");
    }
    end_frame(ui);
}

static void show_line(struct ui *ui, const char *line)
{
    text_puts(&ui->kept, line);
    text_puts(&ui->kept, "\x1b[K\n");
}

static void tick(struct ui *ui)
{
    if (ui->line_count == 0 || ui->totals.seconds >= ui->drawn_seconds + REDRAW_SECONDS) {
        ui->drawn_seconds = ui->totals.seconds;
        draw(ui);
    }
}

static void clear(struct ui *ui)
{
    const bool has_kept = ui->kept.length > 0;
    unsigned columns;
    unsigned rows;

    terminal_size(&columns, &rows);
    const size_t old_rows = begin_frame(ui, columns);

    if (old_rows > 0 && has_kept) {
        text_puts(&ui->frame, "\x1b[J");
    } else if (old_rows > 0) {
        for (size_t i = 0; i < old_rows; i++) {
            text_puts(&ui->frame, "\x1b[K\n");
        }
        text_printf(&ui->frame, "\x1b[%zuA", old_rows);
    }
    end_frame(ui);
}

const struct ui_backend ui_tty = {
    .show_line = show_line,
    .tick = tick,
    .clear = clear,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress as a block of lines at the bottom of the terminal, redrawn in place.
 *
 * Knows: the terminal's size, cursor-up and erase. Does not know: events, which ui.c turns into
 * lines that stay above the block.
 * Threads: main.
 *
 * Between two writes the cursor stands at the start of the line below the block, nothing is hidden
 * and no attribute is set: the process may end at any time without restoring anything. A line of
 * the block is at least one column shorter than the terminal, so it never wraps by itself; lines
 * drawn before the terminal became narrower are counted as the terminal wraps them now.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"
#include "ui_backend.h"
#include "units.h"

#define GREEN "\x1b[32m"
#define YELLOW "\x1b[33m"
#define PLAIN "\x1b[0m"

/* Longest line of the block; a wider terminal is not filled. */
#define WIDTH_MAX 160
/* From here on a line has a bar and all columns. */
#define WIDTH_WIDE 72
/* Columns of a wide line besides the bar: label 19, sizes 17, rate 10, state 13, brackets, spaces.
 */
#define WIDTH_FIXED (19 + 1 + 2 + 1 + 17 + 1 + 10 + 1 + 13)
#define BAR_MAX 40
/* Seconds between two redraws, less a little so that a tick that is early is not lost. */
#define REDRAW_SECONDS 0.095

/* One line being laid out: ASCII only, so a byte is a column. */
struct line {
    char text[512];   /* is cut when it is drawn */
    size_t bar_start; /* columns that are coloured; none when the two are equal */
    size_t bar_end;
    const char *color;
};

/* --- one blob --- */

static void describe_state(const struct ui *ui, const struct active_blob *blob, char *out_text,
                           size_t capacity)
{
    const double left_seconds = blob->retry_seconds - ui->totals.seconds;
    char duration[UNITS_TEXT_MAX];

    switch (blob->state) {
    case ACTIVE_DOWNLOADING:
        (void)snprintf(out_text, capacity, "downloading");
        break;
    case ACTIVE_VERIFYING:
        (void)snprintf(out_text, capacity, "verifying");
        break;
    case ACTIVE_RETRYING:
        (void)snprintf(out_text, capacity, "retry %s",
                       units_format_duration(left_seconds, duration));
        break;
    case ACTIVE_WAITING:
        (void)snprintf(out_text, capacity, "waiting");
        break;
    }
}

/* The part of a blob that is there, 0 to 1. */
static double done_part(const struct active_blob *blob)
{
    if (blob->size_bytes == 0 || blob->done_bytes >= blob->size_bytes) {
        return blob->state == ACTIVE_VERIFYING ? 1 : 0;
    }
    return (double)blob->done_bytes / (double)blob->size_bytes;
}

static void fill_bar(char *out_bar, size_t width, double part)
{
    const size_t full = (size_t)(part * (double)width + 0.5);

    memset(out_bar, '.', width);
    memset(out_bar, '#', full < width ? full : width);
    out_bar[width] = '\0';
}

static void lay_out_blob(const struct ui *ui, const struct active_blob *blob, size_t width,
                         struct line *line)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    char state[UNITS_TEXT_MAX * 2];
    char done[UNITS_TEXT_MAX];
    char size[UNITS_TEXT_MAX];
    char rate[UNITS_TEXT_MAX];
    char bar[BAR_MAX + 1];

    (void)ui_short_digest(&blob->digest, digest);
    describe_state(ui, blob, state, sizeof state);
    (void)units_format_size((double)blob->done_bytes, done);
    (void)units_format_size((double)blob->size_bytes, size);
    (void)units_format_rate(blob->state == ACTIVE_DOWNLOADING ? blob->rate.bytes_per_s : 0, rate);
    *line = (struct line){.color = blob->state == ACTIVE_RETRYING ? YELLOW : GREEN};
    if (width < WIDTH_WIDE) {
        const char *const colon = strchr(digest, ':');

        (void)snprintf(line->text, sizeof line->text, "%s %3d%% %s %s %s",
                       colon != NULL ? colon + 1 : digest, (int)(done_part(blob) * 100), size, rate,
                       state);
        return;
    }
    const size_t bar_width = width - WIDTH_FIXED < BAR_MAX ? width - WIDTH_FIXED : (size_t)BAR_MAX;

    fill_bar(bar, bar_width, done_part(blob));
    (void)snprintf(line->text, sizeof line->text, "%-19s [%s] %8s/%-8s %10s %s", digest, bar, done,
                   size, rate, state);
    line->bar_start = 21;
    line->bar_end = 21 + bar_width;
}

/* --- the total --- */

static void lay_out_total(const struct ui *ui, struct line *line)
{
    const struct tug_totals *const totals = &ui->totals;
    const double eta_seconds = ui_eta_seconds(ui);
    char done[UNITS_TEXT_MAX];
    char known[UNITS_TEXT_MAX];
    char rate[UNITS_TEXT_MAX];
    char eta[UNITS_TEXT_MAX] = "-";
    char elapsed[UNITS_TEXT_MAX];

    if (eta_seconds >= 0) {
        (void)units_format_duration(eta_seconds, eta);
    }
    *line = (struct line){0};
    (void)snprintf(line->text, sizeof line->text, "%llu/%llu images  %s/%s  %s  eta %s  elapsed %s",
                   (unsigned long long)totals->images_done, (unsigned long long)totals->images,
                   units_format_size((double)totals->bytes_done, done),
                   units_format_size((double)totals->bytes_known, known),
                   units_format_rate(ui->rate.bytes_per_s, rate), eta,
                   units_format_duration(totals->seconds, elapsed));
}

/* --- the block --- */

/* Add a line of the block, cut to width, and remember how wide it is. */
static void add_line(struct ui *ui, struct line *line, size_t width)
{
    size_t length = strlen(line->text);

    length = length < width ? length : width;
    if (ui->options.has_color && line->bar_end > line->bar_start && line->bar_end < length) {
        text_append(&ui->frame, line->text, line->bar_start);
        text_puts(&ui->frame, line->color);
        text_append(&ui->frame, line->text + line->bar_start, line->bar_end - line->bar_start);
        text_puts(&ui->frame, PLAIN);
        text_append(&ui->frame, line->text + line->bar_end, length - line->bar_end);
    } else {
        text_append(&ui->frame, line->text, length);
    }
    text_puts(&ui->frame, "\x1b[K\n");
    ui->line_widths[ui->line_count++] = (unsigned short)length;
}

/* Begin a frame: go up to the first line of the block, put what is to stay in its place. */
static void begin_frame(struct ui *ui, size_t columns)
{
    size_t rows = 0;

    text_clear(&ui->frame);
    for (size_t i = 0; i < ui->line_count; i++) {
        rows += ui->line_widths[i] > columns ? (ui->line_widths[i] + columns - 1) / columns : 1;
    }
    if (rows > 0) {
        text_printf(&ui->frame, "\r\x1b[%zuA", rows);
    }
    if (rows > 0 && (ui->kept.length > 0 || rows > ui->line_count)) {
        text_puts(&ui->frame, "\x1b[J"); /* the rest is written anew, whatever was there */
    }
    if (ui->kept.length > 0) {
        text_append(&ui->frame, ui->kept.data, ui->kept.length);
        text_clear(&ui->kept);
    }
    ui->line_count = 0;
}

/* Write what was put together; to a display that cannot be written, nothing is lost. */
static void end_frame(struct ui *ui)
{
    if (!ui->frame.has_failed && ui->frame.length > 0) {
        (void)text_write_all(STDERR_FILENO, ui->frame.data, ui->frame.length);
    }
}

static void draw(struct ui *ui)
{
    const size_t count = ui->active.count;
    const size_t old_count = ui->line_count;
    unsigned columns;
    unsigned rows;
    struct line line;

    terminal_size(&columns, &rows);
    const size_t width = columns > WIDTH_MAX ? WIDTH_MAX : columns > 1 ? columns - 1 : 1;
    const size_t most = rows > 4 ? rows - 3 : 1;
    const size_t shown = count < most ? count : most;

    begin_frame(ui, columns);
    for (size_t i = 0; i < shown; i++) {
        lay_out_blob(ui, &ui->active.blobs[i], width, &line);
        add_line(ui, &line, width);
    }
    if (count > shown) {
        line = (struct line){0};
        (void)snprintf(line.text, sizeof line.text, "... and %zu more", count - shown);
        add_line(ui, &line, width);
    }
    lay_out_total(ui, &line);
    add_line(ui, &line, width);
    if (ui->line_count < old_count) {
        text_puts(&ui->frame, "\x1b[J");
    }
    end_frame(ui);
}

static void show_line(struct ui *ui, const char *line)
{
    text_puts(&ui->kept, line);
    text_puts(&ui->kept, "\n");
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
    unsigned columns;
    unsigned rows;

    terminal_size(&columns, &rows);
    begin_frame(ui, columns);
    if (ui->frame.length > 0) {
        text_puts(&ui->frame, "\x1b[J");
    }
    end_frame(ui);
}

const struct ui_backend ui_tty = {
    .show_line = show_line,
    .tick = tick,
    .clear = clear,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * The progress of work on a store, as one line.
 *
 * Knows: the terminal's width, carriage return and erase. Does not know: the kind of work.
 * Threads: main.
 *
 * The cursor stays at the start of the line, so that the next output overwrites it and the process
 * may end at any time.
 */
#include "meter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"
#include "text.h"
#include "units.h"

#define LINE_MAX_COLUMNS 200
/* Before this time a rate is meaningless. */
#define RATE_SECONDS 0.5

/* Append the rate, and the time left at that rate. */
static void add_rate(struct text *text, const struct tug_work_progress *progress)
{
    char words[UNITS_TEXT_MAX];
    const double rate = (double)progress->bytes_done / progress->seconds;

    text_printf(text, ", %s", units_format_rate(rate, words));
    if (progress->bytes_total > progress->bytes_done) {
        text_printf(text, ", %s left",
                    units_format_wait((double)(progress->bytes_total - progress->bytes_done) / rate,
                                      words));
    }
}

char *meter_text(const char *verb, const struct tug_work_progress *progress, char *out_text,
                 size_t capacity)
{
    struct text text = {0};
    char words[UNITS_TEXT_MAX];

    text_printf(&text, "%s %s", verb, units_format_size((double)progress->bytes_done, words));
    if (progress->bytes_total > 0) {
        text_printf(&text, " of %s", units_format_size((double)progress->bytes_total, words));
    }
    text_printf(&text, ", %" PRIu64, progress->items_done);
    if (progress->items_total > 0) {
        text_printf(&text, " of %" PRIu64, progress->items_total);
    }
    if (progress->seconds >= RATE_SECONDS && progress->bytes_done > 0) {
        add_rate(&text, progress);
    }
    (void)snprintf(out_text, capacity, "%s", text.has_failed ? "" : text.data);
    text_fini(&text);
    return out_text;
}

void meter_draw(struct meter *meter, const struct tug_work_progress *progress)
{
    char line[LINE_MAX_COLUMNS];
    char frame[LINE_MAX_COLUMNS + 16];
    unsigned columns;
    unsigned rows;

    if (!terminal_can_draw()) {
        return;
    }
    terminal_size(&columns, &rows);
    (void)meter_text(meter->verb, progress, line, columns < sizeof line ? columns : sizeof line);
    (void)snprintf(frame, sizeof frame, "%s\x1b[K\r", line);
    (void)text_write_all(STDERR_FILENO, frame, strlen(frame));
    meter->is_drawn = true;
}

void meter_clear(struct meter *meter)
{
    if (meter->is_drawn) {
        (void)text_write_all(STDERR_FILENO, "\x1b[K", 3);
        meter->is_drawn = false;
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress as lines for a log: no escape codes, nothing drawn in place.
 *
 * Knows: totals. Does not know: the order of events, which ui.c turns into lines.
 * Threads: main.
 */
#include "ui_backend.h"
#include "units.h"

/* Seconds between two total lines. */
#define TOTAL_SECONDS 10

static void show_line(struct ui *ui, const char *line)
{
    (void)ui;
    ui_write_line(line);
}

/* Add what was copied from other layers, if anything was. */
static void put_copied(struct text *text, const struct tug_totals *totals)
{
    char copied[UNITS_TEXT_MAX];

    if (totals->bytes_copied > 0) {
        text_printf(text, "  %s copied", units_format_size((double)totals->bytes_copied, copied));
    }
}

static void show_total(struct ui *ui)
{
    const struct tug_totals *const totals = &ui->totals;
    const double eta_seconds = active_eta_seconds(&ui->active, totals, &ui->rate);
    struct text text = {0};
    char done[UNITS_TEXT_MAX];
    char known[UNITS_TEXT_MAX];
    char rate[UNITS_TEXT_MAX];
    char eta[UNITS_TEXT_MAX] = "-";
    char elapsed[UNITS_TEXT_MAX];

    if (eta_seconds >= 0) {
        (void)units_format_duration(eta_seconds, eta);
    }
    text_printf(&text, "total  %llu/%llu images  %s/%s", (unsigned long long)totals->images_done,
                (unsigned long long)totals->images,
                units_format_size((double)totals->bytes_done, done),
                units_format_size((double)totals->bytes_known, known));
    put_copied(&text, totals);
    text_printf(&text, "  %s  eta %s  elapsed %s", units_format_rate(ui->rate.bytes_per_s, rate),
                eta, units_format_duration(totals->seconds, elapsed));
    if (!text.has_failed) {
        ui_write_line(text.data);
    }
    text_fini(&text);
}

static void tick(struct ui *ui)
{
    if (ui->totals.seconds >= ui->total_seconds + TOTAL_SECONDS) {
        ui->total_seconds = ui->totals.seconds;
        show_total(ui);
    }
}

static void clear(struct ui *ui)
{
    (void)ui;
}

const struct ui_backend ui_plain = {
    .show_line = show_line,
    .tick = tick,
    .clear = clear,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress of a run in any form: lines for events, the summary, and which of them are shown.
 *
 * Knows: events, units. Does not know: the terminal.
 * Threads: main.
 */
#include "ui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "summary.h"
#include "ui_backend.h"
#include "units.h"

/* More than any verbosity. */
#define NEVER 9

/* --- the form that shows nothing but lines --- */

static void none_show_line(struct ui *ui, const char *line)
{
    (void)ui;
    ui_write_line(line);
}

static void none_do_nothing(struct ui *ui)
{
    (void)ui;
}

static const struct ui_backend ui_json = {
    .show_line = none_show_line,
    .tick = ui_json_progress,
    .clear = none_do_nothing,
};

static const struct ui_backend ui_none = {
    .show_line = none_show_line,
    .tick = none_do_nothing,
    .clear = none_do_nothing,
};

/* --- lines for events --- */

/* Tell whether an image ended with the run, for no fault of its own. */
static bool is_stopped(const struct tug_event *event)
{
    return event->kind == TUG_EVENT_IMAGE &&
           (event->image->status == TUG_ERR_CANCELLED || event->image->status == TUG_ERR_TIMEOUT);
}

/* The lowest verbosity at which a kind of event prints a line. */
static int needed_verbosity(const struct ui *ui, const struct tug_event *event)
{
    const bool is_plain = ui->options.kind == UI_PLAIN;
    const bool is_tty = ui->options.kind == UI_TTY;

    switch (event->kind) {
    case TUG_EVENT_WARNING:
        return 0;
    case TUG_EVENT_RESOLVED:
    case TUG_EVENT_WAITING:
    case TUG_EVENT_RETRY:
        return is_plain ? 0 : 1;
    case TUG_EVENT_STARTED:
        return event->done_bytes == 0 ? 2 : is_plain ? 0 : 1;
    case TUG_EVENT_COMMITTED:
        return is_plain ? 0 : 2;
    case TUG_EVENT_REUSED:
        return 1;
    case TUG_EVENT_IMAGE:
        return event->image->status != TUG_OK ? NEVER : is_tty ? 0 : 1;
    case TUG_EVENT_NONE:
    case TUG_EVENT_PROGRESS:
    case TUG_EVENT_TICK:
    case TUG_EVENT_PLANNED: /* that is for standard output */
    case TUG_EVENT_IMAGE_PROGRESS:
        return NEVER;
    }
    return NEVER; /* a kind that this command does not know yet */
}

static void format_committed(const struct ui *ui, struct text *text, const struct tug_event *event)
{
    const struct active_blob *const blob = active_find(&ui->active, &event->digest);
    const uint64_t resumed = blob != NULL ? blob->resumed_bytes : 0;
    const uint64_t had = resumed + event->copied_bytes;
    const uint64_t fetched = had < event->size_bytes ? event->size_bytes - had : 0;
    const double seconds = event->seconds > 0.001 ? event->seconds : 0.001;
    char digest[TUG_DIGEST_TEXT_MAX];
    char size[UNITS_TEXT_MAX];
    char duration[UNITS_TEXT_MAX];
    char rate[UNITS_TEXT_MAX];

    text_printf(text, "%s  %s  %s  %s", ui_short_digest(&event->digest, digest),
                units_format_size((double)event->size_bytes, size),
                units_format_duration(event->seconds, duration),
                units_format_rate((double)fetched / seconds, rate));
    if (event->copied_bytes > 0) {
        text_printf(text, "  %s copied", units_format_size((double)event->copied_bytes, size));
    }
}

static void format_started(struct text *text, const struct tug_event *event)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    char done[UNITS_TEXT_MAX];
    char size[UNITS_TEXT_MAX];

    (void)units_format_size((double)event->size_bytes, size);
    if (event->done_bytes == 0) {
        text_printf(text, "%s  %s  started", ui_short_digest(&event->digest, digest), size);
    } else {
        text_printf(text, "%s  %s  resumed at %s", ui_short_digest(&event->digest, digest), size,
                    units_format_size((double)event->done_bytes, done));
    }
}

static void format_retry(struct text *text, const struct tug_event *event)
{
    char duration[UNITS_TEXT_MAX];

    text_printf(text, "%s  retry in %s  %s", event->ref != NULL ? event->ref : "-",
                units_format_duration((double)event->delay_ms / 1000, duration),
                event->error != NULL ? event->error->message : "");
}

/* Size of an image. */
static double all_bytes(const struct tug_image_result *image)
{
    return (double)image->bytes_fetched + (double)image->bytes_reused + (double)image->bytes_copied;
}

static void format_image(struct text *text, const struct tug_image_result *image)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    char size[UNITS_TEXT_MAX];
    char duration[UNITS_TEXT_MAX];

    text_printf(text, "%s  complete  %s  %s  %s", image->ref,
                ui_short_digest(&image->digest, digest), units_format_size(all_bytes(image), size),
                units_format_duration(image->seconds, duration));
}

/* The line that an image leaves above the block drawn in place. */
static void format_finished(struct text *text, const struct tug_image_result *image)
{
    char size[UNITS_TEXT_MAX];
    char reused[UNITS_TEXT_MAX];
    char duration[UNITS_TEXT_MAX];

    text_printf(text, "%s  %s  %llu blob%s  %s", image->ref,
                image->bytes_fetched + image->bytes_copied == 0 ? "exists" : "done",
                (unsigned long long)image->blobs, image->blobs == 1 ? "" : "s",
                units_format_size(all_bytes(image), size));
    if (image->bytes_fetched > 0 && image->bytes_reused > 0) {
        text_printf(text, " (%s reused)", units_format_size((double)image->bytes_reused, reused));
    }
    if (image->bytes_copied > 0) {
        text_printf(text, " (%s copied)", units_format_size((double)image->bytes_copied, reused));
    }
    text_printf(text, "  %s", units_format_duration(image->seconds, duration));
}

static void format_event(const struct ui *ui, struct text *text, const struct tug_event *event)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    char size[UNITS_TEXT_MAX];

    switch (event->kind) {
    case TUG_EVENT_RESOLVED:
        text_printf(text, "%s  resolved  %s", event->ref,
                    tug_digest_format(&event->digest, digest));
        break;
    case TUG_EVENT_STARTED:
        format_started(text, event);
        break;
    case TUG_EVENT_COMMITTED:
        format_committed(ui, text, event);
        break;
    case TUG_EVENT_REUSED:
        text_printf(text, "%s  %s  reused%s", ui_short_digest(&event->digest, digest),
                    units_format_size((double)event->size_bytes, size),
                    event->is_rechecked ? ", checked" : "");
        break;
    case TUG_EVENT_WAITING:
        text_printf(text, "%s  waiting for another process",
                    ui_short_digest(&event->digest, digest));
        break;
    case TUG_EVENT_RETRY:
        format_retry(text, event);
        break;
    case TUG_EVENT_WARNING:
        text_printf(text, "tug: warning: %s%s%s", event->ref != NULL ? event->ref : "",
                    event->ref != NULL ? ": " : "", event->text);
        break;
    case TUG_EVENT_IMAGE:
        if (ui->options.kind == UI_TTY) {
            format_finished(text, event->image);
        } else {
            format_image(text, event->image);
        }
        break;
    case TUG_EVENT_NONE:
    case TUG_EVENT_PROGRESS:
    case TUG_EVENT_TICK:
    case TUG_EVENT_PLANNED: /* that is for standard output */
    case TUG_EVENT_IMAGE_PROGRESS:
        break;
    }
}

static void show_event(struct ui *ui, const struct tug_event *event)
{
    struct text text = {0};

    format_event(ui, &text, event);
    if (text.length > 0 && !text.has_failed) {
        ui->backend->show_line(ui, text.data);
    }
    text_fini(&text);
}

/* Even without a display, warn of an image that is not as requested. */
static void show_silent_warning(const struct tug_event *event)
{
    char line[TUG_ERROR_MESSAGE_MAX + 1024];

    (void)snprintf(line, sizeof line, "%s: %s", event->ref, event->text);
    report_warning(line);
}

/* --- the interface --- */

struct ui *ui_create(const struct ui_options *options)
{
    struct ui *const ui = calloc(1, sizeof *ui);

    if (ui != NULL) {
        ui->options = *options;
        ui->backend = options->kind == UI_TTY     ? &ui_tty
                      : options->kind == UI_PLAIN ? &ui_plain
                      : options->kind == UI_JSON  ? &ui_json
                                                  : &ui_none;
    }
    return ui;
}

uint64_t ui_tick_ms(const struct ui *ui)
{
    return ui->options.kind == UI_TTY ? 100 : ui->options.kind == UI_JSON ? 250 : 500;
}

void ui_on_event(struct ui *ui, const struct tug_event *event)
{
    ui->totals = *event->totals;
    if (ui->options.kind == UI_JSON) {
        ui_json_event(event);
    } else if (ui->options.kind == UI_NONE && event->is_shortfall) {
        show_silent_warning(event);
    } else if (needed_verbosity(ui, event) <= ui->options.verbosity) {
        show_event(ui, event);
    }
    if (ui->options.kind != UI_NONE) {
        active_on_event(&ui->active, event);
    }
    ui->fetched_count += event->kind == TUG_EVENT_COMMITTED;
    ui->stopped_count += is_stopped(event);
    if (event->kind == TUG_EVENT_REUSED) {
        ui->reused_count++;
        ui->reused_bytes += event->size_bytes;
    } else if (event->kind == TUG_EVENT_TICK) {
        rate_sample(&ui->rate, ui->totals.seconds, ui->totals.bytes_received);
        ui->backend->tick(ui);
    }
}

void ui_show_error(struct ui *ui, enum tug_status code, const char *message)
{
    if (ui->options.kind == UI_JSON) {
        ui_json_error(tug_status_name(code), message);
    } else {
        ui->backend->clear(ui);
        report_error(NULL, message);
    }
}

void ui_set_exit_status(struct ui *ui, int exit_status)
{
    if (ui != NULL) {
        ui->exit_status = exit_status;
    }
}

void ui_clear(struct ui *ui)
{
    ui->backend->clear(ui);
}

static void show_summary(const struct ui *ui)
{
    const struct summary summary = {
        .totals = ui->totals,
        .fetched_count = ui->fetched_count,
        .reused_count = ui->reused_count,
        .reused_bytes = ui->reused_bytes,
        .stopped_count = ui->stopped_count,
        .exit_status = ui->exit_status,
    };
    struct text text = {0};

    summary_format(&summary, &text);
    if (!text.has_failed) {
        ui_write_line(text.data);
    }
    text_fini(&text);
}

void ui_finish(struct ui *ui)
{
    if (ui == NULL) {
        return;
    }
    ui->backend->clear(ui);
    if (ui->options.kind != UI_NONE && ui->totals.images > 0) { /* a run began */
        if (ui->options.kind == UI_JSON) {
            ui_json_summary(ui);
        } else if (!ui->options.is_dry) {
            show_summary(ui);
        }
    }
    active_fini(&ui->active);
    text_fini(&ui->frame);
    text_fini(&ui->kept);
    free(ui);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Sum up a run in one line.
 *
 * Knows: totals, units, exit statuses. Does not know: displays.
 * Threads: the caller's.
 */
#include "summary.h"

#include "report.h"
#include "units.h"

/* Add "3 images", "1 blob". */
static void put_count(struct text *text, uint64_t count, const char *noun)
{
    text_printf(text, "%llu %s%s", (unsigned long long)count, noun, units_plural(count));
}

/* Add "2 of 3 images", or "3 images" when that is all. */
static void put_done(struct text *text, const struct tug_totals *totals)
{
    if (totals->images_done != totals->images) {
        text_printf(text, "%llu of ", (unsigned long long)totals->images_done);
    }
    put_count(text, totals->images, "image");
}

static void put_size(struct text *text, uint64_t bytes)
{
    char size[UNITS_TEXT_MAX];

    text_puts(text, units_format_size((double)bytes, size));
}

static void put_duration(struct text *text, double seconds)
{
    char duration[UNITS_TEXT_MAX];

    text_puts(text, units_format_duration(seconds, duration));
}

/* Add how many images failed, and how many were not tried to the end. */
static void put_failed(struct text *text, uint64_t failed, uint64_t stopped)
{
    if (failed > 0) {
        text_printf(text, ", %llu failed", (unsigned long long)failed);
    }
    if (stopped > 0) {
        text_printf(text, ", %llu not fetched", (unsigned long long)stopped);
    }
}

/* Add what an unfinished run leaves for the next one. */
static void put_kept(struct text *text, const struct tug_totals *totals)
{
    if (totals->bytes_received > 0) {
        text_puts(text, "; ");
        put_size(text, totals->bytes_received);
        text_puts(text, " received, kept for the next run");
    }
}

static void put_reused(struct text *text, const struct summary *summary)
{
    put_count(text, summary->reused_count, "blob");
    text_puts(text, ", ");
    put_size(text, summary->reused_bytes);
    text_puts(text, " reused");
}

/* Add what was not received because other blobs had it. */
static void put_copied(struct text *text, const struct tug_totals *totals)
{
    if (totals->bytes_copied > 0) {
        text_puts(text, ", ");
        put_size(text, totals->bytes_copied);
        text_puts(text, " copied from other layers");
    }
}

/* At least one image is complete. */
static void put_fetched(struct text *text, const struct summary *summary)
{
    const struct tug_totals *const totals = &summary->totals;
    char rate[UNITS_TEXT_MAX];

    if (summary->fetched_count == 0 && totals->bytes_received == 0) {
        text_puts(text, "nothing to fetch: ");
        put_done(text, totals);
        text_puts(text, ", ");
        put_reused(text, summary);
        text_puts(text, " in ");
        put_duration(text, totals->seconds);
        return;
    }
    text_puts(text, "fetched ");
    put_done(text, totals);
    text_puts(text, ": ");
    if (summary->fetched_count > 0) {
        put_count(text, summary->fetched_count, "blob");
    } else {
        text_puts(text, "no new blobs");
    }
    text_puts(text, ", ");
    put_size(text, totals->bytes_received);
    text_puts(text, " in ");
    put_duration(text, totals->seconds);
    if (totals->bytes_received > 0 && totals->seconds > 0) {
        text_printf(text, " (%s)",
                    units_format_rate((double)totals->bytes_received / totals->seconds, rate));
    }
    put_copied(text, totals);
    if (summary->reused_count > 0) {
        text_puts(text, ", ");
        put_reused(text, summary);
    }
}

void summary_format(const struct summary *summary, struct text *out_text)
{
    const struct tug_totals *const totals = &summary->totals;
    const uint64_t stopped = summary->stopped_count;
    const uint64_t failed = totals->images_failed - stopped;
    const bool is_timeout = summary->exit_status == EXIT_STATUS_TIMEOUT;

    if (stopped > 0 && (failed == 0 || is_timeout || summary->exit_status > 128)) {
        text_printf(out_text, "%s after ", is_timeout ? "timed out" : "interrupted");
        put_duration(out_text, totals->seconds);
        text_puts(out_text, ": ");
        put_done(out_text, totals);
        text_puts(out_text, " fetched");
        put_failed(out_text, failed, 0);
        put_kept(out_text, totals);
    } else if (totals->images_done == 0) {
        text_puts(out_text, "fetched nothing: ");
        put_count(out_text, failed, "image");
        text_puts(out_text, " failed");
        put_failed(out_text, 0, stopped);
        text_puts(out_text, " after ");
        put_duration(out_text, totals->seconds);
        put_kept(out_text, totals);
    } else {
        put_fetched(out_text, summary);
        put_failed(out_text, failed, stopped);
    }
}

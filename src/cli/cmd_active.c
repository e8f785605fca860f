/* SPDX-License-Identifier: Apache-2.0
 *
 * The command active: partial downloads.
 *
 * Knows: the public library. Does not know: how a partial download is kept.
 * Threads: main.
 */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>

#include "listing.h"
#include "report.h"

static const struct table_column columns[] = {
    {"DIGEST", false}, {"DONE", true}, {"OF", true},       {"%", true},
    {"DISK", true},    {"AGE", true},  {"HELD-BY", false},
};

static void add_row(struct listing *listing, const struct tug_partial_info *partial)
{
    struct table *const table = &listing->table;
    char text[TUG_DIGEST_TEXT_MAX];

    table_cell(table, tug_digest_format(&partial->digest, text));
    table_size(table, partial->present_bytes, listing->is_exact);
    if (partial->size_bytes > 0) {
        table_size(table, partial->size_bytes, listing->is_exact);
        (void)snprintf(text, sizeof text, "%" PRIu64,
                       partial->present_bytes * 100 / partial->size_bytes);
    } else {
        table_cell(table, NULL);
        text[0] = '\0';
    }
    table_cell(table, text);
    table_size(table, partial->disk_bytes, listing->is_exact);
    table_age(table, listing->time_s - partial->modified_s);
    table_cell(table, partial->holder);
}

static void add_json(struct text *text, const struct tug_partial_info *partial)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    text_printf(text, "{\"digest\":\"%s\"", tug_digest_format(&partial->digest, digest));
    listing_json_number(text, "present", partial->present_bytes);
    if (partial->size_bytes > 0) {
        listing_json_number(text, "size", partial->size_bytes);
    } else {
        text_puts(text, ",\"size\":null");
    }
    listing_json_number(text, "diskBytes", partial->disk_bytes);
    listing_json_time(text, "modified", partial->modified_s);
    listing_json_bool(text, "held", partial->is_held);
    if (partial->holder_pid > 0) {
        listing_json_number(text, "pid", (uint64_t)partial->holder_pid);
    } else {
        text_puts(text, ",\"pid\":null");
    }
    listing_json_text(text, "holder", partial->holder);
    text_puts(text, "}\n");
}

static enum tug_status on_partial(void *context, const struct tug_partial_info *partial,
                                  struct tug_error *err)
{
    struct listing *const listing = context;
    char digest[TUG_DIGEST_TEXT_MAX];

    switch (listing->form) {
    case LISTING_COLUMNS:
        add_row(listing, partial);
        break;
    case LISTING_WORDS:
        listing_word(listing, tug_digest_format(&partial->digest, digest));
        break;
    case LISTING_JSON:
        add_json(&listing->out, partial);
        break;
    }
    return listing_next(listing, err);
}

int cmd_active(const struct settings *settings, const struct command_table *table)
{
    struct listing listing;
    struct tug_error error = {0};
    enum tug_status status;
    int exit_status;

    (void)table;
    if (settings->common.input_count > 0) {
        return report_usage("active", "active: takes no operands: it lists all partial downloads");
    }
    exit_status =
        listing_begin(&listing, settings, "active", columns, sizeof columns / sizeof columns[0]);
    if (exit_status != 0) {
        return exit_status;
    }
    status =
        tug_store_each_partial(listing.run.store, on_partial, &listing, &listing.run.watch, &error);
    return listing_end(&listing, status, &error);
}

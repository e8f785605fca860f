/* SPDX-License-Identifier: Apache-2.0
 *
 * The command ls: the blobs of a store.
 *
 * Knows: the public library. Does not know: how it finds who needs a blob.
 * Threads: main.
 */
#include "command.h"

#include <stdio.h>

#include "listing.h"
#include "report.h"

/* Images that a line names; the rest is counted. */
#define IMAGES_SHOWN 2

static const struct table_column columns[] = {
    {"DIGEST", false}, {"SIZE", true}, {"AGE", true}, {"TYPE", false}, {"IMAGES", false},
};

/* Name the images that need a blob, as one word. */
static void add_images(struct text *text, const struct tug_blob_info *blob)
{
    text_clear(text);
    if (!blob->is_needed) {
        text_puts(text, "(orphan)");
    }
    for (size_t i = 0; i < blob->image_count && i < IMAGES_SHOWN; i++) {
        text_printf(text, "%s%s", i > 0 ? "," : "", blob->images[i]);
    }
    if (blob->image_count > IMAGES_SHOWN) {
        text_printf(text, ",+%zu", blob->image_count - IMAGES_SHOWN);
    }
}

static void add_row(struct listing *listing, const struct tug_blob_info *blob)
{
    struct table *const table = &listing->table;
    struct text images = {0};
    char digest[TUG_DIGEST_TEXT_MAX];

    add_images(&images, blob);
    table_cell(table, tug_digest_format(&blob->digest, digest));
    table_size(table, blob->size_bytes, listing->is_exact);
    table_age(table, listing->time_s - blob->modified_s);
    table_cell(table, blob->media_type);
    table_cell(table, images.data);
    listing->out.has_failed = listing->out.has_failed || images.has_failed;
    text_fini(&images);
}

static void add_json(struct text *text, const struct tug_blob_info *blob)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    text_printf(text, "{\"digest\":\"%s\"", tug_digest_format(&blob->digest, digest));
    listing_json_number(text, "size", blob->size_bytes);
    listing_json_number(text, "diskBytes", blob->disk_bytes);
    listing_json_time(text, "modified", blob->modified_s);
    listing_json_text(text, "mediaType", blob->media_type);
    listing_json_bool(text, "needed", blob->is_needed);
    listing_json_texts(text, "images", blob->images, blob->image_count);
    text_puts(text, "}\n");
}

static enum tug_status on_blob(void *context, const struct tug_blob_info *blob,
                               struct tug_error *err)
{
    struct listing *const listing = context;
    char digest[TUG_DIGEST_TEXT_MAX];

    switch (listing->form) {
    case LISTING_COLUMNS:
        add_row(listing, blob);
        break;
    case LISTING_WORDS:
        listing_word(listing, tug_digest_format(&blob->digest, digest));
        break;
    case LISTING_JSON:
        add_json(&listing->out, blob);
        break;
    }
    return listing_next(listing, err);
}

int cmd_ls(const struct settings *settings, const struct command_table *table)
{
    struct listing listing;
    struct tug_error error = {0};
    enum tug_status status;
    int exit_status;

    (void)table;
    if (settings->common.input_count > 0) {
        return report_usage("ls", "ls: takes no operands: it lists all blobs");
    }
    exit_status =
        listing_begin(&listing, settings, "ls", columns, sizeof columns / sizeof columns[0]);
    if (exit_status != 0) {
        return exit_status;
    }
    status = tug_store_each_blob(listing.run.store, on_blob, &listing, &listing.run.watch, &error);
    return listing_end(&listing, status, &error);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The command images: what a store names.
 *
 * Knows: the public library. Does not know: index.json, documents.
 * Threads: main.
 */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tug/images.h>

#include "json_write.h"
#include "listing.h"
#include "report.h"

/* Platforms that a cell names; the rest is counted. */
#define PLATFORMS_SHOWN 3
/* Characters of a date in RFC 3339. */
#define DATE_LENGTH 10

static const struct table_column columns[] = {
    {"NAME", false}, {"DIGEST", false}, {"KIND", false},    {"COMPLETE", false}, {"MISSING", false},
    {"SIZE", true},  {"SHARED", true},  {"CREATED", false}, {"REFERRERS", true}, {"LABELS", false},
};

/* One image that was asked for. */
struct wanted {
    char *name; /* owned; NULL: the entry has none */
    struct tug_digest digest;
};

/* The command at work. */
struct images {
    struct listing listing;
    struct wanted *wanted; /* owned; NULL: all */
    size_t wanted_count;
};

static bool is_wanted(const struct images *images, const struct tug_image_info *image)
{
    for (size_t i = 0; i < images->wanted_count; i++) {
        const struct wanted *const wanted = &images->wanted[i];

        if (wanted->name != NULL
                ? image->name != NULL && strcmp(image->name, wanted->name) == 0
                : image->name == NULL && tug_digest_equal(&image->digest, &wanted->digest)) {
            return true;
        }
    }
    return images->wanted == NULL && !image->referrers.is_entry;
}

/* --- columns --- */

/* Name the platforms that are complete, or those that are not, as one word. */
static void add_platforms(struct listing *listing, const struct tug_image_info *image,
                          bool is_complete)
{
    struct text text = {0};
    size_t count = 0;

    for (size_t i = 0; i < image->platform_count; i++) {
        const struct tug_image_platform *const item = image->platforms[i];
        char platform[TUG_PLATFORM_TEXT_MAX];

        if (item->is_complete != is_complete) {
            continue;
        }
        if (count++ < PLATFORMS_SHOWN) {
            (void)tug_platform_format(&item->platform, platform);
            text_printf(&text, "%s%s", count > 1 ? "," : "",
                        *platform != '\0' ? platform : "unknown");
        }
    }
    if (count > PLATFORMS_SHOWN) {
        text_printf(&text, ",+%zu", count - PLATFORMS_SHOWN);
    }
    table_cell(&listing->table, text.data);
    listing->out.has_failed = listing->out.has_failed || text.has_failed;
    text_fini(&text);
}

static void add_labels(struct listing *listing, const struct tug_image_info *image)
{
    struct text text = {0};

    for (size_t i = 0; i < image->label_count; i++) {
        text_printf(&text, "%s%s", i > 0 ? "," : "", image->labels[i]);
    }
    table_cell(&listing->table, text.data);
    listing->out.has_failed = listing->out.has_failed || text.has_failed;
    text_fini(&text);
}

static const char *kind_of(const struct tug_image_info *image)
{
    return image->digest.algorithm == TUG_DIGEST_NONE ? NULL
           : image->is_index                          ? "index"
           : image->platform_count > 0                ? "manifest"
                                                      : "blob";
}

static void add_row(struct listing *listing, const struct tug_image_info *image)
{
    struct table *const table = &listing->table;
    char digest[TUG_DIGEST_TEXT_MAX];
    char date[DATE_LENGTH + 1] = "";
    char count[24] = "";

    if (image->referrers.count > 0) {
        (void)snprintf(count, sizeof count, "%zu", image->referrers.count);
    }
    if (image->created != NULL) {
        (void)snprintf(date, sizeof date, "%s", image->created);
    }
    table_cell(table, image->name);
    table_cell(table, tug_digest_format(&image->digest, digest));
    table_cell(table, kind_of(image));
    add_platforms(listing, image, true);
    add_platforms(listing, image, false);
    table_size(table, image->content_bytes, listing->is_exact);
    table_size(table, image->shared_bytes, listing->is_exact);
    table_cell(table, date);
    table_cell(table, count);
    add_labels(listing, image);
}

/* --- JSON --- */

static void add_json_platforms(struct text *text, const struct tug_image_info *image)
{
    text_puts(text, ",\"platforms\":[");
    for (size_t i = 0; i < image->platform_count; i++) {
        const struct tug_image_platform *const item = image->platforms[i];
        char platform[TUG_PLATFORM_TEXT_MAX];

        (void)tug_platform_format(&item->platform, platform);
        text_puts(text, i > 0 ? ",{\"platform\":" : "{\"platform\":");
        json_string(text, *platform != '\0' ? platform : NULL);
        listing_json_digest(text, "digest", &item->digest);
        listing_json_bool(text, "stored", item->is_stored);
        listing_json_bool(text, "complete", item->is_complete);
        listing_json_number(text, "blobsMissing", item->blobs_missing);
        listing_json_number(text, "bytesMissing", item->bytes_missing);
        text_puts(text, "}");
    }
    text_puts(text, "]");
}

/* Labels as one object; none has the key of another one. */
static void add_json_labels(struct text *text, const struct tug_image_info *image)
{
    text_puts(text, ",\"labels\":{");
    for (size_t i = 0; i < image->label_count; i++) {
        const size_t length = strcspn(image->labels[i], "=");
        char *const key = strndup(image->labels[i], length);

        if (key == NULL) {
            text->has_failed = true;
            return;
        }
        text_puts(text, i > 0 ? "," : "");
        json_string(text, key);
        text_puts(text, ":");
        json_string(text, image->labels[i] + length + (image->labels[i][length] == '='));
        free(key);
    }
    text_puts(text, "}");
}

static void add_json_referrers(struct text *text, const struct tug_image_info *image)
{
    text_puts(text, ",\"referrers\":[");
    for (size_t i = 0; i < image->referrers.count; i++) {
        const struct tug_image_referrer *const referrer = image->referrers.items[i];

        text_puts(text, i > 0 ? ",{\"name\":" : "{\"name\":");
        json_string(text, referrer->name);
        listing_json_digest(text, "digest", &referrer->digest);
        listing_json_text(text, "artifactType", referrer->artifact_type);
        text_puts(text, "}");
    }
    text_puts(text, "]");
}

static void add_json(struct text *text, const struct tug_image_info *image)
{
    text_puts(text, "{\"name\":");
    json_string(text, image->name);
    listing_json_digest(text, "digest", &image->digest);
    listing_json_text(text, "mediaType", *image->media_type != '\0' ? image->media_type : NULL);
    listing_json_number(text, "size", image->size_bytes);
    listing_json_text(text, "kind", kind_of(image));
    listing_json_bool(text, "complete", image->is_complete);
    add_json_platforms(text, image);
    listing_json_number(text, "blobs", image->blobs);
    listing_json_number(text, "contentBytes", image->content_bytes);
    listing_json_number(text, "sharedBytes", image->shared_bytes);
    listing_json_text(text, "created", image->created);
    add_json_labels(text, image);
    listing_json_texts(text, "sources", image->sources, image->source_count);
    add_json_referrers(text, image);
    text_puts(text, "}\n");
}

static enum tug_status on_image(void *context, const struct tug_image_info *image,
                                struct tug_error *err)
{
    struct images *const images = context;
    struct listing *const listing = &images->listing;
    char digest[TUG_DIGEST_TEXT_MAX];

    if (!is_wanted(images, image)) {
        return TUG_OK;
    }
    switch (listing->form) {
    case LISTING_COLUMNS:
        add_row(listing, image);
        break;
    case LISTING_WORDS:
        listing_word(listing,
                     image->name != NULL ? image->name : tug_digest_format(&image->digest, digest));
        break;
    case LISTING_JSON:
        add_json(&listing->out, image);
        break;
    }
    return listing_next(listing, err);
}

/* Find the images that were asked for. */
static enum tug_status find_wanted(struct images *images, const struct settings *settings,
                                   struct tug_error *err)
{
    const size_t count = settings->common.input_count;
    enum tug_status status = TUG_OK;

    if (count == 0) {
        return TUG_OK;
    }
    images->wanted = calloc(count, sizeof *images->wanted);
    if (images->wanted == NULL) {
        err->code = TUG_ERR_NO_MEMORY;
        (void)snprintf(err->message, sizeof err->message, "out of memory");
        return TUG_ERR_NO_MEMORY;
    }
    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        struct wanted *const wanted = &images->wanted[images->wanted_count++];

        status = tug_store_find_image(images->listing.run.store, settings->common.inputs[i].text,
                                      &wanted->name, &wanted->digest, err);
    }
    return status;
}

int cmd_images(const struct settings *settings, const struct command_table *table)
{
    struct images images = {0};
    struct tug_error error = {0};
    enum tug_status status;
    int exit_status;

    (void)table;
    exit_status = listing_begin(&images.listing, settings, "images", columns,
                                sizeof columns / sizeof columns[0]);
    if (exit_status != 0) {
        return exit_status;
    }
    status = find_wanted(&images, settings, &error);
    if (status == TUG_OK) {
        status = tug_store_each_image(images.listing.run.store, on_image, &images,
                                      &images.listing.run.watch, &error);
    }
    exit_status = listing_end(&images.listing, status, &error);
    for (size_t i = 0; i < images.wanted_count; i++) {
        free(images.wanted[i].name);
    }
    free(images.wanted);
    return exit_status;
}

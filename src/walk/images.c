/* SPDX-License-Identifier: Apache-2.0
 *
 * List the images of a store: tug_store_each_image.
 *
 * Knows: a walk, the annotations of an entry. Does not know: files.
 * Threads: any.
 */
#include <tug/images.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "index/annotations.h"
#include "walk/platforms.h"
#include "walk/referrers.h"
#include "walk/walk.h"

/* Most bytes of an image's labels and sources: an entry has a MiB (entries.c). */
#define TEXTS_BYTES_MAX ((size_t)32 * 1024 * 1024)
/* Most repositories of a host that are told. */
#define REPOSITORIES_MAX 16

/* A list of texts that is filled anew for each image. */
struct texts {
    const char **items; /* owned */
    size_t count, capacity;
};

/* A listing at work. */
struct listing {
    struct tug__walk *walk;
    struct tug__watch *watch;
    uint8_t *users; /* of each blob: images that need it; 2: several */
    struct tug__platforms platforms;
    struct tug__referrers referrers;
    struct tug__buf bytes; /* of labels and sources */
    struct texts labels;
    struct texts sources;
    struct tug_image_info info; /* of the image that is looked at */
};

static enum tug_status count_user(void *context, uint32_t blob, struct tug_error *err)
{
    const struct listing *const listing = context;

    (void)err;
    listing->users[blob] = listing->users[blob] == 0 ? 1 : 2;
    return TUG_OK;
}

/* Count for each blob how many images need it. */
static enum tug_status count_users(struct listing *listing, struct tug_error *err)
{
    const struct tug__walk_counts counts = tug__walk_counts(listing->walk);
    enum tug_status status = TUG_OK;

    listing->users = calloc((size_t)counts.blobs + 1, sizeof *listing->users);
    if (listing->users == NULL) {
        return tug__fail_memory(err);
    }
    for (uint32_t i = 0; status == TUG_OK && i < counts.images; i++) {
        const uint32_t root = tug__walk_image(listing->walk, i)->root;

        status = tug__watch_check(listing->watch, err);
        if (status == TUG_OK && root != TUG__WALK_NONE) {
            status = tug__walk_each_needed(listing->walk, root, count_user, listing, err);
        }
    }
    return status;
}

static enum tug_status add_text(struct texts *texts, const char *text, struct tug_error *err)
{
    if (texts->count == texts->capacity) {
        const size_t capacity = texts->capacity > 0 ? 2 * texts->capacity : 16;
        const char **const grown = reallocarray(texts->items, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        texts->items = grown;
        texts->capacity = capacity;
    }
    texts->items[texts->count++] = text;
    return TUG_OK;
}

/* Write "FIRST" JOIN "SECOND" as a text of a list. The buffer has room for all and does not move.
 */
static enum tug_status join(struct listing *listing, struct texts *texts, const char *first,
                            char joint, const char *second, size_t length, struct tug_error *err)
{
    const size_t begin = listing->bytes.length;
    const enum tug_status status = tug__buf_printf(&listing->bytes, err, "%s%c%.*s%c", first, joint,
                                                   (int)length, second, '\0');

    return status == TUG_OK ? add_text(texts, listing->bytes.data + begin, err) : status;
}

/* Add the repositories of a host. */
static enum tug_status add_sources(struct listing *listing, const char *host,
                                   const char *repositories, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (unsigned i = 0; status == TUG_OK && i < REPOSITORIES_MAX && *repositories != '\0'; i++) {
        const size_t length = strcspn(repositories, ",");

        if (length > 0) {
            status = join(listing, &listing->sources, host, '/', repositories, length, err);
        }
        repositories += length + (repositories[length] == ',');
    }
    return status;
}

static bool is_source(const char *key)
{
    return strncmp(key, TUG__INDEX_SOURCE_PREFIX, strlen(TUG__INDEX_SOURCE_PREFIX)) == 0;
}

/* Bytes that all labels and sources take, at most: a host stands before each repository. */
static size_t texts_length(const char *annotations)
{
    size_t sum = 0;

    for (const char *at = annotations; *at != '\0';) {
        const char *const value = at + strlen(at) + 1;

        sum += (strlen(at) + 2) * (is_source(at) ? REPOSITORIES_MAX : 1) + strlen(value);
        at = value + strlen(value) + 1;
    }
    return sum;
}

static enum tug_status read_annotations(struct listing *listing, const char *annotations,
                                        struct tug_error *err)
{
    enum tug_status status;

    tug__buf_clear(&listing->bytes);
    listing->labels.count = 0;
    listing->sources.count = 0;
    status = tug__buf_reserve(&listing->bytes, texts_length(annotations), err);
    for (const char *at = annotations; status == TUG_OK && *at != '\0';) {
        const char *const value = at + strlen(at) + 1;

        if (is_source(at)) {
            status = add_sources(listing, at + strlen(TUG__INDEX_SOURCE_PREFIX), value, err);
        } else if (tug__index_is_label(at)) {
            status = join(listing, &listing->labels, at, '=', value, strlen(value), err);
        }
        at = value + strlen(value) + 1;
    }
    listing->info.labels = listing->labels.items;
    listing->info.label_count = listing->labels.count;
    listing->info.sources = listing->sources.items;
    listing->info.source_count = listing->sources.count;
    return status;
}

static enum tug_status add_blob(void *context, uint32_t number, struct tug_error *err)
{
    struct listing *const listing = context;
    const struct tug__walk_blob *const blob = tug__walk_blob(listing->walk, number);

    (void)err;
    if (blob->state == TUG__BLOB_PRESENT) {
        listing->info.blobs++;
        listing->info.content_bytes += blob->file_bytes;
        listing->info.shared_bytes += listing->users[number] > 1 ? blob->file_bytes : 0;
    }
    return TUG_OK;
}

/* Look at what an image's root leads to. */
static enum tug_status look_at_root(struct listing *listing, uint32_t number, struct tug_error *err)
{
    struct tug_image_info *const info = &listing->info;
    const uint32_t root = tug__walk_image(listing->walk, number)->root;
    const struct tug__walk_blob *const blob = tug__walk_blob(listing->walk, root);
    enum tug_status status = tug__platforms_find(&listing->platforms, listing->walk, number, err);

    info->digest = blob->digest;
    info->is_index = blob->kind == TUG__MEDIA_INDEX;
    if (*info->media_type == '\0' && blob->media_type != NULL) {
        info->media_type = blob->media_type;
    }
    info->platforms = listing->platforms.list;
    info->platform_count = listing->platforms.count;
    info->is_complete = listing->platforms.is_complete;
    info->created = listing->platforms.created;
    if (status == TUG_OK) {
        status = tug__walk_each_needed(listing->walk, root, add_blob, listing, err);
    }
    return status;
}

static enum tug_status hand_on(struct listing *listing, uint32_t number, tug_image_fn on_image,
                               void *context, struct tug_error *err)
{
    const struct tug__walk_image *const image = tug__walk_image(listing->walk, number);
    enum tug_status status;

    listing->info = (struct tug_image_info){
        .name = image->name,
        .media_type = image->media_type,
        .size_bytes = image->size_bytes,
        .referrers.is_entry = tug__walk_is_follower(image),
    };
    status = read_annotations(listing, image->annotations, err);
    if (status == TUG_OK && image->root != TUG__WALK_NONE) {
        status = look_at_root(listing, number, err);
    }
    if (status == TUG_OK && !listing->info.referrers.is_entry) {
        status = tug__referrers_find(&listing->referrers, &listing->info.digest, err);
        listing->info.referrers.items =
            (const struct tug_image_referrer *const *)listing->referrers.items;
        listing->info.referrers.count = listing->referrers.count;
    }
    return status == TUG_OK ? on_image(context, &listing->info, err) : status;
}

static enum tug_status list(struct listing *listing, tug_image_fn on_image, void *context,
                            struct tug_error *err)
{
    const uint32_t count = tug__walk_counts(listing->walk).images;
    struct tug_work_progress progress = {.items_total = count};
    enum tug_status status = count_users(listing, err);

    for (uint32_t i = 0; status == TUG_OK && i < count; i++) {
        progress.items_done = i;
        tug__watch_tell(listing->watch, &progress, false);
        status = tug__watch_check(listing->watch, err);
        if (status == TUG_OK) {
            status = hand_on(listing, i, on_image, context, err);
        }
    }
    progress.items_done = count;
    tug__watch_tell(listing->watch, &progress, true);
    return status;
}

enum tug_status tug_store_each_image(struct tug_store *store, tug_image_fn on_image, void *context,
                                     const struct tug_watch *watch, struct tug_error *err)
{
    struct tug__watch own;
    const struct tug__walk_options options = {.configs = true, .watch = &own};
    struct listing listing = {.watch = &own};
    enum tug_status status = tug__watch_begin(&own, watch, err);

    tug__buf_init(&listing.bytes, TEXTS_BYTES_MAX);
    if (status == TUG_OK) {
        status = tug__walk_open(store, &options, &listing.walk, err);
    }
    if (status == TUG_OK) {
        status = tug__referrers_init(&listing.referrers, store, listing.walk, err);
    }
    if (status == TUG_OK) {
        status = list(&listing, on_image, context, err);
    }
    tug__platforms_fini(&listing.platforms);
    tug__referrers_fini(&listing.referrers);
    tug__buf_fini(&listing.bytes);
    free(listing.labels.items);
    free(listing.sources.items);
    free(listing.users);
    tug__walk_close(listing.walk);
    return status;
}

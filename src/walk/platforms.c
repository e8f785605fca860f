/* SPDX-License-Identifier: Apache-2.0
 *
 * Which platforms an image has, what each of them lacks, and whether the image is complete.
 *
 * Knows: a walk. Does not know: files, names.
 * Threads: the walk's owner.
 */
#include "walk/platforms.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "index/annotations.h"
#include "oci/platform.h"

/* An image being looked at. */
struct look {
    struct tug__platforms *platforms;
    struct tug__walk *walk;
    uint32_t image;
    const char *fetched; /* platforms, as the entry tells; NULL: it does not */
    bool lacks_part;     /* something is missing that should be there */
    bool has_platform;   /* one of the manifests has a platform */
    /* of the manifest whose blobs are counted */
    struct tug_image_platform *counted;
};

static bool is_good(const struct tug__walk_blob *blob)
{
    return blob->state == TUG__BLOB_PRESENT && blob->problem == NULL;
}

/* Tell whether an image is incomplete for lack of a blob. */
static bool is_missing(const struct look *look, uint32_t number)
{
    return !is_good(tug__walk_blob(look->walk, number)) &&
           !tug__walk_is_left_out(look->walk, look->image, number);
}

/* Find what the config of a manifest says. */
static struct tug__walk_config find_config(const struct tug__walk *walk, uint32_t manifest)
{
    size_t count;
    const struct tug__walk_child *const children = tug__walk_children(walk, manifest, &count);

    return count > 0 && children[0].role == TUG__ROLE_CONFIG
               ? tug__walk_config(walk, children[0].blob)
               : (struct tug__walk_config){0};
}

static enum tug_status grow(struct tug__platforms *platforms, struct tug_error *err)
{
    const size_t capacity = platforms->capacity > 0 ? 2 * platforms->capacity : 16;
    struct tug_image_platform *const items =
        reallocarray(platforms->items, capacity, sizeof *items);
    const struct tug_image_platform **list = NULL;

    if (items != NULL) {
        platforms->items = items;
        list = reallocarray(platforms->list, capacity, sizeof *list);
    }
    if (list == NULL) {
        return tug__fail_memory(err);
    }
    platforms->list = list;
    platforms->capacity = capacity;
    return TUG_OK;
}

/* Add a manifest. platform: NULL, what its config says. */
static enum tug_status add(struct look *look, uint32_t manifest,
                           const struct tug_platform *platform, struct tug_error *err)
{
    struct tug__platforms *const platforms = look->platforms;
    const struct tug__walk_blob *const blob = tug__walk_blob(look->walk, manifest);
    struct tug_image_platform added = {.digest = blob->digest, .is_stored = is_good(blob)};

    if (platforms->count == platforms->capacity && grow(platforms, err) != TUG_OK) {
        return TUG_ERR_NO_MEMORY;
    }
    platform = platform != NULL ? platform : find_config(look->walk, manifest).platform;
    if (platform != NULL && !tug__platform_is_unknown(platform)) {
        added.platform = *platform;
        look->has_platform = true;
    }
    platforms->items[platforms->count++] = added;
    return TUG_OK;
}

/* Tell whether one of the manifests of an index may stand for a platform. */
static bool is_manifest(const struct tug__walk_blob *blob)
{
    return blob->kind == TUG__MEDIA_MANIFEST || blob->kind == TUG__MEDIA_OTHER;
}

/* Look whether something is missing of a manifest. */
static void see_manifest(struct look *look, uint32_t manifest)
{
    size_t count;
    const struct tug__walk_child *const children = tug__walk_children(look->walk, manifest, &count);

    for (size_t i = 0; i < count; i++) {
        look->lacks_part = look->lacks_part || (children[i].role != TUG__ROLE_SUBJECT &&
                                                is_missing(look, children[i].blob));
    }
}

/* Look whether something is missing of one of the manifests of an index. Where the entry does not
 * tell which were fetched, those were that are there. */
static void see_entry(struct look *look, const struct tug__walk_child *entry)
{
    const bool is_told = look->fetched != NULL && strcmp(look->fetched, TUG__PLATFORMS_NONE) != 0;
    const bool is_all = is_told && strcmp(look->fetched, TUG__PLATFORMS_ALL) == 0;

    if (is_told && !is_all &&
        (entry->platform == NULL || !tug__index_platforms_have(look->fetched, entry->platform))) {
        return;
    }
    look->lacks_part = look->lacks_part || (is_told && is_missing(look, entry->blob));
    see_manifest(look, entry->blob);
}

static enum tug_status see_index(struct look *look, uint32_t index, struct tug_error *err)
{
    size_t count;
    const struct tug__walk_child *const children = tug__walk_children(look->walk, index, &count);
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        if (children[i].role == TUG__ROLE_MANIFEST &&
            is_manifest(tug__walk_blob(look->walk, children[i].blob))) {
            see_entry(look, &children[i]);
            status = add(look, children[i].blob, children[i].platform, err);
        }
    }
    return status;
}

static enum tug_status see_blob(void *context, uint32_t number, struct tug_error *err)
{
    struct look *const look = context;
    const struct tug__walk_blob *const blob = tug__walk_blob(look->walk, number);

    look->lacks_part = look->lacks_part || blob->problem != NULL;
    return blob->is_read && blob->kind == TUG__MEDIA_INDEX ? see_index(look, number, err) : TUG_OK;
}

static enum tug_status count_missing(void *context, uint32_t number, struct tug_error *err)
{
    struct look *const look = context;

    (void)err;
    if (is_missing(look, number)) {
        look->counted->blobs_missing++;
        look->counted->bytes_missing += tug__walk_blob(look->walk, number)->size_bytes;
    }
    return TUG_OK;
}

/* Count what each platform lacks. */
static enum tug_status count_all(struct look *look, struct tug_error *err)
{
    struct tug__platforms *const platforms = look->platforms;
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < platforms->count; i++) {
        struct tug_image_platform *const item = &platforms->items[i];
        const uint32_t manifest = tug__walk_find(look->walk, &item->digest);

        platforms->list[i] = item;
        look->counted = item;
        status = tug__walk_each_needed(look->walk, manifest, count_missing, look, err);
        item->is_complete = item->blobs_missing == 0;
        if (item->is_complete && !platforms->is_complete) {
            platforms->is_complete = true;
            platforms->created = find_config(look->walk, manifest).created;
        }
    }
    return status;
}

/* Leave manifests without a platform out, if others have one. */
static void drop_unknown(const struct look *look)
{
    struct tug__platforms *const platforms = look->platforms;
    size_t kept = 0;

    for (size_t i = 0; look->has_platform && i < platforms->count; i++) {
        if (platforms->items[i].platform.os[0] != '\0' ||
            platforms->items[i].platform.architecture[0] != '\0') {
            platforms->items[kept++] = platforms->items[i];
        }
    }
    platforms->count = look->has_platform ? kept : platforms->count;
}

enum tug_status tug__platforms_find(struct tug__platforms *platforms, struct tug__walk *walk,
                                    uint32_t image, struct tug_error *err)
{
    struct look look = {
        .platforms = platforms,
        .walk = walk,
        .image = image,
        .fetched = tug__walk_annotation(tug__walk_image(walk, image), TUG__INDEX_PLATFORMS),
    };
    const uint32_t root = tug__walk_image(walk, image)->root;
    const enum tug__media_kind kind = tug__walk_blob(walk, root)->kind;
    enum tug_status status;

    platforms->count = 0;
    platforms->is_complete = false;
    platforms->created = NULL;
    status = tug__walk_each_needed(walk, root, see_blob, &look, err);
    if (status == TUG_OK && kind == TUG__MEDIA_MANIFEST) {
        see_manifest(&look, root);
        status = add(&look, root, NULL, err);
    }
    if (status == TUG_OK) {
        drop_unknown(&look);
        status = count_all(&look, err);
    }
    if (kind != TUG__MEDIA_MANIFEST && kind != TUG__MEDIA_INDEX) { /* one blob has a name, too */
        platforms->is_complete = !is_missing(&look, root);
    }
    platforms->is_complete = platforms->is_complete && !look.lacks_part;
    return status;
}

void tug__platforms_fini(struct tug__platforms *platforms)
{
    free(platforms->items);
    free(platforms->list);
    *platforms = (struct tug__platforms){0};
}

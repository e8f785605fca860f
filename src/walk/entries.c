/* SPDX-License-Identifier: Apache-2.0
 *
 * The images: entries of index.json with their names and annotations.
 *
 * Knows: descriptors, the annotations that name an image. Does not know: files, what is in a
 * document.
 * Threads: the walk's owner.
 */
#include "walk/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "oci/descriptor.h"
#include "index/annotations.h"
#include "store/list.h"

/* Limits for one entry: annotations hold labels of users. */
static const struct tug__json_limits entry_limits = {1024 * 1024, 32, 20000};

static enum tug_status add_image(struct tug__walk *walk, const struct tug__walk_image *image,
                                 struct tug_error *err)
{
    size_t capacity = walk->entries.capacity;
    struct tug__walk_image *const images =
        tug__walk_grow(walk->entries.images, walk->entries.count, &capacity, sizeof *images);
    uint32_t *older;

    walk->entries.images = images != NULL ? images : walk->entries.images;
    older = tug__walk_grow(walk->entries.older, walk->entries.count, &walk->entries.capacity,
                           sizeof *older);
    walk->entries.older = older != NULL ? older : walk->entries.older;
    if (images == NULL || older == NULL) {
        return tug__fail_memory(err);
    }
    older[walk->entries.count] = TUG__WALK_NONE;
    if (image->root != TUG__WALK_NONE) {
        older[walk->entries.count] = walk->nodes[image->root].last_image;
        walk->nodes[image->root].last_image = (uint32_t)walk->entries.count;
    }
    images[walk->entries.count++] = *image;
    return TUG_OK;
}

/* Annotations while they are copied. */
struct copying {
    struct tug__buf text;
    struct tug_error *err;
    enum tug_status status;
};

static bool copy_annotation(void *context, const char *key, const struct tug__json_value *member)
{
    struct copying *const copying = context;
    const char *const value = tug__json_text(member);

    if (value == NULL || *key == '\0') { /* an empty key marks the end */
        return true;
    }
    copying->status = tug__buf_append(&copying->text, key, strlen(key) + 1, copying->err);
    if (copying->status == TUG_OK) {
        copying->status = tug__buf_append(&copying->text, value, strlen(value) + 1, copying->err);
    }
    return copying->status == TUG_OK;
}

static enum tug_status read_annotations(struct tug__walk *walk, const struct tug__json_value *root,
                                        struct tug__walk_image *image, struct tug_error *err)
{
    struct copying copying = {.err = err};

    tug__buf_init(&copying.text, entry_limits.max_bytes);
    tug__json_each_member(tug__json_get(root, "annotations"), copy_annotation, &copying);
    if (copying.status == TUG_OK) {
        /* the pool's NUL after it marks the end */
        image->annotations = tug__pool_copy(
            &walk->pool, copying.text.length > 0 ? copying.text.data : "", copying.text.length);
        copying.status = image->annotations != NULL ? TUG_OK : tug__fail_memory(err);
    }
    tug__buf_fini(&copying.text);
    return copying.status;
}

/* Use the descriptor of an entry: it names a root. */
static enum tug_status take_root(struct tug__walk *walk, const struct tug__descriptor *descriptor,
                                 struct tug__walk_image *image, struct tug_error *err)
{
    const struct tug__naming naming = {
        .digest = &descriptor->digest,
        .has_size = true,
        .size_bytes = descriptor->size_bytes,
        .media_type = descriptor->media_type,
        .kind = descriptor->kind,
        .is_listed = true,
    };
    enum tug_status status = tug__walk_name(walk, &naming, &image->root, err);

    image->size_bytes = descriptor->size_bytes;
    image->media_type = "";
    if (status == TUG_OK && descriptor->media_type[0] != '\0') {
        image->media_type =
            tug__pool_keep(&walk->pool, descriptor->media_type, strlen(descriptor->media_type));
        status = image->media_type != NULL ? TUG_OK : tug__fail_memory(err);
    }
    return status == TUG_OK ? tug__walk_reach(walk, image->root, err) : status;
}

static const char *find_name(const struct tug__walk_image *image)
{
    const char *const name = tug__walk_annotation(image, TUG__INDEX_IMAGE_NAME);

    return name != NULL ? name : tug__walk_annotation(image, TUG__INDEX_REF_NAME);
}

/* Read an entry that is JSON. */
static enum tug_status read_entry(struct tug__walk *walk, const struct tug__json_value *root,
                                  struct tug__walk_image *image, struct tug_error *err)
{
    struct tug__descriptor descriptor = {0};
    struct tug_error refusal = {0};
    enum tug_status status = read_annotations(walk, root, image, err);

    if (status != TUG_OK) {
        return status;
    }
    image->name = find_name(image);
    status = tug__descriptor_read(root, &descriptor, &refusal);
    if (status == TUG_ERR_NO_MEMORY) {
        return tug__fail_memory(err);
    }
    if (status != TUG_OK) {
        image->problem = tug__pool_copy(&walk->pool, refusal.message, strlen(refusal.message));
        return image->problem != NULL ? TUG_OK : tug__fail_memory(err);
    }
    status = take_root(walk, &descriptor, image, err);
    tug__descriptor_fini(&descriptor);
    return status;
}

static enum tug_status on_entry(void *context, size_t number, const char *text, size_t length,
                                struct tug_error *err)
{
    struct tug__walk *const walk = context;
    struct tug__walk_image image = {.root = TUG__WALK_NONE, .media_type = "", .annotations = ""};
    struct tug_error refusal = {0};
    struct tug__json *json = NULL;
    enum tug_status status = tug__json_parse(text, length, &entry_limits, &json, &refusal);

    (void)number;
    if (status == TUG_ERR_NO_MEMORY) {
        return tug__fail_memory(err);
    }
    if (status == TUG_OK) {
        status = read_entry(walk, tug__json_root(json), &image, err);
    } else {
        image.problem = tug__pool_copy(&walk->pool, refusal.message, strlen(refusal.message));
        status = image.problem != NULL ? TUG_OK : tug__fail_memory(err);
    }
    tug__json_destroy(json);
    if (status == TUG_OK) {
        status = add_image(walk, &image, err);
    }
    return status == TUG_OK ? tug__watch_check(walk->watch, err) : status;
}

/* Order by name; with the same name, by position in index.json. */
static int compare_names(const void *a, const void *b, void *context)
{
    const struct tug__walk *const walk = context;
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;
    const int order = strcmp(walk->entries.images[left].name, walk->entries.images[right].name);

    return order != 0 ? order : (left > right) - (left < right);
}

enum tug_status tug__walk_rank_images(struct tug__walk *walk, struct tug_error *err)
{
    size_t count = 0;

    walk->entries.named = calloc(walk->entries.count + 1, sizeof *walk->entries.named);
    walk->entries.ranks = calloc(walk->entries.count + 1, sizeof *walk->entries.ranks);
    if (walk->entries.named == NULL || walk->entries.ranks == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < walk->entries.count; i++) {
        if (walk->entries.images[i].name != NULL) {
            walk->entries.named[count++] = (uint32_t)i;
        }
    }
    qsort_r(walk->entries.named, count, sizeof *walk->entries.named, compare_names, walk);
    for (size_t i = 0; i < count; i++) {
        const uint32_t number = walk->entries.named[i];
        struct tug__walk_image *const image = &walk->entries.images[number];

        if (i + 1 < count &&
            strcmp(image->name, walk->entries.images[walk->entries.named[i + 1]].name) == 0) {
            image->name = NULL;
            continue;
        }
        walk->entries.ranks[number] = (uint32_t)walk->entries.named_count;
        walk->entries.named[walk->entries.named_count++] = number;
    }
    return TUG_OK;
}

enum tug_status tug__walk_read_entries(struct tug__walk *walk, struct tug_error *err)
{
    return tug__store_list_entries(walk->store, on_entry, walk, err);
}

const char *tug__walk_annotation(const struct tug__walk_image *image, const char *key)
{
    const char *at = image->annotations;

    while (*at != '\0') {
        const char *const value = at + strlen(at) + 1;

        if (strcmp(at, key) == 0) {
            return value;
        }
        at = value + strlen(value) + 1;
    }
    return NULL;
}

uint32_t tug__walk_find_name(const struct tug__walk *walk, const char *name)
{
    size_t low = 0;
    size_t high = walk->entries.named_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(walk->entries.images[walk->entries.named[middle]].name, name);

        if (order == 0) {
            return walk->entries.named[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return TUG__WALK_NONE;
}

uint32_t tug__walk_find_root(const struct tug__walk *walk, uint32_t root)
{
    return walk->nodes[root].last_image;
}

bool tug__walk_is_left_out(const struct tug__walk *walk, uint32_t image, uint32_t blob)
{
    const char *at = tug__walk_annotation(&walk->entries.images[image], TUG__INDEX_LEFT_OUT);
    char digest[TUG_DIGEST_TEXT_MAX];

    (void)tug_digest_format(&walk->blobs[blob].digest, digest);
    while (at != NULL && *at != '\0') {
        const size_t length = strcspn(at, ",");

        if ((length == strlen(digest) && memcmp(at, digest, length) == 0) ||
            (length == 3 && memcmp(at, "...", 3) == 0 &&
             walk->blobs[blob].kind == TUG__MEDIA_FOREIGN)) {
            return true;
        }
        at += length + (at[length] == ',');
    }
    return false;
}

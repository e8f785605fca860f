/* SPDX-License-Identifier: Apache-2.0
 *
 * Decide whether it is damage that a blob is missing.
 *
 * Knows: documents as a walk has them, what an entry tells of its image. Does not know: files, how
 * anything is repaired.
 * Threads: a walk's.
 */
#include "upkeep/needed.h"

#include <string.h>

#include "base/error.h"
#include "index/annotations.h"

/* One image being marked. */
struct marking {
    struct tug__walk *walk;
    uint32_t image;        /* TUG__WALK_NONE: of none */
    const char *platforms; /* as its entry tells; NULL: it does not */
    uint8_t *marks;
    bool is_rest; /* no entry names it: a layer that others have, too, tells nothing */
};

static bool is_there(const struct tug__walk *walk, uint32_t blob)
{
    return tug__walk_blob(walk, blob)->state != TUG__BLOB_ABSENT;
}

/* Tell whether the store has a layer of a manifest, and has it for the manifest's sake. One without
 * layers has all that it needs. */
static bool has_layer(const struct marking *marking, uint32_t manifest)
{
    size_t count;
    const struct tug__walk_child *const children =
        tug__walk_children(marking->walk, manifest, &count);
    bool has_any = false;

    for (size_t i = 0; i < count; i++) {
        const uint32_t blob = children[i].blob;
        const bool is_shared = marking->is_rest && (marking->marks[blob] & TUG__MARK_CHOSEN) != 0;

        if (children[i].role == TUG__ROLE_LAYER && is_there(marking->walk, blob) && !is_shared) {
            return true;
        }
        has_any = has_any || children[i].role == TUG__ROLE_LAYER;
    }
    return !has_any;
}

/* Tell whether all of a manifest was fetched for the image. child: how an index names it; NULL: it
 * is the root. */
static bool is_wanted(const struct marking *marking, uint32_t manifest,
                      const struct tug__walk_child *child)
{
    const char *const platforms = marking->platforms;

    if (platforms != NULL && strcmp(platforms, TUG__PLATFORMS_NONE) == 0) {
        return false;
    }
    if (child == NULL || (platforms != NULL && strcmp(platforms, TUG__PLATFORMS_ALL) == 0)) {
        return true;
    }
    return platforms != NULL && child->platform != NULL
               ? tug__index_platforms_have(platforms, child->platform)
               : has_layer(marking, manifest);
}

/* Mark what a manifest names. */
static void mark_manifest(const struct marking *marking, uint32_t manifest,
                          const struct tug__walk_child *child)
{
    const bool is_whole = is_wanted(marking, manifest, child);
    size_t count;
    const struct tug__walk_child *const children =
        tug__walk_children(marking->walk, manifest, &count);

    for (size_t i = 0; i < count; i++) {
        if (children[i].role == TUG__ROLE_SUBJECT ||
            (marking->image != TUG__WALK_NONE &&
             tug__walk_is_left_out(marking->walk, marking->image, children[i].blob))) {
            continue;
        }
        marking->marks[children[i].blob] |= TUG__MARK_CHOSEN;
        if (is_whole) {
            marking->marks[children[i].blob] |= TUG__MARK_NEEDED;
        }
    }
}

/* Mark the manifests that an index names; those that are not there only if they were asked for by
 * name: which others a fetch passed over is its own affair. */
static void mark_index(const struct marking *marking, uint32_t index)
{
    size_t count;
    const struct tug__walk_child *const children = tug__walk_children(marking->walk, index, &count);

    for (size_t i = 0; i < count; i++) {
        if (children[i].role == TUG__ROLE_SUBJECT) {
            continue;
        }
        marking->marks[children[i].blob] |= TUG__MARK_CHOSEN;
        if (is_there(marking->walk, children[i].blob) ||
            (marking->platforms != NULL && is_wanted(marking, children[i].blob, &children[i]))) {
            marking->marks[children[i].blob] |= TUG__MARK_NEEDED;
        }
        if (tug__walk_blob(marking->walk, children[i].blob)->kind == TUG__MEDIA_MANIFEST) {
            mark_manifest(marking, children[i].blob, &children[i]);
        }
    }
}

/* A document below a target: manifests are marked where their index names them, so here come
 * indexes, and manifests that are a target themselves. */
static enum tug_status mark_document(void *context, uint32_t blob, struct tug_error *err)
{
    const struct marking *const marking = context;

    (void)err;
    marking->marks[blob] |= TUG__MARK_CHOSEN;
    if (tug__walk_blob(marking->walk, blob)->kind == TUG__MEDIA_INDEX) {
        mark_index(marking, blob);
    }
    return TUG_OK;
}

static enum tug_status mark_target(struct tug__walk *walk, const struct tug__target *target,
                                   uint8_t *marks, struct tug_error *err)
{
    struct marking marking = {.walk = walk, .image = target->image, .marks = marks};

    if (target->image != TUG__WALK_NONE) {
        marking.platforms =
            tug__walk_annotation(tug__walk_image(walk, target->image), TUG__INDEX_PLATFORMS);
    }
    marks[target->blob] |= TUG__MARK_CHOSEN | TUG__MARK_NEEDED;
    if (tug__walk_blob(walk, target->blob)->kind == TUG__MEDIA_MANIFEST) {
        mark_manifest(&marking, target->blob, NULL);
    }
    return tug__walk_each_needed(walk, target->blob, mark_document, &marking, err);
}

enum tug_status tug__mark_needed(struct tug__walk *walk, const struct tug__target *targets,
                                 size_t count, uint8_t *marks, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = mark_target(walk, &targets[i], marks, err);
    }
    return status;
}

/* Mark documents that no entry leads to downwards: what refers to an image, and what an image
 * refers to. A fetch of what refers to an image may have been interrupted, or passed over some of
 * it: such a manifest counts as fetched when the store has one of its layers, which no image has
 * that an entry names. Those of the list that an image was converted from have most of them in
 * common with the image, for each platform. */
static void mark_rest(struct tug__walk *walk, uint32_t blob, uint8_t *marks)
{
    const struct marking marking = {
        .walk = walk, .image = TUG__WALK_NONE, .marks = marks, .is_rest = true};
    const struct tug__walk_blob *const info = tug__walk_blob(walk, blob);
    const struct tug__walk_child child = {.blob = blob};

    if (!info->is_reached || !info->is_read || (marks[blob] & TUG__MARK_CHOSEN) != 0) {
        return;
    }
    if (info->kind == TUG__MEDIA_MANIFEST) {
        mark_manifest(&marking, blob, &child);
    } else if (info->kind == TUG__MEDIA_INDEX) {
        mark_index(&marking, blob);
    }
}

enum tug_status tug__mark_all(struct tug__walk *walk, uint8_t *marks, struct tug_error *err)
{
    const struct tug__walk_counts counts = tug__walk_counts(walk);
    enum tug_status status = TUG_OK;

    for (uint32_t i = 0; status == TUG_OK && i < counts.images; i++) {
        const struct tug__target target = {i, tug__walk_image(walk, i)->root};

        if (target.blob != TUG__WALK_NONE) {
            status = mark_target(walk, &target, marks, err);
        }
    }
    for (uint32_t i = 0; status == TUG_OK && i < counts.blobs; i++) {
        mark_rest(walk, i, marks);
        marks[i] |= TUG__MARK_CHOSEN;
    }
    return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The graph: references between blobs, and reachability.
 *
 * Knows: documents as structs. Does not know: files, how texts are parsed.
 * Threads: the walk's owner.
 */
#include "walk/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Numbers of blobs and of references fit into 32 bits with room for sums. */
#define NUMBER_MAX ((size_t)1 << 31)

void tug__walk_settle(struct tug__walk *walk, uint32_t number)
{
    struct tug__walk_blob *const blob = &walk->blobs[number];
    const struct tug__node *const node = &walk->nodes[number];

    if (!node->has_file || blob->state == TUG__BLOB_NOT_A_FILE) {
        return;
    }
    if (!node->has_size) {
        blob->size_bytes = blob->file_bytes;
    }
    blob->state = blob->size_bytes == blob->file_bytes ? TUG__BLOB_PRESENT : TUG__BLOB_WRONG_SIZE;
}

static bool is_document_kind(enum tug__media_kind kind)
{
    return kind == TUG__MEDIA_INDEX || kind == TUG__MEDIA_MANIFEST;
}

enum tug_status tug__walk_note_size(struct tug__walk *walk, uint32_t number, uint64_t size_bytes,
                                    struct tug_error *err)
{
    struct tug__walk_blob *const blob = &walk->blobs[number];
    struct tug__node *const node = &walk->nodes[number];
    const bool was_wrong = blob->state == TUG__BLOB_WRONG_SIZE;

    if (!node->has_size || (node->has_file && size_bytes == blob->file_bytes)) {
        blob->size_bytes = size_bytes;
    }
    node->has_size = true;
    tug__walk_settle(walk, number);
    /* a document skipped for its size can be read now */
    return was_wrong && blob->state == TUG__BLOB_PRESENT && blob->is_reached
               ? tug__numbers_push(&walk->queue, number, err)
               : TUG_OK;
}

/* Note a media type from a descriptor: the first one counts. */
static enum tug_status note_type(struct tug__walk *walk, uint32_t number, const char *media_type,
                                 enum tug__media_kind kind, struct tug_error *err)
{
    struct tug__walk_blob *const blob = &walk->blobs[number];

    if (blob->media_type != NULL || *media_type == '\0') {
        return TUG_OK;
    }
    blob->media_type = tug__pool_keep(&walk->pool, media_type, strlen(media_type));
    if (blob->media_type == NULL) {
        return tug__fail_memory(err);
    }
    blob->kind = blob->is_read ? blob->kind : kind;
    return TUG_OK;
}

enum tug_status tug__walk_name(struct tug__walk *walk, const struct tug__naming *naming,
                               uint32_t *out_blob, struct tug_error *err)
{
    const enum tug__media_kind kind = naming->kind;
    const bool is_certain = naming->is_listed && is_document_kind(kind);
    uint32_t number = 0;
    enum tug_status status = tug__walk_add(walk, naming->digest, &number, err);
    struct tug__node *node;

    if (status == TUG_OK) {
        status = note_type(walk, number, naming->media_type, kind, err);
    }
    if (status == TUG_OK && naming->has_size) {
        status = tug__walk_note_size(walk, number, naming->size_bytes, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    node = &walk->nodes[number];
    walk->blobs[number].is_named = true;
    node->is_listed = node->is_listed || naming->is_listed;
    node->is_certain = node->is_certain || is_certain;
    if (!node->is_document && (is_document_kind(kind) ||
                               (naming->is_listed && tug__media_is_generic(naming->media_type)))) {
        node->is_document = true;
        if (walk->blobs[number].is_reached) { /* then it was handled as an opaque blob */
            status = tug__numbers_push(&walk->queue, number, err);
        }
    }
    *out_blob = number;
    return status;
}

enum tug_status tug__walk_reach(struct tug__walk *walk, uint32_t blob, struct tug_error *err)
{
    if (walk->blobs[blob].is_reached) {
        return TUG_OK;
    }
    walk->blobs[blob].is_reached = true;
    return tug__numbers_push(&walk->queue, blob, err);
}

static enum tug_status add_child(struct tug__walk *walk, const struct tug__walk_child *child,
                                 struct tug_error *err)
{
    struct tug__walk_child *children;

    if (walk->links.child_count >= NUMBER_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "documents that name more than %zu blobs",
                         NUMBER_MAX);
    }
    children = tug__walk_grow(walk->links.children, walk->links.child_count,
                              &walk->links.child_capacity, sizeof *children);
    if (children == NULL) {
        return tug__fail_memory(err);
    }
    walk->links.children = children;
    walk->links.children[walk->links.child_count++] = *child;
    return TUG_OK;
}

/* Add one descriptor of a document. */
static enum tug_status take_child(struct tug__walk *walk, const struct tug__document *document,
                                  size_t position, struct tug_error *err)
{
    const struct tug__descriptor *const descriptor = &document->children[position];
    const bool is_index = document->kind == TUG__MEDIA_INDEX;
    const struct tug__naming naming = {
        .digest = &descriptor->digest,
        .has_size = true,
        .size_bytes = descriptor->size_bytes,
        .media_type = descriptor->media_type,
        .kind = descriptor->kind,
        .is_listed = is_index,
    };
    struct tug__walk_child child = {
        .role = is_index                                ? TUG__ROLE_MANIFEST
                : document->has_config && position == 0 ? TUG__ROLE_CONFIG
                                                        : TUG__ROLE_LAYER,
    };
    const enum tug_status status = tug__walk_name(walk, &naming, &child.blob, err);

    if (status != TUG_OK) {
        return status;
    }
    if (descriptor->has_platform) {
        const void *const kept =
            tug__pool_keep(&walk->pool, &descriptor->platform, sizeof descriptor->platform);

        if (kept == NULL) {
            return tug__fail_memory(err);
        }
        child.platform = kept;
    }
    return add_child(walk, &child, err);
}

/* Note the subject of a document, and the document as its referrer. */
static enum tug_status take_subject(struct tug__walk *walk, uint32_t blob,
                                    const struct tug_digest *subject, struct tug_error *err)
{
    const struct tug__naming naming = {.digest = subject, .media_type = "", .is_listed = true};
    struct tug__walk_child child = {.role = TUG__ROLE_SUBJECT};
    enum tug_status status = tug__walk_name(walk, &naming, &child.blob, err);
    struct tug__referrer *referrers;
    struct tug__node *node;

    if (status == TUG_OK) {
        status = add_child(walk, &child, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    referrers = tug__walk_grow(walk->links.referrers, walk->links.referrer_count,
                               &walk->links.referrer_capacity, sizeof *referrers);
    if (referrers == NULL) {
        return tug__fail_memory(err);
    }
    walk->links.referrers = referrers;
    node = &walk->nodes[child.blob];
    referrers[walk->links.referrer_count] =
        (struct tug__referrer){.blob = blob, .next = node->first_referrer};
    node->first_referrer = (uint32_t)walk->links.referrer_count++;
    return walk->blobs[child.blob].is_reached ? tug__walk_reach(walk, blob, err) : TUG_OK;
}

enum tug_status tug__walk_take_document(struct tug__walk *walk, uint32_t blob,
                                        const struct tug__document *document, struct tug_error *err)
{
    const size_t first = walk->links.child_count;
    enum tug_status status = note_type(walk, blob, document->media_type, document->kind, err);

    for (size_t i = 0; status == TUG_OK && i < document->child_count; i++) {
        status = take_child(walk, document, i, err);
    }
    if (status == TUG_OK && document->subject.algorithm != TUG_DIGEST_NONE) {
        status = take_subject(walk, blob, &document->subject, err);
    }
    if (status == TUG_OK) {
        walk->blobs[blob].kind = document->kind;
        walk->blobs[blob].is_read = true;
        walk->blobs[blob].problem = NULL;
        walk->nodes[blob].first_child = (uint32_t)first;
        walk->nodes[blob].child_count = (uint32_t)(walk->links.child_count - first);
    }
    return status;
}

enum tug_status tug__walk_spread(struct tug__walk *walk, uint32_t blob, struct tug_error *err)
{
    const struct tug__node *const node = &walk->nodes[blob];
    enum tug_status status = TUG_OK;

    for (uint32_t i = 0; status == TUG_OK && i < node->child_count; i++) {
        status = tug__walk_reach(walk, walk->links.children[node->first_child + i].blob, err);
    }
    for (uint32_t i = node->first_referrer; status == TUG_OK && i != TUG__WALK_NONE;
         i = walk->links.referrers[i].next) {
        status = tug__walk_reach(walk, walk->links.referrers[i].blob, err);
    }
    return status;
}

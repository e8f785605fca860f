/* SPDX-License-Identifier: Apache-2.0
 *
 * Convert manifests and indexes: replace media types, digests and sizes where they are in the text.
 *
 * Knows: where descriptors are in manifests and indexes. Does not know: the network, the store.
 * Threads: any.
 *
 * What has to change is decided by the parsed document, and where it is by a scan of the text. The
 * result is parsed again and compared with the decision, so a text that hides a member from the
 * scan is refused instead of converted by half.
 */
#include "convert/convert.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/json_scan.h"
#include "oci/limits.h"

static const struct tug__json_limits limits = {
    .max_bytes = TUG__MANIFEST_BYTES_MAX,
    .max_depth = TUG__JSON_DEPTH_MAX,
    .max_values = TUG__JSON_VALUES_MAX,
};

/* A part of the text; end 0: there is none. */
struct spot {
    size_t begin, end;
};

/* Where a child's descriptor is. */
struct child {
    size_t begin; /* of its object; 0: not found */
    struct spot media_type, digest, size;
};

/* A part of the text, and what takes its place. */
struct edit {
    struct spot spot;
    const char *media_type;          /* as a string; NULL: not a type */
    const struct tug_digest *digest; /* NULL: not a digest */
    uint64_t size_bytes;
    bool is_member; /* spot is empty: add the whole member */
};

/* Which list of descriptors the scan is in. */
enum section {
    SECTION_NONE = 0,
    SECTION_CONFIG,
    SECTION_LIST,
};

/* A conversion at work. */
struct work {
    const struct tug__conversion_input *input;
    struct spot media_type; /* the document's own */
    struct child *children; /* owned; one for each of the document's */
    size_t next;            /* child of the next descriptor in a list */
    size_t present;         /* child of the descriptor that the scan is in */
    enum section section;
    struct edit *edits; /* owned */
    size_t edit_count;
};

static bool is_key(const struct work *work, const struct tug__json_value_place *place,
                   const char *key)
{
    return place->key_length == strlen(key) &&
           memcmp(work->input->bytes + place->key_offset, key, place->key_length) == 0;
}

/* Enter or leave a member of the document. */
static void see_member(struct work *work, const struct tug__json_value_place *place)
{
    const bool is_end = place->end > 0;

    if (is_end && is_key(work, place, "mediaType")) {
        work->media_type = (struct spot){place->begin, place->end};
    }
    work->section = SECTION_NONE;
    if (!is_end && is_key(work, place, "config") && work->input->document->has_config) {
        work->section = SECTION_CONFIG;
        work->present = 0;
        work->children[0].begin = place->begin;
    } else if (!is_end && (is_key(work, place, "layers") || is_key(work, place, "manifests"))) {
        work->section = SECTION_LIST;
    }
}

/* See a member of a descriptor. */
static void see_descriptor(struct work *work, const struct tug__json_value_place *place)
{
    struct child *const child = &work->children[work->present];
    const struct spot spot = {place->begin, place->end};

    if (place->end == 0) {
        return;
    }
    if (is_key(work, place, "mediaType")) {
        child->media_type = spot;
    } else if (is_key(work, place, "digest")) {
        child->digest = spot;
    } else if (is_key(work, place, "size")) {
        child->size = spot;
    }
}

static enum tug_status on_place(void *context, const struct tug__json_value_place *place,
                                struct tug_error *err)
{
    struct work *const work = context;
    const size_t count = work->input->document->child_count;

    (void)err;
    if (place->depth == 1) {
        see_member(work, place);
    } else if (work->section == SECTION_LIST && place->depth == 2 && place->end == 0) {
        work->present = work->next++;
        if (work->present < count) {
            work->children[work->present].begin = place->begin;
        }
    } else if (work->section != SECTION_NONE && work->present < count &&
               place->depth == (work->section == SECTION_LIST ? 3U : 2U)) {
        see_descriptor(work, place);
    }
    return TUG_OK;
}

static bool is_docker_manifest(const struct tug__document *document)
{
    return document->kind == TUG__MEDIA_MANIFEST && tug__convert_type(document->media_type) != NULL;
}

/* Decide what type a child gets; NULL: it keeps its own. */
static const char *child_type(const struct tug__conversion_input *input, size_t position)
{
    const struct tug__document *const document = input->document;
    const char *const type = document->children[position].media_type;

    if (document->kind == TUG__MEDIA_INDEX) {
        return input->entries != NULL ? input->entries[position].media_type : NULL;
    }
    if (position == 0 && document->has_config && is_docker_manifest(document) &&
        strcasecmp(type, "application/octet-stream") == 0) {
        return TUG__OCI_CONFIG_TYPE;
    }
    return tug__convert_type(type);
}

static void add_edit(struct work *work, const struct edit *edit)
{
    work->edits[work->edit_count++] = *edit;
}

/* Decide on the edits of one child. */
static void decide_child(struct work *work, size_t position)
{
    const struct tug__conversion_input *const input = work->input;
    const struct child *const child = &work->children[position];
    const struct tug__descriptor *const old = &input->document->children[position];
    const char *const type = child_type(input, position);
    const bool is_entry = input->document->kind == TUG__MEDIA_INDEX && type != NULL;

    if (type != NULL && strcmp(type, old->media_type) != 0) {
        const bool has_type = child->media_type.end > 0;
        const struct spot start = {child->begin + 1, child->begin + 1};

        add_edit(work, &(struct edit){.spot = has_type ? child->media_type : start,
                                      .media_type = type,
                                      .is_member = !has_type});
    }
    if (is_entry && !tug_digest_equal(&input->entries[position].digest, &old->digest)) {
        add_edit(work,
                 &(struct edit){.spot = child->digest, .digest = &input->entries[position].digest});
        add_edit(work, &(struct edit){.spot = child->size,
                                      .size_bytes = input->entries[position].size_bytes});
    }
}

static int compare_edits(const void *a, const void *b)
{
    const struct edit *const left = a;
    const struct edit *const right = b;

    return (left->spot.begin > right->spot.begin) - (left->spot.begin < right->spot.begin);
}

/* Decide what type the document gets; NULL: it keeps its own. What a descriptor or an answer says
 * of it may differ from its own member. */
static const char *document_type(const struct work *work)
{
    const struct spot own = work->media_type;
    const char *const type = tug__convert_type(work->input->document->media_type);
    char text[TUG__MEDIA_TYPE_MAX] = "";

    if (type == NULL && own.end > own.begin + 2 && own.end - own.begin - 2 < sizeof text) {
        memcpy(text, work->input->bytes + own.begin + 1, own.end - own.begin - 2);
    }
    return type != NULL ? type : tug__convert_type(text);
}

static void decide(struct work *work)
{
    const struct tug__document *const document = work->input->document;
    const char *const type = document_type(work);

    if (type != NULL && work->media_type.end > 0) {
        add_edit(work, &(struct edit){.spot = work->media_type, .media_type = type});
    }
    for (size_t i = 0; i < document->child_count; i++) {
        decide_child(work, i);
    }
    qsort(work->edits, work->edit_count, sizeof *work->edits, compare_edits);
}

static enum tug_status write_edit(const struct edit *edit, struct tug__buf *output,
                                  struct tug_error *err)
{
    char text[TUG_DIGEST_TEXT_MAX];

    if (edit->media_type != NULL) {
        return tug__buf_printf(output, err, "%s\"%s\"%s", edit->is_member ? "\"mediaType\":" : "",
                               edit->media_type, edit->is_member ? "," : "");
    }
    if (edit->digest != NULL) {
        return tug__buf_printf(output, err, "\"%s\"", tug_digest_format(edit->digest, text));
    }
    return tug__buf_printf(output, err, "%" PRIu64, edit->size_bytes);
}

static enum tug_status fail_hidden(struct tug_error *err)
{
    return tug__fail(err, TUG_ERR_CONTENT,
                     "its members are written in a way that cannot be converted");
}

/* Write the new text. */
static enum tug_status write_all(const struct work *work, struct tug__buf *output,
                                 struct tug_error *err)
{
    const struct tug__conversion_input *const input = work->input;
    size_t at = 0;
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < work->edit_count; i++) {
        const struct edit *const edit = &work->edits[i];

        if (edit->spot.end == 0 || edit->spot.begin < at || edit->spot.begin <= 1) {
            return fail_hidden(err);
        }
        status = tug__buf_append(output, input->bytes + at, edit->spot.begin - at, err);
        if (status == TUG_OK) {
            status = write_edit(edit, output, err);
        }
        at = edit->spot.end;
    }
    return status == TUG_OK ? tug__buf_append(output, input->bytes + at, input->length - at, err)
                            : status;
}

/* Check that a child is now what was decided. */
static bool is_as_decided(const struct tug__conversion_input *input, size_t position,
                          const struct tug__descriptor *child)
{
    const struct tug__descriptor *const old = &input->document->children[position];
    const char *const type = child_type(input, position);
    const bool is_entry = input->document->kind == TUG__MEDIA_INDEX && type != NULL;
    const struct tug_digest *const digest =
        is_entry ? &input->entries[position].digest : &old->digest;

    return strcmp(child->media_type, type != NULL ? type : old->media_type) == 0 &&
           tug_digest_equal(&child->digest, digest) &&
           child->size_bytes == (is_entry ? input->entries[position].size_bytes : old->size_bytes);
}

/* Read the new text as others will, and compare it with what was decided. */
static enum tug_status check(const struct tug__conversion_input *input, const char *bytes,
                             size_t length, struct tug_error *err)
{
    const struct tug__document *const old = input->document;
    const char *const type = tug__convert_type(old->media_type);
    const struct tug__document_text text = {
        .bytes = bytes,
        .length = length,
        .media_type = type != NULL ? type : old->media_type,
        .is_pinned = true,
    };
    struct tug__document document = {0};
    enum tug_status status = tug__document_parse(&text, &document, err);

    if (status != TUG_OK) {
        return status;
    }
    if (document.kind != old->kind || document.child_count != old->child_count ||
        document.has_config != old->has_config) {
        status = fail_hidden(err);
    }
    for (size_t i = 0; status == TUG_OK && i < document.child_count; i++) {
        status = is_as_decided(input, i, &document.children[i]) ? TUG_OK : fail_hidden(err);
    }
    tug__document_fini(&document);
    return status;
}

static enum tug_status convert(struct work *work, struct tug__buf *output, bool *out_is_changed,
                               struct tug_error *err)
{
    const struct tug__conversion_input *const input = work->input;
    const struct tug__json_input json = {input->bytes, input->length, &limits};
    const size_t begin = output->length;
    struct tug__json_counts counts;
    enum tug_status status = tug__json_scan(&json, on_place, work, &counts, err);

    if (status != TUG_OK) {
        return status;
    }
    decide(work);
    *out_is_changed = work->edit_count > 0;
    if (!*out_is_changed) {
        return TUG_OK;
    }
    status = write_all(work, output, err);
    if (status == TUG_OK) {
        status = check(input, output->data + begin, output->length - begin, err);
    }
    if (status != TUG_OK) {
        tug__buf_cut(output, begin);
    }
    return status;
}

enum tug_status tug__convert_document(const struct tug__conversion_input *input,
                                      struct tug__buf *output, bool *out_is_changed,
                                      struct tug_error *err)
{
    const size_t count = input->document->child_count;
    struct work work = {
        .input = input,
        .children = calloc(count + 1, sizeof *work.children),
        .next = input->document->has_config ? 1 : 0,
        .present = count,
        .edits = calloc(3 * count + 1, sizeof *work.edits),
    };
    enum tug_status status = TUG_OK;

    if (work.children == NULL || work.edits == NULL) {
        status = tug__fail_memory(err);
    } else {
        status = convert(&work, output, out_is_changed, err);
    }
    free(work.children);
    free(work.edits);
    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "cannot be converted");
}

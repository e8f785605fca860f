/* SPDX-License-Identifier: Apache-2.0
 *
 * Where one is in a YAML document.
 *
 * Knows: keys, anchors. Does not know: the parser, references, lists.
 * Threads: any.
 */
#include "yaml_walk.h"

#include <stdlib.h>
#include <string.h>

/* --- anchors --- */

void yaml_walk_begin(struct yaml_walk *walk)
{
    for (size_t i = 0; i < walk->anchor_count; i++) {
        free(walk->anchors[i].name);
        free(walk->anchors[i].text);
    }
    free(walk->anchors);
    walk->anchors = NULL;
    walk->anchor_count = 0;
}

/* Remember what an anchor stands for; the last one of a name is the one meant. */
static enum yaml_walk_result note_anchor(struct yaml_walk *walk, const struct yaml_node *node)
{
    const bool is_text = node->text != NULL && yaml_is_text(node) &&
                         strlen(node->text) == node->length && node->length <= YAML_TEXT_MAX;
    struct yaml_anchor *grown;
    struct yaml_anchor anchor;

    if (node->anchor == NULL || strlen(node->anchor) > YAML_TEXT_MAX ||
        walk->anchor_count == YAML_ANCHORS_MAX) {
        return YAML_WALK_OK;
    }
    grown = reallocarray(walk->anchors, walk->anchor_count + 1, sizeof *grown);
    if (grown == NULL) {
        return YAML_WALK_NO_MEMORY;
    }
    walk->anchors = grown;
    anchor = (struct yaml_anchor){.name = strdup(node->anchor),
                                  .text = is_text ? strdup(node->text) : NULL};
    grown[walk->anchor_count++] = anchor;
    return anchor.name != NULL && (anchor.text != NULL || !is_text) ? YAML_WALK_OK
                                                                    : YAML_WALK_NO_MEMORY;
}

/* The text that an alias stands for; NULL: it is another thing, or not known. */
static const char *find_anchor(const struct yaml_walk *walk, const char *name)
{
    for (size_t i = walk->anchor_count; i-- > 0;) {
        if (strcmp(walk->anchors[i].name, name) == 0) {
            return walk->anchors[i].text;
        }
    }
    return NULL;
}

/* --- keys --- */

/* The number of a key. has_fields: the mapping's fields count. */
static unsigned number_of_key(const struct yaml_node *node, bool has_fields)
{
    static const char *const fields[YAML_FIELD_COUNT] = {"reference", "name", "newName", "newTag",
                                                         "digest"};

    if (strcmp(node->text, "image") == 0) {
        return YAML_KEY_IMAGE;
    }
    if (strcmp(node->text, "images") == 0) {
        return YAML_KEY_IMAGES;
    }
    for (unsigned i = 0; has_fields && i < YAML_FIELD_COUNT; i++) {
        if (strcmp(node->text, fields[i]) == 0) {
            return YAML_KEY_FIELD + i;
        }
    }
    return YAML_KEY_OTHER;
}

/* What the next node is: a key (then *out_is_key), or the value of the key returned. */
static unsigned step(struct yaml_walk *walk, bool *out_is_key)
{
    struct yaml_frame *const frame = walk->depth > 0 ? &walk->frames[walk->depth - 1] : NULL;
    unsigned key;

    *out_is_key = false;
    if (frame == NULL || !frame->is_mapping) {
        return YAML_KEY_OTHER;
    }
    *out_is_key = !frame->has_key;
    key = frame->has_key ? frame->key : YAML_KEY_OTHER;
    frame->has_key = !frame->has_key;
    frame->key = YAML_KEY_OTHER; /* of a key that is no scalar */
    return key;
}

/* --- nodes --- */

/* Keep the text of a field. The last one of a name is the one meant. */
static enum yaml_walk_result set_field(const struct yaml_walk *walk, unsigned key, const char *text)
{
    char **const place =
        &walk->frames[walk->depth - 1].fields->texts[key - (unsigned)YAML_KEY_FIELD];

    free(*place);
    *place = strdup(text);
    return *place != NULL ? YAML_WALK_OK : YAML_WALK_NO_MEMORY;
}

enum yaml_walk_result yaml_walk_scalar(struct yaml_walk *walk, const struct yaml_node *node)
{
    struct yaml_frame *const frame = walk->depth > 0 ? &walk->frames[walk->depth - 1] : NULL;
    const enum yaml_walk_result result = note_anchor(walk, node);
    const bool has_nul = strlen(node->text) != node->length;
    bool is_key;
    const unsigned key = step(walk, &is_key);

    if (result != YAML_WALK_OK) {
        return result;
    }
    if (is_key) {
        frame->is_begun = true;
        frame->key = number_of_key(node, frame->fields != NULL);
        return YAML_WALK_OK;
    }
    if (key == YAML_KEY_IMAGE && has_nul) {
        return yaml_skip(walk, node->line, "contains a NUL character");
    }
    if (key == YAML_KEY_IMAGE) {
        return yaml_is_text(node) ? yaml_offer(walk, node->line, node->text)
                                  : yaml_skip(walk, node->line, "not a string");
    }
    return key >= YAML_KEY_FIELD && !has_nul ? set_field(walk, key, node->text) : YAML_WALK_OK;
}

enum yaml_walk_result yaml_walk_alias(struct yaml_walk *walk, const struct yaml_node *node)
{
    const char *const text = find_anchor(walk, node->anchor);
    bool is_key;
    const unsigned key = step(walk, &is_key);

    if (key == YAML_KEY_IMAGE) {
        return text != NULL ? yaml_offer(walk, node->line, text)
                            : yaml_skip(walk, node->line, "an alias of what is not a string");
    }
    return key >= YAML_KEY_FIELD && text != NULL ? set_field(walk, key, text) : YAML_WALK_OK;
}

/* What a sequence or mapping is that begins as the value of a key, or in a sequence. */
static enum yaml_place place_of(const struct yaml_walk *walk, unsigned key, bool is_mapping)
{
    const struct yaml_frame *const parent = walk->depth > 0 ? &walk->frames[walk->depth - 1] : NULL;

    if (is_mapping && parent != NULL && parent->place == YAML_PLACE_IMAGES) {
        return YAML_PLACE_ENTRY;
    }
    if (is_mapping) {
        return key == YAML_KEY_IMAGE ? YAML_PLACE_IMAGE : YAML_PLACE_OTHER;
    }
    return key == YAML_KEY_IMAGES ? YAML_PLACE_IMAGES : YAML_PLACE_OTHER;
}

enum yaml_walk_result yaml_walk_open(struct yaml_walk *walk, const struct yaml_node *node,
                                     bool is_mapping)
{
    struct yaml_frame *const parent = walk->depth > 0 ? &walk->frames[walk->depth - 1] : NULL;
    enum yaml_walk_result result = note_anchor(walk, node);
    struct yaml_frame *frame;
    bool is_key;
    const unsigned key = step(walk, &is_key);

    if (is_key) {
        parent->is_template = parent->is_template || (is_mapping && !parent->is_begun);
        parent->is_begun = true;
    }
    if (walk->depth == YAML_DEPTH_MAX) {
        return YAML_WALK_TOO_DEEP;
    }
    if (result == YAML_WALK_OK && key == YAML_KEY_IMAGE && !is_mapping) {
        result = yaml_skip(walk, node->line, "not a string but a sequence");
    }
    frame = &walk->frames[walk->depth];
    *frame = (struct yaml_frame){
        .place = place_of(walk, key, is_mapping), .line = node->line, .is_mapping = is_mapping};
    walk->depth++;
    if (frame->place == YAML_PLACE_IMAGE || frame->place == YAML_PLACE_ENTRY) {
        frame->fields = calloc(1, sizeof *frame->fields);
        return frame->fields != NULL ? result : YAML_WALK_NO_MEMORY;
    }
    return result;
}

static void frame_fini(struct yaml_frame *frame)
{
    for (unsigned i = 0; frame->fields != NULL && i < YAML_FIELD_COUNT; i++) {
        free(frame->fields->texts[i]);
    }
    free(frame->fields);
    frame->fields = NULL;
}

enum yaml_walk_result yaml_walk_close(struct yaml_walk *walk)
{
    struct yaml_frame *const frame = &walk->frames[walk->depth - 1];
    const enum yaml_walk_result result =
        frame->fields != NULL ? yaml_offer_mapping(walk, frame) : YAML_WALK_OK;

    frame_fini(frame);
    walk->depth--;
    return result;
}

void yaml_walk_fini(struct yaml_walk *walk)
{
    yaml_walk_begin(walk);
    while (walk->depth > 0) {
        frame_fini(&walk->frames[--walk->depth]);
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Report the elements of index.json with their offsets, names and digests, in one scan.
 *
 * Knows: the structure of an index, which annotations are names. Does not know: documents, the
 * network, how an index is changed. Threads: any.
 *
 * Nothing is stored, so memory does not grow with the file. Elements as most tools write them are
 * not parsed into values. An element that has an escape anywhere is, because its name or a key may
 * then be spelled in several ways.
 */
#include <string.h>

#include "base/error.h"
#include "base/fnv.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "index/internal.h"

const struct tug__json_limits tug__index_limits = {TUG__INDEX_BYTES_MAX, 64, 64 * 1024 * 1024};
const struct tug__json_limits tug__index_element_limits = {1024 * 1024, 32, 20000};

/* State of a scan. */
struct walk {
    const char *text;
    tug__index_element_fn on_element;
    void *context;
    struct tug__index_element element; /* the current one */
    struct tug__index_list list;
    bool is_found;     /* "manifests" was seen */
    bool is_inside;    /* the scan is within it */
    bool is_annotated; /* ... and within an element's annotations */
    bool has_full_name;
};

static bool is_key(const struct walk *walk, const struct tug__json_value_place *place,
                   const char *key)
{
    return place->key_length == strlen(key) &&
           memcmp(walk->text + place->key_offset, key, place->key_length) == 0;
}

static void begin_element(struct walk *walk, const struct tug__json_value_place *place)
{
    walk->element = (struct tug__index_element){
        .offset = place->begin,
        .text = walk->text + place->begin,
    };
    walk->has_full_name = false;
}

/* The name in a parsed element: the first of the two annotations that is a string. */
static const char *parsed_name(const struct tug__json *element)
{
    const struct tug__json_value *const annotations =
        tug__json_get(tug__json_root(element), "annotations");
    const char *const name = tug__json_text(tug__json_get(annotations, TUG__INDEX_IMAGE_NAME));

    return name != NULL ? name : tug__json_text(tug__json_get(annotations, TUG__INDEX_REF_NAME));
}

/* Report an element with an escape: its decoded value counts, not its spelling. One that cannot be
 * parsed is reported without name and digest, and left alone. */
static enum tug_status hand_on_parsed(struct walk *walk, struct tug_error *err)
{
    struct tug__index_element *const element = &walk->element;
    struct tug__json *json = NULL;
    enum tug_status status;

    element->name = NULL;
    element->digest = NULL;
    element->refers_to = NULL;
    element->sources_hash = tug__index_name_hash(element->text, element->length);
    status =
        tug__json_parse(element->text, element->length, &tug__index_element_limits, &json, NULL);
    if (status == TUG_ERR_NO_MEMORY) {
        return tug__fail_memory(err);
    }
    if (status == TUG_OK) {
        element->name = parsed_name(json);
        element->digest = tug__json_text(tug__json_get(tug__json_root(json), "digest"));
        element->refers_to = tug__json_text(tug__json_get(
            tug__json_get(tug__json_root(json), "annotations"), TUG__INDEX_REFERS_TO));
    }
    element->refers_to_length = element->refers_to != NULL ? strlen(element->refers_to) : 0;
    element->name_length = element->name != NULL ? strlen(element->name) : 0;
    element->digest_length = element->digest != NULL ? strlen(element->digest) : 0;
    status = walk->on_element(walk->context, element, err);
    tug__json_destroy(json);
    return status;
}

static enum tug_status end_element(struct walk *walk, const struct tug__json_value_place *place,
                                   struct tug_error *err)
{
    struct tug__index_element *const element = &walk->element;

    element->length = place->end - place->begin;
    return memchr(element->text, '\\', element->length) != NULL
               ? hand_on_parsed(walk, err)
               : walk->on_element(walk->context, element, err);
}

/* Tell whether a member's name is a distribution source's. */
static bool has_source_prefix(const struct walk *walk, const struct tug__json_value_place *place)
{
    const size_t length = strlen(TUG__INDEX_SOURCE_PREFIX);

    return place->key_length > length &&
           memcmp(walk->text + place->key_offset, TUG__INDEX_SOURCE_PREFIX, length) == 0;
}

/* A member of an element has ended. */
static void take_member(struct walk *walk, const struct tug__json_value_place *place)
{
    if (walk->text[place->begin] == '"' && is_key(walk, place, "digest")) {
        walk->element.digest = walk->text + place->begin + 1;
        walk->element.digest_length = place->end - place->begin - 2;
    }
}

/* A member of an element's annotations has ended. */
static void take_annotation(struct walk *walk, const struct tug__json_value_place *place)
{
    struct tug__index_element *const element = &walk->element;
    const bool is_full_name = is_key(walk, place, TUG__INDEX_IMAGE_NAME);

    if (has_source_prefix(walk, place)) {
        element->sources_hash ^=
            tug__index_name_hash(walk->text + place->key_offset, place->end - place->key_offset);
    }
    if (walk->text[place->begin] == '"' && is_key(walk, place, TUG__INDEX_REFERS_TO)) {
        element->refers_to = walk->text + place->begin + 1;
        element->refers_to_length = place->end - place->begin - 2;
    }
    if (walk->text[place->begin] != '"' ||
        (!is_full_name && (walk->has_full_name || !is_key(walk, place, TUG__INDEX_REF_NAME)))) {
        return;
    }
    walk->has_full_name = walk->has_full_name || is_full_name;
    element->name = walk->text + place->begin + 1;
    element->name_length = place->end - place->begin - 2;
}

static enum tug_status take_top(struct walk *walk, const struct tug__json_value_place *place,
                                struct tug_error *err)
{
    if (tug__json_is_alias(walk->text + place->key_offset, place->key_length, "manifests")) {
        return tug__fail(err, TUG_ERR_CONTENT, "a member differs from 'manifests' in case only");
    }
    if (!is_key(walk, place, "manifests")) {
        return TUG_OK;
    }
    if (place->end > 0) {
        walk->is_inside = false;
        walk->list.end = place->end;
        return TUG_OK;
    }
    if (walk->is_found || strchr("[n", walk->text[place->begin]) == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "manifests: %s",
                         walk->is_found ? "named twice" : "not an array");
    }
    walk->is_found = true;
    walk->is_inside = true;
    walk->list.begin = place->begin;
    return TUG_OK;
}

static enum tug_status on_place(void *context, const struct tug__json_value_place *place,
                                struct tug_error *err)
{
    struct walk *const walk = context;

    if (place->depth == 1) {
        return take_top(walk, place, err);
    }
    if (!walk->is_inside) {
        return TUG_OK;
    }
    if (place->depth == 2) {
        if (place->end > 0) {
            return end_element(walk, place, err);
        }
        begin_element(walk, place);
        return TUG_OK;
    }
    if (place->depth == 3 && place->end > 0) {
        walk->is_annotated = false;
        take_member(walk, place);
    } else if (place->depth == 3) {
        walk->is_annotated = walk->text[place->begin] == '{' && is_key(walk, place, "annotations");
    } else if (place->depth == 4 && place->end > 0 && walk->is_annotated) {
        take_annotation(walk, place);
    }
    return TUG_OK;
}

enum tug_status tug__index_scan(const char *text, size_t length, tug__index_element_fn on_element,
                                void *context, struct tug__index_list *out_list,
                                struct tug_error *err)
{
    const struct tug__json_input input = {text, length, &tug__index_limits};
    struct walk walk = {.text = text, .on_element = on_element, .context = context};
    struct tug__json_counts counts;
    enum tug_status status = tug__json_scan(&input, on_place, &walk, &counts, err);

    if (status == TUG_OK && !walk.is_found) {
        status = tug__fail(err, TUG_ERR_CONTENT, "manifests: missing");
    }
    if (status == TUG_OK) {
        *out_list = walk.list;
    }
    return status;
}

bool tug__index_element_digest(const struct tug__index_element *element,
                               struct tug_digest *out_digest)
{
    return element->digest != NULL &&
           tug_digest_parse(element->digest, element->digest_length, out_digest, NULL) == TUG_OK;
}

uint64_t tug__index_name_hash(const char *name, size_t length)
{
    return tug__fnv_add(TUG__FNV_START, name, length);
}

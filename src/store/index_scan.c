/* SPDX-License-Identifier: Apache-2.0
 *
 * index.json as text with the places and names of its elements, found in one scan.
 *
 * Knows: the form of an index, which annotations are names. Does not know: how it is changed.
 * Threads: any; a scan belongs to one at a time.
 *
 * No values are built for elements as most tools write them. One that has an escape anywhere is
 * parsed, because a name or its key may be spelled in several ways then.
 */
#include "store/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/json_scan.h"

/* One element, when it is parsed into values: small. */
static const struct tug__json_limits element_limits = {1024 * 1024, 32, 20000};

/* The scan under way. */
struct walk {
    const char *text;
    struct tug__index_scan *scan;
    size_t capacity;
    bool is_found;     /* "manifests" was seen */
    bool is_inside;    /* the walk is within it */
    bool is_annotated; /* ... and within an element's annotations */
    bool has_full_name;
};

static bool is_key(const struct walk *walk, const struct tug__json_value_place *place,
                   const char *key)
{
    return place->key_length == strlen(key) &&
           memcmp(walk->text + place->key_offset, key, place->key_length) == 0;
}

static enum tug_status begin_element(struct walk *walk, const struct tug__json_value_place *place,
                                     struct tug_error *err)
{
    struct tug__index_scan *const scan = walk->scan;

    if (scan->count == walk->capacity) {
        const size_t capacity = walk->capacity > 0 ? walk->capacity * 2 : 64;
        struct tug__index_element *const grown =
            reallocarray(scan->elements, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        scan->elements = grown;
        walk->capacity = capacity;
    }
    scan->elements[scan->count++] = (struct tug__index_element){.offset = place->begin};
    walk->has_full_name = false;
    return TUG_OK;
}

/* The names of an image by a parsed element: the first of the two that is a text. */
static const char *parsed_name(const struct tug__json *element)
{
    const struct tug__json_value *const annotations =
        tug__json_get(tug__json_root(element), "annotations");
    const char *const name = tug__json_text(tug__json_get(annotations, TUG__INDEX_IMAGE_NAME));

    return name != NULL ? name : tug__json_text(tug__json_get(annotations, TUG__INDEX_REF_NAME));
}

/* An element with an escape: what it says counts, not how it is written. One that cannot be parsed
 * has no name, which is not our business. */
static enum tug_status parse_name(const char *text, struct tug__index_element *element,
                                  struct tug_error *err)
{
    struct tug__json *json = NULL;
    const char *name;

    element->name = NULL;
    element->name_length = 0;
    if (tug__json_parse(text + element->offset, element->length, &element_limits, &json, NULL) !=
        TUG_OK) {
        return TUG_OK;
    }
    name = parsed_name(json);
    if (name != NULL) {
        element->decoded = strdup(name);
        element->name = element->decoded;
        element->name_length = strlen(name);
    }
    tug__json_destroy(json);
    return name != NULL && element->name == NULL ? tug__fail_memory(err) : TUG_OK;
}

static enum tug_status end_element(const struct walk *walk,
                                   const struct tug__json_value_place *place, struct tug_error *err)
{
    struct tug__index_element *const element = &walk->scan->elements[walk->scan->count - 1];

    element->length = place->end - place->begin;
    if (memchr(walk->text + element->offset, '\\', element->length) != NULL) {
        return parse_name(walk->text, element, err);
    }
    return TUG_OK;
}

/* A member of an element's annotations has ended. */
static void take_annotation(struct walk *walk, const struct tug__json_value_place *place)
{
    struct tug__index_element *const element = &walk->scan->elements[walk->scan->count - 1];
    const bool is_full_name = is_key(walk, place, TUG__INDEX_IMAGE_NAME);

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
    if (!is_key(walk, place, "manifests")) {
        return TUG_OK;
    }
    if (place->end > 0) {
        walk->is_inside = false;
        walk->scan->close = place->end - 1;
        return TUG_OK;
    }
    if (walk->is_found || walk->text[place->begin] != '[') {
        return tug__fail(err, TUG_ERR_CONTENT, "manifests: %s",
                         walk->is_found ? "named twice" : "not an array");
    }
    walk->is_found = true;
    walk->is_inside = true;
    walk->scan->open = place->begin;
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
        return place->end == 0 ? begin_element(walk, place, err) : end_element(walk, place, err);
    }
    if (place->depth == 3) {
        walk->is_annotated = place->end == 0 && walk->text[place->begin] == '{' &&
                             is_key(walk, place, "annotations");
    } else if (place->depth == 4 && place->end > 0 && walk->is_annotated) {
        take_annotation(walk, place);
    }
    return TUG_OK;
}

enum tug_status tug__index_scan(const char *text, size_t length,
                                const struct tug__json_limits *limits,
                                struct tug__index_scan *out_scan, struct tug_error *err)
{
    struct tug__index_scan scan = {0};
    struct walk walk = {.text = text, .scan = &scan};
    struct tug__json_counts counts;
    enum tug_status status = tug__json_scan(text, length, limits, on_place, &walk, &counts, err);

    if (status == TUG_OK && !walk.is_found) {
        status = tug__fail(err, TUG_ERR_CONTENT, "manifests: missing");
    }
    if (status != TUG_OK) {
        tug__index_scan_fini(&scan);
        return status;
    }
    *out_scan = scan;
    return TUG_OK;
}

void tug__index_scan_fini(struct tug__index_scan *scan)
{
    for (size_t i = 0; i < scan->count; i++) {
        free(scan->elements[i].decoded);
    }
    free(scan->elements);
    *scan = (struct tug__index_scan){0};
}

uint64_t tug__index_name_hash(const char *name, size_t length)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)name[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON as text: find the elements of an array, write a string.
 *
 * Knows: the scanner. Does not know: json-c.
 * Threads: any.
 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_scan.h"
#include "base/str.h"

/* The search for one array. */
struct search {
    const char *text;
    const char *key; /* NULL: the top value is the array */
    bool is_found;   /* the member was seen */
    bool is_inside;  /* the scan is within it */
    size_t open, close;
    struct tug__json_slice *slices;
    size_t count, capacity;
};

static enum tug_status add_slice(struct search *search, const struct tug__json_value_place *place,
                                 struct tug_error *err)
{
    if (search->count == search->capacity) {
        const size_t capacity = search->capacity > 0 ? search->capacity * 2 : 64;
        struct tug__json_slice *const grown = reallocarray(search->slices, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        search->slices = grown;
        search->capacity = capacity;
    }
    search->slices[search->count++] =
        (struct tug__json_slice){.offset = place->begin, .length = place->end - place->begin};
    return TUG_OK;
}

/* Tell whether a value has the name that is looked for. */
static bool is_wanted(const struct search *search, const struct tug__json_value_place *place)
{
    return search->key == NULL ||
           (place->key_length == strlen(search->key) &&
            memcmp(search->text + place->key_offset, search->key, place->key_length) == 0);
}

static enum tug_status on_place(void *context, const struct tug__json_value_place *place,
                                struct tug_error *err)
{
    struct search *const search = context;
    const char *const name = search->text + place->key_offset;
    const size_t depth = search->key != NULL ? 1 : 0;

    if (place->depth == 1 && search->key != NULL &&
        tug__json_is_alias(name, place->key_length, search->key)) {
        return tug__fail(err, TUG_ERR_CONTENT, "'%.*s' differs from '%s' in case only",
                         (int)place->key_length, name, search->key);
    }
    if (place->depth == depth + 1 && place->end > 0 && search->is_inside) {
        return add_slice(search, place, err);
    }
    if (place->depth != depth || !is_wanted(search, place)) {
        return TUG_OK;
    }
    if (place->end > 0) {
        search->is_inside = false;
        search->close = place->end - 1;
        return TUG_OK;
    }
    if (search->is_found || strchr("[n", search->text[place->begin]) == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "%s: %s",
                         search->key != NULL ? search->key : "the document",
                         search->is_found ? "named twice" : "not an array");
    }
    search->is_found = true;
    search->is_inside = true;
    search->open = place->begin;
    return TUG_OK;
}

enum tug_status tug__json_slices(const char *text, size_t length,
                                 const struct tug__json_limits *limits, const char *key,
                                 struct tug__json_slice **out_slices, size_t *out_count,
                                 size_t *out_open, size_t *out_close, struct tug_error *err)
{
    struct search search = {.text = text, .key = key};
    struct tug__json_counts counts;
    enum tug_status status =
        key != NULL ? tug__json_scan(text, length, limits, on_place, &search, &counts, err)
                    : tug__json_scan_array(text, length, limits, on_place, &search, &counts, err);

    if (status == TUG_OK && !search.is_found) {
        status = tug__fail(err, TUG_ERR_CONTENT, "%s: missing", key != NULL ? key : "array");
    }
    if (status != TUG_OK) {
        free(search.slices);
        return status;
    }
    *out_slices = search.slices;
    *out_count = search.count;
    *out_open = search.open;
    *out_close = search.close;
    return TUG_OK;
}

/* Length of the well-formed UTF-8 character at text, 0 when there is none. */
static size_t utf8_length(const char *text)
{
    for (size_t length = 1; length <= 4; length++) {
        if (tug__is_utf8(text, length)) {
            return length;
        }
        if (text[length] == '\0') {
            break;
        }
    }
    return 0;
}

enum tug_status tug__json_append_string(struct tug__buf *buf, const char *text,
                                        struct tug_error *err)
{
    enum tug_status status = tug__buf_append(buf, "\"", 1, err);

    while (status == TUG_OK && *text != '\0') {
        const size_t length = utf8_length(text);
        const unsigned char first = (unsigned char)*text;

        if (length == 0) {
            status = tug__buf_append(buf, "\xEF\xBF\xBD", 3, err); /* U+FFFD */
        } else if (first == '"' || first == '\\') {
            status = tug__buf_printf(buf, err, "\\%c", first);
        } else if (first < 0x20 || first == 0x7F) {
            status = tug__buf_printf(buf, err, "\\u%04x", first);
        } else {
            status = tug__buf_append(buf, text, length, err);
        }
        text += length > 0 ? length : 1;
    }
    return status == TUG_OK ? tug__buf_append(buf, "\"", 1, err) : status;
}

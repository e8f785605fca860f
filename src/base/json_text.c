/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON as text: find the elements of an array, write a string.
 *
 * Knows: the scanner. Does not know: json-c, OCI, HTTP.
 * Threads: any.
 */
#include "base/json.h"

#include <string.h>

#include "base/error.h"
#include "base/json_scan.h"
#include "base/utf8.h"

/* The search for one array. */
struct search {
    const char *text;
    const char *key; /* NULL: the top value is the array */
    bool is_found;   /* the member was seen */
    bool is_inside;  /* the scan is within it */
    tug__json_element_fn on_element;
    void *context;
    size_t count; /* elements so far */
};

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
        return search->on_element(search->context, search->count++, search->text + place->begin,
                                  place->end - place->begin, err);
    }
    if (place->depth != depth || !is_wanted(search, place)) {
        return TUG_OK;
    }
    if (place->end > 0) {
        search->is_inside = false;
        return TUG_OK;
    }
    if (search->is_found || strchr("[n", search->text[place->begin]) == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "%s: %s",
                         search->key != NULL ? search->key : "the document",
                         search->is_found ? "named twice" : "not an array");
    }
    search->is_found = true;
    search->is_inside = true;
    return TUG_OK;
}

enum tug_status tug__json_each_element(const struct tug__json_input *input, const char *key,
                                       tug__json_element_fn on_element, void *context,
                                       struct tug_error *err)
{
    struct search search = {
        .text = input->text, .key = key, .on_element = on_element, .context = context};
    struct tug__json_counts counts;
    const enum tug_status status =
        key != NULL ? tug__json_scan(input, on_place, &search, &counts, err)
                    : tug__json_scan_array(input, on_place, &search, &counts, err);

    return status != TUG_OK || search.is_found
               ? status
               : tug__fail(err, TUG_ERR_CONTENT, "%s: missing", key != NULL ? key : "array");
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

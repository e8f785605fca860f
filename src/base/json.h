/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON of untrusted origin: strict RFC 8259, bounded, with typed getters. The only file that
 * includes json-c. A scan of our own runs before its parser, which is too lenient: size, depth and
 * value count are limited, duplicate keys, NUL in strings, control characters, invalid UTF-8, NaN,
 * Infinity, single quotes and anything after the value are refused.
 * Threads: a document belongs to one thread at a time. Blocks: never.
 */
#ifndef TUG_BASE_JSON_H
#define TUG_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

#include "base/buf.h"

struct tug__json_limits {
    size_t max_bytes; /* length of the text */
    size_t max_depth; /* nesting of arrays and objects: 1 is a flat one */
    size_t
        max_values; /* values of any kind: bounds the memory json-c takes (about 100 bytes each) */
};

/* A text and its limits. All borrowed. */
struct tug__json_input {
    const char *text; /* length bytes */
    size_t length;
    const struct tug__json_limits *limits;
};

/* A parsed document, and a value inside of one. Values are borrowed from their document. */
struct tug__json;
struct tug__json_value;

/* Parse a whole text. The top value must be an object.
 * text: length bytes, borrowed for the call. out_json: owned by the caller, untouched on failure.
 * Errors: TUG_ERR_CONTENT (not JSON, with the byte offset and reason), TUG_ERR_TOO_LARGE (a limit),
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__json_parse(const char *text, size_t length,
                                const struct tug__json_limits *limits, struct tug__json **out_json,
                                struct tug_error *err);
/* Free a document and all its values; NULL is allowed. */
void tug__json_destroy(struct tug__json *json);
/* The top object. Borrowed. */
const struct tug__json_value *tug__json_root(const struct tug__json *json);

/* A member of an object: NULL when value is NULL or no object, or has no such member, or the member
 * is null. Borrowed. */
const struct tug__json_value *tug__json_get(const struct tug__json_value *value, const char *key);
/* Tell whether an object has a member of that name, whatever its value (null included). */
bool tug__json_has(const struct tug__json_value *value, const char *key);
/* Type checks; false for NULL. */
bool tug__json_is_object(const struct tug__json_value *value);
bool tug__json_is_array(const struct tug__json_value *value);
/* Tell whether a value is true; anything else is not. */
bool tug__json_is_true(const struct tug__json_value *value);
/* Length of an array (0 when value is NULL or no array), and its elements (NULL past the end). */
size_t tug__json_length(const struct tug__json_value *value);
const struct tug__json_value *tug__json_at(const struct tug__json_value *value, size_t position);

/* A string member: *out_text is NUL-terminated, borrowed from the document; NULL when the member is
 * absent. Errors: TUG_ERR_CONTENT when the member is not a string. */
enum tug_status tug__json_get_string(const struct tug__json_value *value, const char *key,
                                     const char **out_text, struct tug_error *err);
/* A required number member, an integer from 0 to INT64_MAX (a size in bytes).
 * Errors: TUG_ERR_CONTENT (absent, not a number, negative, fractional, in exponent form, too big).
 */
enum tug_status tug__json_get_size(const struct tug__json_value *value, const char *key,
                                   uint64_t *out_size, struct tug_error *err);

/* Call each for every member of an object, in the document's order, until it returns false.
 * key is borrowed. No call at all when value is NULL or no object. */
void tug__json_each_member(const struct tug__json_value *value,
                           bool (*each)(void *context, const char *key,
                                        const struct tug__json_value *member),
                           void *context);
/* The text of a string value; NULL when it is none. Borrowed. */
const char *tug__json_text(const struct tug__json_value *value);

/* Tell whether a name of that length differs from a known one, but only in case, as Go's
 * encoding/json compares names (ASCII letters, U+017F for 's', U+212A for 'k'): Go tools take one
 * for the other. */
bool tug__json_is_alias(const char *name, size_t length, const char *known);
/* Refuse an object that has an alias of a known name as a member: it would mean one thing to us and
 * another to tools that ignore case. Names that are unknown in any case are accepted.
 * names: NULL-terminated. Errors: TUG_ERR_CONTENT. */
enum tug_status tug__json_check_names(const struct tug__json_value *value, const char *const *names,
                                      struct tug_error *err);

/* Receives one element of an array. number: its position, from 0. text: length bytes, not
 * NUL-terminated, borrowed for the call. Returns: anything but TUG_OK (with err filled) ends the
 * scan with it. */
typedef enum tug_status (*tug__json_element_fn)(void *context, size_t number, const char *text,
                                                size_t length, struct tug_error *err);

/* Call on_element for each element of the array member `key` of the top object (NULL: of the top
 * array), in order, while the text is scanned: nothing is kept, so memory does not grow with it. A
 * null counts as an empty array (Go writes it for one). The scan is the one of tug__json_parse with
 * its limits; an error after an element is found only after the element was reported.
 * Errors: as tug__json_parse; TUG_ERR_CONTENT when the member is absent or no array, or there is an
 * alias of it; any status that on_element returns. */
enum tug_status tug__json_each_element(const struct tug__json_input *input, const char *key,
                                       tug__json_element_fn on_element, void *context,
                                       struct tug_error *err);

/* Append text as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
 * Errors: as tug__buf_append. */
enum tug_status tug__json_append_string(struct tug__buf *buf, const char *text,
                                        struct tug_error *err);

#endif

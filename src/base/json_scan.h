/* SPDX-License-Identifier: Apache-2.0
 *
 * The strict scan that runs before json-c sees a text.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_BASE_JSON_SCAN_H
#define TUG_BASE_JSON_SCAN_H

#include <stddef.h>

#include "base/json.h"

/* Counts of a text, to compare with the tree that json-c builds from it. */
struct tug__json_counts {
    size_t members;  /* of all objects */
    size_t elements; /* of all arrays */
};

/* Called at the start and at the end of each value. depth: arrays and objects around it; the top
 * value has 0. key: offset and length of the member's name within its quotes, length 0 when the
 * value is no member. Returns: anything but TUG_OK ends the scan with it. */
struct tug__json_value_place {
    size_t begin, end; /* end is 0 at the start of a value */
    size_t depth;
    size_t key_offset, key_length;
};
typedef enum tug_status (*tug__json_place_fn)(void *context,
                                              const struct tug__json_value_place *place,
                                              struct tug_error *err);

/* Check that a text is one JSON object (RFC 8259), in strict UTF-8, within the limits, without NUL
 * or lone surrogates. on_place: NULL is allowed. out_counts:
 * filled on success. Errors: TUG_ERR_CONTENT, TUG_ERR_TOO_LARGE, and what on_place returns. */
enum tug_status tug__json_scan(const struct tug__json_input *input, tug__json_place_fn on_place,
                               void *context, struct tug__json_counts *out_counts,
                               struct tug_error *err);

/* The same for a text that is one JSON array. */
enum tug_status tug__json_scan_array(const struct tug__json_input *input,
                                     tug__json_place_fn on_place, void *context,
                                     struct tug__json_counts *out_counts, struct tug_error *err);

/* Scan the object that a text begins with and find its end, for a text that goes on behind it or is
 * not complete yet. on_place: as above; what it was told counts only when there is an end. Returns:
 * the length of the object and of the space around it; 0: there is none, not all of it is here, or
 * it is over a limit. */
size_t tug__json_scan_first(const struct tug__json_input *input, tug__json_place_fn on_place,
                            void *context);

/* Length of the plain text at the beginning of what is within a string: up to the first quote,
 * backslash or control character. */
size_t tug__json_plain_length(const char *text, size_t length);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The Content-Range header of a 206 answer (RFC 9110 section 14.4).
 * Threads: any. Blocks: never.
 */
#ifndef TUG_HTTP_RANGE_H
#define TUG_HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct tug__content_range {
    uint64_t first; /* position of the first byte */
    uint64_t last;  /* position of the last byte, inclusive, at least first */
    bool has_total; /* false: the server wrote "*" */
    uint64_t total; /* length of the whole, more than last */
};

/* Parse "bytes first-last/total" strictly; the unit's case does not matter.
 * text: NUL-terminated, NULL is allowed (a missing header).
 * Returns: false, with *out_range untouched, for anything else. */
bool tug__content_range_parse(const char *text, struct tug__content_range *out_range);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
 * Threads: any; nothing is shared. Blocks: never.
 */
#ifndef TUG_BASE_UTF8_H
#define TUG_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decode the first character of length (at least 1) bytes.
 * Returns: its length in bytes, *out_code its code point; 0, *out_code untouched: not well-formed.
 */
size_t tug__utf8_decode(const char *bytes, size_t length, uint32_t *out_code);

/* Tell whether length bytes are well-formed. */
bool tug__is_utf8(const char *text, size_t length);

/* Length of the byte order mark at the beginning of a text, which some editors write: 3, or 0 when
 * there is none. */
size_t tug__mark_length(const char *text, size_t length);

/* Remove, in place, the beginning of a character whose rest was cut off at the end of a text. */
void tug__trim_torn(char *text);

#endif

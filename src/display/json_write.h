/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON strings.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_DISPLAY_JSON_WRITE_H
#define TUG_DISPLAY_JSON_WRITE_H

#include "text.h"

/* Add a string in quotes, or null. Always valid JSON and valid UTF-8, whatever the bytes: invalid
 * UTF-8 becomes U+FFFD. string: NUL-terminated; NULL gives null. */
void json_string(struct text *text, const char *string);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Headers that a user or program adds to requests: which may be.
 * Threads: any; nothing is shared. Blocks: never.
 */
#ifndef TUG_AUTH_HEADER_H
#define TUG_AUTH_HEADER_H

#include <stdbool.h>

#include <tug/error.h>

/* Tell whether a request sets this header itself, or would change its meaning by it. */
bool tug__header_is_own(const char *name);
/* Tell whether these are the name of a header and a value without control characters. value: NULL
 * is none. */
bool tug__header_is_valid(const char *name, const char *value);

/* Split a line "Name: value" into two texts, and check them.
 * line: borrowed. out_name, out_value: owned; untouched on failure. Errors:
 * TUG_ERR_INVALID_ARGUMENT (no such line, an empty value, one of a request's own; the value is not
 * quoted), TUG_ERR_NO_MEMORY. */
enum tug_status tug__header_split(const char *line, char **out_name, char **out_value,
                                  struct tug_error *err);

#endif

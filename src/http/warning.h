/* SPDX-License-Identifier: Apache-2.0
 *
 * The Warning header of registries (distribution-spec 1.1.1, "Warnings").
 * Threads: any. Blocks: never.
 */
#ifndef TUG_HTTP_WARNING_H
#define TUG_HTTP_WARNING_H

#include <stdbool.h>
#include <stddef.h>

/* Longest warning text, NUL included; the specification allows 4096 bytes. */
#define TUG__WARNING_MAX 4097

/* Extract the text of `299 - "text"`: only code 299 with the agent "-" is meant for the user.
 * value: foreign text. out_text: unescaped as a quoted-string, not escaped for a terminal; cut at
 * the capacity. Returns: false for anything else, and when it is empty. */
bool tug__warning_parse(const char *value, char *out_text, size_t capacity);

#endif

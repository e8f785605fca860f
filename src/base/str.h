/* SPDX-License-Identifier: Apache-2.0
 *
 * Small text helpers that the C library lacks.
 * Threads: any; nothing is shared. Blocks: never.
 */
#ifndef TUG_BASE_STR_H
#define TUG_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

/* Parse an unsigned decimal number: digits only (no sign, space or suffix), at most UINT64_MAX.
 * Returns: true and *out_value; false with *out_value untouched. */
bool tug__parse_u64(const char *text, size_t length, uint64_t *out_value);

/* Copy length bytes of text into a new NUL-terminated string. Returns: owned; NULL when out of
 * memory.
 */
char *tug__strndup(const char *text, size_t length);

/* Copy a text that may be missing: NULL stays NULL. out_copy: owned by the caller; NULL on failure.
 * Returns: false when out of memory. */
bool tug__text_copy(char **out_copy, const char *text);

/* Decode strict base64 (RFC 4648 section 4, padding required, no white space).
 * out_bytes: owned buffer (free), never NULL on success. Untouched on failure.
 * Errors: TUG_ERR_CONTENT (not base64), TUG_ERR_NO_MEMORY. */
enum tug_status tug__base64_decode(const char *text, size_t length, uint8_t **out_bytes,
                                   size_t *out_length, struct tug_error *err);

/* The same in the alphabet for URLs, without padding (RFC 7515, "base64url"). */
enum tug_status tug__base64url_decode(const char *text, size_t length, uint8_t **out_bytes,
                                      size_t *out_length, struct tug_error *err);

/* Encode bytes as base64 with padding. Returns: owned; NULL when out of memory. */
char *tug__base64_encode(const void *bytes, size_t length);

/* Overwrite memory that held a secret, in a way no compiler removes. bytes may be NULL if length is
 * 0. */
void tug__wipe(void *bytes, size_t length);
/* Overwrite and free a text that held a secret; NULL is allowed. */
void tug__wipe_free(char *text);

#endif

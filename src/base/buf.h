/* SPDX-License-Identifier: Apache-2.0
 *
 * A byte buffer that grows up to a limit set at the start.
 * Threads: its owner only. Blocks: never.
 */
#ifndef TUG_BASE_BUF_H
#define TUG_BASE_BUF_H

#include <stddef.h>

#include <tug/error.h>

#include "base/error.h"

/* Invariants: length <= capacity <= limit + 1; when data is not NULL, data[length] is NUL (not
 * counted in length), so that text can be used as a C string. Zero length needs no allocation. */
struct tug__buf {
    char *data;
    size_t length;
    size_t capacity;
    size_t limit; /* most bytes it may hold; appending more fails with TUG_ERR_TOO_LARGE */
};

/* Make an empty buffer. limit: bytes, below SIZE_MAX. Allocates nothing. */
void tug__buf_init(struct tug__buf *buf, size_t limit);
/* Free the memory; the buffer is empty and usable again with the same limit. */
void tug__buf_fini(struct tug__buf *buf);
/* Drop the content, keep the memory. */
void tug__buf_clear(struct tug__buf *buf);
/* Drop what is behind the first length bytes, which it has; keep the memory. */
void tug__buf_cut(struct tug__buf *buf, size_t length);
/* Make room for length more bytes in one allocation of exactly that size, so that appending them
 * allocates nothing. On failure the buffer is unchanged. Errors: as tug__buf_append. */
enum tug_status tug__buf_reserve(struct tug__buf *buf, size_t length, struct tug_error *err);
/* Append bytes. On failure the buffer is unchanged.
 * Errors: TUG_ERR_TOO_LARGE (limit), TUG_ERR_NO_MEMORY. */
enum tug_status tug__buf_append(struct tug__buf *buf, const void *bytes, size_t length,
                                struct tug_error *err);
/* Append formatted text; errors as tug__buf_append. */
enum tug_status tug__buf_printf(struct tug__buf *buf, struct tug_error *err, const char *format,
                                ...) TUG__PRINTF(3, 4);
/* Move the memory out: the caller owns (and frees) the result, the buffer is empty and usable.
 * Returns NULL when the buffer holds nothing. */
char *tug__buf_steal(struct tug__buf *buf, size_t *out_length);

#endif

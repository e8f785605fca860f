/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing text buffer, and writing all of a buffer to a file descriptor.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_DISPLAY_TEXT_H
#define TUG_DISPLAY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Text being built. All zero is the empty text. data is NUL-terminated once anything was added. */
struct text {
    char *data;
    size_t length;
    size_t capacity;
    bool has_failed; /* an allocation failed: the text is incomplete */
};

/* Add length bytes. */
void text_append(struct text *text, const char *data, size_t length);
/* Add a NUL-terminated string. */
void text_puts(struct text *text, const char *string);
/* Add formatted text. */
void text_printf(struct text *text, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));
/* Clear the content, keep the memory. */
void text_clear(struct text *text);
/* Free the content; the text is empty and usable again. */
void text_fini(struct text *text);

/* Write all bytes, in one write(2) where the kernel takes them at once.
 * Returns: 0, or the errno of the failing write. Blocks: until the reader takes the bytes. */
int text_write_all(int fd, const char *data, size_t length);

#endif

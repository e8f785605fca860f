/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Temporary directories and small files for tests.
 * Errors: one line on stderr and abort(). Threads: any.
 */
#ifndef TMPDIR_H
#define TMPDIR_H

#include <stddef.h>

/*
 * Make a fresh directory, mode 0700, under $TMPDIR or /tmp.
 * Returns: its path without links, owned; give it to tmpdir_remove().
 */
char *tmpdir_create(void);

/*
 * Delete a directory with all it holds, not following links, and free path.
 * Directories without permission are made writable first. path: NULL does nothing.
 */
void tmpdir_remove(char *path);

/* "DIRECTORY/NAME" in new memory. Returns: owned; free(). */
char *tmpdir_join(const char *directory, const char *name);

/*
 * Read a whole file.
 * out_len: NULL allowed. Returns: its bytes and a NUL, owned; NULL when it does not exist.
 */
char *tmpdir_read(const char *path, size_t *out_len);

/* Create or replace a file, mode 0600. */
void tmpdir_write(const char *path, const void *data, size_t len);

#endif

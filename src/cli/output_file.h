/* SPDX-License-Identifier: Apache-2.0
 *
 * A file that is there whole or not at all.
 *
 * Calling sequence: output_file_open; writes to fd; output_file_commit or output_file_abort.
 * Threads: main. Errors: returned as errno.
 */
#ifndef TUG_CLI_OUTPUT_FILE_H
#define TUG_CLI_OUTPUT_FILE_H

#include <stdbool.h>

#include "text.h"

/* A file being written. Fields other than fd are private to output_file.c. */
struct output_file {
    int fd;                /* to be written to */
    const char *path;      /* borrowed */
    struct text temporary; /* its name until it is whole; empty: it replaces nothing */
    bool is_anonymous;     /* it has no name at all yet */
};

/* Begin to write a file. What is there stays until the commit, unless it is no regular file (a
 * device, a FIFO): that is written to as it is. path: borrowed.
 * Returns: 0, or an errno; then there is nothing to abort. */
int output_file_open(struct output_file *file, const char *path);

/* Make the file durable and give it its name. It is closed in any case, and removed on failure.
 * Returns: 0, or an errno. */
int output_file_commit(struct output_file *file);

/* Close the file and remove it. */
void output_file_abort(struct output_file *file);

#endif

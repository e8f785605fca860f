/* SPDX-License-Identifier: Apache-2.0
 *
 * Write a tar archive to a descriptor.
 *
 * Calling sequence: tug__tar_out_begin; members; tug__tar_out_end.
 * Threads: the calling one. Blocks: on the descriptor, and on the disk that content comes from.
 * Errors: TUG_ERR_STORE with os_errno where writing failed; TUG_ERR_CANCELLED.
 */
#ifndef TUG_ARCHIVE_TAR_OUT_H
#define TUG_ARCHIVE_TAR_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>

#include "archive/work.h"

/* An archive that is being written. Fields are private to tar_out.c. */
struct tug__tar_out {
    int fd;
    bool is_file;           /* a write to it never waits for a reader */
    struct tug__work *work; /* borrowed; what is written counts as its bytes_done */
    uint8_t *piece;         /* owned */
};

/* Begin. fd, work: borrowed until the end. Errors: TUG_ERR_NO_MEMORY; tug__tar_out_fini is due only
 * on success. */
enum tug_status tug__tar_out_begin(struct tug__tar_out *out, int fd, struct tug__work *work,
                                   struct tug_error *err);
void tug__tar_out_fini(struct tug__tar_out *out);

/* Write a file with content in memory, or a directory ("name/", length 0). */
enum tug_status tug__tar_out_bytes(struct tug__tar_out *out, const char *name, const void *bytes,
                                   size_t length, struct tug_error *err);

/* Write a file with the content of an open one, from its beginning, and hash it on the way.
 * digest, size_bytes: as it has to be. Errors: TUG_ERR_CONTENT: it is not; what was written by then
 * is no archive. */
enum tug_status tug__tar_out_file(struct tug__tar_out *out, const char *name, int fd,
                                  const struct tug_digest *digest, uint64_t size_bytes,
                                  struct tug_error *err);

/* Write the end of the archive. */
enum tug_status tug__tar_out_end(struct tug__tar_out *out, struct tug_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Read a tar archive, plain or compressed with gzip or zstd, from a descriptor, member by member.
 * Nothing is extracted: names, links and devices come out as text.
 *
 * Calling sequence: tug__tar_in_open; tug__tar_in_next and tug__tar_in_read; tug__tar_in_finish;
 * tug__tar_in_close.
 * Threads: the calling one. Blocks: on the descriptor.
 * Errors: TUG_ERR_CONTENT (no archive, truncated, damaged), TUG_ERR_STORE (reading, with os_errno),
 * TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY.
 */
#ifndef TUG_ARCHIVE_TAR_IN_H
#define TUG_ARCHIVE_TAR_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/work.h"

/* What a member is. */
enum tug__member_type {
    TUG__MEMBER_FILE = 0,
    TUG__MEMBER_DIR,
    TUG__MEMBER_SYMLINK,
    TUG__MEMBER_HARDLINK,
    TUG__MEMBER_SPECIAL, /* a device, FIFO or socket, or a file with holes */
};

/* A member. Texts are raw, and borrowed until the next one. */
struct tug__tar_member {
    const char *name;
    enum tug__member_type type;
    const char *target;  /* of a link */
    uint64_t size_bytes; /* of a file */
};

struct tug__tar_in;

/* Begin. fd, work: borrowed. out_in: owned, for tug__tar_in_close; untouched on failure.
 * Errors: TUG_ERR_CONFIG: libarchive is not there. */
enum tug_status tug__tar_in_open(int fd, struct tug__work *work, struct tug__tar_in **out_in,
                                 struct tug_error *err);
/* Go to the next member. out_is_end: there is none, and out_member is not filled. */
enum tug_status tug__tar_in_next(struct tug__tar_in *in, struct tug__tar_member *out_member,
                                 bool *out_is_end, struct tug_error *err);
/* Read on in the present member. in: a struct tug__tar_in. out_length: 0 at its end. */
enum tug_status tug__tar_in_read(void *in, void *buffer, size_t capacity, size_t *out_length,
                                 struct tug_error *err);
/* Read what follows the last member, so that the process that writes the archive into a pipe can
 * end. No more than TUG__ARCHIVE_TAIL_MAX. */
enum tug_status tug__tar_in_finish(struct tug__tar_in *in, struct tug_error *err);
/* Free it; NULL is allowed. */
void tug__tar_in_close(struct tug__tar_in *in);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Headers of the members that an export writes.
 * Threads: any. Blocks: no.
 */
#ifndef TUG_ARCHIVE_TAR_HEADER_H
#define TUG_ARCHIVE_TAR_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unit of a tar archive: headers have it, and content is filled up to it. */
#define TUG__TAR_BLOCK ((size_t)512)
/* Longest name of a member: "blobs/sha512/" and 128 digits, with room to spare. */
#define TUG__TAR_NAME_MAX ((size_t)200)
/* Most blocks of one member's headers. */
#define TUG__TAR_HEADER_BLOCKS ((size_t)3)

/* Write the headers of a regular file (mode 0644) or directory (0755) as POSIX 1003.1-2001 has
 * them: one block in the ustar format, and before it two of a pax extended header when the name or
 * the size needs that. No time, no owner, nothing else that could differ from one export to the
 * next.
 * name: at most TUG__TAR_NAME_MAX bytes; of a directory with the '/' at its end. size_bytes: 0 for
 * a directory. Returns: bytes written to out_blocks. */
size_t tug__tar_header(const char *name, uint64_t size_bytes,
                       uint8_t out_blocks[TUG__TAR_HEADER_BLOCKS * TUG__TAR_BLOCK]);

/* Zero bytes that fill content up to a whole block. */
size_t tug__tar_padding(uint64_t size_bytes);

/* Length of a member in the archive, its headers and padding included. */
uint64_t tug__tar_member_bytes(const char *name, uint64_t size_bytes);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the unpack room: a layer as it was before it was compressed. libarchive.h has the
 * library that decompresses.
 * Threads: any; nothing is shared. Blocks: on the disk.
 */
#ifndef TUG_UNPACK_UNPACK_H
#define TUG_UNPACK_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>

/* How a layer is packed. */
enum tug__packing {
    TUG__PACKING_NONE = 0,
    TUG__PACKING_GZIP,
    TUG__PACKING_ZSTD,
};

/* OCI's media type of a layer that is packed so. Static text. */
const char *tug__packing_layer_type(enum tug__packing packing);

/* How to unpack. All borrowed for the call. */
struct tug__unpacking {
    void *buffer; /* scratch */
    size_t buffer_bytes;
    uint64_t max_bytes; /* of the unpacked content: a few bytes may stand for terabytes */
    bool (*should_stop)(void *context); /* called after each buffer */
    void *context;
};

/* What a layer is. */
struct tug__unpacked {
    enum tug__packing packing;
    struct tug_digest digest; /* of the unpacked content: the diff id */
    uint64_t size_bytes;      /* of the unpacked content */
    bool is_blank;            /* every byte is zero: a tar archive without members */
};

/* Find out how a file is packed, by its first bytes. Its offset stays.
 * Errors: TUG_ERR_STORE. */
enum tug_status tug__packing_find(int fd, enum tug__packing *out_packing, struct tug_error *err);

/* Unpack a file from its beginning, and hash what comes out. fd: its offset changes.
 * out_unpacked: untouched on failure. Errors: TUG_ERR_CONTENT (truncated, damaged, more than
 * max_bytes), TUG_ERR_STORE, TUG_ERR_CANCELLED, TUG_ERR_CONFIG (libarchive is not there),
 * TUG_ERR_NO_MEMORY, TUG_ERR_INTERNAL. */
enum tug_status tug__unpack_digest(int fd, enum tug_digest_algorithm algorithm,
                                   const struct tug__unpacking *unpacking,
                                   struct tug__unpacked *out_unpacked, struct tug_error *err);

#endif

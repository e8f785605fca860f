/* SPDX-License-Identifier: Apache-2.0
 *
 * What store_calls.so writes down: one record for each call that changes a store, in the order in
 * which they happened, followed by the bytes written.
 */
#ifndef STORE_CALLS_H
#define STORE_CALLS_H

#include <stdint.h>

#define STORE_PATH_MAX 256

enum store_call_kind {
    STORE_CALL_NONE = 0,
    STORE_CALL_MKDIR,
    STORE_CALL_CREATE,   /* an openat that made a file */
    STORE_CALL_OPEN,     /* one that did not; nothing changed */
    STORE_CALL_WRITE,    /* length bytes at offset; they follow the record */
    STORE_CALL_TRUNCATE, /* to offset */
    STORE_CALL_RESERVE,  /* fallocate; nothing to be seen */
    STORE_CALL_MODE,     /* mode */
    STORE_CALL_SYNC,     /* of a file or directory */
    STORE_CALL_SYNC_ALL, /* of everything */
    STORE_CALL_RENAME,
    STORE_CALL_UNLINK,
    STORE_CALL_COUNT
};

struct store_call {
    uint32_t kind;
    uint32_t mode;
    uint64_t inode; /* of the file; directories are told by their path */
    uint64_t offset;
    uint64_t length;
    char path[STORE_PATH_MAX];  /* below the store; "" is the store itself */
    char path2[STORE_PATH_MAX]; /* RENAME: the new name */
};

#endif

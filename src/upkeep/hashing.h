/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash many blobs with several threads, and report the state of each.
 */
#ifndef TUG_UPKEEP_HASHING_H
#define TUG_UPKEEP_HASHING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/upkeep.h>

#include "base/trace.h"
#include "store/memo.h"
#include "store/watch.h"

/* One blob to check. */
struct tug__hash_item {
    /* set by the caller */
    struct tug_digest digest;
    uint64_t inode;      /* of the file when it was listed */
    uint64_t size_bytes; /* of the file when it was listed: for the order, and for progress */
    bool has_right_size; /* right_bytes is from its descriptor */
    uint64_t right_bytes;
    /* set by the thread that hashes it */
    enum tug_damage damage; /* NONE, MISSING, SIZE, CONTENT, UNREADABLE or NOT_A_FILE */
    bool is_done;           /* false: the work was stopped before */
    bool is_trusted;        /* in the memo: not hashed */
    bool may_be_kept;       /* seen may go into a memo */
    uint64_t hashed_bytes;
    struct tug__memo_entry seen; /* state of the file */
    int os_errno;                /* UNREADABLE: errno */
};

/* The work. All borrowed for the call. */
struct tug__hashing {
    struct tug_store *store;
    struct tug__hash_item *items; /* hashed in this order */
    size_t count;
    unsigned threads;             /* 0: as many as this process has cores */
    const struct tug__memo *memo; /* blobs to trust; NULL: none */
    struct tug__watch *watch;     /* NULL: no reports, no stop */
    struct tug__trace *trace;     /* NULL: none */
};

/* Hash all items. out_hashed_bytes: of all together; filled on failure, too.
 * Errors: TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY (not even one thread), TUG_ERR_INTERNAL.
 * Threads: the caller's, which sleeps and calls watch; besides, those that it starts and joins.
 * Blocks: on the disk. */
enum tug_status tug__hash_all(const struct tug__hashing *hashing, uint64_t *out_hashed_bytes,
                              struct tug_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash many blobs with several threads, and tell how each one is.
 */
#ifndef TUG_UPKEEP_HASHING_H
#define TUG_UPKEEP_HASHING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/upkeep.h>

#include "store/memo.h"
#include "store/store.h"

/* One blob to look at. */
struct tug__hash_item {
    /* set by the caller */
    struct tug_digest digest;
    uint64_t size_bytes; /* of the file when it was listed: for the order, and for progress */
    bool has_right_size; /* right_bytes is what its descriptor says */
    uint64_t right_bytes;
    /* set by the thread that takes it */
    enum tug_damage damage; /* NONE, MISSING, SIZE, CONTENT, UNREADABLE or NOT_A_FILE */
    bool is_done;           /* false: the work was stopped before */
    bool is_trusted;        /* the memo has it: not hashed */
    bool may_be_kept;       /* seen may go into a memo */
    uint64_t hashed_bytes;
    struct tug__memo_entry seen; /* what the file looked like */
    int os_errno;                /* UNREADABLE: what the system said */
};

/* The work. All borrowed for the call. */
struct tug__hashing {
    struct tug_store *store;
    struct tug__hash_item *items; /* taken in the order given */
    size_t count;
    unsigned threads;              /* 0: as many as this process has cores */
    const struct tug__memo *memo;  /* what to trust; NULL: nothing */
    const struct tug_watch *watch; /* NULL: nobody is told, nothing stops it */
};

/* Hash all items. out_hashed_bytes: of all together; filled on failure, too.
 * Errors: TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY (not even one thread), TUG_ERR_INTERNAL.
 * Threads: the caller's, which sleeps and calls watch; besides, those that it starts and joins.
 * Blocks: on the disk. */
enum tug_status tug__hash_all(const struct tug__hashing *hashing, uint64_t *out_hashed_bytes,
                              struct tug_error *err);

#endif

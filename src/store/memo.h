/* SPDX-License-Identifier: Apache-2.0
 *
 * The memo of verified blobs: STORE/verified lists the blobs that were hashed and found intact,
 * with the state of their files at that time. It saves time and proves nothing: it may be lost at
 * any moment, and an entry is trusted only while size, times and inode are the same.
 *
 *   tug verified 1
 *   sha256:HEX SIZE MTIME CTIME INODE     times in ns since the epoch; sorted by digest
 *   ...
 *   sha256:HEX                            of all lines before: a torn file is invalid
 */
#ifndef TUG_STORE_MEMO_H
#define TUG_STORE_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <tug/oci.h>

#include "store/store.h"

/* A blob, and the state of its file when it was opened for hashing. */
struct tug__memo_entry {
    struct tug_digest digest;
    uint64_t size_bytes;
    int64_t modified_ns;
    int64_t changed_ns;
    uint64_t inode;
};

/* Entries, sorted by digest. All zero: none. */
struct tug__memo {
    struct tug__memo_entry *entries; /* owned */
    size_t count;
};

/* Make an entry from a digest and the stat of its file. */
struct tug__memo_entry tug__memo_entry(const struct tug_digest *digest, const struct stat *file);

/* Tell whether a file in this state when its hashing started, at now_ns (CLOCK_REALTIME), may be
 * remembered: a write within the same tick of the file system's clock would go unnoticed. */
bool tug__memo_may_keep(const struct tug__memo_entry *entry, int64_t now_ns);

/* Read the memo of a store. A missing or damaged one counts as empty, which is not an error.
 * out_memo: tug__memo_fini is due; untouched on failure. Errors: TUG_ERR_NO_MEMORY.
 * Blocks: on the disk. */
enum tug_status tug__memo_load(struct tug_store *store, struct tug__memo *out_memo,
                               struct tug_error *err);
/* Tell whether a blob was verified, and its file is unchanged since. */
bool tug__memo_has(const struct tug__memo *memo, const struct tug__memo_entry *entry);
/* Replace the memo of a store; sorts the entries. Nothing is synced.
 * Errors: TUG_ERR_STORE (a read-only store), TUG_ERR_NO_MEMORY. Blocks: on the disk. */
enum tug_status tug__memo_save(struct tug_store *store, struct tug__memo_entry *entries,
                               size_t count, struct tug_error *err);
/* Free the entries and leave an empty memo. */
void tug__memo_fini(struct tug__memo *memo);

#endif

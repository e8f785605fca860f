/* SPDX-License-Identifier: Apache-2.0
 *
 * The memo of what was verified: STORE/verified says which blobs were hashed and found right, and
 * what their files looked like then. It saves time and proves nothing: it may be lost at any
 * moment, and what it says is only believed while size, times and inode are the same.
 *
 *   tug verified 1
 *   sha256:HEX SIZE MTIME CTIME INODE     times in ns since the epoch; sorted by digest
 *   ...
 *   sha256:HEX                            of all that comes before: a torn file is no memo
 */
#ifndef TUG_STORE_MEMO_H
#define TUG_STORE_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <tug/oci.h>

#include "store/store.h"

/* A blob, and what its file looked like when it was opened to be hashed. */
struct tug__memo_entry {
    struct tug_digest digest;
    uint64_t size_bytes;
    int64_t modified_ns;
    int64_t changed_ns;
    uint64_t inode;
};

/* Entries, sorted by digest. All zero: there are none. */
struct tug__memo {
    struct tug__memo_entry *entries; /* owned */
    size_t count;
};

/* Make an entry of a digest and what stat says of its file. */
struct tug__memo_entry tug__memo_entry(const struct tug_digest *digest, const struct stat *file);

/* Tell whether a file that looked like this when its hashing began, at now_ns (CLOCK_REALTIME),
 * may be remembered: a write within the same tick of the file system's clock would go unseen. */
bool tug__memo_may_keep(const struct tug__memo_entry *entry, int64_t now_ns);

/* Read the memo of a store. One that is missing or damaged is empty, which is no error.
 * out_memo: tug__memo_fini is due; untouched on failure. Errors: TUG_ERR_NO_MEMORY.
 * Blocks: on the disk. */
enum tug_status tug__memo_load(struct tug_store *store, struct tug__memo *out_memo,
                               struct tug_error *err);
/* Tell whether a blob was verified and looks the same since. */
bool tug__memo_has(const struct tug__memo *memo, const struct tug__memo_entry *entry);
/* Replace the memo of a store; entries are sorted by this. Nothing is synced.
 * Errors: TUG_ERR_STORE (a read-only store), TUG_ERR_NO_MEMORY. Blocks: on the disk. */
enum tug_status tug__memo_save(struct tug_store *store, struct tug__memo_entry *entries,
                               size_t count, struct tug_error *err);
/* Free the entries; there are none afterwards. */
void tug__memo_fini(struct tug__memo *memo);

#endif

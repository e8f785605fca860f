/* SPDX-License-Identifier: Apache-2.0
 *
 * Repairs of a store's own files, for verification.
 * Threads: any. Blocks: on the disk; tug__store_index_restore on other processes, too.
 */
#ifndef TUG_STORE_RECOVER_H
#define TUG_STORE_RECOVER_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

/* Tell whether there is an index.json, whatever it is. */
bool tug__store_has_index(const struct tug_store *store);

/* Read index.json as it is and append it to buf. Errors: TUG_ERR_STORE, TUG_ERR_TOO_LARGE. */
enum tug_status tug__store_index_read(struct tug_store *store, struct tug__buf *buf,
                                      struct tug_error *err);
/* Replace index.json by a text, under the lock, unless it can be read now. The old file is kept as
 * index.json.damaged; one of that name from before is replaced. wait: as for tug__store_index_put.
 * Errors: TUG_ERR_STORE, TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY. */
enum tug_status tug__store_index_restore(struct tug_store *store, const char *text, size_t length,
                                         const struct tug__lock_wait *wait, struct tug_error *err);

/* Make way where a blob belongs: a link, FIFO, device or empty directory is removed; a directory
 * with something in it is moved to the same name with ".damaged" behind it. A regular file is left
 * alone. Errors: TUG_ERR_STORE. */
enum tug_status tug__store_clear_place(struct tug_store *store, const struct tug_digest *digest,
                                       struct tug_error *err);
/* Remove a file from blobs/; one that is not there is no error. Errors: TUG_ERR_STORE. */
enum tug_status tug__store_remove_blob(struct tug_store *store, const struct tug_digest *digest,
                                       struct tug_error *err);

/* Call on_name for each name in the store's root that is no part of a store.
 * Errors: TUG_ERR_STORE. */
enum tug_status tug__store_list_foreign(struct tug_store *store,
                                        void (*on_name)(void *context, const char *name,
                                                        bool is_dir),
                                        void *context, struct tug_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What a store has: the files under blobs/ and ingest/, and the entries of index.json.
 * Threads: any; other threads and processes may change the store meanwhile. Blocks: on the disk.
 */
#ifndef TUG_STORE_LIST_H
#define TUG_STORE_LIST_H

#include <sys/stat.h>

#include <tug/store.h>

/* A name under blobs/ or ingest/: AREA/FOLDER/NAME. All borrowed for the call. */
struct tug__store_file {
    const char *area;   /* "blobs" or "ingest" */
    const char *folder; /* "sha256" …; "": the name is in the area itself, where only folders belong
                           (those of known algorithms are not handed on) */
    const char *name;   /* raw */
    struct tug_digest digest; /* that the name stands for; unset: none, the file is foreign */
    const char *suffix;       /* what follows the digest in the name, from a '.' on; "" */
    struct stat info;         /* of the file itself, not of what a link points to */
};

/* Receives a name. Returns: anything but TUG_OK ends the listing with it. */
typedef enum tug_status (*tug__store_file_fn)(void *context, const struct tug__store_file *file,
                                              struct tug_error *err);

/* Call on_file for each name under blobs/, in no order. What goes away meanwhile is left out.
 * Errors: TUG_ERR_STORE, and what on_file returns. */
enum tug_status tug__store_list_blobs(struct tug_store *store, tug__store_file_fn on_file,
                                      void *context, struct tug_error *err);
/* The same for ingest/. */
enum tug_status tug__store_list_partials(struct tug_store *store, tug__store_file_fn on_file,
                                         void *context, struct tug_error *err);

/* Receives an entry of index.json: its text, length bytes of JSON, borrowed for the call.
 * number: its position, from 0. Returns: anything but TUG_OK ends the listing with it. */
typedef enum tug_status (*tug__store_entry_fn)(void *context, size_t number, const char *text,
                                               size_t length, struct tug_error *err);

/* Call on_entry for each of the `manifests` in index.json, in order. A file that is not there has
 * none. The text of the file is in memory meanwhile, and nothing else. An entry may be anything
 * that is JSON.
 * Errors: TUG_ERR_STORE (it cannot be read, or is no valid index), what on_entry returns. */
enum tug_status tug__store_list_entries(struct tug_store *store, tug__store_entry_fn on_entry,
                                        void *context, struct tug_error *err);

#endif

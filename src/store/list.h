/* SPDX-License-Identifier: Apache-2.0
 *
 * What a store has: the files under blobs/ and ingest/, partial downloads, the entries of
 * index.json. Threads: any; other threads and processes may change the store meanwhile. Blocks: on
 * the disk.
 */
#ifndef TUG_STORE_LIST_H
#define TUG_STORE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

/* A partial download, looked at from outside. */
struct tug__partial {
    struct tug_digest digest;
    uint64_t present_bytes; /* that need not be fetched again */
    uint64_t size_bytes;    /* of the whole blob; 0: its files do not say it */
    uint64_t disk_bytes;    /* of all its files */
    int64_t modified_s;     /* the latest of its files, seconds since the epoch */
};

/* List the partial downloads, by digest in ascending order, without changing them.
 * out_partials: owned, free(3); untouched on failure. Errors: TUG_ERR_STORE, TUG_ERR_NO_MEMORY. */
enum tug_status tug__store_partials(struct tug_store *store, struct tug__partial **out_partials,
                                    size_t *out_count, struct tug_error *err);

/* Capacity for the description of a process. */
#define TUG__HOLDER_TEXT_MAX 320

/* Find which process holds a partial download. A process of another container or machine shows only
 * by its lock, so that is tried where the system names nobody, shared and for a moment.
 * out_pid: 0: unknown. out_text: "process 4711 (tug)", "another process", "" when nobody holds it.
 * Returns: false when nobody does. */
bool tug__store_find_holder(struct tug_store *store, const struct tug_digest *digest,
                            int64_t *out_pid, char out_text[TUG__HOLDER_TEXT_MAX]);

#endif

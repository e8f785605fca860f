/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the store room share.
 */
#ifndef TUG_STORE_INTERNAL_H
#define TUG_STORE_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>

#include "base/json.h"
#include "store/store.h"

/* Directories of one digest algorithm. */
struct tug__algorithm_dirs {
    int blobs_fd;
    int ingest_fd;
    bool is_dirty; /* names under blobs_fd changed since the last fsync; at first they may have been
                      by another process, which has not synced them yet */
};

struct tug_store {
    /* set at open, then read-only */
    char *path;
    bool is_durable;
    int root_fd;
    int blobs_fd;
    int ingest_fd;
    /* under lock, by algorithm: opened or made when first needed. Held for the opening of
     * directories, never for data */
    pthread_mutex_t lock;
    struct tug__algorithm_dirs dirs[TUG_DIGEST_SHA512 + 1];
    /* held while the directories are synced: who comes meanwhile has to wait for what it ends with.
     * Taken before lock */
    pthread_mutex_t sync_lock;
};

/* Get the directories of an algorithm, opened or (make) made when needed.
 * out_dirs: a copy whose descriptors stay open as long as the store. A directory that does not
 * exist and is not to be made gives -1. Errors: TUG_ERR_STORE. Threads: any. */
enum tug_status tug__store_dirs(struct tug_store *store, enum tug_digest_algorithm algorithm,
                                bool make, struct tug__algorithm_dirs *out_dirs,
                                struct tug_error *err);
/* Remember that a name under blobs/<algorithm> changed. */
void tug__store_mark_dirty(struct tug_store *store, enum tug_digest_algorithm algorithm);

/* Capacity for the name of a state file. */
#define TUG__STATE_NAME_MAX (TUG_DIGEST_TEXT_MAX + 8)

/* Open a partial download's state file and add what it claims to ingest->present.
 * data_bytes: length of the data file. *out_is_valid: false when the file is not to be trusted;
 * then nothing was added. Errors: TUG_ERR_STORE; os_errno is ENOENT when there is no state file. */
enum tug_status tug__state_load(struct tug__ingest *ingest, int dir_fd, uint64_t data_bytes,
                                bool *out_is_valid, struct tug_error *err);
/* Close and remove the state file if there is one, whatever it is. Errors: TUG_ERR_STORE. */
enum tug_status tug__state_remove(struct tug__ingest *ingest, int dir_fd, struct tug_error *err);

/* Annotations that name an image in index.json: the full reference, and the specification's. */
#define TUG__INDEX_IMAGE_NAME "io.containerd.image.name"
#define TUG__INDEX_REF_NAME "org.opencontainers.image.ref.name"

/* One element of `manifests`. */
struct tug__index_element {
    size_t offset, length; /* within the text */
    const char *name; /* not NUL-terminated; borrowed from the text or from decoded; NULL: none */
    size_t name_length;
    char *decoded; /* owned; NULL: the name stands in the text as it is */
};

/* What a scan of index.json found. */
struct tug__index_scan {
    struct tug__index_element *elements; /* owned */
    size_t count;
    size_t open, close; /* offsets of '[' and ']' */
};

/* Find the elements of an index and their names.
 * text: borrowed; must live as long as the scan. out_scan: tug__index_scan_fini is due; untouched
 * on failure. Errors: as tug__json_slices. */
enum tug_status tug__index_scan(const char *text, size_t length,
                                const struct tug__json_limits *limits,
                                struct tug__index_scan *out_scan, struct tug_error *err);
/* Free what a scan holds. */
void tug__index_scan_fini(struct tug__index_scan *scan);
/* A number by which names are looked up; equal names have equal ones. */
uint64_t tug__index_name_hash(const char *name, size_t length);

/* Take the store's lock against other processes and threads; waits for it.
 * wait: until when; NULL: as long as it takes. out_fd: to be given to tug__store_unlock.
 * Errors: TUG_ERR_STORE; TUG_ERR_CANCELLED: the wait was given up. */
enum tug_status tug__store_lock(struct tug_store *store, const struct tug__lock_wait *wait,
                                int *out_fd, struct tug_error *err);
void tug__store_unlock(int fd);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Declarations shared by the files of the store room.
 */
#ifndef TUG_STORE_INTERNAL_H
#define TUG_STORE_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "store/store.h"

/* Directories of one digest algorithm. */
struct tug__algorithm_dirs {
    int blobs_fd;
    int ingest_fd;
    bool is_dirty; /* names under blobs_fd changed since the last fsync; initially true, because
                      another process may have changed them and not synced yet */
};

struct tug_store {
    /* set at open, then read-only */
    char *path;
    bool is_durable;
    struct tug_sink sink; /* size 0: none */
    bool makes_nothing;   /* missing files and directories stay missing: descriptor -1 */
    int root_fd;
    mode_t root_mode; /* the root's at open; everything created below it follows (access.c) */
    uid_t root_owner;
    gid_t root_group;
    int blobs_fd;
    int ingest_fd;
    /* guarded by lock; by algorithm: opened or created when first needed. The lock is held while
     * directories are opened, never while data is written */
    pthread_mutex_t lock;
    struct tug__algorithm_dirs dirs[TUG_DIGEST_SHA512 + 1];
    bool is_unsynced; /* names of directories and of the layout's files may not be durable yet
                         (dirs.c); initially true, because another process may have made them */
    /* held while the directories are synced: a concurrent caller waits for the result. Acquired
     * before lock */
    pthread_mutex_t sync_lock;
    bool may_sync_all; /* guarded by sync_lock: see sync_all.c */
};

/* Modes derived from the root's: of a directory below it, and of a file that other users with write
 * access to the root may have to use (a partial download, a lock). */
mode_t tug__access_dir_mode(mode_t root_mode);
mode_t tug__access_file_mode(mode_t root_mode);
/* The mode of a file that could not get the root's group: its own group gets the rights of others.
 */
mode_t tug__access_without_group(mode_t mode);
/* Set the group, owner (as root only) and mode of an open file, whatever the umask is, as far as
 * that is possible. */
void tug__access_give(int fd, uid_t owner, gid_t group, mode_t mode);
/* Set owner, group and mode of a new directory or file of the store as its root requires. */
void tug__store_give_dir(const struct tug_store *store, int fd);
void tug__store_give_file(const struct tug_store *store, int fd);
/* The same for a file of ours with mode 0600 that was just looked at. */
void tug__store_give_new_file(const struct tug_store *store, int fd, const struct stat *info);

/* Get the directories of an algorithm, opened or (with make) created when needed. Directories
 * removed since they were opened are created again, and their descriptors refer to the new ones.
 * out_dirs: a copy whose descriptors stay open as long as the store. Without make, a missing
 * directory gives -1. Errors: TUG_ERR_STORE. Threads: any. */
enum tug_status tug__store_dirs(struct tug_store *store, enum tug_digest_algorithm algorithm,
                                bool make, struct tug__algorithm_dirs *out_dirs,
                                struct tug_error *err);
/* Open the directories that every layout has. *out_complete: all of them exist. */
enum tug_status tug__store_open_dirs(struct tug_store *store, bool make, bool *out_complete,
                                     struct tug_error *err);
/* Remember that a file of the layout was created, whose name is not durable yet. */
void tug__store_mark_unsynced(struct tug_store *store);
/* Make all of the layout that was created so far durable, by whomever. Does nothing when that was
 * done before, and under TUG_DURABILITY_NONE. Errors: TUG_ERR_STORE. */
enum tug_status tug__store_sync_layout(struct tug_store *store, struct tug_error *err);
/* Remember that a name under blobs/<algorithm> changed. */
void tug__store_mark_dirty(struct tug_store *store, enum tug_digest_algorithm algorithm);

/* ingest_new.c: create a partial file and lock it. *out_fd: stays as it is when there is a file of
 * that name already, or another process was faster. Errors: TUG_ERR_STORE; os_errno is ENOENT when
 * the directory was removed. */
enum tug_status tug__ingest_create(const struct tug_store *store, int dir_fd, const char *name,
                                   int *out_fd, struct tug_error *err);

/* The steps of a commit, in order (commit.c). Make the complete file read-only (mode 0444). Once is
 * enough. */
enum tug_status tug__ingest_seal(struct tug__ingest *ingest, struct tug_error *err);
/* The same if that was not done; then make data and mode durable (not under TUG_DURABILITY_NONE).
 */
enum tug_status tug__ingest_sync(struct tug__ingest *ingest, struct tug_error *err);
/* Give the verified, synced file its name under blobs/. An existing blob is replaced. The name is
 * durable after the next tug__store_sync_blobs. Errors: tug__store_is_removed() when the partial
 * file has lost its name. */
enum tug_status tug__ingest_publish(struct tug__ingest *ingest, struct tug_error *err);
/* Make all names published so far durable: fsync the directories blobs/<alg> that changed since the
 * last call. Does nothing under TUG_DURABILITY_NONE. */
enum tug_status tug__store_sync_blobs(struct tug_store *store, struct tug_error *err);
/* sync_all.c: make everything written to the store's file system durable, if that is sound, and
 * cheaper than to sync so many small files. Returns: false when it was not done, or failed: then
 * each file has to be synced. */
bool tug__store_sync_all(struct tug_store *store, size_t file_count);
/* Tell whether that is sound at all for the store. */
bool tug__store_may_sync_all(int root_fd);
/* The decisions: by the kernel's release and the type of the file system (statfs); by the number of
 * files, and how much data waits to be written by anybody. */
bool tug__sync_all_is_sound(const char *release, long file_system);
bool tug__sync_all_is_cheap(size_t file_count, unsigned long dirty_kib);
/* sink.c: use a program's callbacks, whose context must outlive the store. Errors: as
 * tug_store_open. */
enum tug_status tug__sink_set(struct tug_store *store, const struct tug_sink *sink,
                              struct tug_error *err);
/* What tug_store_stat, tug__store_read and tug__store_commit do with a sink. */
enum tug_status tug__sink_stat(struct tug_store *store, const struct tug_digest *digest,
                               bool *out_is_present, uint64_t *out_size_bytes,
                               struct tug_error *err);
enum tug_status tug__sink_read(struct tug_store *store, const struct tug_digest *digest,
                               struct tug__buf *buf, struct tug_error *err);
void tug__sink_commit(const struct tug__ingest_commit *commits, size_t count,
                      struct tug__trace_row *row);
/* Remove the partial file. The caller still closes the ingest. */
enum tug_status tug__ingest_remove(struct tug__ingest *ingest, struct tug_error *err);

/* Tell whether a name in the root belongs to a store, also to one that is not finished. */
bool tug__store_is_own_name(const char *name);

/* Capacity for the name of a state file. */
#define TUG__STATE_NAME_MAX (TUG_DIGEST_TEXT_MAX + 8)

/* Open a partial download's state file and add the parts it records to ingest->present.
 * data_bytes: length of the data file. *out_is_valid: false when the file is invalid; then nothing
 * was added. Errors: TUG_ERR_STORE; os_errno is ENOENT when there is no state file. */
enum tug_status tug__state_load(struct tug__ingest *ingest, int dir_fd, uint64_t data_bytes,
                                bool *out_is_valid, struct tug_error *err);
/* Read a state file that others may be writing.
 * data_bytes: length of the data file. out_size_bytes: of the blob; 0: the file does not say it.
 * Returns: bytes that are present; 0 also when there is no valid state file. */
uint64_t tug__state_look(int dir_fd, const struct tug_digest *digest, uint64_t data_bytes,
                         uint64_t *out_size_bytes);
/* Close and remove the state file if there is one, even an invalid one. Errors: TUG_ERR_STORE. */
enum tug_status tug__state_remove(struct tug__ingest *ingest, int dir_fd, struct tug_error *err);

/* Read what /sys/dev/block says of a device, below a folder like that. The answer for a partition
 * is in the folder of its disk. */
bool tug__disk_is_rotating(int blocks_fd, unsigned device_major, unsigned device_minor);

/* Parse a line of /proc/locks. Returns: true, with *out_pid, when it is a flock held on that file.
 */
bool tug__holder_parse(const char *line, uint64_t device_major, uint64_t device_minor,
                       uint64_t inode, long *out_pid);
/* Find the process that holds a flock on a file. Returns: its pid; 0 when there is none, or when it
 * runs in another container or on another machine. */
long tug__holder_find(const struct stat *file);
/* Describe the process that holds a flock on an open file: "process 4711 (tug)", or "another
 * process". */
void tug__holder_describe(int fd, char *out_text, size_t capacity);

/* Take the store's lock against other processes and threads; waits until it is free.
 * wait: when to give up; NULL: never. out_fd: for tug__store_unlock.
 * Errors: TUG_ERR_STORE; TUG_ERR_CANCELLED: the wait was given up. */
enum tug_status tug__store_lock(struct tug_store *store, const struct tug__lock_wait *wait,
                                int *out_fd, struct tug_error *err);

#endif

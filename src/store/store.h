/* SPDX-License-Identifier: Apache-2.0
 *
 * The door of the store room: an OCI image layout with partial downloads beside it.
 *
 *   oci-layout, index.json    as the specification says
 *   blobs/<alg>/<hex>         committed content, mode 0444, of the digest it is named after
 *   ingest/<alg>/<hex>        a partial download, each byte at its final offset; alone, what is
 *                             there is the blob's beginning
 *   ingest/<alg>/<hex>.state  which parts are there, for one that came out of order (state.c)
 *   lock                      flock(2) around the read-modify-write of index.json
 *   lock.use                  flock(2), shared by every run that brings content; who deletes
 * content takes it exclusively
 *
 * Calling sequence for a blob: tug__ingest_open; tug__fs_pwrite_all at offsets of its descriptor;
 * the caller verifies the digest; then one of tug__ingest_commit   it becomes a blob
 * (tug__store_commit: many at once), or tug__ingest_abort    it is thrown away, or
 *   tug__ingest_close    what was written stays for a later run.
 * Only after the commit may tug__store_index_put name an image that needs the blob.
 *
 * Threads: any number may use one store; an ingest belongs to one thread at a time, except that its
 * descriptor may be written and read by several. Blocks: on the disk only. Errors: TUG_ERR_STORE
 * with os_errno unless said otherwise.
 */
#ifndef TUG_STORE_STORE_H
#define TUG_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/store.h>

#include "base/buf.h"
#include "base/extents.h"

/* Read a committed blob into memory (appended to buf, whose limit applies: TUG_ERR_TOO_LARGE).
 * The content is not hashed again. */
enum tug_status tug__store_read(struct tug_store *store, const struct tug_digest *digest,
                                struct tug__buf *buf, struct tug_error *err);

/* Open a committed blob for reading.
 * out_fd: owned. Errors: TUG_ERR_STORE; tug__store_is_removed() when it is not there. */
enum tug_status tug__store_open_blob(struct tug_store *store, const struct tug_digest *digest,
                                     int *out_fd, struct tug_error *err);

/* Slots of a state file: how many parts of one blob it can tell apart. */
#define TUG__INGEST_SLOTS 256

/* A partial download that this process holds. */
struct tug__ingest {
    struct tug_store *store;     /* borrowed */
    struct tug_digest digest;    /* of the blob to be */
    uint64_t size_bytes;         /* of the blob to be */
    int fd;                      /* read and write; closed by tug__ingest_close */
    int state_fd;                /* the state file; -1: there is none */
    struct tug__extents present; /* what an earlier, interrupted download left; owned */
};

/* Open or create the partial file of a blob and lock it against other processes (flock).
 * out_ingest: owned, to be closed with tug__ingest_close; untouched on failure. A left-over that
 * cannot be part of this blob (longer than size_bytes, or with a state file that does not check out
 * to the last bit) is emptied. Errors: TUG_ERR_BUSY: another process holds it. */
enum tug_status tug__ingest_open(struct tug_store *store, const struct tug_digest *digest,
                                 uint64_t size_bytes, struct tug__ingest **out_ingest,
                                 struct tug_error *err);
/* Take the disk space of the whole blob now, without writing anything (fallocate), so that a full
 * disk shows before the download and not in the middle. A file system that cannot do that is no
 * error. Errors: TUG_ERR_STORE with ENOSPC or EDQUOT; the message says how much is missing. */
enum tug_status tug__ingest_reserve(struct tug__ingest *ingest, struct tug_error *err);
/* Write a state file (a new one, durable) that says: the beginning is there up to prefix_bytes
 * (slot 0), and ingest->present (slots 1 and up, in order; those past the last slot are left out).
 * Must be called before the first byte is written out of order. Threads: one at a time; others may
 * call tug__ingest_note only after they learnt of its end. */
enum tug_status tug__ingest_begin_state(struct tug__ingest *ingest, uint64_t prefix_bytes,
                                        struct tug_error *err);
/* Say in one slot that bytes [first, end) are in the data file; an empty part clears the slot.
 * Call it after the bytes were written. Threads: several at once with different slots. */
enum tug_status tug__ingest_note(const struct tug__ingest *ingest, unsigned slot, uint64_t first,
                                 uint64_t end, struct tug_error *err);
/* Start writing a stretch of the data to the disk, without waiting, so that the sync at the end has
 * little left to do. A hint: nothing under TUG_DURABILITY_NONE, failures show at tug__ingest_sync.
 */
void tug__ingest_write_back(const struct tug__ingest *ingest, uint64_t offset, uint64_t length);
/* Check that the file still has a name: another program may clean up ingest/ while it is written.
 * Cheap. Errors: TUG_ERR_STORE, tug__store_is_removed() when it has none. Threads: any. */
enum tug_status tug__ingest_check_name(const struct tug__ingest *ingest, struct tug_error *err);
/* Tell whether an error is that a file or directory was removed under our hands: to begin anew is
 * of use then, and the directories are made again by that. */
bool tug__store_is_removed(const struct tug_error *error);
/* Throw the data away: the file is emptied and the next download starts at zero. */
enum tug_status tug__ingest_reset(struct tug__ingest *ingest, struct tug_error *err);
/* Unlock and close; what was written stays for a later run. NULL is allowed. */
void tug__ingest_close(struct tug__ingest *ingest);

/* Throw the download away: remove the partial file and close. What cannot be removed is found bad
 * by a later run. NULL is allowed. */
void tug__ingest_abort(struct tug__ingest *ingest);

/* One download of those to commit, and where to say why it failed (zeroed by the caller). */
struct tug__ingest_commit {
    struct tug__ingest *ingest; /* borrowed: still to be closed. NULL: the blob is there already,
                                   and only its name may not be durable yet */
    struct tug_error *error;
};

/* Make verified downloads blobs, in the order that survives a crash: the data of each durable and
 * read-only, then its name under blobs/, then all names durable with one sync of each directory.
 * Under TUG_DURABILITY_NONE nothing is synced. A blob that is there already is replaced: same name,
 * same content. Each succeeds or fails for itself, unless that last sync fails; one that fails is
 * removed. Errors (by commits[i].error): TUG_ERR_STORE; tug__store_is_removed() when the partial
 * file has lost its name. */
void tug__store_commit(struct tug_store *store, const struct tug__ingest_commit *commits,
                       size_t count);
/* The same for a single one, which is closed in any case. */
enum tug_status tug__ingest_commit(struct tug__ingest *ingest, struct tug_error *err);

/* How a file is hashed. All borrowed for the call. */
struct tug__check {
    void *buffer; /* scratch: larger is not faster from 256 KiB on */
    size_t buffer_bytes;
    bool (*should_stop)(void *context); /* asked after each buffer; NULL: never */
    void *context;
};

/* Hash an open file from its beginning, whatever its offset is.
 * out_digest, out_bytes: digest and length of the content; untouched on failure. Errors:
 * TUG_ERR_STORE, TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY, TUG_ERR_INTERNAL. */
enum tug_status tug__file_digest(int fd, enum tug_digest_algorithm algorithm,
                                 const struct tug__check *check, struct tug_digest *out_digest,
                                 uint64_t *out_bytes, struct tug_error *err);
/* Hash a committed blob and compare it with its name and size.
 * out_is_damaged: also when it is missing or the disk fails to read it, because a new file would
 * mend that; untouched on failure. Errors: as tug__file_digest. */
enum tug_status tug__store_check(struct tug_store *store, const struct tug_digest *digest,
                                 uint64_t size_bytes, const struct tug__check *check,
                                 bool *out_is_damaged, struct tug_error *err);

/* How long to wait for other processes that change index.json. */
struct tug__lock_wait {
    bool (*should_give_up)(void *context); /* asked every few milliseconds; NULL: never */
    /* Told once, after a second, by the thread that waits: for which file, and which process has
     * it. NULL: nobody is. text: one line, borrowed for the call. */
    void (*on_busy)(void *context, const char *text);
    void *context;
};

/* Hold the store against deletion of content: shared with other runs, until tug__store_unlock or
 * the end of the process. Call it before the first look at what the store has, and release it after
 * the last image is named: what was seen stays until then. wait: for a process that deletes; NULL:
 * as long as it takes. out_fd: for tug__store_unlock; -1 when no lock is held, because the store is
 * read-only or was opened with make_nothing. Errors: TUG_ERR_STORE; TUG_ERR_CANCELLED: the wait was
 * given up. */
enum tug_status tug__store_use(struct tug_store *store, const struct tug__lock_wait *wait,
                               int *out_fd, struct tug_error *err);
/* Release a lock of the store. fd: closed; -1 is allowed. */
void tug__store_unlock(int fd);

/* One image for index.json. All borrowed for the call. */
struct tug__index_entry {
    const char *name;       /* full reference */
    const char *media_type; /* of the root */
    struct tug_digest digest;
    uint64_t size_bytes;
    const char *source_host; /* registry host and repository: the distribution source annotation */
    const char *source_repository;
    const char *left_out;      /* digests of blobs that the image lacks; NULL: none */
    const char *const *labels; /* "KEY=VALUE" */
    size_t label_count;
};

/* Put images into index.json: an entry that is the same already stays in its place, one of the same
 * name that differs gives way to the new one, which comes last; all others and everything we do not
 * understand are kept as they are; of entries with the same name the last one counts. Either all of
 * them are there afterwards or none. Names published before, by any process, are made durable
 * first. A store that is read-only is no error when nothing would change. wait: for other
 * processes; NULL: as long as it takes. Errors: TUG_ERR_STORE also when index.json is not a valid
 * index (it is left as it is); TUG_ERR_CANCELLED: the wait was given up. */
enum tug_status tug__store_index_put(struct tug_store *store,
                                     const struct tug__index_entry *entries, size_t count,
                                     const struct tug__lock_wait *wait, struct tug_error *err);

/* Look an image up by its full name. Reads all of index.json: for one look, see below for many.
 * out_found: false and *out_digest untouched when index.json has no such entry. */
enum tug_status tug__store_index_find(struct tug_store *store, const char *name, bool *out_found,
                                      struct tug_digest *out_digest, struct tug_error *err);

/* The names that index.json had at one moment. All zero: none. Fields are private to the room. */
struct tug__index_names {
    uint64_t *hashes; /* owned; sorted */
    size_t count;
};

/* Read all names once, for any number of looks. out_names: tug__index_names_fini is due; untouched
 * on failure. Errors: as tug__store_index_find. */
enum tug_status tug__store_index_names(struct tug_store *store, struct tug__index_names *out_names,
                                       struct tug_error *err);
/* Tell whether a name was there. In rare cases (two names of one hash) it says so wrongly: good
 * for a guess about what to ask first, for nothing else. Blocks: no. */
bool tug__index_names_has(const struct tug__index_names *names, const char *name);
/* Free the names; there are none afterwards. */
void tug__index_names_fini(struct tug__index_names *names);

/* Space for new data on the store's file system, in bytes, as far as this user may take it.
 * Errors: TUG_ERR_STORE. */
enum tug_status tug__store_free_bytes(struct tug_store *store, uint64_t *out_bytes,
                                      struct tug_error *err);
/* Disk space that the partial file of a blob holds already; 0 when there is none. */
uint64_t tug__store_partial_bytes(struct tug_store *store, const struct tug_digest *digest);

#endif

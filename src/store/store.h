/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the store room: an OCI image layout, with partial downloads beside it.
 *
 *   oci-layout, index.json    as the specification says
 *   blobs/<alg>/<hex>         committed content, mode 0444, of the digest it is named after
 *   ingest/<alg>/<hex>        a partial download, each byte at its final offset; without a
 *                             state file it is the blob's beginning
 *   ingest/<alg>/<hex>.state  which parts are present, once written out of order (state.c)
 *   lock                      flock(2) around the read-modify-write of index.json
 *   lock.use                  flock(2), shared by every run that adds content, exclusive for one
 *                             that deletes content
 *   verified                  which blobs were verified (memo.h); may be lost
 *   index.json.damaged        what index.json was before a repair
 *
 * Calling sequence for a blob: tug__ingest_open; tug__fs_pwrite_all at offsets of its descriptor;
 * the caller verifies the digest; then one of
 *   tug__ingest_commit        it becomes a blob (tug__store_commit: many at once)
 *   tug__ingest_abort         it is discarded
 *   tug__ingest_close         the data written stays for a later run
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
#include "base/cancel.h"
#include "base/extents.h"
#include "base/trace.h"
#include "index/index.h"

/* Tell whether content goes to the program: stat, read and commit then mean what it has, there are
 * no blobs to open, index.json stays empty, and no space is needed for more than what is in
 * progress. */
bool tug__store_has_sink(const struct tug_store *store);

/* Read a committed blob into memory (appended to buf, whose limit applies: TUG_ERR_TOO_LARGE).
 * The content is not hashed again. */
enum tug_status tug__store_read(struct tug_store *store, const struct tug_digest *digest,
                                struct tug__buf *buf, struct tug_error *err);

/* Open a committed blob for reading. out_fd: owned. Errors: TUG_ERR_STORE; tug__store_is_removed()
 * when there is no such blob. */
enum tug_status tug__store_open_blob(struct tug_store *store, const struct tug_digest *digest,
                                     int *out_fd, struct tug_error *err);

/* Slots of a state file: the most parts of one blob that it can record. */
#define TUG__INGEST_SLOTS 256

/* A partial download that this process has locked. */
struct tug__ingest {
    struct tug_store *store;     /* borrowed */
    struct tug_digest digest;    /* of the blob to be */
    uint64_t size_bytes;         /* of the blob to be */
    int fd;                      /* read and write; closed by tug__ingest_close */
    int state_fd;                /* the state file; -1: none */
    struct tug__extents present; /* parts left by an earlier, interrupted download; owned */
    bool is_sealed;              /* complete and read-only */
};

/* A partial file of at most so many bytes is never divided, so it needs no state file. */
#define TUG__INGEST_WHOLE_BYTES (UINT64_C(256) * 1024)

/* Open or create the partial file of a blob and lock it against other processes (flock).
 * out_ingest: owned, to be closed with tug__ingest_close; untouched on failure. An existing file
 * that cannot be part of this blob (longer than size_bytes, or with an invalid state file) is
 * emptied. Errors: TUG_ERR_BUSY: another process holds it. */
enum tug_status tug__ingest_open(struct tug_store *store, const struct tug_digest *digest,
                                 uint64_t size_bytes, struct tug__ingest **out_ingest,
                                 struct tug_error *err);
/* Reserve disk space for the whole blob without writing anything (fallocate), so that a full disk
 * shows before the download and not halfway through. A file system without fallocate is not an
 * error. Errors: TUG_ERR_STORE with ENOSPC or EDQUOT; the message says how much is missing. */
enum tug_status tug__ingest_reserve(struct tug__ingest *ingest, struct tug_error *err);
/* Write a new, durable state file that records the first prefix_bytes bytes (slot 0) and
 * ingest->present (slots 1 and up, in order; parts beyond the last slot are dropped). Must be
 * called before the first byte is written out of order. Threads: one at a time; others may call
 * tug__ingest_note only once they know that it has returned. */
enum tug_status tug__ingest_begin_state(struct tug__ingest *ingest, uint64_t prefix_bytes,
                                        struct tug_error *err);
/* Record in one slot that bytes [first, end) are in the data file; an empty part clears the slot.
 * Call it after the bytes were written. Threads: several at once with different slots. */
enum tug_status tug__ingest_note(const struct tug__ingest *ingest, unsigned slot, uint64_t first,
                                 uint64_t end, struct tug_error *err);
/* Start writing a range of the data to disk without waiting, so that the final sync has little left
 * to do. A hint: does nothing under TUG_DURABILITY_NONE; failures show in tug__ingest_sync. */
void tug__ingest_write_back(const struct tug__ingest *ingest, uint64_t offset, uint64_t length);
/* Check that the file still has a name: another program may clean up ingest/ during the download.
 * Cheap. Errors: TUG_ERR_STORE, tug__store_is_removed() when it has none. Threads: any. */
enum tug_status tug__ingest_check_name(const struct tug__ingest *ingest, struct tug_error *err);
/* Tell whether an error means that a file or directory was removed behind our back: then starting
 * over helps, which also creates the directories again. */
bool tug__store_is_removed(const struct tug_error *error);
/* Discard the data: the file is emptied, and the download starts at zero. */
enum tug_status tug__ingest_reset(struct tug__ingest *ingest, struct tug_error *err);
/* Open a partial file for a blob whose digest is not known yet, under a name at random that no blob
 * has: it is listed, locked and pruned like any other. Errors: as tug__ingest_open. */
enum tug_status tug__ingest_open_unnamed(struct tug_store *store, uint64_t size_bytes,
                                         struct tug__ingest **out_ingest, struct tug_error *err);
/* Name it after the digest (SHA-256) that its content turned out to have, before the commit.
 * Another partial download of that digest is replaced; a process at work on it finds the blob
 * instead. Errors: TUG_ERR_STORE. */
enum tug_status tug__ingest_rename(struct tug__ingest *ingest, const struct tug_digest *digest,
                                   struct tug_error *err);
/* Unlock and close; the data written stays for a later run. NULL is allowed. */
void tug__ingest_close(struct tug__ingest *ingest);

/* Discard the download: remove the partial file and close. A file that cannot be removed is found
 * to be invalid by a later run. NULL is allowed. */
void tug__ingest_abort(struct tug__ingest *ingest);

/* One download to commit, and where to report why it failed (zeroed by the caller). */
struct tug__ingest_commit {
    struct tug__ingest *ingest; /* borrowed: the caller still closes it. NULL: the blob exists
                                   already, and only its name may not be durable yet */
    struct tug_error *error;
    /* for a sink only; both borrowed */
    const char *media_type;         /* NULL: unknown */
    const struct tug__cancel *stop; /* set when it is to end; NULL: never */
};

/* Make verified downloads blobs, in the order that survives a crash: the data of each durable and
 * read-only, then its name under blobs/, then all names durable with one sync of each directory.
 * Under TUG_DURABILITY_NONE nothing is synced. An existing blob is replaced: same name, same
 * content. Each commit succeeds or fails on its own, unless that last sync fails. A download that
 * cannot be made durable is removed; one that only gets no name stays, whole, for the next run.
 * row: the calling thread's, for the trace; may be NULL. Errors (by commits[i].error):
 * TUG_ERR_STORE; tug__store_is_removed() when the partial file has lost its name. With a sink
 * (tug/sink.h) they are handed to the program, one after the other, and removed;
 * TUG_ERR_CANCELLED: stop was set, and the file stays. Blocks: as long as the program likes, too.
 */
void tug__store_commit(struct tug_store *store, const struct tug__ingest_commit *commits,
                       size_t count, struct tug__trace_row *row);
/* The same for a single download, which is always closed. */
enum tug_status tug__ingest_commit(struct tug__ingest *ingest, struct tug_error *err);

/* How to hash a file. All borrowed for the call. */
struct tug__check {
    void *buffer; /* scratch; no faster above 256 KiB */
    size_t buffer_bytes;
    bool (*should_stop)(void *context); /* called after each buffer; NULL: never stop */
    void *context;
};

/* Hash an open file from its beginning, whatever its current offset is.
 * out_digest, out_bytes: digest and length of the content; untouched on failure. Errors:
 * TUG_ERR_STORE, TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY, TUG_ERR_INTERNAL. */
enum tug_status tug__file_digest(int fd, enum tug_digest_algorithm algorithm,
                                 const struct tug__check *check, struct tug_digest *out_digest,
                                 uint64_t *out_bytes, struct tug_error *err);
/* Hash a committed blob and compare it with its name and size.
 * out_is_damaged: also true when the file is missing or the disk fails to read it, because a new
 * file would repair that; untouched on failure. Errors: as tug__file_digest. */
enum tug_status tug__store_check(struct tug_store *store, const struct tug_digest *digest,
                                 uint64_t size_bytes, const struct tug__check *check,
                                 bool *out_is_damaged, struct tug_error *err);

/* How long to wait for other processes that change index.json. */
struct tug__lock_wait {
    bool (*should_give_up)(void *context); /* called every few milliseconds; NULL: never give up */
    /* Called once, after a second, by the waiting thread: which file it waits for, and which
     * process holds it. NULL: not reported. text: one line, borrowed for the call. */
    void (*on_busy)(void *context, const char *text);
    void *context;
};

/* Hold the store against deletion of content: shared with other runs, until tug__store_unlock or
 * the end of the process. Call it before the store's content is first checked, and release it after
 * the last image is named: content that was found stays until then. wait: for a process that
 * deletes; NULL: as long as it takes. out_fd: for tug__store_unlock; -1 when no lock is held,
 * because the store is read-only or was opened with make_nothing. Errors: TUG_ERR_STORE;
 * TUG_ERR_CANCELLED: the wait was given up. */
enum tug_status tug__store_use(struct tug_store *store, const struct tug__lock_wait *wait,
                               int *out_fd, struct tug_error *err);
/* Hold the store against every run that relies on content: exclusively. wait: for these runs.
 * out_fd: for tug__store_unlock. Errors: TUG_ERR_BUSY: the wait was given up; the message names a
 * process that uses the store. TUG_ERR_STORE, also for a read-only store. */
enum tug_status tug__store_use_alone(struct tug_store *store, const struct tug__lock_wait *wait,
                                     int *out_fd, struct tug_error *err);
/* Release a lock of the store. fd: closed; -1 is allowed. */
void tug__store_unlock(int fd);

/* Add images to index.json. An entry with the same name that has all this already stays unchanged,
 * in its place. Otherwise the new one replaces it and comes last; it inherits labels that it does
 * not set itself, and sources, including those of other entries with the same root. All other
 * entries and everything tug does not understand are kept as they are; among entries with the same
 * name the last one counts. Either all images are added or none. Names published before, by any
 * process, are made durable first. A read-only store is not an error when nothing would change.
 * wait: for other processes; NULL: as long as it takes. Errors: TUG_ERR_STORE also when index.json
 * is not a valid index (it is left as it is); TUG_ERR_CANCELLED: the wait was given up. Does
 * nothing with a sink. */
enum tug_status tug__store_index_put(struct tug_store *store,
                                     const struct tug__index_entry *entries, size_t count,
                                     const struct tug__lock_wait *wait, struct tug_error *err);

/* Look an image up by its full name. Reads all of index.json: for a single lookup; see below for
 * many. out_found: false and *out_digest untouched when index.json has no such entry. */
enum tug_status tug__store_index_find(struct tug_store *store, const char *name, bool *out_found,
                                      struct tug_digest *out_digest, struct tug_error *err);

/* Find an image: the last entry whose name is the text, else its full reference, else whose digest
 * is the text.
 * out_name: owned; NULL: the entry has none. Both untouched on failure. Errors: TUG_ERR_NOT_FOUND
 * (the message names a similar image, if there is one); as tug__store_index_find. */
enum tug_status tug__store_index_pick(struct tug_store *store,
                                      const struct tug__index_wanted *wanted, char **out_name,
                                      struct tug_digest *out_digest, struct tug_error *err);

/* Change the labels of an image, found as tug__store_index_pick does: "KEY=VALUE" sets one, "KEY="
 * removes it. The rest of the entry stays byte for byte; without a change nothing is written.
 * Errors: as tug__store_index_pick and tug__store_index_put; TUG_ERR_INVALID_ARGUMENT (a digest
 * that has several names). */
enum tug_status tug__store_index_label(struct tug_store *store,
                                       const struct tug__index_wanted *wanted,
                                       const char *const *labels, size_t label_count,
                                       const struct tug__lock_wait *wait, struct tug_error *err);

/* Remove images from index.json: all entries with the name, or the digest, of the entry that
 * tug__store_index_pick finds. Either all are removed or none. Errors: as tug__store_index_label.
 */
enum tug_status tug__store_index_remove(struct tug_store *store,
                                        const struct tug__index_removal *removal,
                                        const struct tug__lock_wait *wait, struct tug_error *err);

/* Call on_element for each element of index.json, in order; nothing when there is no such file.
 * Errors: as tug__store_index_find, and what on_element returns. */
enum tug_status tug__store_scan_index(struct tug_store *store, tug__index_element_fn on_element,
                                      void *context, struct tug_error *err);

/* The names that index.json had at one moment. All zero: none. Fields are private to the room. */
struct tug__index_names {
    uint64_t *hashes; /* owned; sorted */
    size_t count;
};

/* Read all names once, for any number of lookups. out_names: tug__index_names_fini is due;
 * untouched on failure. Errors: as tug__store_index_find. */
enum tug_status tug__store_index_names(struct tug_store *store, struct tug__index_names *out_names,
                                       struct tug_error *err);
/* Tell whether the index had a name. May be wrongly true in rare cases (two names with one hash):
 * good only for guessing what to request first. Blocks: no. */
bool tug__index_names_has(const struct tug__index_names *names, const char *name);
/* Free the names and leave an empty set. */
void tug__index_names_fini(struct tug__index_names *names);

/* Make index.json durable as it is, so that no power cut brings back what it named before.
 * Errors: TUG_ERR_STORE; os_errno is ENOENT when there is none. */
enum tug_status tug__store_settle_index(struct tug_store *store, struct tug_error *err);
/* Remove a partial download with all its files. One that is not there is no error.
 * Errors: TUG_ERR_BUSY: a process is downloading the blob. */
enum tug_status tug__store_remove_partial(struct tug_store *store, const struct tug_digest *digest,
                                          struct tug_error *err);

/* The index-th name of a file that an interrupted change of index.json leaves in the root; NULL
 * past the last one. Static text. */
const char *tug__store_leftover_name(size_t index);
/* Look whether such a file is there. */
bool tug__store_look_at_leftover(const struct tug_store *store, const char *name,
                                 uint64_t *out_bytes, int64_t *out_modified_s);
/* Remove such a file. Errors: TUG_ERR_BUSY: a process changes index.json at this moment. */
enum tug_status tug__store_remove_leftover(struct tug_store *store, const char *name,
                                           struct tug_error *err);

/* Space for new data on the store's file system, in bytes, as far as this user may use it.
 * UINT64_MAX: not known, or not limited. Errors: TUG_ERR_STORE. */
enum tug_status tug__store_free_bytes(struct tug_store *store, uint64_t *out_bytes,
                                      struct tug_error *err);
/* Tell whether the store is on a disk that turns, by what the kernel says (/sys/dev/block): reading
 * files in the order of their inodes saves it long ways then. false: it is not, or nobody knows. */
bool tug__store_is_on_rotating_disk(const struct tug_store *store);
/* Disk space that the partial file of a blob already uses; 0 when there is none. */
uint64_t tug__store_partial_bytes(struct tug_store *store, const struct tug_digest *digest);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The door of the store room: an OCI image layout with partial downloads beside it.
 *
 *   oci-layout, index.json      as the specification says
 *   blobs/<alg>/<hex>           committed content, mode 0444, always of the digest it is named
 * after ingest/<alg>/<hex>          a partial download: the data, each byte at its final offset;
 * what is there is a prefix of the blob unless a power cut left holes lock flock(2) around
 * index.json's read-modify-write
 *
 * Calling sequence for a blob: tug__ingest_open, write at offsets through the descriptor,
 * tug__ingest_sync, tug__ingest_publish, tug__store_sync_blobs (once for many), tug__ingest_close.
 * Only after that may tug__store_index_put name an image that needs it.
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

/* Read a committed blob into memory (appended to buf, whose limit applies: TUG_ERR_TOO_LARGE).
 * The content is not hashed again. */
enum tug_status tug__store_read(struct tug_store *store, const struct tug_digest *digest,
                                struct tug__buf *buf, struct tug_error *err);

/* A partial download that this process holds. */
struct tug__ingest {
    struct tug_store *store;  /* borrowed */
    struct tug_digest digest; /* of the blob to be */
    int fd;                   /* read and write; closed by tug__ingest_close */
    uint64_t
        resumed_bytes; /* length that an earlier, interrupted download left; 0 for a new file */
};

/* Open or create the partial file of a blob and lock it against other processes (flock).
 * out_ingest: owned, to be closed with tug__ingest_close; untouched on failure. A left-over longer
 * than size_bytes is emptied. Errors: TUG_ERR_BUSY: another process holds it. */
enum tug_status tug__ingest_open(struct tug_store *store, const struct tug_digest *digest,
                                 uint64_t size_bytes, struct tug__ingest **out_ingest,
                                 struct tug_error *err);
/* Start writing a stretch of the data to the disk, without waiting, so that the sync at the end has
 * little left to do. A hint: nothing under TUG_DURABILITY_NONE, failures show at tug__ingest_sync.
 */
void tug__ingest_write_back(const struct tug__ingest *ingest, uint64_t offset, uint64_t length);
/* Make the data durable (nothing under TUG_DURABILITY_NONE) and read-only (mode 0444). */
enum tug_status tug__ingest_sync(struct tug__ingest *ingest, struct tug_error *err);
/* Give the verified, synced file its name under blobs/. A blob that is there already is replaced:
 * same name, same content. The name is durable after the next tug__store_sync_blobs. */
enum tug_status tug__ingest_publish(struct tug__ingest *ingest, struct tug_error *err);
/* Throw the data away: the file is emptied and the next download starts at zero. */
enum tug_status tug__ingest_reset(struct tug__ingest *ingest, struct tug_error *err);
/* Remove the partial file. The ingest must still be closed. */
enum tug_status tug__ingest_remove(struct tug__ingest *ingest, struct tug_error *err);
/* Unlock and close; what is there stays for a later run. NULL is allowed. */
void tug__ingest_close(struct tug__ingest *ingest);

/* Make the names that were published so far durable: fsync the directories blobs/<alg> that changed
 * since the last call. Nothing under TUG_DURABILITY_NONE. */
enum tug_status tug__store_sync_blobs(struct tug_store *store, struct tug_error *err);

/* One image for index.json. All borrowed for the call. */
struct tug__index_entry {
    const char *name;       /* full reference */
    const char *media_type; /* of the root */
    struct tug_digest digest;
    uint64_t size_bytes;
    const char *source_host; /* registry host and repository: the distribution source annotation */
    const char *source_repository;
    const char *const *labels; /* "KEY=VALUE" */
    size_t label_count;
};

/* Put images into index.json: an entry of the same name is replaced, all others and everything we
 * do not understand are kept as they are; of entries with the same name the last one counts. Either all of them are there afterwards or none. Errors:
 * TUG_ERR_STORE also when index.json is not a valid index (it is left as it is). */
enum tug_status tug__store_index_put(struct tug_store *store,
                                     const struct tug__index_entry *entries, size_t count,
                                     struct tug_error *err);

/* Look an image up by its full name.
 * out_found: false and *out_digest untouched when index.json has no such entry. */
enum tug_status tug__store_index_find(struct tug_store *store, const char *name, bool *out_found,
                                      struct tug_digest *out_digest, struct tug_error *err);

#endif

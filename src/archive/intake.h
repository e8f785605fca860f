/* SPDX-License-Identifier: Apache-2.0
 *
 * Content on its way from an archive into the store: hashed as it comes, committed in groups.
 *
 * Calling sequence: tug__intake_begin; content; tug__intake_commit; tug__intake_fini.
 * Threads: the calling one. Blocks: on the disk, the source, and a process that downloads the same
 * blob.
 * Errors: TUG_ERR_CONTENT, TUG_ERR_TOO_LARGE, TUG_ERR_STORE, TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY.
 */
#ifndef TUG_ARCHIVE_INTAKE_H
#define TUG_ARCHIVE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/oci.h>

#include "archive/work.h"
#include "store/store.h"

/* Files that one sync of the directory makes durable. */
#define TUG__INTAKE_GROUP 32
/* Content without a name that is held back until something needs it; each is an open file. More of
 * it becomes blobs right away, which nothing may need. */
#define TUG__INTAKE_HELD 192

/* Where content comes from. */
struct tug__source {
    /* Read up to capacity bytes; out_length 0: the end. */
    enum tug_status (*read)(void *context, void *buffer, size_t capacity, size_t *out_length,
                            struct tug_error *err);
    void *context;
};

/* Content whose digest was found. */
struct tug__part {
    struct tug_digest digest;
    uint64_t size_bytes;
};

/* Content on its way. Fields other than counts are private to intake.c. */
struct tug__intake {
    struct tug_store *store; /* borrowed */
    struct tug__work *work;  /* borrowed */
    uint64_t max_bytes;      /* of all content; 0: no limit */
    uint64_t real_bytes;     /* sizes up to this are no mere claims: disk space is taken for them in
                                advance */
    uint64_t taken_bytes;    /* of all content so far */
    uint8_t *piece;          /* owned */
    struct tug__ingest *group[TUG__INTAKE_GROUP]; /* verified, to be committed */
    size_t group_count;
    struct tug__ingest *held[TUG__INTAKE_HELD];
    struct tug_digest held_digests[TUG__INTAKE_HELD];
    size_t held_count;
    /* counts */
    uint64_t blobs, content_bytes; /* that the store did not have */
    uint64_t blobs_present;
};

/* Begin. store, work: borrowed. Errors: TUG_ERR_NO_MEMORY; tug__intake_fini is due in any case. */
enum tug_status tug__intake_begin(struct tug__intake *intake, struct tug_store *store,
                                  struct tug__work *work, struct tug_error *err);

/* Bring a blob, unless the store has it in that size: then nothing is read.
 * Errors: TUG_ERR_CONTENT: the content has another digest or size. */
enum tug_status tug__intake_blob(struct tug__intake *intake, const struct tug_digest *digest,
                                 uint64_t size_bytes, const struct tug__source *source,
                                 struct tug_error *err);

/* Bring content that nothing says the digest of, and hold it back. */
enum tug_status tug__intake_part(struct tug__intake *intake, uint64_t size_bytes,
                                 const struct tug__source *source, struct tug__part *out_part,
                                 struct tug_error *err);

/* Make a part that was held back a blob, with the next commit; one that is a blob stays one. */
enum tug_status tug__intake_need(struct tug__intake *intake, const struct tug_digest *digest,
                                 struct tug_error *err);

/* Bring a blob from memory. out_digest: SHA-256 of it. */
enum tug_status tug__intake_bytes(struct tug__intake *intake, const void *bytes, size_t length,
                                  struct tug_digest *out_digest, struct tug_error *err);

/* Commit what is waiting for it. */
enum tug_status tug__intake_commit(struct tug__intake *intake, struct tug_error *err);

/* Drop what was held back and not needed; content that was verified stays as a partial download. */
void tug__intake_fini(struct tug__intake *intake);

#endif

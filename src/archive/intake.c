/* SPDX-License-Identifier: Apache-2.0
 *
 * Content on its way from an archive into the store: hashed as it comes, committed in groups.
 *
 * Knows: partial downloads, hashes. Does not know: documents, archives. Threads: the calling one.
 *
 * No file that waits for its commit has the name of a digest that another process may want, while
 * this one waits for that process: a group is committed before any wait, and what is held back has
 * names at random. So two imports never wait for each other.
 */
#include "archive/intake.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "archive/limits.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/hash.h"
#include "oci/digest.h"

/* Written data is sent to the disk in steps, so that the sync at the end is short. */
#define WRITE_BACK_BYTES ((uint64_t)8 * 1024 * 1024)
/* Between two looks at a blob that another process downloads. */
#define BUSY_WAIT_NS 100000000L

enum tug_status tug__intake_begin(struct tug__intake *intake, struct tug_store *store,
                                  struct tug__work *work, struct tug_error *err)
{
    *intake = (struct tug__intake){.store = store, .work = work};
    intake->piece = malloc(TUG__ARCHIVE_PIECE);
    return intake->piece != NULL ? TUG_OK : tug__fail_memory(err);
}

/* Check a size that an archive claims, before it is part of any sum. */
static enum tug_status check_size(struct tug__intake *intake, uint64_t size_bytes,
                                  struct tug_error *err)
{
    if (size_bytes > TUG__BLOB_BYTES_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "a size beyond 1 PiB");
    }
    intake->taken_bytes += size_bytes;
    return intake->max_bytes == 0 || intake->taken_bytes <= intake->max_bytes
               ? TUG_OK
               : tug__fail(err, TUG_ERR_TOO_LARGE, "the content is larger than the limit");
}

/* Look whether the store has a blob in that size. */
static enum tug_status look(const struct tug__intake *intake, const struct tug_digest *digest,
                            uint64_t size_bytes, bool *out_has, struct tug_error *err)
{
    bool is_present = false;
    uint64_t present_bytes = 0;
    const enum tug_status status =
        tug_store_stat(intake->store, digest, &is_present, &present_bytes, err);

    *out_has = status == TUG_OK && is_present && present_bytes == size_bytes;
    return status;
}

/* Write one piece. */
static enum tug_status write_piece(struct tug__intake *intake, const struct tug__ingest *ingest,
                                   size_t length, uint64_t offset, struct tug_error *err)
{
    const uint64_t end = offset + length;
    const enum tug_status status =
        tug__fs_pwrite_all(ingest->fd, intake->piece, length, offset, err);

    if (status == TUG_OK && end / WRITE_BACK_BYTES > offset / WRITE_BACK_BYTES) {
        const uint64_t begin = (end / WRITE_BACK_BYTES - 1) * WRITE_BACK_BYTES;

        tug__ingest_write_back(ingest, begin, WRITE_BACK_BYTES);
    }
    return status == TUG_OK ? tug__work_go_on(intake->work, err) : status;
}

/* Fill a piece, as full as it gets. */
static enum tug_status read_piece(struct tug__intake *intake, const struct tug__source *source,
                                  size_t *out_length, struct tug_error *err)
{
    enum tug_status status = TUG_OK;
    size_t got = 1;

    *out_length = 0;
    while (status == TUG_OK && got > 0 && *out_length < TUG__ARCHIVE_PIECE) {
        status = source->read(source->context, intake->piece + *out_length,
                              TUG__ARCHIVE_PIECE - *out_length, &got, err);
        *out_length += status == TUG_OK ? got : 0;
    }
    return status;
}

/* One file that is being filled. */
struct filling {
    struct tug__intake *intake;
    struct tug__ingest *ingest;
    const struct tug__source *source;
    struct tug__hash *hash;
};

/* Read all content, hash it and write it. */
static enum tug_status copy(const struct filling *filling, struct tug_error *err)
{
    struct tug__intake *const intake = filling->intake;
    const uint64_t size_bytes = filling->ingest->size_bytes;
    uint64_t total = 0;
    size_t length = 1;

    while (length > 0) {
        enum tug_status status = read_piece(intake, filling->source, &length, err);

        if (status == TUG_OK && length > size_bytes - total) {
            status = tug__fail(err, TUG_ERR_CONTENT, "it is longer than its size");
        }
        if (status == TUG_OK) {
            status = tug__hash_update(filling->hash, intake->piece, length, err);
        }
        if (status == TUG_OK) {
            status = write_piece(intake, filling->ingest, length, total, err);
        }
        if (status != TUG_OK) {
            return status;
        }
        total += length;
    }
    return total == size_bytes ? TUG_OK
                               : tug__fail(err, TUG_ERR_CONTENT, "it is shorter than its size");
}

/* Fill a file. digest: in: its algorithm; out: of what the file holds. */
static enum tug_status fill(struct tug__intake *intake, struct tug__ingest *ingest,
                            const struct tug__source *source, struct tug_digest *digest,
                            struct tug_error *err)
{
    struct filling filling = {.intake = intake, .ingest = ingest, .source = source};
    enum tug_status status =
        ingest->size_bytes <= intake->real_bytes ? tug__ingest_reserve(ingest, err) : TUG_OK;

    if (status == TUG_OK) {
        status =
            tug__hash_create(tug__digest_algorithm_name(digest->algorithm), &filling.hash, err);
    }
    if (status == TUG_OK) {
        status = copy(&filling, err);
    }
    if (status == TUG_OK) {
        status = tug__hash_finish(filling.hash, digest->bytes, err);
    }
    tug__hash_destroy(filling.hash);
    return status;
}

enum tug_status tug__intake_commit(struct tug__intake *intake, struct tug_error *err)
{
    struct tug__ingest_commit commits[TUG__INTAKE_GROUP];
    struct tug_error errors[TUG__INTAKE_GROUP] = {0};
    enum tug_status status = TUG_OK;

    for (size_t i = 0; i < intake->group_count; i++) {
        commits[i] = (struct tug__ingest_commit){.ingest = intake->group[i], .error = &errors[i]};
    }
    tug__store_commit(intake->store, commits, intake->group_count, NULL);
    for (size_t i = 0; i < intake->group_count; i++) {
        if (errors[i].code == TUG_OK) {
            intake->blobs++;
            intake->content_bytes += intake->group[i]->size_bytes;
        } else if (status == TUG_OK) {
            status = errors[i].code;
            if (err != NULL) {
                *err = errors[i];
            }
        }
        tug__ingest_close(intake->group[i]);
    }
    intake->group_count = 0;
    return status;
}

/* Put a verified file into the group. It is the group's in any case. */
static enum tug_status add_to_group(struct tug__intake *intake, struct tug__ingest *ingest,
                                    struct tug_error *err)
{
    intake->group[intake->group_count++] = ingest;
    return intake->group_count == TUG__INTAKE_GROUP ? tug__intake_commit(intake, err) : TUG_OK;
}

/* Open the partial file of a blob; wait while another process downloads it. out_ingest: NULL when
 * that has brought it. */
static enum tug_status open_ingest(struct tug__intake *intake, const struct tug_digest *digest,
                                   uint64_t size_bytes, struct tug__ingest **out_ingest,
                                   struct tug_error *err)
{
    const struct timespec pause = {.tv_nsec = BUSY_WAIT_NS};
    bool is_there = false;

    *out_ingest = NULL;
    for (;;) {
        enum tug_status status =
            tug__ingest_open(intake->store, digest, size_bytes, out_ingest, err);

        if (status != TUG_ERR_BUSY) {
            return status;
        }
        if (err != NULL) {
            *err = (struct tug_error){0};
        }
        status = tug__intake_commit(intake, err);
        if (status == TUG_OK) {
            status = tug__work_go_on(intake->work, err);
        }
        if (status == TUG_OK) {
            (void)nanosleep(&pause, NULL);
            status = look(intake, digest, size_bytes, &is_there, err);
        }
        if (status != TUG_OK || is_there) {
            return status;
        }
    }
}

/* Tell whether a blob waits for its commit already: an archive may have a member twice. */
static bool is_in_group(const struct tug__intake *intake, const struct tug_digest *digest)
{
    for (size_t i = 0; i < intake->group_count; i++) {
        if (tug_digest_equal(&intake->group[i]->digest, digest)) {
            return true;
        }
    }
    return false;
}

enum tug_status tug__intake_blob(struct tug__intake *intake, const struct tug_digest *digest,
                                 uint64_t size_bytes, const struct tug__source *source,
                                 struct tug_error *err)
{
    struct tug__ingest *ingest = NULL;
    struct tug_digest found = {.algorithm = digest->algorithm};
    bool is_there = is_in_group(intake, digest);
    enum tug_status status = check_size(intake, size_bytes, err);

    if (status == TUG_OK && !is_there) {
        status = look(intake, digest, size_bytes, &is_there, err);
    }
    if (status == TUG_OK && !is_there) {
        status = open_ingest(intake, digest, size_bytes, &ingest, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    if (ingest == NULL) {
        intake->blobs_present++;
        return TUG_OK;
    }
    status = fill(intake, ingest, source, &found, err);
    if (status == TUG_OK && !tug_digest_equal(&found, digest)) {
        status = tug__fail(err, TUG_ERR_CONTENT, "its content has another digest");
    }
    if (status == TUG_OK) {
        return add_to_group(intake, ingest, err);
    }
    if (status == TUG_ERR_CONTENT) {
        tug__ingest_abort(ingest);
    } else {
        tug__ingest_close(ingest); /* what came is the blob's beginning, as of a download */
    }
    return status;
}

/* Find a part that is held back. Returns: held_count when there is none. */
static size_t find_held(const struct tug__intake *intake, const struct tug_digest *digest)
{
    size_t i = 0;

    while (i < intake->held_count && !tug_digest_equal(&intake->held_digests[i], digest)) {
        i++;
    }
    return i;
}

enum tug_status tug__intake_need(struct tug__intake *intake, const struct tug_digest *digest,
                                 struct tug_error *err)
{
    const size_t place = find_held(intake, digest);
    struct tug__ingest *ingest;
    enum tug_status status;

    if (place == intake->held_count) {
        return TUG_OK;
    }
    ingest = intake->held[place];
    intake->held_count--;
    intake->held[place] = intake->held[intake->held_count];
    intake->held_digests[place] = intake->held_digests[intake->held_count];
    status = tug__ingest_rename(ingest, digest, err);
    if (status != TUG_OK) {
        tug__ingest_abort(ingest);
        return status;
    }
    return add_to_group(intake, ingest, err);
}

/* Hold a part back, after making room. */
static enum tug_status hold(struct tug__intake *intake, struct tug__ingest *ingest,
                            const struct tug_digest *digest, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    if (intake->held_count == TUG__INTAKE_HELD) {
        const struct tug_digest first = intake->held_digests[0];

        status = tug__intake_need(intake, &first, err);
    }
    if (status != TUG_OK) {
        tug__ingest_abort(ingest);
        return status;
    }
    intake->held[intake->held_count] = ingest;
    intake->held_digests[intake->held_count++] = *digest;
    return TUG_OK;
}

enum tug_status tug__intake_part(struct tug__intake *intake, uint64_t size_bytes,
                                 const struct tug__source *source, struct tug__part *out_part,
                                 struct tug_error *err)
{
    struct tug__ingest *ingest = NULL;
    bool is_there = false;
    enum tug_status status = check_size(intake, size_bytes, err);

    if (status == TUG_OK) {
        status = tug__ingest_open_unnamed(intake->store, size_bytes, &ingest, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    *out_part = (struct tug__part){.size_bytes = size_bytes};
    out_part->digest.algorithm = TUG_DIGEST_SHA256;
    status = fill(intake, ingest, source, &out_part->digest, err);
    if (status == TUG_OK) {
        status = look(intake, &out_part->digest, size_bytes, &is_there, err);
    }
    intake->blobs_present += is_there;
    if (status != TUG_OK || is_there || is_in_group(intake, &out_part->digest) ||
        find_held(intake, &out_part->digest) < intake->held_count) {
        tug__ingest_abort(ingest);
        return status;
    }
    return hold(intake, ingest, &out_part->digest, err);
}

/* Bytes in memory, as a source. */
struct memory {
    const uint8_t *bytes;
    size_t length;
};

static enum tug_status read_memory(void *context, void *buffer, size_t capacity, size_t *out_length,
                                   struct tug_error *err)
{
    struct memory *const memory = context;

    (void)err;
    *out_length = memory->length < capacity ? memory->length : capacity;
    memcpy(buffer, memory->bytes, *out_length);
    memory->bytes += *out_length;
    memory->length -= *out_length;
    return TUG_OK;
}

enum tug_status tug__intake_bytes(struct tug__intake *intake, const void *bytes, size_t length,
                                  struct tug_digest *out_digest, struct tug_error *err)
{
    struct memory memory = {.bytes = bytes, .length = length};
    const struct tug__source source = {.read = read_memory, .context = &memory};
    enum tug_status status = tug__digest_of(TUG_DIGEST_SHA256, bytes, length, out_digest, err);

    return status == TUG_OK ? tug__intake_blob(intake, out_digest, length, &source, err) : status;
}

void tug__intake_fini(struct tug__intake *intake)
{
    for (size_t i = 0; i < intake->group_count; i++) {
        tug__ingest_close(intake->group[i]);
    }
    for (size_t i = 0; i < intake->held_count; i++) {
        tug__ingest_abort(intake->held[i]);
    }
    free(intake->piece);
    intake->piece = NULL;
    intake->group_count = 0;
    intake->held_count = 0;
}

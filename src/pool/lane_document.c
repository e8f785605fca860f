/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents in a lane: verify them whole, in memory, and write them to partial files.
 *
 * Knows: the store's interface, digests, what a document is. Does not know: images, the engine.
 * Threads: each lane's own.
 */
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/fs.h"
#include "oci/digest.h"
#include "oci/document.h"
#include "pool/internal.h"

/* Validate a document that was not requested from a registry; the registry's client has validated
 * all others. Refused documents never get into the store. */
static enum tug_status check_inline(const struct tug__job *job, struct tug_error *err)
{
    const struct tug__document_text text = {
        .bytes = job->result.reply.body,
        .length = job->result.reply.length,
        .media_type = job->request.media_type,
        .is_pinned = job->request.digest.algorithm != TUG_DIGEST_NONE,
        .accepts_schema1 = job->request.accepts_schema1,
    };
    struct tug__document document = {0};
    const enum tug_status status = tug__document_parse(&text, &document, err);

    tug__document_fini(&document);
    return status;
}

/* Compute the digest of a document, and compare it with the promised one. */
static enum tug_status check_document(struct tug__job *job, struct tug_error *err)
{
    struct tug__manifest_reply *const reply = &job->result.reply;
    const struct tug__job_request *const request = &job->request;
    struct tug_digest promised = request->digest;
    struct tug_digest found;
    enum tug_digest_algorithm algorithm;
    enum tug_status status;
    char text[TUG_DIGEST_TEXT_MAX];

    if (promised.algorithm == TUG_DIGEST_NONE) {
        promised = reply->digest; /* by tag: from the registry, if it sent one */
    }
    algorithm = promised.algorithm != TUG_DIGEST_NONE ? promised.algorithm : TUG_DIGEST_SHA256;
    status = tug__digest_of(algorithm, reply->body, reply->length, &found, err);
    if (status != TUG_OK) {
        return status;
    }
    if (promised.algorithm != TUG_DIGEST_NONE && !tug_digest_equal(&found, &promised)) {
        return tug__fail(err, TUG_ERR_CONTENT, "its content has the digest %s",
                         tug_digest_format(&found, text));
    }
    if (request->has_size && request->size_bytes != reply->length) {
        return tug__fail(err, TUG_ERR_CONTENT, "it has %zu bytes, not %" PRIu64, reply->length,
                         request->size_bytes);
    }
    if (job->kind == TUG__JOB_INLINE && request->is_document) {
        status = check_inline(job, err);
    }
    reply->digest = found;
    return status;
}

/* Tell whether the store has exactly these bytes. Name and size are no proof: a damaged file would
 * stay forever, because the bytes just received are used in its place. */
static bool is_stored(struct tug_store *store, const struct tug__manifest_reply *reply)
{
    uint64_t size_bytes = 0;
    bool is_present = false;
    struct tug__buf buf;

    if (store == NULL ||
        tug_store_stat(store, &reply->digest, &is_present, &size_bytes, NULL) != TUG_OK ||
        !is_present || size_bytes != reply->length) {
        return false;
    }
    tug__buf_init(&buf, reply->length);
    is_present = reply->length == 0 ||
                 (tug__store_read(store, &reply->digest, &buf, NULL) == TUG_OK &&
                  buf.length == reply->length && memcmp(buf.data, reply->body, buf.length) == 0);
    tug__buf_fini(&buf);
    return is_present;
}

/* Write a verified document into a partial file; *out_ingest stays NULL when the store has it. */
static enum tug_status write_document(struct tug__lane *lane, struct tug__job *job,
                                      struct tug__ingest **out_ingest, struct tug_error *err)
{
    const struct tug__manifest_reply *const reply = &job->result.reply;
    struct tug_store *const store = lane->pool->store;
    struct tug__ingest *ingest = NULL;
    enum tug_status status;

    *out_ingest = NULL;
    job->result.was_present = is_stored(store, reply);
    if (job->result.was_present) {
        return TUG_OK;
    }
    status = tug__ingest_open(store, &reply->digest, reply->length, &ingest, err);
    /* Again, now that the file is locked: a program is not handed the same content twice. */
    job->result.was_present = status == TUG_OK && is_stored(store, reply);
    if (job->result.was_present) {
        tug__ingest_abort(ingest);
        return TUG_OK;
    }
    if (status == TUG_OK && ingest->present.count > 0) {
        status = tug__ingest_reset(ingest, err);
    }
    if (status == TUG_OK) {
        status = tug__fs_pwrite_all(ingest->fd, reply->body, reply->length, 0, err);
    }
    if (status != TUG_OK) {
        tug__ingest_close(ingest);
        return status;
    }
    *out_ingest = ingest;
    return TUG_OK;
}

/* Verify a document, and write it unless the run is dry. */
static enum tug_status take_document(struct tug__lane *lane, struct tug__job *job,
                                     struct tug__ingest **out_ingest, struct tug_error *err)
{
    const uint64_t began_ns = tug__trace_begin(lane->row);
    enum tug_status status = check_document(job, err);

    if (status == TUG_OK && job->request.is_dry) {
        job->result.was_present = is_stored(lane->pool->store, &job->result.reply);
    } else if (status == TUG_OK) {
        status = write_document(lane, job, out_ingest, err);
    }
    tug__trace_end(lane->row, began_ns,
                   &(struct tug_trace_event){.name = "document",
                                             .digest = job->result.reply.digest,
                                             .length = job->result.reply.length,
                                             .status = status});
    return status;
}

void tug__lane_handle_document(struct tug__lane *lane, struct tug__job *job)
{
    struct tug__ingest *ingest = NULL;
    const enum tug_status status = take_document(lane, job, &ingest, &job->result.error);

    if (status == TUG_OK && job->request.is_dry) {
        tug__lane_send(lane, TUG__MSG_JOB_DONE, job);
        return;
    }
    if (status != TUG_OK) {
        tug__lane_send(lane, TUG__MSG_JOB_FAILED, job);
        return;
    }
    tug__lane_add_document(lane, job, ingest);
}

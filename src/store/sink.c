/* SPDX-License-Identifier: Apache-2.0
 *
 * A store of the program's own behind a work directory: what it has, and verified content handed to
 * it.
 *
 * Knows: partial files, the sink's callbacks. Does not know: documents, the network, why content is
 * wanted.
 * Threads: any; each ingest belongs to the calling thread.
 */
#include "store/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/options.h"

/* Bytes handed over by one call. */
#define WRITE_BYTES ((size_t)256 * 1024)

/* A later version appends members; none may hide in padding that an older program left unset. */
_Static_assert(sizeof(struct tug_sink) == offsetof(struct tug_sink, context) + sizeof(void *),
               "tug_sink has no padding at its end");

bool tug__store_has_sink(const struct tug_store *store)
{
    return store->sink.size > 0;
}

enum tug_status tug__sink_set(struct tug_store *store, const struct tug_sink *sink,
                              struct tug_error *err)
{
    struct tug_sink given;
    const enum tug_status status = tug__options_copy(&given, sizeof given, sink, "tug_sink", err);

    if (status != TUG_OK) {
        return status;
    }
    if (given.have == NULL || given.read == NULL || given.begin == NULL || given.commit == NULL ||
        given.abort == NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "a sink that lacks a callback");
    }
    store->sink = given;
    return TUG_OK;
}

/* Make an error of what a callback returned. Its code would mean something to those who fetch, such
 * as content to be requested again: a program's refusal is final, like that of a full disk.
 * subject: of an error that gets no context by its way; NULL: "it". */
static enum tug_status judge(enum tug_status status, struct tug_error *given, const char *doing,
                             const struct tug_digest *subject, struct tug_error *err)
{
    const enum tug_status code =
        status == TUG_OK || status == TUG_ERR_NO_MEMORY ? status : TUG_ERR_STORE;
    char digest[TUG_DIGEST_TEXT_MAX];

    if (code != TUG_OK) {
        given->message[sizeof given->message - 1] = '\0';
        (void)tug__fail(err, code, "the program refused to %s %s: %s", doing,
                        subject != NULL ? tug_digest_format(subject, digest) : "it",
                        given->message[0] != '\0' ? given->message : tug_status_name(status));
        if (err != NULL) {
            err->is_permanent = true;
        }
    }
    return code;
}

enum tug_status tug__sink_stat(struct tug_store *store, const struct tug_digest *digest,
                               bool *out_is_present, uint64_t *out_size_bytes,
                               struct tug_error *err)
{
    struct tug_error given = {0};
    bool is_present = false;
    uint64_t size_bytes = 0;
    enum tug_status status =
        store->sink.have(store->sink.context, digest, &is_present, &size_bytes, &given);

    status = judge(status, &given, "look for", digest, err);
    if (status != TUG_OK) {
        return status;
    }
    *out_is_present = is_present;
    if (is_present && out_size_bytes != NULL) {
        *out_size_bytes = size_bytes;
    }
    return TUG_OK;
}

enum tug_status tug__sink_read(struct tug_store *store, const struct tug_digest *digest,
                               struct tug__buf *buf, struct tug_error *err)
{
    struct tug_error given = {0};
    bool is_present = false;
    uint64_t size_bytes = 0;
    enum tug_status status = tug__sink_stat(store, digest, &is_present, &size_bytes, err);

    if (status != TUG_OK) {
        return status;
    }
    if (!is_present) {
        return tug__fail_errno(err, TUG_ERR_STORE, ENOENT, "the program does not have it");
    }
    if (size_bytes > SIZE_MAX - 1) { /* over any limit, so that it fits no argument */
        return tug__fail(err, TUG_ERR_TOO_LARGE, "%" PRIu64 " bytes", size_bytes);
    }
    status = tug__buf_reserve(buf, (size_t)size_bytes, err);
    if (status != TUG_OK || size_bytes == 0) {
        return status;
    }
    status = store->sink.read(store->sink.context, digest, buf->data + buf->length,
                              (size_t)size_bytes, &given);
    status = judge(status, &given, "read", digest, err);
    buf->length += status == TUG_OK ? (size_t)size_bytes : 0;
    buf->data[buf->length] = '\0';
    return status;
}

/* Hand over all bytes, in order. */
static enum tug_status write_all(const struct tug__ingest_commit *commit, void *handle,
                                 uint8_t *buffer, struct tug_error *err)
{
    const struct tug__ingest *const ingest = commit->ingest;
    const struct tug_sink *const sink = &ingest->store->sink;
    enum tug_status status = TUG_OK;
    uint64_t offset = 0;

    while (status == TUG_OK && offset < ingest->size_bytes) {
        const uint64_t rest = ingest->size_bytes - offset;
        const size_t length = rest < WRITE_BYTES ? (size_t)rest : WRITE_BYTES;
        struct tug_error given = {0};

        if (commit->stop != NULL && tug__cancel_is_set(commit->stop)) {
            return tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
        }
        status = tug__fs_pread_all(ingest->fd, buffer, length, offset, err);
        if (status == TUG_OK) {
            status = sink->write(sink->context, handle, offset, buffer, length, &given);
            status = judge(status, &given, "write", NULL, err);
        }
        offset += length;
    }
    return status;
}

static enum tug_status hand_over(const struct tug__ingest_commit *commit, uint8_t *buffer,
                                 struct tug_error *err)
{
    const struct tug__ingest *const ingest = commit->ingest;
    const struct tug_sink *const sink = &ingest->store->sink;
    const struct tug_sink_blob blob = {
        .digest = ingest->digest,
        .size_bytes = ingest->size_bytes,
        .media_type = commit->media_type != NULL ? commit->media_type : "",
        .fd = ingest->fd,
    };
    struct tug_error given = {0};
    void *handle = NULL;
    enum tug_status status;

    if (commit->stop != NULL && tug__cancel_is_set(commit->stop)) {
        return tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
    }
    status = sink->begin(sink->context, &blob, &handle, &given);
    status = judge(status, &given, "take", NULL, err);
    if (status != TUG_OK) {
        return status;
    }
    if (sink->write != NULL) {
        status = write_all(commit, handle, buffer, err);
    }
    if (status != TUG_OK) {
        sink->abort(sink->context, handle, err);
        return status;
    }
    given = (struct tug_error){0};
    status = sink->commit(sink->context, handle, &given);
    return judge(status, &given, "keep", NULL, err);
}

/* The file is removed once the program has the content, or has refused it: one that is kept is
 * handed over by a later run. A file that cannot be removed does the same harm as any old partial
 * download. */
static void hand_over_one(const struct tug__ingest_commit *commit, uint8_t *buffer,
                          struct tug__trace_row *row)
{
    const uint64_t began_ns = tug__trace_begin(row);
    const enum tug_status status =
        buffer != NULL ? hand_over(commit, buffer, commit->error) : tug__fail_memory(commit->error);

    tug__trace_end(row, began_ns,
                   &(struct tug_trace_event){.name = "hand over",
                                             .digest = commit->ingest->digest,
                                             .length = commit->ingest->size_bytes,
                                             .status = status});
    if (status != TUG_ERR_CANCELLED) {
        (void)tug__ingest_remove(commit->ingest, NULL);
    }
}

void tug__sink_commit(const struct tug__ingest_commit *commits, size_t count,
                      struct tug__trace_row *row)
{
    TUG__AUTO_FREE uint8_t *buffer = malloc(WRITE_BYTES);

    for (size_t i = 0; i < count; i++) {
        if (commits[i].ingest != NULL && commits[i].error->code == TUG_OK) {
            hand_over_one(&commits[i], buffer, row);
        }
    }
}

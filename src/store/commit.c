/* SPDX-License-Identifier: Apache-2.0
 *
 * Turn verified downloads into blobs, or discard them. Crash safety depends on the order of the
 * steps, and this is the only place that sets it.
 *
 * Knows: the steps of ingest.c and blob.c. Does not know: documents, the network.
 * Threads: any; each ingest belongs to the calling thread.
 */
#include "store/internal.h"

#include "base/error.h"

/* Make one file durable. */
static enum tug_status sync_one(struct tug__ingest *ingest, struct tug__trace_row *row,
                                struct tug_error *err)
{
    const uint64_t began_ns = tug__trace_begin(row);
    const enum tug_status status = tug__ingest_sync(ingest, err);

    tug__trace_end(row, began_ns,
                   &(struct tug_trace_event){.name = "sync",
                                             .digest = ingest->digest,
                                             .length = ingest->size_bytes,
                                             .status = status});
    return status;
}

/* Take a step with all downloads that have got so far. One that fails is removed: after a failed
 * fsync the state of the data on disk is unknown. */
static void step(const struct tug__ingest_commit *commits, size_t count, struct tug__trace_row *row,
                 enum tug_status (*take)(struct tug__ingest *ingest, struct tug__trace_row *row,
                                         struct tug_error *err))
{
    for (size_t i = 0; i < count; i++) {
        if (commits[i].ingest != NULL && commits[i].error->code == TUG_OK &&
            take(commits[i].ingest, row, commits[i].error) != TUG_OK) {
            (void)tug__ingest_remove(commits[i].ingest, NULL);
        }
    }
}

static enum tug_status seal_one(struct tug__ingest *ingest, struct tug__trace_row *row,
                                struct tug_error *err)
{
    (void)row;
    return tug__ingest_seal(ingest, err);
}

/* Make all files durable with one call, if most of them are small and that is cheaper. */
static bool sync_together(struct tug_store *store, const struct tug__ingest_commit *commits,
                          size_t count, struct tug__trace_row *row)
{
    const uint64_t began_ns = tug__trace_begin(row);
    size_t small_count = 0;
    bool is_done;

    for (size_t i = 0; i < count; i++) {
        small_count += commits[i].ingest != NULL && commits[i].error->code == TUG_OK &&
                       commits[i].ingest->size_bytes <= TUG__INGEST_WHOLE_BYTES;
    }
    is_done = tug__store_sync_all(store, small_count);
    if (is_done) {
        tug__trace_end(row, began_ns, &(struct tug_trace_event){.name = "sync all"});
    }
    return is_done;
}

/* Rename every download that got this far. One that cannot be renamed stays, whole and durable, and
 * the next run goes on with it. */
static void publish(const struct tug__ingest_commit *commits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (commits[i].ingest != NULL && commits[i].error->code == TUG_OK) {
            (void)tug__ingest_publish(commits[i].ingest, commits[i].error);
        }
    }
}

/* Let all downloads fail that have not failed yet. */
static void fail_all(const struct tug__ingest_commit *commits, size_t count,
                     const struct tug_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (commits[i].error->code == TUG_OK) {
            *commits[i].error = *error;
        }
    }
}

void tug__store_commit(struct tug_store *store, const struct tug__ingest_commit *commits,
                       size_t count, struct tug__trace_row *row)
{
    struct tug_error sync_error = {0};
    enum tug_status status;
    uint64_t began_ns;

    if (tug__store_has_sink(store)) {
        tug__sink_commit(commits, count, row);
        return;
    }
    /* Each step for all before the next one: a change between two syncs would put the next file
     * into another transaction of the file system's journal. */
    step(commits, count, row, seal_one);
    if (!sync_together(store, commits, count, row)) {
        step(commits, count, row, sync_one);
    }
    /* No blob has a name in a store that a power cut may take away. */
    if (tug__store_sync_layout(store, &sync_error) != TUG_OK) {
        fail_all(commits, count, &sync_error);
        return;
    }
    publish(commits, count);
    began_ns = tug__trace_begin(row);
    status = tug__store_sync_blobs(store, &sync_error);
    tug__trace_end(row, began_ns,
                   &(struct tug_trace_event){.name = "sync names", .status = status});
    if (status != TUG_OK) {
        fail_all(commits, count, &sync_error);
    }
}

enum tug_status tug__ingest_commit(struct tug__ingest *ingest, struct tug_error *err)
{
    struct tug_error error = {0};
    const struct tug__ingest_commit commit = {.ingest = ingest, .error = &error};

    tug__store_commit(ingest->store, &commit, 1, NULL);
    tug__ingest_close(ingest);
    if (error.code != TUG_OK && err != NULL) {
        *err = error;
    }
    return error.code;
}

void tug__ingest_abort(struct tug__ingest *ingest)
{
    if (ingest != NULL) {
        (void)tug__ingest_remove(ingest, NULL);
        tug__ingest_close(ingest);
    }
}

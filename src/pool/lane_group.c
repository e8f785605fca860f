/* SPDX-License-Identifier: Apache-2.0
 *
 * The group of a lane: verified content, committed together.
 *
 * Knows: the store's interface. Does not know: images, how content was verified, the engine.
 * Threads: each lane's own.
 *
 * As soon as the lane has nothing else to do, or the group is full, all of it is synced, renamed,
 * and made durable with one sync of the directory. Only then is it reported to the resolver, and
 * only after that may the resolver name an image that needs it (store/commit.c has the order).
 */
#include "base/clock.h"
#include "pool/internal.h"

/* Longest time that verified content waits for its commit. */
#define GROUP_WAIT_NS (50 * TUG__NS_PER_MS)

/* Send the resolver a result; it is woken when all are there. */
static void report(struct tug__lane *lane, enum tug__msg_kind kind, void *object)
{
    tug__queue_push_quietly(lane->events, &(struct tug__msg){.kind = kind, .object = object});
}

static void report_transfers(struct tug__lane *lane)
{
    struct tug__group *const group = &lane->group;

    while (group->blobs != NULL) {
        struct tug__transfer *const transfer = group->blobs;

        group->blobs = transfer->next_ready;
        tug__transfer_close(transfer);
        report(lane, transfer->error.code == TUG_OK ? TUG__MSG_COMMITTED : TUG__MSG_REJECTED,
               transfer);
    }
}

static void report_documents(struct tug__lane *lane)
{
    struct tug__group *const group = &lane->group;

    for (unsigned i = 0; i < group->job_count; i++) {
        struct tug__job *const job = group->jobs[i];

        tug__ingest_close(group->ingests[i]);
        report(lane, job->result.error.code == TUG_OK ? TUG__MSG_JOB_DONE : TUG__MSG_JOB_FAILED,
               job);
    }
    group->job_count = 0;
}

/* Images are queued only after the commit of everything they need was reported, so their order
 * relative to the files of this group does not matter. */
void tug__lane_commit(struct tug__lane *lane)
{
    struct tug__group *const group = &lane->group;
    struct tug__ingest_commit commits[TUG__GROUP_MAX];
    size_t count = 0;

    for (struct tug__transfer *transfer = group->blobs; transfer != NULL;
         transfer = transfer->next_ready) {
        commits[count++] = (struct tug__ingest_commit){.ingest = transfer->ingest,
                                                       .error = &transfer->error,
                                                       .media_type = transfer->media_type,
                                                       .stop = &lane->pool->stop};
    }
    for (unsigned i = 0; i < group->job_count; i++) {
        const struct tug__job *const job = group->jobs[i];

        commits[count++] = (struct tug__ingest_commit){
            .ingest = group->ingests[i],
            .error = &group->jobs[i]->result.error,
            .media_type = job->request.media_type != NULL ? job->request.media_type
                                                          : job->result.reply.media_type,
            .stop = &lane->pool->stop};
    }
    if (count > 0) {
        const uint64_t began_ns = tug__trace_begin(lane->row);

        tug__store_commit(lane->pool->store, commits, count, lane->row);
        tug__trace_end(lane->row, began_ns, &(struct tug_trace_event){.name = "commit"});
    }
    report_transfers(lane);
    report_documents(lane);
    if (count > 0) {
        tug__bell_ring(lane->pool->resolver_bell);
    }
    tug__lane_name_images(lane);
    group->count = 0;
}

/* Count a new member of the group. */
static void join(struct tug__lane *lane)
{
    struct tug__group *const group = &lane->group;

    if (group->count == 0) {
        group->since_ns = tug__now_ns();
    }
    group->count++;
    if (group->count == TUG__GROUP_MAX) {
        tug__lane_commit(lane);
    }
}

void tug__lane_add_blob(struct tug__lane *lane, struct tug__transfer *transfer)
{
    transfer->next_ready = lane->group.blobs;
    lane->group.blobs = transfer;
    join(lane);
}

void tug__lane_add_document(struct tug__lane *lane, struct tug__job *job,
                            struct tug__ingest *ingest)
{
    struct tug__group *const group = &lane->group;

    group->ingests[group->job_count] = ingest;
    group->jobs[group->job_count++] = job;
    join(lane);
}

void tug__lane_add_publication(struct tug__lane *lane, struct tug__publication *publication)
{
    struct tug__publication **link = &lane->group.publications;

    while (*link != NULL) {
        link = &(*link)->next_ready;
    }
    *link = publication;
    publication->next_ready = NULL;
    join(lane);
}

void tug__lane_remove_blob(struct tug__lane *lane, const struct tug__transfer *transfer)
{
    struct tug__group *const group = &lane->group;
    struct tug__transfer **link = &group->blobs;

    while (*link != NULL && *link != transfer) {
        link = &(*link)->next_ready;
    }
    if (*link != NULL) {
        *link = transfer->next_ready;
        group->count--;
    }
}

bool tug__lane_is_commit_due(const struct tug__lane *lane)
{
    const struct tug__group *const group = &lane->group;

    return group->count > 0 && tug__now_ns() - group->since_ns > GROUP_WAIT_NS;
}

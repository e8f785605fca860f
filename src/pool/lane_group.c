/* SPDX-License-Identifier: Apache-2.0
 *
 * The group of a lane: what is verified, committed together.
 *
 * Knows: the store's door. Does not know: images, how things were verified, the engine.
 * Threads: each lane's own.
 *
 * As soon as the lane has nothing else to do, or the group is full, all of it is synced, renamed,
 * and made durable with one sync of the directory. The resolver hears of it only then, and only
 * after that it may ask to name an image that needs it (store/commit.c has the order).
 */
#include "base/clock.h"
#include "pool/internal.h"

/* Longest time that something verified waits for its commit. */
#define GROUP_WAIT_NS (50 * TUG__NS_PER_MS)

static void report_transfers(struct tug__lane *lane)
{
    while (lane->ready != NULL) {
        struct tug__transfer *const transfer = lane->ready;

        lane->ready = transfer->next_ready;
        tug__transfer_close(transfer);
        tug__lane_send(lane,
                       transfer->error.code == TUG_OK ? TUG__MSG_COMMITTED : TUG__MSG_REJECTED,
                       transfer);
    }
}

static void report_documents(struct tug__lane *lane)
{
    for (unsigned i = 0; i < lane->ready_job_count; i++) {
        struct tug__job *const job = lane->ready_jobs[i];

        tug__ingest_close(lane->ready_ingests[i]);
        tug__lane_send(lane, job->error.code == TUG_OK ? TUG__MSG_JOB_DONE : TUG__MSG_JOB_FAILED,
                       job);
    }
    lane->ready_job_count = 0;
}

/* The images here were asked for after the commit of all they need was reported, so their order
 * against the files of this group does not matter. */
void tug__lane_commit(struct tug__lane *lane)
{
    struct tug__ingest_commit commits[TUG__GROUP_MAX];
    size_t count = 0;

    for (struct tug__transfer *transfer = lane->ready; transfer != NULL;
         transfer = transfer->next_ready) {
        commits[count++] = (struct tug__ingest_commit){transfer->ingest, &transfer->error};
    }
    for (unsigned i = 0; i < lane->ready_job_count; i++) {
        commits[count++] =
            (struct tug__ingest_commit){lane->ready_ingests[i], &lane->ready_jobs[i]->error};
    }
    if (count > 0) {
        tug__store_commit(lane->pool->store, commits, count);
    }
    report_transfers(lane);
    report_documents(lane);
    tug__lane_name_images(lane);
    lane->ready_count = 0;
}

/* Count a verified thing that was put into the group. */
static void join(struct tug__lane *lane)
{
    if (lane->ready_count == 0) {
        lane->group_since_ns = tug__now_ns();
    }
    lane->ready_count++;
    if (lane->ready_count == TUG__GROUP_MAX) {
        tug__lane_commit(lane);
    }
}

void tug__lane_add_blob(struct tug__lane *lane, struct tug__transfer *transfer)
{
    transfer->next_ready = lane->ready;
    lane->ready = transfer;
    join(lane);
}

void tug__lane_add_document(struct tug__lane *lane, struct tug__job *job,
                            struct tug__ingest *ingest)
{
    lane->ready_ingests[lane->ready_job_count] = ingest;
    lane->ready_jobs[lane->ready_job_count++] = job;
    join(lane);
}

void tug__lane_add_publication(struct tug__lane *lane, struct tug__publication *publication)
{
    struct tug__publication **link = &lane->publications;

    while (*link != NULL) {
        link = &(*link)->next_ready;
    }
    *link = publication;
    publication->next_ready = NULL;
    join(lane);
}

void tug__lane_take_out(struct tug__lane *lane, const struct tug__transfer *transfer)
{
    struct tug__transfer **link = &lane->ready;

    while (*link != NULL && *link != transfer) {
        link = &(*link)->next_ready;
    }
    if (*link != NULL) {
        *link = transfer->next_ready;
        lane->ready_count--;
    }
}

bool tug__lane_is_commit_due(const struct tug__lane *lane)
{
    return lane->ready_count > 0 && tug__now_ns() - lane->group_since_ns > GROUP_WAIT_NS;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * From nodes to jobs: queue nodes at their registry; create, cancel and free jobs and transfers.
 *
 * Knows: nodes, jobs, transfers. Does not know: images, whose turn it is, what documents mean,
 * results of jobs.
 * Threads: the resolver.
 */
#include "engine/state.h"

#include <assert.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/lane_choice.h"

/* Queued blobs that are looked at to choose a lane: about as many as begin at the same time. */
#define BEGIN_NEXT_MAX 32

static void append(struct tug__node_list *list, struct tug__node *node)
{
    node->links.next_queued = NULL;
    if (list->last != NULL) {
        list->last->links.next_queued = node;
    } else {
        list->first = node;
    }
    list->last = node;
}

static void prepend(struct tug__node_list *list, struct tug__node *node)
{
    node->links.next_queued = list->first;
    list->first = node;
    if (list->last == NULL) {
        list->last = node;
    }
}

void tug__node_enqueue(struct tug__engine *engine, struct tug__node *node)
{
    struct tug__host *host;

    if (node->job_count > 0) {
        return; /* queued when its last job ends: it must not be in the queue twice */
    }
    node->state = TUG__NODE_QUEUED;
    if (node->job_kind == TUG__JOB_INLINE) {
        append(&engine->queued_inline, node);
        return;
    }
    host = node->host;
    if (host == NULL || strcmp(host->name, tug_ref_host(node->wanted.source)) != 0) {
        host = tug__host_find(engine, tug_ref_host(node->wanted.source));
        node->host = host;
    }
    if (node->job_kind != TUG__JOB_BLOB && node->job_kind != TUG__JOB_RECHECK &&
        node->job_kind != TUG__JOB_UNPACK) {
        append(&host->queued_documents, node);
    } else if (node->transfer != NULL) {
        prepend(&host->queued_blobs, node);
    } else {
        append(&host->queued_blobs, node);
    }
}

/* --- registries --- */

static int compare_hosts(const void *a, const void *b)
{
    const struct tug__host *const left = a;
    const struct tug__host *const right = b;

    return strcmp(left->name, right->name);
}

static enum tug_status add_host(struct tug__engine *engine, const char *name, struct tug_error *err)
{
    const struct tug__host key = {.name = name};
    struct tug__host *host;

    if (tfind(&key, &engine->hosts_by_name, compare_hosts) != NULL) {
        return TUG_OK;
    }
    host = calloc(1, sizeof *host);
    if (host == NULL) {
        return tug__fail_memory(err);
    }
    host->name = name;
    if (tsearch(host, &engine->hosts_by_name, compare_hosts) == NULL) {
        free(host);
        return tug__fail_memory(err);
    }
    host->next = engine->hosts;
    engine->hosts = host;
    return TUG_OK;
}

enum tug_status tug__hosts_create(struct tug__engine *engine, struct tug_error *err)
{
    const struct tug__engine_settings *const settings = &engine->settings;
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < settings->ref_count; i++) {
        status = add_host(engine, tug_ref_host(settings->refs[i]), err);
    }
    return status;
}

struct tug__host *tug__host_find(struct tug__engine *engine, const char *name)
{
    const struct tug__host key = {.name = name};
    struct tug__host *const *const found = tfind(&key, &engine->hosts_by_name, compare_hosts);

    assert(found != NULL);
    return *found;
}

bool tug__host_has_room(const struct tug__engine *engine, const struct tug__host *host)
{
    const unsigned most = engine->settings.max_per_host;

    return most == 0 || host->jobs_out < most;
}

/* Sum up what each lane has to hash. */
static void sum_rests(const struct tug__engine *engine, uint64_t rests[TUG__LANES_MAX])
{
    for (const struct tug__transfer *transfer = engine->transfers; transfer != NULL;
         transfer = transfer->next) {
        const uint64_t hashed = tug__counter_get(&transfer->hashing.told);

        rests[transfer->lane] += transfer->size_bytes > hashed ? transfer->size_bytes - hashed : 0;
    }
}

/* Collect the lengths of larger blobs that begin next. Returns: how many. */
static size_t view_larger(const struct tug__node *node, uint64_t lengths[BEGIN_NEXT_MAX])
{
    const struct tug__node *next = node->host->queued_blobs.first;
    size_t count = 0;

    for (size_t i = 0; i < BEGIN_NEXT_MAX && next != NULL; i++) {
        if (next->transfer == NULL && next->job_kind == TUG__JOB_BLOB &&
            next->wanted.size_bytes > node->wanted.size_bytes) {
            lengths[count++] = next->wanted.size_bytes;
        }
        next = next->links.next_queued;
    }
    return count;
}

static unsigned choose_lane(struct tug__engine *engine, const struct tug__node *node)
{
    uint64_t rests[TUG__LANES_MAX] = {0};
    uint64_t larger[BEGIN_NEXT_MAX];

    sum_rests(engine, rests);
    return tug__lane_choose(rests, tug__pool_lane_count(engine->pool), larger,
                            view_larger(node, larger), engine->turn.next_lane++);
}

bool tug__transfer_create(struct tug__engine *engine, struct tug__node *node)
{
    struct tug__transfer *const transfer = calloc(1, sizeof *transfer);

    if (transfer == NULL) {
        return false;
    }
    transfer->digest = node->wanted.digest;
    transfer->size_bytes = node->wanted.size_bytes;
    transfer->lane = choose_lane(engine, node);
    transfer->owner = node;
    transfer->media_type = node->wanted.media_type;
    transfer->is_repair = node->attempt.is_repair;
    tug__gate_init(&transfer->has_state);
    tug__counter_set(&transfer->noted, 0);
    tug__counter_set(&transfer->hashing.told, 0);
    tug__ranges_init(&transfer->ranges, node->wanted.size_bytes);
    transfer->next = engine->transfers;
    if (transfer->next != NULL) {
        transfer->next->previous = transfer;
    }
    engine->transfers = transfer;
    node->transfer = transfer;
    node->attempt.mark_bytes = 0;
    node->width = 1;
    engine->transfers_open++;
    return true;
}

void tug__transfer_free(struct tug__engine *engine, struct tug__node *node)
{
    struct tug__transfer *const transfer = node->transfer;

    if (transfer->previous != NULL) {
        transfer->previous->next = transfer->next;
    } else {
        engine->transfers = transfer->next;
    }
    if (transfer->next != NULL) {
        transfer->next->previous = transfer->previous;
    }
    tug__ranges_fini(&transfer->ranges);
    free(transfer);
    node->transfer = NULL;
    engine->transfers_open--;
}

/* Create a job for a node, without its share. */
struct tug__job *tug__job_create(struct tug__engine *engine, struct tug__node *node)
{
    const struct tug_ref *const ref = node->wanted.source;
    struct tug__job *const job = calloc(1, sizeof *job);

    if (job == NULL) {
        return NULL;
    }
    job->kind = node->job_kind;
    job->owner = node;
    job->request = (struct tug__job_request){
        .source = {.host = tug_ref_host(ref),
                   .repository = tug_ref_repository(ref),
                   .urls = node->attempt.is_at_urls ? node->wanted.layer.urls : NULL},
        .digest = node->wanted.digest,
        .media_type = node->wanted.media_type,
        .is_document = node->wanted.is_document,
        .has_size = node->wanted.has_size,
        .size_bytes = node->wanted.size_bytes,
        .accepts_schema1 = node->wanted.accepts_schema1,
        .is_dry = engine->settings.is_dry,
        .avoid = node->attempt.avoid,
    };
    if (node->wanted.tag != NULL) {
        (void)snprintf(job->request.reference, sizeof job->request.reference, "%s",
                       node->wanted.tag);
    } else {
        (void)tug_digest_format(&node->wanted.digest, job->request.reference);
    }
    tug__cancel_init(&job->cancel);
    if (node->job_kind == TUG__JOB_BLOB || node->job_kind == TUG__JOB_PLAN) {
        job->transfer = node->transfer;
        job->plan = tug__delta_plan_of(node);
    } else {
        job->donors = &engine->delta.donors;
        job->lane = engine->turn.next_lane++ % tug__pool_lane_count(engine->pool);
    }
    return job;
}

void tug__node_add_job(struct tug__node *node, struct tug__job *job)
{
    job->next = node->jobs;
    node->jobs = job;
    node->job_count++;
    node->state = TUG__NODE_ACTIVE;
    if (node->wanted.is_document) {
        tug__node_note_start(node);
    }
}

/* A share that was chosen gets no job: nothing of it was fetched. An extent just removed always
 * fits back. share: joined to the others of its blob. */
static void take_back(struct tug__node *node, struct tug__share *share)
{
    struct tug__ranges *const ranges = &node->transfer->ranges;
    const uint64_t first = share->first_byte;
    const uint64_t end = share->end_byte;
    const bool is_local = share->is_local;
    uint64_t bytes = 0;

    (void)tug__ranges_give_back(ranges, share, first, NULL);
    if (is_local) {
        (void)tug__ranges_keep(ranges, first, end, &bytes, NULL);
    }
}

bool tug__node_submit(struct tug__engine *engine, struct tug__node *node,
                      const struct tug__share *share)
{
    struct tug__job *const job = tug__job_create(engine, node);

    if (job == NULL && share != NULL) {
        struct tug__share lost = *share;

        tug__ranges_join(&node->transfer->ranges, &lost);
        take_back(node, &lost);
    }
    if (job == NULL) {
        return false;
    }
    if (share != NULL) {
        job->share = *share;
        job->request.is_opening = !node->transfer->ranges.is_open;
        job->request.is_beside = node->job_count > 0 || tug__delta_needs_range(node);
        if (share->is_local) {
            tug__delta_fill_in(engine, node, job);
        }
        tug__ranges_join(&node->transfer->ranges, &job->share);
    }
    if (!tug__pool_submit(engine->pool, job)) {
        if (share != NULL) {
            tug__delta_take_back(engine, node, share);
            take_back(node, &job->share);
        }
        tug__job_free(job);
        return false;
    }
    engine->jobs_out++;
    node->host->jobs_out++;
    tug__node_add_job(node, job);
    if (job->kind == TUG__JOB_PLAN) {
        tug__delta_note_plan(engine, node);
    }
    return true;
}

void tug__node_cancel_jobs(struct tug__engine *engine, struct tug__node *node)
{
    for (struct tug__job *job = node->jobs; job != NULL; job = job->next) {
        tug__cancel_set(&job->cancel);
    }
    if (node->jobs != NULL) {
        tug__pool_wake(engine->pool);
    }
}

void tug__node_drop_transfer(struct tug__engine *engine, struct tug__node *node,
                             enum tug__drop drop)
{
    const struct tug__msg msg = {
        .kind = TUG__MSG_DROP,
        .object = node->transfer,
        .length = drop == TUG__DROP_REMOVE ? 1 : 0,
    };

    node->state = TUG__NODE_DROPPING;
    node->drop = node->drop == TUG__DROP_REMOVE ? TUG__DROP_REMOVE : drop;
    if (node->job_count > 0) {
        tug__node_cancel_jobs(engine, node);
        return; /* their workers still write to the file */
    }
    node->drop = TUG__DROP_NOT;
    tug__pool_send(engine->pool, node->transfer->lane, &msg);
}

void tug__node_abandon(struct tug__engine *engine, struct tug__node *node)
{
    if (node->transfer != NULL) {
        tug__node_drop_transfer(engine, node, TUG__DROP_KEEP);
    } else {
        tug__node_release(engine, node);
    }
}

void tug__node_note_start(struct tug__node *node)
{
    if (node->attempt.started_ns == 0) {
        node->attempt.started_ns = tug__now_ns();
    }
}

void tug__node_wait(struct tug__engine *engine, struct tug__node *node, uint64_t wake_ns)
{
    node->attempt.wake_ns = wake_ns;
    if (node->job_count > 0) {
        return; /* its running jobs go on */
    }
    node->state = TUG__NODE_WAITING;
    tug__graph_add_waiting(&engine->graph, node);
}

void tug__jobs_fini(struct tug__engine *engine)
{
    while (engine->graph.nodes != NULL) {
        struct tug__node *const node = engine->graph.nodes;

        while (node->jobs != NULL) {
            struct tug__job *const job = node->jobs;

            node->jobs = job->next;
            tug__job_free(job);
        }
        if (node->transfer != NULL) {
            tug__transfer_close(node->transfer);
            tug__transfer_free(engine, node);
        }
        tug__graph_remove(&engine->graph, node);
    }
    while (engine->hosts != NULL) {
        struct tug__host *const host = engine->hosts;

        engine->hosts = host->next;
        (void)tdelete(host, &engine->hosts_by_name, compare_hosts);
        free(host);
    }
}

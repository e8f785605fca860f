/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes of jobs, seen from the engine's state: no threads, the events are made here.
 */
#include "engine/state.h"

#include <stdlib.h>

#include <criterion/criterion.h>

#include <tug/ref.h>

#include "base/error.h"

#define BLOB_BYTES (UINT64_C(64) << 20)

/* A blob that two jobs fetch. */
struct scene {
    struct tug__engine engine;
    struct tug_ref *ref;
    struct tug__node *node;
    struct tug__transfer transfer;
    struct tug__job *jobs[2];
};

/* Put a share of the blob into a job that is out. */
static void add_job(struct scene *scene, unsigned number, bool is_first)
{
    struct tug__job *const job = calloc(1, sizeof *job);
    struct tug__ranges *const ranges = &scene->transfer.ranges;

    cr_assert_not_null(job);
    job->kind = TUG__JOB_BLOB;
    job->owner = scene->node;
    job->transfer = &scene->transfer;
    if (is_first) {
        tug__ranges_choose_first(ranges, 0, &job->share);
        tug__ranges_join(ranges, &job->share);
        cr_assert(tug__share_place(&job->share, &job->result.present, BLOB_BYTES));
        cr_assert_eq(tug__ranges_open(ranges, &job->share, &job->result.present, NULL), TUG_OK);
    } else {
        cr_assert(tug__ranges_choose(ranges, BLOB_BYTES / 2, 0, &job->share));
        tug__ranges_join(ranges, &job->share);
        cr_assert(tug__span_cut(job->share.victim_span, job->share.first_byte));
    }
    cr_assert_eq(tug__ranges_flow(ranges, &job->share, NULL), TUG_OK);
    job->result.next_byte = job->share.first_byte;
    job->next = scene->node->jobs;
    scene->node->jobs = job;
    scene->node->job_count++;
    scene->node->host->jobs_out++;
    scene->engine.jobs_out++;
    scene->jobs[number] = job;
}

static void ignore_event(void *context, struct tug_event *event)
{
    (void)context;
    (void)event;
}

static struct scene *create_scene(void)
{
    const struct tug_digest digest = {.algorithm = TUG_DIGEST_SHA256};
    struct scene *const scene = calloc(1, sizeof *scene);

    cr_assert_not_null(scene);
    cr_assert_eq(tug_ref_parse("registry.example/a:1", &scene->ref, NULL), TUG_OK);
    cr_assert_eq(tug__graph_add(&scene->engine.graph, &digest, &scene->node, NULL), TUG_OK);
    scene->node->wanted.source = scene->ref;
    scene->node->job_kind = TUG__JOB_BLOB;
    scene->node->wanted.size_bytes = BLOB_BYTES;
    scene->node->transfer = &scene->transfer;
    scene->node->state = TUG__NODE_ACTIVE;
    scene->engine.settings = (struct tug__engine_settings){
        .refs = &scene->ref, .ref_count = 1, .on_event = ignore_event};
    cr_assert_eq(tug__hosts_create(&scene->engine, NULL), TUG_OK);
    scene->node->host = tug__host_find(&scene->engine, tug_ref_host(scene->ref));
    scene->transfer.owner = scene->node;
    tug__ranges_init(&scene->transfer.ranges, BLOB_BYTES);
    add_job(scene, 0, true);
    add_job(scene, 1, false);
    return scene;
}

static void destroy_scene(struct scene *scene)
{
    tug__ranges_fini(&scene->transfer.ranges);
    scene->node->transfer = NULL;
    scene->node->jobs = NULL;
    tug__jobs_fini(&scene->engine);
    tug_ref_destroy(scene->ref);
    free(scene);
}

static void end_cancelled(struct scene *scene, unsigned number)
{
    const struct tug__msg msg = {.kind = TUG__MSG_JOB_FAILED, .object = scene->jobs[number]};

    (void)tug__fail(&scene->jobs[number]->result.error, TUG_ERR_CANCELLED, "cancelled");
    tug__jobs_handle_event(&scene->engine, &msg);
}

/* An image failed, so its blob's jobs were cancelled; before they are back another image wants it.
 */
Test(engine_outcome, a_blob_wanted_again_waits_for_all_its_cancelled_jobs, .timeout = 10)
{
    struct scene *const scene = create_scene();
    const struct tug__node_list *const line = &scene->node->host->queued_blobs;

    scene->node->needed_by = 1;
    end_cancelled(scene, 0);
    cr_assert_null(line->first, "one is still out");
    cr_assert_eq(scene->node->state, TUG__NODE_ACTIVE);
    end_cancelled(scene, 1);
    cr_assert_eq(line->first, scene->node);
    cr_assert_eq(line->last, scene->node);
    cr_assert_null(scene->node->links.next_queued, "it is there once");
    cr_assert_eq(scene->node->state, TUG__NODE_QUEUED);
    destroy_scene(scene);
}

#define RETRIES 3

/* A scene whose blob is needed, with a policy. */
static struct scene *create_needed(void)
{
    struct scene *const scene = create_scene();

    scene->node->needed_by = 1;
    scene->node->width = 2;
    scene->engine.retry_policy =
        (struct tug__retry_policy){.retries = RETRIES, .max_wait_ms = 1000};
    return scene;
}

/* A job breaks off after so many bytes of its share. */
static void end_broken(struct scene *scene, unsigned number, uint64_t length)
{
    struct tug__job *const job = scene->jobs[number];
    const struct tug__msg msg = {.kind = TUG__MSG_JOB_FAILED, .object = job};

    job->request.is_beside = number == 1;
    job->result.next_byte += length;
    (void)tug__fail(&job->result.error, TUG_ERR_NETWORK, "broken");
    tug__jobs_handle_event(&scene->engine, &msg);
}

/* Connections beside one that moves only fail: the blob does not fail for it, it goes on over that
 * one, which has all its attempts. */
Test(engine_outcome, f02_jobs_beside_another_fail_for_themselves, .timeout = 10)
{
    struct scene *const scene = create_needed();
    struct tug__ranges *const ranges = &scene->transfer.ranges;

    scene->node->attempt.failures = RETRIES;
    end_broken(scene, 1, 1);
    cr_assert_eq(scene->node->state, TUG__NODE_ACTIVE);
    cr_assert_eq(scene->node->job_count, 1);
    cr_assert(ranges->is_single, "another connection would fail as well");
    cr_assert_eq(scene->node->attempt.failures, 0);
    end_broken(scene, 0, 1);
    cr_assert_eq(scene->node->attempt.failures, 1);
    cr_assert_eq(scene->node->state, TUG__NODE_WAITING);
    destroy_scene(scene);
}

/* What an attempt brought itself counts, also when others were counted in between. */
Test(engine_outcome, f02_a_jobs_own_bytes_are_progress, .timeout = 10)
{
    struct scene *const scene = create_needed();

    scene->node->attempt.failures = 1;
    end_broken(scene, 1, 100);
    cr_assert_eq(scene->node->attempt.failures, 2);
    end_broken(scene, 0, 64 * 1024);
    cr_assert_eq(scene->node->attempt.failures, 0);
    destroy_scene(scene);
}

/* A share that has all its bytes is progress, however short. */
Test(engine_outcome, f02_the_end_of_a_share_is_progress, .timeout = 10)
{
    struct scene *const scene = create_needed();
    struct tug__job *const job = scene->jobs[1];
    const struct tug__msg msg = {.kind = TUG__MSG_JOB_DONE, .object = job};

    scene->node->attempt.failures = 2;
    job->result.next_byte = job->share.end_byte;
    tug__jobs_handle_event(&scene->engine, &msg);
    cr_assert_eq(scene->node->attempt.failures, 0);
    end_broken(scene, 0, 1);
    cr_assert_eq(scene->node->attempt.failures, 1, "what counted once does not count again");
    destroy_scene(scene);
}

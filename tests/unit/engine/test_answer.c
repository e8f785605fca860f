/* SPDX-License-Identifier: Apache-2.0
 *
 * What came of nodes, as those that wait are told: no threads, the outcomes are made here.
 */
#include "engine/state.h"

#include <string.h>

#include <criterion/criterion.h>

#include <tug/ref.h>

#include "base/error.h"

struct scene {
    struct tug__engine engine;
    struct tug_ref *refs[2]; /* of two registries */
    struct tug__waiter waiters[2];
    struct tug__settled settled;
    unsigned retries_told;
};

static void count_event(void *context, struct tug_event *event)
{
    struct scene *const scene = context;

    scene->retries_told += event->kind == TUG_EVENT_RETRY;
}

static void init(struct scene *scene)
{
    *scene = (struct scene){0};
    cr_assert_eq(tug_ref_parse("one.example/a:1", &scene->refs[0], NULL), TUG_OK);
    cr_assert_eq(tug_ref_parse("two.example/a:1", &scene->refs[1], NULL), TUG_OK);
    scene->engine.settings = (struct tug__engine_settings){
        .store = (struct tug_store *)(void *)scene, /* there is one; nothing looks into it */
        .refs = scene->refs,
        .ref_count = 2,
        .on_event = count_event,
        .event_context = scene,
    };
    cr_assert_eq(tug__hosts_create(&scene->engine, NULL), TUG_OK);
}

static void fini(struct scene *scene)
{
    tug__jobs_fini(&scene->engine);
    tug_ref_destroy(scene->refs[0]);
    tug_ref_destroy(scene->refs[1]);
}

/* One of the two wants the blob. */
static enum tug_status want(struct scene *scene, unsigned who)
{
    const struct tug__wanted wanted = {
        .digest = {.algorithm = TUG_DIGEST_SHA256},
        .has_size = true,
        .size_bytes = 5,
        .source = scene->refs[who],
    };
    struct tug_error error;

    return tug__engine_start(&scene->engine, &wanted, &scene->waiters[who], who, &error);
}

static struct tug__node *node_of(struct scene *scene)
{
    const struct tug_digest digest = {.algorithm = TUG_DIGEST_SHA256};

    return tug__graph_find(&scene->engine.graph, &digest);
}

/* The node is at work, and its source says that it has no such blob. */
static void fail(struct scene *scene)
{
    struct tug__node *const node = node_of(scene);
    struct tug_error error = {0};

    node->host->queued_blobs = (struct tug__node_list){0};
    (void)tug__fail(&error, TUG_ERR_NOT_FOUND, "no such blob");
    tug__node_fail(&scene->engine, node, &error);
}

static bool next(struct scene *scene)
{
    return tug__engine_next_settled(&scene->engine, &scene->settled);
}

Test(engine_answer, a_node_fails_when_every_source_has)
{
    struct tug_error error;
    struct scene scene;

    init(&scene);
    cr_assert_eq(want(&scene, 0), TUG_OK);
    cr_assert_eq(want(&scene, 1), TUG_OK);
    fail(&scene);
    cr_assert_not(next(&scene), "the other's source is asked");
    cr_assert_eq(scene.retries_told, 1);
    cr_assert_eq(node_of(&scene)->wanted.source, scene.refs[1]);
    cr_assert_eq(node_of(&scene)->state, TUG__NODE_QUEUED);
    fail(&scene);
    cr_assert(next(&scene));
    cr_assert_eq(scene.settled.kind, TUG__SETTLED_FAILED);
    cr_assert_eq(scene.settled.edges->waiter, &scene.waiters[0]);
    cr_assert_eq(scene.settled.edges->next->number, 1);
    cr_assert(tug__settled_refusal(&scene.settled, scene.settled.edges, &error));
    cr_assert_eq(error.code, TUG_ERR_NOT_FOUND);
    cr_assert_not(next(&scene));
    cr_assert_null(scene.waiters[0].edges, "who was told waits no longer");
    cr_assert_null(scene.waiters[1].edges);
    cr_assert_eq(want(&scene, 0), TUG_ERR_NOT_FOUND, "what failed is remembered");
    fini(&scene);
}

/* Who comes before the failure was told has a say in it, too. */
Test(engine_answer, a_failure_not_told_yet_can_be_turned)
{
    struct scene scene;

    init(&scene);
    cr_assert_eq(want(&scene, 0), TUG_OK);
    fail(&scene);
    cr_assert_eq(want(&scene, 1), TUG_OK);
    cr_assert_not(next(&scene));
    cr_assert_eq(node_of(&scene)->wanted.source, scene.refs[1]);
    cr_assert_eq(node_of(&scene)->host->queued_blobs.first, node_of(&scene));
    cr_assert_null(node_of(&scene)->links.next_queued, "it is in line once");
    fini(&scene);
}

/* The same when the first one has gone meanwhile: the node is in line once and fails nobody. */
Test(engine_answer, a_failure_of_a_forgotten_node_is_nobodys)
{
    struct scene scene;

    init(&scene);
    cr_assert_eq(want(&scene, 0), TUG_OK);
    fail(&scene);
    tug__engine_forget(&scene.engine, &scene.waiters[0]);
    cr_assert_eq(want(&scene, 1), TUG_OK);
    cr_assert_not(next(&scene));
    cr_assert_eq(scene.retries_told, 0);
    cr_assert_eq(node_of(&scene)->state, TUG__NODE_QUEUED);
    cr_assert_null(node_of(&scene)->links.next_queued);
    fini(&scene);
}

Test(engine_answer, what_is_done_is_told_once_and_gone)
{
    struct tug_error error;
    struct scene scene;

    init(&scene);
    cr_assert_eq(want(&scene, 0), TUG_OK);
    cr_assert_eq(want(&scene, 1), TUG_OK);
    node_of(&scene)->host->queued_blobs = (struct tug__node_list){0};
    node_of(&scene)->outcome.size_bytes = 4;
    tug__node_settle(&scene.engine, node_of(&scene), TUG__SETTLED_DONE);
    cr_assert(next(&scene));
    cr_assert_eq(scene.settled.kind, TUG__SETTLED_DONE);
    cr_assert_str_eq(scene.settled.ref, tug_ref_name(scene.refs[0]));
    cr_assert(tug__settled_refusal(&scene.settled, scene.settled.edges, &error),
              "another size was promised");
    cr_assert_eq(error.code, TUG_ERR_CONTENT);
    cr_assert(tug__engine_knows(&scene.engine, &(struct tug_digest){TUG_DIGEST_SHA256, {0}}));
    cr_assert_not(next(&scene));
    cr_assert_null(node_of(&scene));
    cr_assert_null(scene.waiters[0].edges);
    fini(&scene);
}

/* A node that nobody needs cannot be found any more, and the list frees it. */
Test(engine_answer, what_is_released_is_not_found)
{
    struct scene scene;
    struct tug__node *node;

    init(&scene);
    cr_assert_eq(want(&scene, 0), TUG_OK);
    tug__engine_forget(&scene.engine, &scene.waiters[0]);
    node = node_of(&scene);
    node->host->queued_blobs = (struct tug__node_list){0};
    tug__node_abandon(&scene.engine, node);
    cr_assert_null(node_of(&scene));
    cr_assert_eq(want(&scene, 0), TUG_OK);
    cr_assert_neq(node_of(&scene), node);
    cr_assert_not(next(&scene));
    cr_assert_eq(scene.engine.graph.node_count, 1);
    fini(&scene);
}

/* Without a store, a blob is requested like a document: it comes back in memory. */
Test(engine_answer, a_blob_without_a_store)
{
    struct scene scene;

    init(&scene);
    scene.engine.settings.store = NULL;
    cr_assert_eq(want(&scene, 0), TUG_OK);
    cr_assert_eq(node_of(&scene)->job_kind, TUG__JOB_BLOB_BODY);
    cr_assert_eq(node_of(&scene)->host->queued_documents.first, node_of(&scene));
    fini(&scene);
}

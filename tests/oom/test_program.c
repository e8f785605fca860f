/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program adds to a run, without memory: its credentials, headers and messages, content in
 * memory, and a store of its own.
 *
 * Knows: the scene of the flow tests. Does not know: which allocations a run makes.
 * Threads: those of a run.
 */
#include <stdlib.h>

#include "flow/keeper.h"
#include "flow/registry.h"
#include "oom.h"

TestSuite(oom_program, .timeout = 600);

static const char *const header = "X-Key: " SECRET_HEADER;

static enum tug_status on_credential(void *context, const struct tug_credential_request *request,
                                     struct tug_credential_answer *answer, struct tug_error *err)
{
    (void)context;
    (void)request;
    return tug_credential_give_password(answer, "me", SECRET_PASSWORD, err);
}

static void on_message(void *context, enum tug_log_level level, const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

static void open_scene(struct flow *flow)
{
    registry_open(flow);
    build_image_add(flow->registry, &(struct build_image){.repo = "app", .tag = "1"}, NULL);
    fake_rule_add(flow->registry,
                  &(struct fake_rule){.match.path = "^/v2/",
                                      .match.without_header = "Authorization: Basic " SECRET_BASIC,
                                      .answer.status = 401,
                                      .answer.headers = "WWW-Authenticate: Basic realm=\"r\""});
    flow->options.max_concurrent_downloads = 1;
    flow->options.on_credential = on_credential;
    flow->options.on_message = on_message;
    flow->options.message_level = TUG_LOG_DEBUG;
    flow->options.headers = &header;
    flow->options.header_count = 1;
    flow->options.user_agent = "program/1";
}

static enum tug_status read_once(void *context, struct tug_error *err)
{
    struct flow *const flow = context;
    struct tug_content content = TUG_CONTENT_INIT;
    struct tug_fetch *fetch = NULL;
    enum tug_status status = tug_fetch_create(NULL, &flow->options, &fetch, err);
    char *const reference = flow_reference(flow, "app:1");

    if (status == TUG_OK) {
        status = tug_fetch_add(fetch, reference, err);
    }
    if (status == TUG_OK) {
        status = tug_fetch_read(fetch, 0, &content, err);
    }
    tug_content_fini(&content);
    tug_fetch_destroy(fetch);
    free(reference);
    return status;
}

Test(oom_program, a_manifest_with_credentials)
{
    struct flow flow;

    open_scene(&flow);
    oom_each(read_once, NULL, &flow, 30);
    flow_close(&flow);
}

struct kept_scene {
    struct flow flow;
    struct keeper keeper;
};

static enum tug_status keep_once(void *context, struct tug_error *err)
{
    struct kept_scene *const scene = context;
    struct tug_store_options options = TUG_STORE_OPTIONS_INIT;
    char *const reference = flow_reference(&scene->flow, "app:1");
    struct tug_store *store = NULL;
    struct tug_fetch *fetch = NULL;
    enum tug_status status;

    options.sink = &scene->keeper.sink;
    status = tug_store_open(scene->flow.store, &options, &store, err);
    if (status == TUG_OK) {
        status = tug_fetch_create(store, &scene->flow.options, &fetch, err);
    }
    if (status == TUG_OK) {
        status = tug_fetch_add(fetch, reference, err);
    }
    if (status == TUG_OK) {
        status = tug_fetch_run(fetch, err);
    }
    tug_fetch_destroy(fetch);
    tug_store_close(store);
    free(reference);
    return status;
}

/* A run with memory completes what is kept; the next one begins with nothing. */
static void forget(void *context)
{
    struct kept_scene *const scene = context;

    cr_assert_eq(flow_fetch(&scene->flow, "app:1"), TUG_OK, "%s", scene->flow.seen.error.message);
    cr_assert_eq(keeper_count(&scene->keeper), 3);
    keeper_fini(&scene->keeper);
    keeper_init(&scene->keeper);
}

Test(oom_program, a_store_of_its_own)
{
    static const uint64_t size = 300000;
    struct kept_scene scene;

    registry_open(&scene.flow);
    keeper_init(&scene.keeper);
    build_image_add(
        scene.flow.registry,
        &(struct build_image){.repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1},
        NULL);
    scene.flow.options.max_concurrent_downloads = 2;
    scene.flow.sink = &scene.keeper.sink;
    oom_each(keep_once, forget, &scene, 30);
    keeper_fini(&scene.keeper);
    flow_close(&scene.flow);
}

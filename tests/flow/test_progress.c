/* SPDX-License-Identifier: Apache-2.0
 *
 * Transfers that hardly move: a few bytes in each attempt, or in each second. They end, with the
 * attempts the user allows, and slow ones that move steadily arrive.
 *
 * Knows: the fake registry's rules and record. Does not know: how attempts are counted.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

TestSuite(progress, .timeout = 20);

#define LAYER_BYTES (UINT64_C(200) * 1024)
#define RETRIES 2
/* Longer than a busy machine lets a server wait for its turn. */
#define STALL_MS 1000

struct scene {
    struct flow flow;
    struct build_image_result built;
    const char *layer;
};

static void open_scene(struct scene *scene, uint64_t layer_bytes)
{
    flow_open(&scene->flow, NULL);
    build_image_add(
        scene->flow.registry,
        &(struct build_image){
            .repo = "app", .tag = "1", .layer_sizes = &layer_bytes, .layer_count = 1, .seed = 3},
        &scene->built);
    scene->layer = scene->built.layers[0].digest;
    scene->flow.options.no_retries = false;
    scene->flow.options.retries = RETRIES;
    scene->flow.options.retry_max_wait_ms = 5;
}

/* Have every answer with the layer break off after so many bytes. */
static void cut_each(struct scene *scene, uint64_t at_bytes)
{
    fake_rule_add(scene->flow.registry, &(struct fake_rule){.match.path = scene->layer,
                                                            .body.cut = FAKE_CUT_CLOSE,
                                                            .body.cut_at_bytes = at_bytes});
}

/* Have the answers of a rule come at 400 bytes a second: too slow to be alive. They are longer than
 * what comes in any attempt. */
static void slow_down(struct scene *scene, struct fake_rule rule)
{
    scene->flow.options.stall_timeout_ms = STALL_MS;
    rule.timing.rate_bytes_per_s = 400;
    fake_rule_add(scene->flow.registry, &rule);
}

/* Expect the run of an image to end after the attempts that are allowed. */
static void expect_name_given_up(struct scene *scene, const char *name, const char *path)
{
    cr_assert_eq(flow_fetch(&scene->flow, name), TUG_ERR_NETWORK, "%s",
                 scene->flow.seen.error.message);
    cr_assert_eq(flow_requests(&scene->flow, "GET", path), 1 + RETRIES);
    cr_assert_eq(scene->flow.seen.counts[TUG_EVENT_RETRY], RETRIES);
}

static void expect_given_up(struct scene *scene, const char *path)
{
    expect_name_given_up(scene, "app:1", path);
}

Test(progress, f02_a_byte_for_each_connection)
{
    struct scene scene;

    open_scene(&scene, LAYER_BYTES);
    cut_each(&scene, 1);
    expect_given_up(&scene, scene.layer);
    cr_assert_eq(flow_partial_size(&scene.flow, scene.layer), 1 + RETRIES, "what came is kept");
    flow_close(&scene.flow);
}

Test(progress, f02_less_than_64_kib_for_each_connection)
{
    struct scene scene;

    open_scene(&scene, LAYER_BYTES);
    cut_each(&scene, 64 * 1024 - 1);
    expect_given_up(&scene, scene.layer);
    flow_close(&scene.flow);
}

Test(progress, f02_64_kib_for_each_connection_is_enough)
{
    struct scene scene;

    open_scene(&scene, LAYER_BYTES);
    cut_each(&scene, 64 * 1024);
    scene.flow.options.retries = 1;
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    cr_assert_eq(flow_requests(&scene.flow, "GET", scene.layer), 4);
    flow_close(&scene.flow);
}

/* The count begins anew after progress, not before. */
Test(progress, f02_attempts_in_a_row)
{
    struct scene scene;

    open_scene(&scene, LAYER_BYTES);
    for (unsigned i = 0; i < 2 * RETRIES + 1; i++) {
        fake_rule_add(scene.flow.registry,
                      &(struct fake_rule){.match.path = scene.layer,
                                          .match.times = 1,
                                          .body.cut = FAKE_CUT_RST,
                                          .body.cut_at_bytes = i == RETRIES ? 65536 : 1000});
    }
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    cr_assert_eq(flow_requests(&scene.flow, "GET", scene.layer), 2 * RETRIES + 2);
    flow_close(&scene.flow);
}

/* Well under 1 KiB/s, with a byte often enough to seem alive. */
Test(progress, f02_a_trickle_is_a_stall)
{
    struct scene scene;

    char *name;

    open_scene(&scene, LAYER_BYTES);
    scene.flow.options.metadata_only = true; /* then nothing but the layer is requested */
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    scene.flow.options.metadata_only = false;
    name = build_text("app@%s", scene.built.manifest.digest);
    slow_down(&scene, (struct fake_rule){.match.path = scene.layer});
    expect_name_given_up(&scene, name, scene.layer);
    cr_assert_not_null(strstr(scene.flow.seen.error.message, "less than 1 KiB/s"), "%s",
                       scene.flow.seen.error.message);
    free(name);
    flow_close(&scene.flow);
}

Test(progress, f02_a_trickle_of_a_document_is_a_stall)
{
    struct scene scene;

    open_scene(&scene, LAYER_BYTES);
    slow_down(&scene,
              (struct fake_rule){.match.path = "/manifests/", .body.extra_bytes = LAYER_BYTES});
    expect_given_up(&scene, "/manifests/");
    flow_close(&scene.flow);
}

Test(progress, f02_a_trickle_of_a_token_is_a_stall)
{
    struct scene scene;

    open_scene(&scene, LAYER_BYTES);
    fake_rule_add(scene.flow.registry,
                  &(struct fake_rule){.match.path = "^/v2/",
                                      .answer.status = 401,
                                      .answer.headers =
                                          "WWW-Authenticate: Bearer realm=\"{base}/token\"\r\n"});
    slow_down(&scene, (struct fake_rule){.match.path = "^/token",
                                         .answer.body = "{\"token\":\"t\"}",
                                         .body.extra_bytes = LAYER_BYTES});
    expect_given_up(&scene, "^/token");
    flow_close(&scene.flow);
}

/* A slow link that moves steadily: several stall times long. */
Test(measured, f02_a_slow_steady_link_arrives, .timeout = 20)
{
    struct scene scene;

    open_scene(&scene, 24 * 1024);
    fake_rule_add(scene.flow.registry,
                  &(struct fake_rule){.match.path = scene.layer, .timing.rate_bytes_per_s = 8192});
    scene.flow.options.no_retries = true;
    scene.flow.options.stall_timeout_ms = STALL_MS;
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    cr_assert_eq(flow_requests(&scene.flow, "GET", scene.layer), 1);
    flow_close(&scene.flow);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Several repositories have the same content: what one fails to give, another gives.
 *
 * Knows: the fake registry's record. Does not know: which repository is asked first.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>

TestSuite(sources, .timeout = 60);

static const uint64_t one_layer[] = {200000};

/* The same image in two repositories, whose layer both images wait for. */
struct scene {
    struct flow flow;
    struct build_image_result built;
    int second; /* rule: "second" gives its manifest once the layer is asked for in "first" … */
    int layer;  /* … which answers once both images wait */
};

/* The run's thread asks this for the layer of each image, and then has it fetched: nothing that is
 * let go here is looked at before that. */
static enum tug_blob_choice on_offer(void *context, const struct tug_blob_offer *offer)
{
    struct scene *const scene = context;

    fake_rule_release(scene->flow.registry, offer->position == 0 ? scene->second : scene->layer);
    return TUG_BLOB_FETCH;
}

static void add_twice(struct scene *scene)
{
    for (int i = 0; i < 2; i++) {
        build_image_add(scene->flow.registry,
                        &(struct build_image){.repo = i == 0 ? "first" : "second",
                                              .tag = "1",
                                              .layer_sizes = one_layer,
                                              .layer_count = 1},
                        &scene->built);
    }
    scene->second =
        fake_rule_add(scene->flow.registry,
                      &(struct fake_rule){.match.path = "/second/manifests/", .timing.hold = true});
}

/* Have a repository answer so when it is asked for the layer. Returns: the rule. */
static int refuse_layer(struct scene *scene, const char *repo, struct fake_rule rule)
{
    char *const path = build_text("/%s/blobs/%s", repo, scene->built.layers[0].digest);
    int number;

    rule.match.path = path;
    number = fake_rule_add(scene->flow.registry, &rule);
    free(path);
    return number;
}

/* "first" answers so, and both images wait for it. */
static void refuse_first(struct scene *scene, struct fake_rule rule)
{
    rule.timing.hold = true;
    scene->layer = refuse_layer(scene, "first", rule);
    scene->flow.options.on_offer = on_offer;
    scene->flow.options.offer_context = scene;
}

static size_t layer_requests(const struct scene *scene, const char *repo)
{
    char *const path = build_text("/%s/blobs/%s", repo, scene->built.layers[0].digest);
    const size_t count = fake_record_count(scene->flow.registry, "GET", path);

    free(path);
    return count;
}

Test(sources, what_one_repository_lacks_another_gives)
{
    static const char *const names[] = {"first:1", "second:1"};
    static const struct fake_rule faults[] = {
        {.answer.status = 404},
        {.answer.status = 403},
        {.answer.status = 500},
        {.body = {.flip_mask = 1, .flip_offset = 5}},
        {.body = {.cut = FAKE_CUT_RST, .cut_at_bytes = 1000}},
    };

    for (size_t i = 0; i < FLOW_COUNT(faults); i++) {
        struct scene scene;
        struct flow *const flow = &scene.flow;

        flow_open(flow, NULL);
        add_twice(&scene);
        refuse_first(&scene, faults[i]);
        cr_assert_eq(flow_fetch_all(flow, names, 2), TUG_OK, "fault %zu: %s", i,
                     flow->seen.error.message);
        cr_assert_eq(flow->seen.totals.images_done, 2);
        cr_assert_geq(layer_requests(&scene, "first"), 1);
        cr_assert_eq(layer_requests(&scene, "second"), 1);
        flow_close(flow);
    }
}

Test(sources, what_no_repository_gives_fails_all_that_need_it)
{
    static const char *const names[] = {"first:1", "second:1"};
    struct scene scene;
    struct flow *const flow = &scene.flow;

    flow_open(flow, NULL);
    add_twice(&scene);
    refuse_first(&scene, (struct fake_rule){.answer.status = 404});
    (void)refuse_layer(&scene, "second", (struct fake_rule){.answer.status = 403});
    cr_assert_eq(flow_fetch_all(flow, names, 2), TUG_ERR_NOT_FOUND, "the first one's own error");
    cr_assert_eq(flow->seen.totals.images_failed, 2);
    cr_assert_eq(layer_requests(&scene, "first"), 1);
    cr_assert_eq(layer_requests(&scene, "second"), 1);
    flow_close(flow);
}

/* What failed before an image came to need it is no reason not to ask its own repository. */
Test(sources, a_later_image_asks_its_own_repository)
{
    static const char *const names[] = {"first:1", "first:1", "second:1", "first:1"};
    struct scene scene;
    struct flow *const flow = &scene.flow;

    flow_open(flow, NULL);
    add_twice(&scene);
    flow->released_by_image = scene.second;
    (void)refuse_layer(&scene, "first", (struct fake_rule){.answer.status = 404});
    flow->options.max_concurrent_downloads = 2;
    cr_assert_eq(flow_fetch_all(flow, names, 4), TUG_ERR_NOT_FOUND);
    cr_assert_geq(flow->seen.totals.images_done, 1, "second:1 is there");
    cr_assert_eq(layer_requests(&scene, "first"), 1, "a failure is remembered");
    cr_assert_eq(layer_requests(&scene, "second"), 1);
    cr_assert(flow_has(flow, scene.built.layers[0].digest));
    flow_close(flow);
}

/* A manifest that lies about a layer's size spoils only its own image, whichever comes first. */
Test(sources, a_lie_about_a_size_spoils_one_image)
{
    static const char *const orders[2][2] = {{"app:bad", "app:good"}, {"app:good", "app:bad"}};

    for (size_t i = 0; i < 2; i++) {
        struct build_descriptor layer = {.media_type = BUILD_OCI_LAYER, .size_bytes = 50000};
        struct build_descriptor config;
        struct flow flow;
        char *text;

        flow_open(&flow, NULL);
        config = flow_add_config(&flow);
        fake_blob_add_generated(flow.registry, "app", NULL, layer.size_bytes, 1, layer.digest);
        text = build_descriptor_json(&layer, NULL);
        flow_add_manifest(&flow, "good", &config, text, NULL);
        free(text);
        layer.size_bytes += 77;
        text = build_descriptor_json(&layer, NULL);
        flow_add_manifest(&flow, "bad", &config, text, NULL);
        free(text);
        cr_assert_eq(flow_fetch_all(&flow, orders[i], 2), TUG_ERR_CONTENT);
        cr_assert_eq(flow.seen.totals.images_done, 1, "order %zu", i);
        cr_assert_eq(flow.seen.totals.images_failed, 1, "order %zu", i);
        cr_assert(flow_has(&flow, layer.digest));
        flow_close(&flow);
    }
}

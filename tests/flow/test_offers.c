/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that skips blobs, gives up single images, and runs several fetches at once.
 *
 * Knows: the public API, events. Does not know: queues.
 * Threads: criterion's; three of its own where fetches run at once.
 */
#include "flow.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(offers, .timeout = 60);

static const uint64_t sizes[] = {70000, 60000, 50000};

/* --- blobs that are skipped --- */

struct chooser {
    const char *skipped; /* digest */
    size_t position;     /* of the image that skips it */
    unsigned offers;
    bool was_config;
    struct fake_registry *holder; /* releases rule `held` after so many offers; NULL: none */
    int held;
    unsigned held_offers;
};

static enum tug_blob_choice on_offer(void *context, const struct tug_blob_offer *offer)
{
    struct chooser *const chooser = context;
    char digest[TUG_DIGEST_TEXT_MAX];

    chooser->offers++;
    if (chooser->holder != NULL && chooser->offers == chooser->held_offers) {
        fake_rule_release(chooser->holder, chooser->held);
    }
    chooser->was_config |= strstr(offer->media_type, "config") != NULL;
    cr_assert_not_null(strstr(offer->ref, "app:1"));
    cr_assert_gt(offer->size_bytes, 0);
    return chooser->skipped != NULL && offer->position == chooser->position &&
                   strcmp(tug_digest_format(&offer->digest, digest), chooser->skipped) == 0
               ? TUG_BLOB_SKIP
               : TUG_BLOB_FETCH;
}

/* An image of which the program skips the second layer. */
static void open_scene(struct flow *flow, struct chooser *chooser, struct build_image_result *built)
{
    flow_open(flow, NULL);
    build_image_add(
        flow->registry,
        &(struct build_image){
            .repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = FLOW_COUNT(sizes)},
        built);
    flow->options.on_offer = on_offer;
    flow->options.offer_context = chooser;
    chooser->skipped = built->layers[1].digest;
}

Test(offers, a_skipped_layer_is_left_out)
{
    struct build_image_result built;
    struct chooser chooser = {0};
    struct tug_store *store = NULL;
    struct tug_verify_result result = TUG_VERIFY_RESULT_INIT;
    struct tug_error error = {0};
    struct json_object *index;
    struct flow flow;

    open_scene(&flow, &chooser, &built);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(chooser.offers, FLOW_COUNT(sizes), "layers only");
    cr_assert_not(chooser.was_config);
    cr_assert_eq(flow_requests(&flow, NULL, built.layers[1].digest), 0);
    cr_assert_not(flow_has(&flow, built.layers[1].digest));
    cr_assert(flow_has(&flow, built.layers[0].digest));
    cr_assert_eq(flow.seen.image.left_out_count, 1);
    cr_assert_eq(flow.seen.image.blobs, 2 + FLOW_COUNT(sizes) - 1);
    cr_assert_eq(flow.seen.image.blobs_done, flow.seen.image.blobs);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_WARNING], 0, "%s", flow.seen.warning);
    index = flow_index(&flow);
    cr_assert_str_eq(flow_annotation(flow_index_entry(&flow, index, "app:1"), "tug.left-out"),
                     built.layers[1].digest);
    json_object_put(index);
    cr_assert_eq(tug_store_open(flow.store, NULL, &store, &error), TUG_OK);
    cr_assert_eq(tug_store_verify(store, NULL, NULL, &result, &error), TUG_OK, "%s", error.message);
    tug_store_close(store);
    flow_close(&flow);
}

/* What is present is not offered; a later run gets the rest, and index.json says so. */
Test(offers, a_later_run_completes_the_image)
{
    struct build_image_result built;
    struct chooser chooser = {0};
    struct json_object *index;
    struct flow flow;

    open_scene(&flow, &chooser, &built);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    chooser.skipped = NULL;
    chooser.offers = 0;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(chooser.offers, 1);
    cr_assert(flow_has(&flow, built.layers[1].digest));
    cr_assert_eq(flow.seen.image.left_out_count, 0);
    index = flow_index(&flow);
    cr_assert_null(flow_annotation(flow_index_entry(&flow, index, "app:1"), "tug.left-out"));
    json_object_put(index);
    flow_close(&flow);
}

/* Another image's choice does not count. */
Test(offers, each_image_chooses_for_itself)
{
    static const char *const names[] = {"app:1", "app:1"};
    struct build_image_result built;
    struct chooser chooser = {.position = 1};
    struct flow flow;

    open_scene(&flow, &chooser, &built);
    flow_want_default(&flow);
    chooser.holder = flow.registry;
    chooser.held_offers = 2 * FLOW_COUNT(sizes);
    chooser.held = fake_rule_add(flow.registry,
                                 &(struct fake_rule){.match.path = "/blobs/", .timing.hold = true});
    cr_assert_eq(flow_fetch_all(&flow, names, FLOW_COUNT(names)), TUG_OK, "%s",
                 flow.seen.error.message);
    cr_assert_eq(chooser.offers, 2 * FLOW_COUNT(sizes));
    cr_assert(flow_has(&flow, built.layers[1].digest));
    flow_close(&flow);
}

Test(offers, a_dry_run_offers_as_well)
{
    struct build_image_result built;
    struct chooser chooser = {0};
    struct flow flow;

    open_scene(&flow, &chooser, &built);
    flow.options.dry_run = true;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(chooser.offers, FLOW_COUNT(sizes));
    cr_assert_eq(flow.seen.image.left_out_count, 1);
    flow_close(&flow);
}

/* --- images that are given up --- */

#define IMAGES 3

struct giver_up {
    struct flow flow;
    struct build_image_result built[IMAGES];
    struct tug_store *store;
    struct tug_fetch *fetch;
    struct tug_error error;
    int held; /* rule that holds the layer of the second image */
    enum tug_status results[IMAGES];
    uint64_t cancel_bytes; /* give up the second image when it has so many */
};

static void on_event(void *context, const struct tug_event *event)
{
    struct giver_up *const scene = context;

    if (event->kind == TUG_EVENT_IMAGE) {
        scene->results[event->image->position] = event->image->status;
        if (event->image->position == 1) {
            fake_rule_release(scene->flow.registry, scene->held);
        }
    } else if (event->kind == TUG_EVENT_IMAGE_PROGRESS && event->image->position == 1 &&
               event->image->bytes_done >= scene->cancel_bytes) {
        cr_assert_eq(tug_fetch_cancel_image(scene->fetch, 1, NULL), TUG_OK);
    }
}

/* Three images with a layer of their own; that of the second one never comes to its end, and the
 * third one waits for the end of the second. */
static void open_images(struct giver_up *scene)
{
    static const char *const repositories[IMAGES] = {"a", "b", "c"};
    static const uint64_t size = 300000;

    flow_open(&scene->flow, NULL);
    for (size_t i = 0; i < IMAGES; i++) {
        build_image_add(scene->flow.registry,
                        &(struct build_image){.repo = repositories[i],
                                              .tag = "1",
                                              .layer_sizes = &size,
                                              .layer_count = 1,
                                              .seed = 100 * (i + 1)},
                        &scene->built[i]);
    }
    fake_rule_add(scene->flow.registry,
                  &(struct fake_rule){.match.path = scene->built[1].layers[0].digest,
                                      .body.cut = FAKE_CUT_STALL,
                                      .body.cut_at_bytes = 200000});
    scene->held = fake_rule_add(
        scene->flow.registry,
        &(struct fake_rule){.match.path = scene->built[2].layers[0].digest, .timing.hold = true});
    scene->flow.options.on_event = on_event;
    scene->flow.options.event_context = scene;
    scene->flow.options.tick_ms = 10;
    scene->flow.options.fail_fast = true;
    cr_assert_eq(tug_store_open(scene->flow.store, NULL, &scene->store, &scene->error), TUG_OK);
    cr_assert_eq(tug_fetch_create(scene->store, &scene->flow.options, &scene->fetch, &scene->error),
                 TUG_OK);
    for (size_t i = 0; i < IMAGES; i++) {
        char *const name = build_text("%s:1", repositories[i]);
        char *const reference = flow_reference(&scene->flow, name);

        cr_assert_eq(tug_fetch_add(scene->fetch, reference, &scene->error), TUG_OK);
        free(reference);
        free(name);
    }
}

static void close_images(struct giver_up *scene)
{
    tug_fetch_destroy(scene->fetch);
    tug_store_close(scene->store);
    flow_close(&scene->flow);
}

static void run_and_expect(struct giver_up *scene)
{
    cr_assert_eq(tug_fetch_run(scene->fetch, &scene->error), TUG_ERR_CANCELLED, "%s",
                 scene->error.message);
    cr_assert_not_null(strstr(scene->error.message, "/b:1: cancelled"), "%s", scene->error.message);
    cr_assert_eq(scene->results[0], TUG_OK);
    cr_assert_eq(scene->results[1], TUG_ERR_CANCELLED);
    cr_assert_eq(scene->results[2], TUG_OK, "cancelling is no failure to stop for");
    cr_assert(flow_has(&scene->flow, scene->built[2].layers[0].digest));
}

Test(offers, one_image_is_given_up)
{
    struct giver_up scene = {.cancel_bytes = 100000};

    open_images(&scene);
    run_and_expect(&scene);
    cr_assert_geq(flow_partial_size(&scene.flow, scene.built[1].layers[0].digest), 1);
    close_images(&scene);
}

Test(offers, one_image_is_given_up_before_the_run)
{
    struct giver_up scene = {.cancel_bytes = UINT64_MAX};

    open_images(&scene);
    cr_assert_eq(tug_fetch_cancel_image(scene.fetch, IMAGES, &scene.error),
                 TUG_ERR_INVALID_ARGUMENT);
    scene.error = (struct tug_error){0};
    cr_assert_eq(tug_fetch_cancel_image(scene.fetch, 1, &scene.error), TUG_OK);
    run_and_expect(&scene);
    cr_assert_eq(fake_record_count(scene.flow.registry, NULL, "^/v2/b/"), 0);
    close_images(&scene);
}

/* --- several fetches at once --- */

#define FETCHES 3

struct one_fetch {
    struct flow *flow;
    struct tug_store *store;
    size_t position;
    pthread_t thread;
    enum tug_status status;
    struct tug_error error;
    unsigned events;
};

static void count_event(void *context, const struct tug_event *event)
{
    struct one_fetch *const one = context;

    (void)event;
    one->events++;
}

static void *fetch_main(void *argument)
{
    struct one_fetch *const one = argument;
    struct tug_fetch_options options = one->flow->options;
    struct tug_fetch *fetch = NULL;

    options.on_event = count_event;
    options.event_context = one;
    one->status = tug_fetch_create(one->store, &options, &fetch, &one->error);
    for (size_t i = 0; one->status == TUG_OK && i < 2; i++) {
        char *const name = build_text("app:%zu", one->position + i);
        char *const reference = flow_reference(one->flow, name);

        one->status = tug_fetch_add(fetch, reference, &one->error);
        free(reference);
        free(name);
    }
    if (one->status == TUG_OK) {
        one->status = tug_fetch_run(fetch, &one->error);
    }
    tug_fetch_destroy(fetch);
    return NULL;
}

/* Three runs of one process, two on the same handle of the store and one on its own, with images
 * and layers in common. */
Test(offers, three_fetches_at_once)
{
    static const uint64_t layer_sizes[] = {400000, 300000, 200000};
    struct one_fetch fetches[FETCHES] = {0};
    struct tug_store *stores[2] = {NULL, NULL};
    struct json_object *index;
    struct flow flow;

    flow_open(&flow, NULL);
    for (size_t i = 0; i <= FETCHES; i++) {
        char *const tag = build_text("%zu", i);

        build_image_add(
            flow.registry,
            &(struct build_image){
                .repo = "app", .tag = tag, .layer_sizes = layer_sizes, .layer_count = 1 + i % 3},
            NULL);
        free(tag);
    }
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(tug_store_open(flow.store, NULL, &stores[i], NULL), TUG_OK);
    }
    for (size_t i = 0; i < FETCHES; i++) {
        fetches[i].flow = &flow;
        fetches[i].store = stores[i / 2];
        fetches[i].position = i;
        cr_assert_eq(pthread_create(&fetches[i].thread, NULL, fetch_main, &fetches[i]), 0);
    }
    for (size_t i = 0; i < FETCHES; i++) {
        (void)pthread_join(fetches[i].thread, NULL);
        cr_assert_eq(fetches[i].status, TUG_OK, "%zu: %s", i, fetches[i].error.message);
        cr_assert_gt(fetches[i].events, 0);
    }
    index = flow_index(&flow);
    for (size_t i = 0; i <= FETCHES; i++) {
        char *const name = build_text("app:%zu", i);

        cr_assert_not_null(flow_index_entry(&flow, index, name));
        free(name);
    }
    json_object_put(index);
    for (size_t i = 0; i < 2; i++) {
        tug_store_close(stores[i]);
    }
    flow_close(&flow);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers that are put together from older ones in the store: what is requested then, and what
 * becomes of servers that answer something else.
 *
 * Knows: tables of contents, ranges. Does not know: who makes such layers.
 * Threads: criterion's.
 */
#include "delta.h"

#include <stdlib.h>

/* Requests of a layer that are answered before an interruption. */
#define HELD_AFTER 10

TestSuite(delta, .timeout = 60);

/* So many of the files make less than 1 MiB. */
#define SMALL_FILES 30

static void update(enum toc_format format, unsigned percent)
{
    struct delta_scene scene;

    delta_open_update(&scene, format);
    delta_fetch(&scene, "app:2");
    cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
    cr_assert_leq(delta_sent_bytes(&scene, 2), scene.layers[2].size * percent / 100, "%zu of %zu",
                  (size_t)delta_sent_bytes(&scene, 2), scene.layers[2].size);
    cr_assert_eq(delta_whole_requests(&scene, 2), 0);
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_RETRY], 0);
    cr_assert_eq(scene.flow.seen.image.bytes_copied + delta_sent_bytes(&scene, 2),
                 scene.layers[2].size);
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_WARNING], 0, "%s", scene.flow.seen.warning);
    flow_close(&scene.flow);
}

Test(delta, zstd_chunked)
{
    update(TOC_ZSTD, 6);
}

Test(delta, zstd_chunked_with_tar_split)
{
    update(TOC_ZSTD_SPLIT, 6);
}

Test(delta, estargz)
{
    update(TOC_ESTARGZ, 8);
}

/* One request at a time. */
Test(delta, over_one_connection)
{
    struct delta_scene scene;

    delta_open_update(&scene, TOC_ZSTD);
    scene.flow.options.max_concurrent_downloads = 1;
    scene.flow.options.chunk_size_bytes = UINT64_MAX;
    delta_fetch(&scene, "app:2");
    cr_assert_leq(delta_sent_bytes(&scene, 2), scene.layers[2].size * 6 / 100);
    flow_close(&scene.flow);
}

/* Without a donor a layer with a table of contents is fetched as any other. */
Test(delta, no_donor_no_further_request)
{
    struct delta_scene scene;

    delta_open_scene(&scene, TOC_ZSTD);
    delta_add_image(&scene, 1);
    delta_fetch(&scene, "app:1");
    cr_assert_eq(delta_requests(&scene, 1), 1);
    cr_assert_eq(delta_sent_bytes(&scene, 1), scene.layers[1].size);
    delta_expect_plain(&scene, 1);
    flow_close(&scene.flow);
}

/* Another form of compression has nothing in common, and is no donor. */
Test(delta, another_format_is_no_donor)
{
    struct delta_scene scene;

    delta_open_scene(&scene, TOC_ESTARGZ);
    delta_add_image(&scene, 1);
    scene.format = TOC_ZSTD;
    delta_add_image(&scene, 2);
    delta_fetch(&scene, "app:1");
    delta_fetch(&scene, "app:2");
    cr_assert_eq(delta_requests(&scene, 2), 1);
    flow_close(&scene.flow);
}

/* Nothing in common: the tail is kept, and no byte comes twice. */
Test(delta, no_gain)
{
    struct delta_scene scene;

    delta_open_scene(&scene, TOC_ZSTD);
    delta_add_image(&scene, 1);
    delta_change(&scene, 1);
    delta_add_image(&scene, 2);
    delta_fetch(&scene, "app:1");
    delta_fetch(&scene, "app:2");
    cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
    cr_assert_eq(delta_sent_bytes(&scene, 2), scene.layers[2].size);
    cr_assert_leq(delta_requests(&scene, 2), 5);
    flow_close(&scene.flow);
}

/* A small layer, of which no copy can save 1 MiB: one request, the plain one. */
Test(delta, small_layers_are_fetched_as_any_other)
{
    for (enum toc_format format = TOC_ZSTD; format <= TOC_ESTARGZ; format++) {
        struct delta_scene scene;

        delta_open_scene(&scene, format);
        delta_add_files(&scene, 1, SMALL_FILES);
        delta_change(&scene, 10);
        delta_add_files(&scene, 2, SMALL_FILES);
        delta_fetch(&scene, "app:1");
        delta_fetch(&scene, "app:2");
        delta_expect_plain(&scene, 2);
        cr_assert_eq(delta_requests(&scene, 2), 1, "format %d", (int)format);
        flow_close(&scene.flow);
    }
}

/* Nor does a large one wait for it. */
Test(delta, a_small_layer_is_not_waited_for)
{
    static const char *const names[] = {"app:1", "app:2"};
    struct delta_scene scene;

    delta_open_scene(&scene, TOC_ZSTD);
    delta_add_files(&scene, 1, SMALL_FILES);
    delta_add_image(&scene, 2);
    scene.flow.released_by_image =
        fake_rule_add(scene.flow.registry, &(struct fake_rule){.match.path = scene.layers[1].digest,
                                                               .timing.hold = true});
    cr_assert_eq(flow_fetch_all(&scene.flow, names, 2), TUG_OK, "%s",
                 scene.flow.seen.error.message);
    flow_close(&scene.flow);
}

/* Versions that are fetched in one run help each other, whatever the order. */
Test(delta, images_of_one_list)
{
    static const char *const names[] = {"app:1", "app:2", "app:3"};
    struct delta_scene scene;
    uint64_t sum = 0;

    delta_open_scene(&scene, TOC_ZSTD);
    for (unsigned i = 1; i <= 3; i++) {
        delta_add_image(&scene, i);
        delta_change(&scene, 50);
    }
    fake_record_mark(scene.flow.registry);
    cr_assert_eq(flow_fetch_all(&scene.flow, names, 3), TUG_OK);
    for (unsigned i = 1; i <= 3; i++) {
        cr_assert(flow_has(&scene.flow, scene.layers[i].digest));
        sum += delta_sent_bytes(&scene, i);
    }
    cr_assert_leq(sum, scene.layers[1].size * 115 / 100);
    flow_close(&scene.flow);
}

/* A version that fails holds up no other, though it is tried again. */
Test(delta, a_layer_that_fails_is_not_waited_for)
{
    static const char *const names[] = {"app:1", "app:2"};
    struct delta_scene scene;
    struct fake_rule failing = {.match = {.times = 1}, .answer.status = 503};

    delta_open_scene(&scene, TOC_ZSTD);
    scene.flow.options.no_retries = false;
    scene.flow.options.retries = 3;
    delta_add_image(&scene, 1);
    delta_change(&scene, 50);
    delta_add_image(&scene, 2);
    failing.match.path = scene.layers[1].digest;
    fake_rule_add(scene.flow.registry, &failing);
    scene.flow.released_by_image =
        fake_rule_add(scene.flow.registry, &(struct fake_rule){.match.path = scene.layers[1].digest,
                                                               .timing.hold = true});
    cr_assert_eq(flow_fetch_all(&scene.flow, names, 2), TUG_OK, "%s",
                 scene.flow.seen.error.message);
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_RETRY], 1);
    flow_close(&scene.flow);
}

/* --- servers --- */

Test(delta, server_without_ranges)
{
    struct delta_scene scene;

    delta_open_update(&scene, TOC_ZSTD);
    delta_on_layer(&scene, (struct fake_rule){.range.kind = FAKE_RANGE_IGNORE});
    delta_fetch(&scene, "app:2");
    delta_expect_plain(&scene, 2);
    cr_assert_leq(delta_requests(&scene, 2), 2, "one useless request");
    flow_close(&scene.flow);
}

Test(delta, server_that_stops_to_answer_ranges)
{
    struct delta_scene scene;

    delta_open_update(&scene, TOC_ZSTD);
    delta_on_layer(&scene, (struct fake_rule){.match.skip = 3, .range.kind = FAKE_RANGE_IGNORE});
    delta_fetch(&scene, "app:2");
    cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
    cr_assert_leq(delta_whole_requests(&scene, 2), 1);
    flow_close(&scene.flow);
}

Test(delta, ranges_that_are_refused_or_wrong)
{
    static const enum fake_range kinds[] = {FAKE_RANGE_REFUSE, FAKE_RANGE_SHIFT,
                                            FAKE_RANGE_MULTIPART};

    for (size_t i = 0; i < FLOW_COUNT(kinds); i++) {
        struct delta_scene scene;

        delta_open_update(&scene, TOC_ZSTD);
        delta_on_layer(&scene, (struct fake_rule){.range = {.kind = kinds[i], .shift_bytes = -7}});
        delta_fetch(&scene, "app:2");
        delta_expect_plain(&scene, 2);
        flow_close(&scene.flow);
    }
}

/* Right headers, wrong bytes: the digest of the table of contents shows it, or that of the layer.
 */
Test(delta, ranges_with_other_bytes)
{
    struct delta_scene scene;

    delta_open_update(&scene, TOC_ZSTD);
    delta_on_layer(&scene,
                   (struct fake_rule){.range = {.kind = FAKE_RANGE_LIE, .shift_bytes = -1000}});
    delta_fetch(&scene, "app:2");
    delta_expect_plain(&scene, 2);
    flow_close(&scene.flow);
}

Test(delta, tail_that_breaks_off_is_resumed)
{
    struct delta_scene scene;

    delta_open_update(&scene, TOC_ZSTD);
    scene.flow.options.no_retries = false;
    scene.flow.options.retries = 3;
    delta_on_layer(
        &scene,
        (struct fake_rule){.match.times = 1, .body.cut = FAKE_CUT_RST, .body.cut_at_bytes = 1000});
    delta_fetch(&scene, "app:2");
    cr_assert_leq(delta_sent_bytes(&scene, 2), scene.layers[2].size * 7 / 100, "%zu %zu",
                  (size_t)delta_sent_bytes(&scene, 2), scene.layers[2].size);
    flow_close(&scene.flow);
}

/* Redirects and their like are the registry room's: each request goes through them. */
Test(delta, requests_that_fail_are_made_again)
{
    struct delta_scene scene;

    delta_open_update(&scene, TOC_ZSTD);
    scene.flow.options.no_retries = false;
    scene.flow.options.retries = 3;
    delta_on_layer(&scene,
                   (struct fake_rule){.match.skip = 2, .match.times = 2, .answer.status = 503});
    delta_fetch(&scene, "app:2");
    cr_assert_leq(delta_sent_bytes(&scene, 2), scene.layers[2].size * 6 / 100);
    flow_close(&scene.flow);
}

/* --- interruptions --- */

/* Two versions of which every third file differs. */
static void open_large_update(struct delta_scene *scene)
{
    delta_open_scene(scene, TOC_ZSTD);
    delta_add_image(scene, 1);
    delta_change(scene, 3);
    delta_add_image(scene, 2);
    delta_fetch(scene, "app:1");
}

/*
 * What was copied and fetched before a cancel is not fetched again. All connections are held when
 * it comes, so that nothing that was sent is still on its way.
 */
Test(delta, an_interrupted_update_goes_on)
{
    struct delta_scene scene;
    uint64_t first;
    bool *marks;
    int rule;

    open_large_update(&scene);
    marks = calloc(scene.layers[2].size, sizeof *marks);
    cr_assert_not_null(marks);
    rule =
        fake_rule_add(scene.flow.registry, &(struct fake_rule){.match.path = scene.layers[2].digest,
                                                               .match.skip = HELD_AFTER,
                                                               .timing.hold = true});
    fake_record_mark(scene.flow.registry);
    flow_start(&scene.flow, "app:2");
    cr_assert(fake_record_wait_count(scene.flow.registry, "GET", scene.layers[2].digest,
                                     HELD_AFTER + scene.flow.options.max_concurrent_downloads,
                                     FLOW_WAIT_MS));
    tug_fetch_cancel(scene.flow.fetch);
    (void)flow_wait(&scene.flow);
    first = delta_sent_bytes(&scene, 2);
    cr_assert_gt(first, 0);
    cr_assert_eq(delta_mark_sent(&scene, 2, marks), 0);
    fake_rule_remove(scene.flow.registry, rule);
    delta_fetch(&scene, "app:2");
    cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
    cr_assert_eq(delta_mark_sent(&scene, 2, marks), 0);
    cr_assert_leq(first + delta_sent_bytes(&scene, 2), scene.layers[2].size * 3 / 4);
    free(marks);
    flow_close(&scene.flow);
}

/* What was copied is told while it happens, and does not become more when the layer is done. */
Test(delta, copies_are_told_before_the_end)
{
    struct delta_scene scene;
    int rule;

    open_large_update(&scene);
    scene.flow.signal_bytes = scene.layers[2].size * 2 / 5;
    rule =
        fake_rule_add(scene.flow.registry, &(struct fake_rule){.match.path = scene.layers[2].digest,
                                                               .match.skip = 20,
                                                               .match.times = 1,
                                                               .timing.hold = true});
    flow_start(&scene.flow, "app:2");
    flow_wait_reached(&scene.flow);
    fake_rule_release(scene.flow.registry, rule);
    cr_assert_eq(flow_wait(&scene.flow), TUG_OK);
    cr_assert_gt(scene.flow.seen.copied_bytes, 0);
    cr_assert_eq(scene.flow.seen.totals.bytes_copied, scene.flow.seen.image.bytes_copied);
    cr_assert_leq(scene.flow.seen.copied_bytes, scene.flow.seen.image.bytes_copied);
    flow_close(&scene.flow);
}

/* --- other stores --- */

/* What another store has is copied from there, too, and the digest decides all the same. */
Test(delta, another_store_is_a_donor)
{
    struct delta_scene scene;
    struct tug_store *donor;

    delta_open_update(&scene, TOC_ZSTD);
    donor = delta_move_store(&scene);
    scene.flow.options.donors = &donor;
    scene.flow.options.donor_count = 1;
    delta_fetch(&scene, "app:2");
    cr_assert_leq(delta_sent_bytes(&scene, 2), scene.layers[2].size * 6 / 100);
    cr_assert_gt(scene.flow.seen.image.bytes_copied, scene.layers[2].size * 90 / 100);
    tug_store_close(donor);
    flow_close(&scene.flow);
}

/* It is searched even if the run's own store has more layers than are looked at. */
Test(delta, another_store_beside_a_large_one)
{
    struct delta_scene scene;
    struct tug_store *donor;
    struct toc_layer small;
    struct run_result result;

    delta_open_update(&scene, TOC_ZSTD);
    donor = delta_move_store(&scene);
    toc_layer_make(TOC_ZSTD, scene.files, SMALL_FILES, &small);
    delta_add_layer_times(&scene, 3, &small, 5000);
    cr_assert_eq(flow_command(&scene.flow, "app:3",
                              (const char *const[]){"--name", "example.org/other:3", NULL},
                              &result),
                 0, "%s", result.err);
    run_result_fini(&result);
    scene.flow.options.donors = &donor;
    scene.flow.options.donor_count = 1;
    delta_fetch(&scene, "app:2");
    cr_assert_lt(delta_sent_bytes(&scene, 2), scene.layers[2].size / 10);
    tug_store_close(donor);
    flow_close(&scene.flow);
}

Test(delta, off)
{
    struct delta_scene scene;

    delta_open_update(&scene, TOC_ZSTD);
    scene.flow.options.delta = TUG_DELTA_OFF;
    delta_fetch(&scene, "app:2");
    cr_assert_eq(delta_requests(&scene, 2), 1);
    cr_assert_eq(scene.flow.seen.image.bytes_copied, 0);
    flow_close(&scene.flow);
}

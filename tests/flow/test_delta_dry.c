/* SPDX-License-Identifier: Apache-2.0
 *
 * What a dry run says of layers that may be put together from older ones: bounds, and from which.
 *
 * Knows: events. Does not know: tables of contents.
 * Threads: criterion's.
 */
#include "delta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(delta_dry, .timeout = 60);

/* Plan version 2: its layer may come from version 1, or not; nothing of it is requested. */
static void plan(struct delta_scene *scene, bool has_donor)
{
    const uint64_t layer_bytes = scene->layers[2].size;
    uint64_t may_copy;

    scene->flow.options.dry_run = true;
    delta_fetch(scene, "app:2");
    scene->flow.options.dry_run = false;
    cr_assert_eq(delta_requests(scene, 2), 0);
    may_copy = scene->flow.seen.planned.copied_bytes;
    cr_assert_eq(scene->flow.seen.planned.bytes, scene->flow.seen.image.bytes_fetched);
    cr_assert_str_eq(scene->flow.seen.planned.donor, has_donor ? scene->layers[1].digest : "");
    if (has_donor) {
        cr_assert_gt(may_copy, layer_bytes * 80 / 100);
        cr_assert_lt(may_copy, layer_bytes);
    } else {
        cr_assert_eq(may_copy, 0);
    }
}

/* The update that follows is within the bounds. */
static void plan_and_update(enum toc_format format)
{
    struct delta_scene scene;
    uint64_t least;

    delta_open_update(&scene, format);
    plan(&scene, true);
    cr_assert(!flow_has(&scene.flow, scene.layers[2].digest));
    least = scene.layers[2].size - scene.flow.seen.planned.copied_bytes;
    delta_fetch(&scene, "app:2");
    cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
    cr_assert_geq(delta_sent_bytes(&scene, 2), least);
    cr_assert_lt(delta_sent_bytes(&scene, 2), scene.layers[2].size);
    flow_close(&scene.flow);
}

Test(delta_dry, zstd_chunked)
{
    plan_and_update(TOC_ZSTD);
}

Test(delta_dry, estargz)
{
    plan_and_update(TOC_ESTARGZ);
}

/* Neither without an older layer, nor with one that may not be used. */
Test(delta_dry, no_donor)
{
    struct delta_scene scene;

    delta_open_scene(&scene, TOC_ZSTD);
    delta_add_image(&scene, 1);
    delta_change(&scene, 50);
    delta_add_image(&scene, 2);
    plan(&scene, false); /* without a store, too */
    delta_fetch(&scene, "app:1");
    scene.flow.options.delta = TUG_DELTA_OFF;
    plan(&scene, false);
    flow_close(&scene.flow);
}

/* Nor of a small layer, of which no copy can save 1 MiB. */
Test(delta_dry, small_layers)
{
    struct delta_scene scene;

    delta_open_scene(&scene, TOC_ZSTD);
    delta_add_files(&scene, 1, 30);
    delta_change(&scene, 10);
    delta_add_files(&scene, 2, 30);
    delta_fetch(&scene, "app:1");
    plan(&scene, false);
    flow_close(&scene.flow);
}

/* Of versions in one list the second may come from the first, which is fetched before; and nothing
 * from itself. */
Test(delta_dry, images_of_one_list)
{
    static const char *const names[] = {"app:1", "app:2", "app:1"};
    struct delta_scene scene;

    delta_open_scene(&scene, TOC_ZSTD);
    delta_add_image(&scene, 1);
    delta_change(&scene, 50);
    delta_add_image(&scene, 2);
    scene.flow.options.dry_run = true;
    scene.flow.options.max_concurrent_downloads = 1;
    cr_assert_eq(flow_fetch_all(&scene.flow, names, 2), TUG_OK);
    cr_assert_neq(scene.flow.seen.planned.donor[0], '\0');
    cr_assert_gt(scene.flow.seen.planned.copied_bytes, scene.layers[1].size * 80 / 100);
    cr_assert_lt(scene.flow.seen.planned.copied_bytes, scene.layers[1].size);
    cr_assert_eq(flow_fetch_all(&scene.flow, (const char *const[]){names[0], names[2]}, 2), TUG_OK);
    cr_assert_eq(scene.flow.seen.planned.copied_bytes, 0);
    scene.flow.options.dry_run = false;
    flow_close(&scene.flow);
}

/* The layers of another store count. */
Test(delta_dry, another_store)
{
    struct delta_scene scene;
    struct tug_store *donor;

    delta_open_update(&scene, TOC_ZSTD);
    donor = delta_move_store(&scene);
    plan(&scene, false);
    scene.flow.options.donors = &donor;
    scene.flow.options.donor_count = 1;
    plan(&scene, true);
    tug_store_close(donor);
    flow_close(&scene.flow);
}

static void break_index(const struct delta_scene *scene)
{
    char *const path = build_text("%s/store/index.json", scene->flow.directory);
    FILE *const file = fopen(path, "w");

    cr_assert(file != NULL && fputs("{", file) >= 0 && fclose(file) == 0);
    free(path);
}

/* One that cannot be read is told of, once, with its path; and the layer is fetched plainly. */
Test(delta_dry, another_store_that_is_broken)
{
    struct delta_scene scene;
    struct tug_store *donor;

    delta_open_update(&scene, TOC_ZSTD);
    donor = delta_move_store(&scene);
    break_index(&scene);
    scene.flow.options.donors = &donor;
    scene.flow.options.donor_count = 1;
    for (unsigned i = 0; i < 2; i++) {
        scene.flow.options.dry_run = i == 0;
        delta_fetch(&scene, "app:2");
        cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_WARNING], 1);
        cr_assert_not_null(strstr(scene.flow.seen.warning, "/store/index.json"), "%s",
                           scene.flow.seen.warning);
        cr_assert_not_null(strstr(scene.flow.seen.warning, "not copying from that store"));
    }
    delta_expect_plain(&scene, 2);
    tug_store_close(donor);
    flow_close(&scene.flow);
}

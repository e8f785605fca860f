/* SPDX-License-Identifier: Apache-2.0
 *
 * Images named, labelled and removed, and a store pruned, without memory: done, or not done and
 * said so.
 *
 * Knows: a store of small blobs. Does not know: which allocations are made.
 * Threads: one.
 */
#include <stdlib.h>

#include <tug/tug.h>

#include "oom.h"
#include "unit/walk/walk_place.h"

TestSuite(oom_upkeep, .timeout = 600);

struct scene {
    struct place place;
    struct small_image image;
    struct tug_prune_options prune;
};

/* Two images, with labels and sources as other tools spell them. */
static void write_images(void *context)
{
    const struct scene *const scene = context;

    write_index(&scene->place,
                "{'mediaType':'%s','digest':'%s','size':%zu,'annotations':{"
                "'io.containerd.image.name':'r/a:1','\\u006bey':'old',"
                "'containerd.io/distribution.source.r':'a,b'}},"
                "{'mediaType':'%s','digest':'%s','size':%zu,'annotations':{"
                "'io.containerd.image.name':'r/c:1','containerd.io/distribution.source.r':'c'}}",
                MANIFEST_TYPE, scene->image.manifest.text, scene->image.manifest.length,
                MANIFEST_TYPE, scene->image.manifest.text, scene->image.manifest.length);
}

static void open_scene(struct scene *scene)
{
    *scene = (struct scene){.place = place_create()};
    place_open(&scene->place);
    scene->image = store_image(&scene->place, "a", "amd64");
    write_images(scene);
}

static enum tug_status name_images(void *context, struct tug_error *err)
{
    static const char *const labels[] = {"key=new", "more=1"};
    const struct scene *const scene = context;
    const struct tug__index_entry entries[] = {
        {.name = "r/a:1",
         .media_type = MANIFEST_TYPE,
         .digest = scene->image.manifest.digest,
         .size_bytes = scene->image.manifest.length,
         .source_host = "other",
         .source_repository = "a",
         .labels = labels,
         .label_count = 2},
        {.name = "r/d:1",
         .media_type = MANIFEST_TYPE,
         .digest = scene->image.manifest.digest,
         .size_bytes = scene->image.manifest.length},
    };

    return tug__store_index_put(scene->place.store, entries, 2, NULL, err);
}

Test(oom_upkeep, images_are_named)
{
    struct scene scene;

    open_scene(&scene);
    oom_each(name_images, write_images, &scene, 30);
    place_remove(&scene.place);
}

static enum tug_status label_image(void *context, struct tug_error *err)
{
    static const char *const labels[] = {"key=new", "more=1", "none="};
    const struct scene *const scene = context;

    return tug_store_label(scene->place.store, "r/a:1", labels, 3, NULL, err);
}

/* Without memory no label is set twice. */
static void check_labels(void *context)
{
    const struct scene *const scene = context;
    struct tug_digest digest;

    cr_assert_eq(tug_store_find_image(scene->place.store, "r/a:1", NULL, &digest, NULL), TUG_OK);
    write_images(context);
}

Test(oom_upkeep, an_image_is_labelled)
{
    struct scene scene;

    open_scene(&scene);
    oom_each(label_image, check_labels, &scene, 10);
    place_remove(&scene.place);
}

static enum tug_status remove_images(void *context, struct tug_error *err)
{
    static const char *const texts[] = {"r/a:1", "r/c:1"};
    const struct scene *const scene = context;

    return tug_store_remove(scene->place.store, texts, 2, NULL, NULL, NULL, err);
}

Test(oom_upkeep, images_are_removed)
{
    struct scene scene;

    open_scene(&scene);
    oom_each(remove_images, write_images, &scene, 10);
    place_remove(&scene.place);
}

static enum tug_status prune(void *context, struct tug_error *err)
{
    const struct scene *const scene = context;

    return tug_store_prune(scene->place.store, &scene->prune, NULL, NULL, err);
}

/* What an image needs is there, whatever failed; and there is something to delete again. */
static void check_store(void *context)
{
    const struct scene *const scene = context;
    bool is_present = false;

    cr_assert_eq(
        tug_store_stat(scene->place.store, &scene->image.layer.digest, &is_present, NULL, NULL),
        TUG_OK);
    cr_assert(is_present);
    (void)store_item(&scene->place, "nobody names this");
}

Test(oom_upkeep, blobs_are_pruned)
{
    struct scene scene;

    open_scene(&scene);
    scene.prune = (struct tug_prune_options)TUG_PRUNE_OPTIONS_INIT;
    check_store(&scene);
    oom_each(prune, check_store, &scene, 20);
    place_remove(&scene.place);
}

static void leave_partial(void *context)
{
    const struct scene *const scene = context;
    const struct item item = item_of("partial");
    struct tug__ingest *ingest = NULL;

    cr_assert_eq(tug__ingest_open(scene->place.store, &item.digest, 100, &ingest, NULL), TUG_OK);
    tug__ingest_close(ingest);
}

Test(oom_upkeep, partial_downloads_are_pruned)
{
    struct scene scene;

    open_scene(&scene);
    scene.prune = (struct tug_prune_options)TUG_PRUNE_OPTIONS_INIT;
    scene.prune.partials = true;
    leave_partial(&scene);
    oom_each(prune, leave_partial, &scene, 3);
    place_remove(&scene.place);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Images named, labelled and removed, and a store pruned, without memory: done, or not done and
 * said so.
 *
 * Knows: a store of small blobs. Does not know: which allocations are made.
 * Threads: one.
 */
#include <stdlib.h>
#include <string.h>

#include <tug/tug.h>

#include "oom.h"
#include "unit/walk/walk_place.h"

TestSuite(oom_upkeep, .timeout = 600);

struct scene {
    struct place place;
    struct small_image image;
    struct tug_prune_options prune;
    char *key; /* a file */
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

/* A key of nobody. */
static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
                          "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY8EC1vuxW0VJZ58xKHPUk2VsK8IC\n"
                          "Z8POztmbG/IA3meh/Ci3HeWu3Tax/n+F8vamM237lOSW5K79IuKiwnXESw==\n"
                          "-----END PUBLIC KEY-----\n";

/* Not signed is what it is; anything else would be a lack of memory that is told as a finding. */
static enum tug_status check_signatures(void *context, struct tug_error *err)
{
    const struct scene *const scene = context;
    const char *const keys[] = {scene->key};
    struct tug_verify_options options = TUG_VERIFY_OPTIONS_INIT;
    struct tug_verify_result result = TUG_VERIFY_RESULT_INIT;
    enum tug_status status;

    options.threads = 1;
    options.verify_keys = keys;
    options.verify_key_count = 1;
    status = tug_store_verify(scene->place.store, &options, NULL, &result, err);
    if (status == TUG_ERR_CONTENT) {
        cr_assert_eq(result.images_unsigned, 2, "%s", err->message);
        *err = (struct tug_error){0};
        return TUG_OK;
    }
    return status;
}

Test(oom_upkeep, images_are_not_signed)
{
    struct scene scene;
    struct item payload;

    open_scene(&scene);
    scene.key = tmpdir_join(scene.place.root, "key.pub");
    tmpdir_write(scene.key, key, strlen(key));
    payload = store_item(&scene.place, "a payload");
    (void)store_item(&scene.place,
                     "{'schemaVersion':2,'mediaType':'" MANIFEST_TYPE "','config':" DESCRIPTOR
                     ",'layers':[{'mediaType':'application/vnd.dev.cosign.simplesigning.v1+json',"
                     "'digest':'%s','size':%zu,'annotations':{"
                     "'dev.cosignproject.cosign/signature':'AAAA'}}],'subject':" DESCRIPTOR "}",
                     OF(CONFIG_TYPE, payload), payload.text, payload.length,
                     OF(MANIFEST_TYPE, scene.image.manifest));
    oom_each(check_signatures, NULL, &scene, 50);
    free(scene.key);
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

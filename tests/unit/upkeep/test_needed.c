/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose absence is damage, and whose is somebody else's platform.
 */
#include "upkeep/needed.h"

#include "index/annotations.h"

#include "unit/walk/walk_place.h"

/* An index of two platforms, each with a config and a layer. */
struct scene {
    struct place place;
    struct item layers[2], configs[2], manifests[2], index;
};

#define ENTRY(annotation)                                                                          \
    "{'mediaType':'" INDEX_TYPE "','digest':'%s','size':%zu,'annotations':{"                       \
    "'io.containerd.image.name':'r.example/a:1'" annotation "}}"

static struct scene scene_create(void)
{
    struct scene scene = {.place = place_create()};

    place_open(&scene.place);
    for (int i = 0; i < 2; i++) {
        scene.layers[i] = store_item(&scene.place, "layer %d", i);
        scene.configs[i] = store_item(&scene.place, "{'n':%d}", i);
        scene.manifests[i] = store_item(
            &scene.place, "{'schemaVersion':2,'config':" DESCRIPTOR ",'layers':[" DESCRIPTOR "]}",
            OF(CONFIG_TYPE, scene.configs[i]), OF(LAYER_TYPE, scene.layers[i]));
    }
    scene.index =
        store_item(&scene.place, "{'schemaVersion':2,'manifests':[" DESCRIPTOR "," DESCRIPTOR "]}",
                   OF_PLATFORM(MANIFEST_TYPE, scene.manifests[0], AMD64),
                   OF_PLATFORM(MANIFEST_TYPE, scene.manifests[1], ARM64));
    write_index(&scene.place, ENTRY(""), scene.index.text, scene.index.length);
    return scene;
}

/* What a whole store needs, of the blobs of a scene, in the order of their declaration. */
static void expect(const struct scene *scene, const char *expected)
{
    const struct item *const items[] = {
        &scene->layers[0],    &scene->layers[1],    &scene->configs[0], &scene->configs[1],
        &scene->manifests[0], &scene->manifests[1], &scene->index,
    };
    struct tug__walk *const walk = walk_store(&scene->place, TUG__ORPHANS_REFERRERS);
    uint8_t marks[16] = {0};
    char found[8] = "";

    cr_assert_leq(tug__walk_counts(walk).blobs, 16);
    cr_assert_eq(tug__mark_all(walk, marks, NULL), TUG_OK);
    for (size_t i = 0; i < 7; i++) {
        const uint32_t blob = tug__walk_find(walk, &items[i]->digest);

        found[i] = '-';
        if (blob != TUG__WALK_NONE && (marks[blob] & TUG__MARK_NEEDED) != 0) {
            found[i] = 'n';
        }
    }
    cr_assert_str_eq(found, expected);
    tug__walk_close(walk);
}

Test(upkeep_needed, all_of_a_platform_that_has_a_layer)
{
    struct scene scene = scene_create();

    expect(&scene, "nnnnnnn");
    drop(&scene.place, &scene.layers[1]); /* the other one's metadata alone */
    expect(&scene, "n-n-nnn");
    drop(&scene.place, &scene.configs[1]);
    drop(&scene.place, &scene.manifests[1]);
    expect(&scene, "n-n-n-n");
    drop(&scene.place, &scene.configs[0]); /* damage: there is a layer */
    expect(&scene, "n-n-n-n");
    place_remove(&scene.place);
}

Test(upkeep_needed, what_the_entry_tells_counts)
{
    struct scene scene = scene_create();

    write_index(&scene.place, ENTRY(",'tug.platforms':'linux/arm64'"), scene.index.text,
                scene.index.length);
    drop(&scene.place, &scene.manifests[1]);
    drop(&scene.place, &scene.layers[1]);
    expect(&scene, "----nnn"); /* what the manifest names is not known */
    place_remove(&scene.place);

    scene = scene_create();
    write_index(&scene.place, ENTRY(",'tug.platforms':'linux/arm64'"), scene.index.text,
                scene.index.length);
    drop(&scene.place, &scene.layers[1]);
    expect(&scene, "-n-nnnn");
    write_index(&scene.place, ENTRY(",'tug.platforms':'all'"), scene.index.text,
                scene.index.length);
    expect(&scene, "nnnnnnn");
    write_index(&scene.place, ENTRY(",'tug.platforms':'none'"), scene.index.text,
                scene.index.length);
    expect(&scene, "----nnn");
    place_remove(&scene.place);
}

Test(upkeep_needed, a_layer_that_was_left_out_is_not)
{
    struct scene scene = scene_create();
    char *entry = NULL;

    drop(&scene.place, &scene.layers[0]);
    cr_assert_geq(asprintf(&entry, ENTRY(",'tug.platforms':'all','tug.left-out':'%s'"),
                           scene.index.text, scene.index.length, scene.layers[0].text),
                  0);
    write_index(&scene.place, "%s", entry);
    free(entry);
    expect(&scene, "-nnnnnn");
    place_remove(&scene.place);
}

Test(upkeep_needed, a_manifest_alone_needs_all_of_it)
{
    struct scene scene = scene_create();

    write_index(&scene.place, DESCRIPTOR, OF(MANIFEST_TYPE, scene.manifests[0]));
    drop(&scene.place, &scene.layers[0]);
    drop(&scene.place, &scene.configs[0]);
    expect(&scene, "n-n-n--");
    place_remove(&scene.place);
}

/* As after --convert with --referrers: the image is there, and the index that it comes from only
 * because something refers to it. */
Test(upkeep_needed, a_layer_of_the_image_tells_nothing_of_other_platforms)
{
    struct scene scene = scene_create();
    struct item referrer;

    scene.manifests[1] = store_item(
        &scene.place,
        "{'schemaVersion':2,'config':" DESCRIPTOR ",'layers':[" DESCRIPTOR "," DESCRIPTOR "]}",
        OF(CONFIG_TYPE, scene.configs[1]), OF(LAYER_TYPE, scene.layers[0]),
        OF(LAYER_TYPE, scene.layers[1]));
    scene.index =
        store_item(&scene.place, "{'schemaVersion':2,'manifests':[" DESCRIPTOR "," DESCRIPTOR "]}",
                   OF_PLATFORM(MANIFEST_TYPE, scene.manifests[0], AMD64),
                   OF_PLATFORM(MANIFEST_TYPE, scene.manifests[1], ARM64));
    referrer = store_item(&scene.place,
                          "{'schemaVersion':2,'config':" DESCRIPTOR
                          ",'layers':[],'subject':" DESCRIPTOR "}",
                          OF(CONFIG_TYPE, scene.configs[0]), OF(INDEX_TYPE, scene.index));
    write_index(&scene.place, DESCRIPTOR "," DESCRIPTOR, OF(MANIFEST_TYPE, scene.manifests[0]),
                OF(MANIFEST_TYPE, referrer));
    drop(&scene.place, &scene.layers[1]);
    drop(&scene.place, &scene.configs[1]);
    expect(&scene, "n-n-nn-");
    drop(&scene.place, &scene.layers[0]); /* the image's own is still damage */
    expect(&scene, "n-n-nn-");
    place_remove(&scene.place);
}

Test(upkeep_needed, platforms_are_compared_whole)
{
    const struct tug_platform arm = {.os = "linux", .architecture = "arm", .variant = "v7"};
    const struct tug_platform arm64 = {.os = "linux", .architecture = "arm64"};

    cr_assert(tug__index_platforms_have("linux/amd64 linux/arm/v7", &arm));
    cr_assert(tug__index_platforms_have("linux/arm64", &arm64));
    cr_assert_not(tug__index_platforms_have("linux/arm64", &arm));
    cr_assert_not(tug__index_platforms_have("linux/arm/v7", &arm64));
    cr_assert_not(tug__index_platforms_have("linux/arm6 linux/arm644", &arm64));
    cr_assert_not(tug__index_platforms_have("", &arm64));
}

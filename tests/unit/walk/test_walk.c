/* SPDX-License-Identifier: Apache-2.0
 *
 * What is reached from index.json, and in which state it is.
 */
#include "unit/walk/walk_place.h"

TestSuite(walk, .timeout = 60);

Test(walk, empty_store)
{
    struct place place = place_create();
    struct tug__walk *walk;
    struct tug__walk_counts counts;

    place_open(&place);
    walk = walk_store(&place, TUG__ORPHANS_ALL);
    counts = tug__walk_counts(walk);
    cr_assert_eq(counts.blobs, 0);
    cr_assert_eq(counts.images, 0);
    cr_assert_not_null(tug__walk_sorted(walk));
    cr_assert_eq(tug__walk_find_name(walk, "a"), TUG__WALK_NONE);
    tug__walk_close(walk);
    place_remove(&place);
}

Test(walk, image_reaches_its_blobs)
{
    struct place place = place_create();
    struct small_image image;
    struct item orphan;
    struct tug__walk *walk;
    const struct tug__walk_child *children;
    size_t count;

    place_open(&place);
    image = store_image(&place, "a", "amd64");
    orphan = store_item(&place, "nobody names this");
    write_index(&place, DESCRIPTOR, OF_NAME(MANIFEST_TYPE, image.manifest, "example.org/a:1"));
    walk = walk_store(&place, TUG__ORPHANS_NONE);
    cr_assert_eq(tug__walk_counts(walk).blobs, 4);
    cr_assert_eq(tug__walk_counts(walk).problems, 0);
    cr_assert(seen(walk, &image.manifest)->is_read);
    cr_assert(seen(walk, &image.config)->is_reached);
    cr_assert(seen(walk, &image.layer)->is_reached);
    cr_assert_not(seen(walk, &orphan)->is_reached);
    cr_assert_eq(seen(walk, &orphan)->state, TUG__BLOB_PRESENT);
    cr_assert_null(seen(walk, &orphan)->media_type);
    cr_assert_eq(seen(walk, &image.layer)->size_bytes, image.layer.length);
    cr_assert_str_eq(seen(walk, &image.layer)->media_type, LAYER_TYPE);
    children = tug__walk_children(walk, tug__walk_find(walk, &image.manifest.digest), &count);
    cr_assert_eq(count, 2);
    cr_assert_eq(children[0].role, TUG__ROLE_CONFIG);
    cr_assert_eq(children[1].blob, tug__walk_find(walk, &image.layer.digest));
    cr_assert_str_eq(tug__walk_config(walk, children[0].blob).created, "2024-05-06T07:08:09Z");
    cr_assert_str_eq(tug__walk_config(walk, children[0].blob).platform->architecture, "amd64");
    tug__walk_close(walk);
    place_remove(&place);
}

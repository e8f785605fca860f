/* SPDX-License-Identifier: Apache-2.0
 *
 * Who needs what: down from images, up from blobs, and by what refers to what.
 */
#include "unit/walk/walk_place.h"

TestSuite(walk_needs, .timeout = 60);

/* Names that need a blob, with a space behind each. Static. */
static const char *names_of(struct tug__walk *walk, const struct item *item)
{
    static char text[1000];
    const char *const *names = NULL;
    size_t count = 0;
    char *end = text;

    cr_assert_eq(tug__walk_names(walk, tug__walk_find(walk, &item->digest), &names, &count, NULL),
                 TUG_OK);
    *end = '\0';
    for (size_t i = 0; i < count; i++) {
        end = stpcpy(stpcpy(end, names[i]), " ");
    }
    return text;
}

static enum tug_status count_one(void *context, uint32_t blob, struct tug_error *err)
{
    unsigned *const count = context;

    (void)blob;
    (void)err;
    ++*count;
    return TUG_OK;
}

static unsigned count_needed(struct tug__walk *walk, const struct item *item)
{
    unsigned count = 0;

    cr_assert_eq(
        tug__walk_each_needed(walk, tug__walk_find(walk, &item->digest), count_one, &count, NULL),
        TUG_OK);
    return count;
}

/* Two images in an index within an index; one of them is named itself, too. */
Test(walk_needs, nested_indexes)
{
    struct place place = place_create();
    struct small_image amd64, arm64;
    struct item inner, outer;
    struct tug__walk *walk;

    place_open(&place);
    amd64 = store_image(&place, "amd64", "amd64");
    arm64 = store_image(&place, "arm64", "arm64");
    drop(&place, &arm64.layer);
    inner = store_item(&place,
                       "{'schemaVersion':2,'mediaType':'" INDEX_TYPE "','manifests':[" DESCRIPTOR
                       "," DESCRIPTOR "]}",
                       OF_PLATFORM(MANIFEST_TYPE, amd64.manifest, AMD64),
                       OF_PLATFORM(MANIFEST_TYPE, arm64.manifest, ARM64));
    outer = store_item(&place, "{'schemaVersion':2,'manifests':[" DESCRIPTOR "]}",
                       OF(INDEX_TYPE, inner));
    write_index(&place, DESCRIPTOR "," DESCRIPTOR "," DESCRIPTOR, OF_NAME(INDEX_TYPE, outer, "b"),
                OF_NAME(MANIFEST_TYPE, amd64.manifest, "a"), OF_NAME(INDEX_TYPE, outer, "a"));
    walk = walk_store(&place, TUG__ORPHANS_NONE);
    cr_assert_eq(count_needed(walk, &outer), 8);
    cr_assert_eq(count_needed(walk, &amd64.manifest), 3);
    cr_assert_str_eq(names_of(walk, &amd64.layer), "a b ");
    cr_assert_str_eq(names_of(walk, &arm64.layer), "a b ");
    cr_assert_eq(seen(walk, &arm64.layer)->state, TUG__BLOB_ABSENT);
    cr_assert(seen(walk, &arm64.layer)->is_reached);
    cr_assert_null(tug__walk_image(walk, 1)->name); /* the last entry has the name */
    cr_assert_eq(tug__walk_find_name(walk, "a"), 2);
    cr_assert_eq(tug__walk_find_root(walk, tug__walk_find(walk, &amd64.manifest.digest)), 1);
    tug__walk_close(walk);
    place_remove(&place);
}

/* A signature of an image, a signature of that signature; and one of something else. */
Test(walk_needs, referrers)
{
    struct place place = place_create();
    struct small_image image, other;
    struct item blob, signature, again, stray;
    struct tug__walk *walk;

    place_open(&place);
    image = store_image(&place, "a", "amd64");
    other = store_image(&place, "b", "amd64");
    blob = store_item(&place, "a signature");
    signature = store_item(&place,
                           "{'schemaVersion':2,'mediaType':'" MANIFEST_TYPE "','config':" DESCRIPTOR
                           ",'layers':[" DESCRIPTOR "],'subject':" DESCRIPTOR "}",
                           OF(CONFIG_TYPE, image.config), OF(LAYER_TYPE, blob),
                           OF(MANIFEST_TYPE, image.manifest));
    again = store_item(&place, "{'schemaVersion':2,'manifests':[],'subject':" DESCRIPTOR "}",
                       OF(MANIFEST_TYPE, signature));
    stray = store_item(&place, "{'schemaVersion':2,'manifests':[],'subject':" DESCRIPTOR "}",
                       OF(MANIFEST_TYPE, other.manifest));
    write_index(&place, DESCRIPTOR, OF_NAME(MANIFEST_TYPE, image.manifest, "a"));

    walk = walk_store(&place, TUG__ORPHANS_NONE);
    cr_assert_not(seen(walk, &signature)->is_reached);
    tug__walk_close(walk);

    walk = walk_store(&place, TUG__ORPHANS_REFERRERS);
    cr_assert(seen(walk, &signature)->is_reached);
    cr_assert(seen(walk, &blob)->is_reached);
    cr_assert(seen(walk, &again)->is_reached);
    cr_assert_not(seen(walk, &stray)->is_reached);
    cr_assert_not(seen(walk, &other.manifest)->is_reached);
    cr_assert_not(seen(walk, &other.manifest)->is_read); /* it has no subject */
    cr_assert_str_eq(names_of(walk, &blob), "");
    cr_assert_eq(count_needed(walk, &signature), 3); /* not its subject */
    cr_assert_eq(count_needed(walk, &image.manifest), 3);
    tug__walk_close(walk);

    walk = walk_store(&place, TUG__ORPHANS_ALL);
    cr_assert(seen(walk, &other.manifest)->is_read);
    cr_assert_not(seen(walk, &other.layer)->is_reached);
    tug__walk_close(walk);
    place_remove(&place);
}

/* The subject of what is reached is reached with all it names. */
Test(walk_needs, subject)
{
    struct place place = place_create();
    struct small_image image;
    struct item signature;
    struct tug__walk *walk;

    place_open(&place);
    image = store_image(&place, "a", "amd64");
    signature = store_item(&place, "{'schemaVersion':2,'manifests':[],'subject':" DESCRIPTOR "}",
                           OF(MANIFEST_TYPE, image.manifest));
    write_index(&place, DESCRIPTOR, OF_NAME(INDEX_TYPE, signature, "sig"));
    walk = walk_store(&place, TUG__ORPHANS_NONE);
    cr_assert(seen(walk, &image.layer)->is_reached);
    cr_assert_str_eq(names_of(walk, &image.layer), "");
    cr_assert_str_eq(names_of(walk, &signature), "sig ");
    tug__walk_close(walk);
    place_remove(&place);
}

Test(walk_needs, left_out)
{
    struct place place = place_create();
    struct small_image image;
    struct tug__walk *walk;

    place_open(&place);
    image = store_image(&place, "a", "amd64");
    write_index(&place, DESCRIPTOR "," DESCRIPTOR, MANIFEST_TYPE, image.manifest.text,
                image.manifest.length, ",'annotations':{}", MANIFEST_TYPE, image.manifest.text,
                image.manifest.length, ",'annotations':{'tug.left-out':'sha256:00,...'}");
    walk = walk_store(&place, TUG__ORPHANS_NONE);
    cr_assert_not(tug__walk_is_left_out(walk, 0, tug__walk_find(walk, &image.layer.digest)));
    cr_assert_not(tug__walk_is_left_out(walk, 1, tug__walk_find(walk, &image.layer.digest)));
    tug__walk_close(walk);
    place_remove(&place);
}

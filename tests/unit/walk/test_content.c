/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents and files that are not what they should be: marked, and no error.
 */
#include "unit/walk/walk_place.h"

TestSuite(walk_content, .timeout = 60);

/* Name one image and walk. */
static struct tug__walk *walk_image(const struct place *place, const struct item *manifest)
{
    write_index(place, DESCRIPTOR, OF_NAME(MANIFEST_TYPE, *manifest, "a"));
    return walk_store(place, TUG__ORPHANS_REFERRERS);
}

static void expect_problem(const struct place *place, const struct item *manifest,
                           const char *problem)
{
    struct tug__walk *const walk = walk_image(place, manifest);

    cr_assert_not(seen(walk, manifest)->is_read);
    cr_assert_not_null(seen(walk, manifest)->problem);
    cr_assert_not_null(strstr(seen(walk, manifest)->problem, problem), "%s",
                       seen(walk, manifest)->problem);
    cr_assert_eq(tug__walk_counts(walk).problems, 1);
    tug__walk_close(walk);
}

Test(walk_content, damaged_documents)
{
    struct place place = place_create();
    struct small_image image;
    struct item item;
    char *path;

    place_open(&place);
    image = store_image(&place, "a", "amd64");
    path = item_path(&place, &image.manifest);
    {
        char *const text = calloc(1, image.manifest.length + 1);

        memset(text, ' ', image.manifest.length);
        plant(&place, &image.manifest, text);
        free(text);
    }
    expect_problem(&place, &image.manifest, "damaged");
    plant(&place, &image.manifest, "");
    expect_problem(&place, &image.manifest, "size");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(symlink("somewhere", path), 0);
    expect_problem(&place, &image.manifest, "regular file");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    expect_problem(&place, &image.manifest, "regular file");
    cr_assert_eq(rmdir(path), 0);
    item = store_item(&place, "{'schemaVersion':2,'layers':[]}");
    expect_problem(&place, &item, "config");
    free(path);
    place_remove(&place);
}

/* What is not there is no damage: an index names platforms that were never fetched. */
Test(walk_content, absent_document)
{
    struct place place = place_create();
    const struct item absent = item_of("absent");
    struct tug__walk *walk;

    place_open(&place);
    walk = walk_image(&place, &absent);
    cr_assert_eq(seen(walk, &absent)->state, TUG__BLOB_ABSENT);
    cr_assert_null(seen(walk, &absent)->problem);
    cr_assert_eq(seen(walk, &absent)->size_bytes, absent.length);
    cr_assert_eq(tug__walk_counts(walk).problems, 0);
    tug__walk_close(walk);
    place_remove(&place);
}

/* Without a type, a document is one if it looks like one; a blob may have a name, too. */
Test(walk_content, types_that_say_nothing)
{
    struct place place = place_create();
    struct small_image image;
    struct item blob, index;
    struct tug__walk *walk;

    place_open(&place);
    image = store_image(&place, "a", "amd64");
    index = store_item(&place, "{'schemaVersion':2,'manifests':[{'digest':'%s','size':%zu}]}",
                       image.manifest.text, image.manifest.length);
    blob = store_item(&place, "only bytes");
    write_index(&place, DESCRIPTOR ",{'digest':'%s','size':%zu}",
                OF("application/octet-stream", blob), index.text, index.length);
    walk = walk_store(&place, TUG__ORPHANS_NONE);
    cr_assert_eq(tug__walk_counts(walk).problems, 0);
    cr_assert(seen(walk, &image.layer)->is_reached);
    cr_assert_eq(seen(walk, &index)->kind, TUG__MEDIA_INDEX);
    cr_assert_str_eq(seen(walk, &image.manifest)->media_type, MANIFEST_TYPE);
    cr_assert_not(seen(walk, &blob)->is_read);
    tug__walk_close(walk);
    place_remove(&place);
}

/* Sizes that differ: the one that the file has counts. */
Test(walk_content, sizes_that_differ)
{
    struct place place = place_create();
    struct small_image image;
    struct tug__walk *walk;

    place_open(&place);
    image = store_image(&place, "a", "amd64");
    write_index(&place, DESCRIPTOR "," DESCRIPTOR, MANIFEST_TYPE, image.manifest.text, (size_t)7,
                "", OF(MANIFEST_TYPE, image.manifest));
    walk = walk_store(&place, TUG__ORPHANS_NONE);
    cr_assert_eq(seen(walk, &image.manifest)->state, TUG__BLOB_PRESENT);
    cr_assert(seen(walk, &image.layer)->is_reached);
    tug__walk_close(walk);

    plant(&place, &image.layer, "short");
    walk = walk_image(&place, &image.manifest);
    cr_assert_eq(seen(walk, &image.layer)->state, TUG__BLOB_WRONG_SIZE);
    cr_assert_eq(seen(walk, &image.layer)->size_bytes, image.layer.length);
    cr_assert_eq(seen(walk, &image.layer)->file_bytes, 5);
    tug__walk_close(walk);
    place_remove(&place);
}

Test(walk_content, entries_that_cannot_be_read)
{
    struct place place = place_create();
    struct small_image image;
    struct tug__walk *walk;

    place_open(&place);
    image = store_image(&place, "a", "amd64");
    write_index(&place,
                "7,{'digest':'md5:00','size':1,'annotations':{'io.containerd.image.name':"
                "'x'}}," DESCRIPTOR,
                OF_NAME(MANIFEST_TYPE, image.manifest, "a"));
    walk = walk_store(&place, TUG__ORPHANS_NONE);
    cr_assert_eq(tug__walk_counts(walk).images, 3);
    cr_assert_eq(tug__walk_counts(walk).problems, 2);
    cr_assert_eq(tug__walk_image(walk, 0)->root, TUG__WALK_NONE);
    cr_assert_str_eq(tug__walk_image(walk, 1)->name, "x");
    cr_assert_not_null(tug__walk_image(walk, 1)->problem);
    cr_assert(seen(walk, &image.layer)->is_reached);
    tug__walk_close(walk);
    place_remove(&place);
}

Test(walk_content, index_that_cannot_be_read)
{
    struct place place = place_create();
    struct tug_error index_error = {0};
    const struct tug__walk_options options = {.index_error = &index_error};
    struct tug_error err = {0};
    struct tug__walk *walk = NULL;
    char *path;

    place_open(&place);
    (void)store_image(&place, "a", "amd64");
    path = tmpdir_join(place.path, "index.json");
    tmpdir_write(path, "{", 1);
    cr_assert_eq(tug__walk_open(place.store, NULL, &walk, &err), TUG_ERR_STORE);
    cr_assert_not_null(strstr(err.message, "index.json"));
    cr_assert_eq(tug__walk_open(place.store, &options, &walk, &err), TUG_OK);
    cr_assert_eq(index_error.code, TUG_ERR_STORE);
    cr_assert_eq(tug__walk_counts(walk).blobs, 3);
    tug__walk_close(walk);
    free(path);
    place_remove(&place);
}

Test(walk_content, foreign_names)
{
    struct place place = place_create();
    struct tug__walk *walk;

    place_open(&place);
    (void)store_image(&place, "a", "amd64");
    cr_assert_eq(mkdirat(place.fd, "blobs/sha1", 0700), 0);
    {
        char *const path = tmpdir_join(place.path, "blobs/sha256/notes.txt");

        tmpdir_write(path, "x", 1);
        free(path);
    }
    walk = walk_store(&place, TUG__ORPHANS_NONE);
    cr_assert_eq(tug__walk_counts(walk).foreign, 2);
    for (uint32_t i = 0; i < 2; i++) {
        const struct tug__walk_foreign *const foreign = tug__walk_foreign(walk, i);

        cr_assert_str_eq(foreign->path, foreign->is_dir ? "blobs/sha1" : "blobs/sha256/notes.txt");
    }
    tug__walk_close(walk);
    place_remove(&place);
}

static bool stop(void *context)
{
    (void)context;
    return true;
}

Test(walk_content, it_can_be_stopped)
{
    struct place place = place_create();
    const struct tug_watch given = {.size = sizeof given, .should_stop = stop};
    struct tug__watch watch;
    const struct tug__walk_options options = {.watch = &watch};
    struct tug__walk *walk = NULL;

    place_open(&place);
    (void)store_image(&place, "a", "amd64");
    cr_assert_eq(tug__watch_begin(&watch, &given, NULL), TUG_OK);
    cr_assert_eq(tug__walk_open(place.store, &options, &walk, NULL), TUG_ERR_CANCELLED);
    place_remove(&place);
}

/* Enough documents for several threads. */
Test(walk_content, many_documents)
{
    struct place place = place_create();
    struct small_image images[100];
    char *entries = strdup("");
    struct tug__walk *walk;

    place_open(&place);
    for (unsigned i = 0; i < 100; i++) {
        char seed[16];
        char *longer = NULL;

        (void)snprintf(seed, sizeof seed, "%u", i);
        images[i] = store_image(&place, seed, "amd64");
        cr_assert_geq(asprintf(&longer, "%s%s" DESCRIPTOR, entries, i > 0 ? "," : "",
                               OF(MANIFEST_TYPE, images[i].manifest)),
                      0);
        free(entries);
        entries = longer;
    }
    write_index(&place, "%s", entries);
    free(entries);
    walk = walk_store(&place, TUG__ORPHANS_REFERRERS);
    cr_assert_eq(tug__walk_counts(walk).blobs, 300);
    for (unsigned i = 0; i < 100; i++) {
        cr_assert(seen(walk, &images[i].layer)->is_reached);
    }
    tug__walk_close(walk);
    place_remove(&place);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Listing a store without memory: right error, nothing leaked.
 *
 * Knows: the library's listings. Does not know: which allocations they make.
 * Threads: one, and those that read documents.
 */
#include <tug/images.h>

#include "oom.h"
#include "unit/walk/walk_place.h"

TestSuite(oom_lists, .timeout = 300);

static enum tug_status on_image(void *context, const struct tug_image_info *image,
                                struct tug_error *err)
{
    (void)context;
    (void)image;
    (void)err;
    return TUG_OK;
}

static enum tug_status on_blob(void *context, const struct tug_blob_info *blob,
                               struct tug_error *err)
{
    (void)context;
    (void)blob;
    (void)err;
    return TUG_OK;
}

static enum tug_status on_partial(void *context, const struct tug_partial_info *partial,
                                  struct tug_error *err)
{
    (void)context;
    (void)partial;
    (void)err;
    return TUG_OK;
}

static enum tug_status list_images(void *context, struct tug_error *err)
{
    const struct place *const place = context;

    return tug_store_each_image(place->store, on_image, NULL, NULL, err);
}

static enum tug_status list_blobs(void *context, struct tug_error *err)
{
    const struct place *const place = context;

    return tug_store_each_blob(place->store, on_blob, NULL, NULL, err);
}

static enum tug_status list_partials(void *context, struct tug_error *err)
{
    const struct place *const place = context;

    return tug_store_each_partial(place->store, on_partial, NULL, NULL, err);
}

/* Two images in an index, a signature, a damaged document, a foreign file, a partial download. */
static struct place make_place(void)
{
    struct place place = place_create();
    const struct item blob = item_of("blob to be");
    struct small_image amd64, arm64, damaged;
    struct item index;
    struct tug__ingest *ingest = NULL;
    char *const foreign = tmpdir_join(place.path, "blobs/sha256/foreign");

    place_open(&place);
    amd64 = store_image(&place, "amd64", "amd64");
    arm64 = store_image(&place, "arm64", "arm64");
    damaged = store_image(&place, "damaged", "amd64");
    plant(&place, &damaged.manifest, "{}");
    index = store_item(&place,
                       "{'schemaVersion':2,'mediaType':'" INDEX_TYPE "','manifests':[" DESCRIPTOR
                       "," DESCRIPTOR "]}",
                       OF_PLATFORM(MANIFEST_TYPE, amd64.manifest, AMD64),
                       OF_PLATFORM(MANIFEST_TYPE, arm64.manifest, ARM64));
    (void)store_item(&place, "{'schemaVersion':2,'manifests':[],'subject':" DESCRIPTOR "}",
                     OF(INDEX_TYPE, index));
    write_index(&place, DESCRIPTOR "," DESCRIPTOR ",{}", INDEX_TYPE, index.text, index.length,
                ",'annotations':{'io.containerd.image.name':'r.example/a:1','team':'web',"
                "'containerd.io/distribution.source.r.example':'a,b'}",
                OF_NAME(MANIFEST_TYPE, damaged.manifest, "damaged"));
    tmpdir_write(foreign, "x", 1);
    free(foreign);
    cr_assert_eq(tug__ingest_open(place.store, &blob.digest, 100, &ingest, NULL), TUG_OK);
    tug__ingest_close(ingest);
    return place;
}

Test(oom_lists, images)
{
    struct place place = make_place();

    oom_each(list_images, NULL, &place, 20);
    place_remove(&place);
}

Test(oom_lists, blobs)
{
    struct place place = make_place();

    oom_each(list_blobs, NULL, &place, 20);
    place_remove(&place);
}

Test(oom_lists, partials)
{
    struct place place = make_place();

    oom_each(list_partials, NULL, &place, 20);
    place_remove(&place);
}

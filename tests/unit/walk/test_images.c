/* SPDX-License-Identifier: Apache-2.0
 *
 * What is told of images: platforms, what is missing, what is shared, labels and sources.
 */
#include <tug/images.h>

#include "unit/walk/walk_place.h"

TestSuite(walk_images, .timeout = 60);

#define IMAGES_MAX 8

/* What is kept of an image. */
struct kept {
    char name[64];
    struct tug_image_info info; /* its pointers are not valid, but for platforms */
    struct tug_image_platform platforms[4];
    char created[64];
    char labels[200]; /* with a space behind each */
    char sources[200];
};

struct listing {
    struct kept images[IMAGES_MAX];
    size_t count;
    bool is_brief; /* without texts */
};

static void join(char *out, const char *const *texts, size_t count)
{
    *out = '\0';
    for (size_t i = 0; i < count; i++) {
        out = stpcpy(stpcpy(out, texts[i]), " ");
    }
}

static enum tug_status keep(void *context, const struct tug_image_info *image,
                            struct tug_error *err)
{
    struct listing *const listing = context;
    struct kept *const kept = &listing->images[listing->count++];

    (void)err;
    cr_assert_leq(listing->count, IMAGES_MAX);
    cr_assert_leq(image->platform_count, 4);
    kept->info = *image;
    if (listing->is_brief) {
        return TUG_OK;
    }
    (void)stpcpy(kept->name, image->name != NULL ? image->name : "(none)");
    (void)stpcpy(kept->created, image->created != NULL ? image->created : "");
    join(kept->labels, image->labels, image->label_count);
    join(kept->sources, image->sources, image->source_count);
    for (size_t i = 0; i < image->platform_count; i++) {
        kept->platforms[i] = *image->platforms[i];
    }
    return TUG_OK;
}

/* List images. Static. */
static const struct listing *list_as(const struct place *place, bool is_brief)
{
    static struct listing listing;
    struct tug_error err = {0};

    listing.count = 0;
    listing.is_brief = is_brief;
    cr_assert_eq(tug_store_each_image(place->store, keep, &listing, NULL, &err), TUG_OK, "%s",
                 err.message);
    return &listing;
}

static const struct listing *list(const struct place *place)
{
    return list_as(place, false);
}

static const struct listing *list_briefly(const struct place *place)
{
    return list_as(place, true);
}

/* An index of two platforms and an attestation; only the first is there. */
static struct item store_index(const struct place *place, struct small_image *out_amd64,
                               struct small_image *out_arm64)
{
    const struct item attestation = item_of("an attestation that is not there");

    *out_amd64 = store_image(place, "one", "amd64");
    *out_arm64 = store_image(place, "two", "arm64");
    drop(place, &out_arm64->layer);
    drop(place, &out_arm64->config);
    drop(place, &out_arm64->manifest);
    return store_item(
        place,
        "{'schemaVersion':2,'mediaType':'" INDEX_TYPE "','manifests':[" DESCRIPTOR "," DESCRIPTOR
        "," DESCRIPTOR "]}",
        OF_PLATFORM(MANIFEST_TYPE, out_arm64->manifest, ARM64),
        OF_PLATFORM(MANIFEST_TYPE, out_amd64->manifest, AMD64),
        OF_PLATFORM(MANIFEST_TYPE, attestation, "{'os':'unknown','architecture':'unknown'}"));
}

Test(walk_images, platforms_of_an_index)
{
    struct place place = place_create();
    struct small_image amd64, arm64;
    struct item index;
    const struct kept *image;

    place_open(&place);
    index = store_index(&place, &amd64, &arm64);
    write_index(&place, DESCRIPTOR, OF_NAME(INDEX_TYPE, index, "a"));
    image = &list(&place)->images[0];
    cr_assert(image->info.is_index);
    cr_assert(image->info.is_complete);
    cr_assert_eq(image->info.platform_count, 2); /* without the attestation */
    cr_assert_str_eq(image->platforms[0].platform.architecture, "arm64");
    cr_assert_not(image->platforms[0].is_stored);
    cr_assert_eq(image->platforms[0].blobs_missing, 1);
    cr_assert_eq(image->platforms[0].bytes_missing, arm64.manifest.length);
    cr_assert_str_eq(image->platforms[1].platform.architecture, "amd64");
    cr_assert(image->platforms[1].is_complete);
    cr_assert_str_eq(image->created, "2024-05-06T07:08:09Z");
    cr_assert_eq(image->info.blobs, 4);
    cr_assert_eq(image->info.content_bytes,
                 index.length + amd64.manifest.length + amd64.config.length + amd64.layer.length);
    cr_assert_eq(image->info.shared_bytes, 0);

    drop(&place, &amd64.layer);
    image = &list(&place)->images[0];
    cr_assert_not(image->info.is_complete);
    cr_assert(image->platforms[1].is_stored);
    cr_assert_eq(image->platforms[1].blobs_missing, 1);
    cr_assert_eq(image->platforms[1].bytes_missing, amd64.layer.length);
    cr_assert_str_eq(image->created, "");
    place_remove(&place);
}

/* Tell whether an image is complete whose entry says which platforms were fetched. */
static bool complete_with(const struct place *place, const struct item *index,
                          const char *platforms)
{
    char annotation[200];

    (void)snprintf(annotation, sizeof annotation, ",'annotations':{'tug.platforms':'%s'}",
                   platforms);
    write_index(place, DESCRIPTOR, INDEX_TYPE, index->text, index->length, annotation);
    return list(place)->images[0].info.is_complete;
}

/* One platform is whole, another one has its manifest and no layer: something is missing. */
Test(walk_images, metadata_of_another_platform)
{
    struct place place = place_create();
    struct small_image amd64, arm64;
    struct item index;
    const struct kept *image;

    place_open(&place);
    index = store_index(&place, &amd64, &arm64);
    arm64 = store_image(&place, "two", "arm64");
    drop(&place, &arm64.layer);
    write_index(&place, DESCRIPTOR, OF_NAME(INDEX_TYPE, index, "a"));
    image = &list(&place)->images[0];
    cr_assert(image->platforms[1].is_complete);
    cr_assert_not(image->info.is_complete);
    cr_assert(complete_with(&place, &index, "linux/amd64"));
    cr_assert_not(complete_with(&place, &index, "linux/amd64 linux/arm64"));
    cr_assert_not(complete_with(&place, &index, "all"));
    cr_assert_not(complete_with(&place, &index, "none"));
    place_remove(&place);
}

Test(walk_images, shared_blobs_and_names)
{
    struct place place = place_create();
    struct small_image image, other;
    const struct listing *listing;

    place_open(&place);
    image = store_image(&place, "one", "amd64");
    other = image;
    other.manifest = store_item(
        &place,
        "{'schemaVersion':2,'mediaType':'" MANIFEST_TYPE "','config':" DESCRIPTOR
        ",'layers':[" DESCRIPTOR "," DESCRIPTOR "]}",
        OF(CONFIG_TYPE, image.config), OF(LAYER_TYPE, image.layer), OF(LAYER_TYPE, image.layer));
    write_index(&place, DESCRIPTOR "," DESCRIPTOR "," DESCRIPTOR,
                OF_NAME(MANIFEST_TYPE, other.manifest, "a"),
                OF_NAME(MANIFEST_TYPE, image.manifest, "b"),
                OF_NAME(MANIFEST_TYPE, other.manifest, "a"));
    listing = list(&place);
    cr_assert_eq(listing->count, 3);
    cr_assert_str_eq(listing->images[0].name, "(none)");
    cr_assert_str_eq(listing->images[1].name, "b");
    cr_assert_str_eq(listing->images[2].name, "a");
    cr_assert_eq(listing->images[1].info.blobs, 3);
    cr_assert_eq(listing->images[1].info.shared_bytes, image.config.length + image.layer.length);
    cr_assert_eq(listing->images[2].info.blobs, 3); /* the layer counts once */
    cr_assert_eq(listing->images[2].platforms[0].blobs_missing, 0);
    cr_assert_str_eq(listing->images[2].platforms[0].platform.architecture, "amd64");
    place_remove(&place);
}

Test(walk_images, labels_and_sources)
{
    struct place place = place_create();
    struct small_image image;
    const struct kept *kept;

    place_open(&place);
    image = store_image(&place, "one", "amd64");
    write_index(&place, DESCRIPTOR, MANIFEST_TYPE, image.manifest.text, image.manifest.length,
                ",'annotations':{'io.containerd.image.name':'r.example/a:1',"
                "'org.opencontainers.image.ref.name':'1','team':'web','empty':'','number':7,"
                "'containerd.io/distribution.source.r.example':'a,b/c',"
                "'containerd.io/distribution.source.other.example':'d'}");
    kept = &list(&place)->images[0];
    cr_assert_str_eq(kept->name, "r.example/a:1");
    cr_assert_str_eq(kept->labels, "team=web empty= ");
    cr_assert_str_eq(kept->sources, "r.example/a r.example/b/c other.example/d ");
    place_remove(&place);
}

/* Long keys and many repositories, as far as an entry may have them. */
Test(walk_images, large_annotations)
{
    struct place place = place_create();
    struct small_image image;
    char *const key = calloc(1, 900001);
    char *annotation = NULL;
    const struct kept *kept;

    place_open(&place);
    image = store_image(&place, "one", "amd64");
    cr_assert_not_null(key);
    memset(key, 'k', 900000);
    cr_assert_geq(asprintf(&annotation,
                           ",'annotations':{'%s':'v','containerd.io/distribution.source.%.1000s':"
                           "'1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18'}",
                           key, key),
                  0);
    write_index(&place, DESCRIPTOR, MANIFEST_TYPE, image.manifest.text, image.manifest.length,
                annotation);
    kept = &list_briefly(&place)->images[0];
    cr_assert_eq(kept->info.label_count, 1);
    cr_assert_eq(kept->info.source_count, 16);
    free(annotation);
    free(key);
    place_remove(&place);
}

/* A foreign layer that was left out is known to be missing; a blob may have a name, too. */
Test(walk_images, left_out_layers_and_blobs)
{
    struct place place = place_create();
    const struct item absent = item_of("a layer of somebody else");
    struct small_image image;
    struct item manifest;
    char annotation[400];
    const struct listing *listing;

    place_open(&place);
    image = store_image(&place, "one", "amd64");
    manifest =
        store_item(&place, "{'schemaVersion':2,'config':" DESCRIPTOR ",'layers':[" DESCRIPTOR "]}",
                   OF(CONFIG_TYPE, image.config), OF(LAYER_TYPE, absent));
    (void)snprintf(annotation, sizeof annotation, ",'annotations':{'tug.left-out':'%s'}",
                   absent.text);
    write_index(&place, DESCRIPTOR "," DESCRIPTOR "," DESCRIPTOR, OF(MANIFEST_TYPE, manifest),
                MANIFEST_TYPE, manifest.text, manifest.length, annotation,
                OF("application/octet-stream", image.layer));
    listing = list(&place);
    cr_assert_not(listing->images[0].info.is_complete);
    cr_assert(listing->images[1].info.is_complete);
    cr_assert_eq(listing->images[2].info.platform_count, 0);
    cr_assert(listing->images[2].info.is_complete);
    cr_assert_eq(listing->images[2].info.shared_bytes, 0);
    place_remove(&place);
}

Test(walk_images, entries_and_documents_that_are_damaged)
{
    struct place place = place_create();
    struct small_image image;
    const struct listing *listing;

    place_open(&place);
    image = store_image(&place, "one", "amd64");
    plant(&place, &image.manifest, "{}");
    write_index(&place, "{}," DESCRIPTOR, OF_NAME(MANIFEST_TYPE, image.manifest, "a"));
    listing = list(&place);
    cr_assert_eq(listing->count, 2);
    cr_assert_eq(listing->images[0].info.digest.algorithm, TUG_DIGEST_NONE);
    cr_assert_not(listing->images[0].info.is_complete);
    cr_assert_not(listing->images[1].info.is_complete);
    cr_assert_eq(listing->images[1].info.platform_count, 1);
    cr_assert_eq(listing->images[1].platforms[0].blobs_missing, 1);
    cr_assert_not(listing->images[1].platforms[0].is_stored);
    place_remove(&place);
}

static enum tug_status refuse(void *context, const struct tug_image_info *image,
                              struct tug_error *err)
{
    unsigned *const count = context;

    (void)image;
    ++*count;
    err->code = TUG_ERR_AUTH;
    return TUG_ERR_AUTH;
}

Test(walk_images, the_caller_ends_the_listing)
{
    struct place place = place_create();
    struct small_image image;
    struct tug_error err = {0};
    unsigned count = 0;

    place_open(&place);
    image = store_image(&place, "one", "amd64");
    write_index(&place, DESCRIPTOR "," DESCRIPTOR, OF(MANIFEST_TYPE, image.manifest),
                OF(MANIFEST_TYPE, image.manifest));
    cr_assert_eq(tug_store_each_image(place.store, refuse, &count, NULL, &err), TUG_ERR_AUTH);
    cr_assert_eq(count, 1);
    place_remove(&place);
}

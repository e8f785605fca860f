/* SPDX-License-Identifier: Apache-2.0
 *
 * Images out of an archive into a store: read it, check what it has, name the images.
 *
 * Knows: how an image gets its name in the store. Does not know: tar, JSON's text, HTTP.
 * Threads: the calling one.
 *
 * Order: all content is in the store and committed; every image is looked at; then index.json is
 * changed for all of them. An archive that is refused changes no name.
 */
#include "archive/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <tug/ref.h>

#include "archive/import_internal.h"
#include "base/error.h"

/* Name an image, unless the name has another digest. */
static enum tug_status use_wanted_name(const char *name, struct tug__image_found *image,
                                       struct tug_error *err)
{
    struct tug_ref *ref = NULL;
    enum tug_status status = tug_ref_parse(name, &ref, err);
    char digest[TUG_DIGEST_TEXT_MAX];

    if (status == TUG_OK && tug_ref_digest(ref) != NULL &&
        !tug_digest_equal(tug_ref_digest(ref), &image->digest)) {
        status = tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                           "the name '%s' has another digest than the image, which is %s", name,
                           tug_digest_format(&image->digest, digest));
    }
    if (status == TUG_OK) {
        image->name = strdup(name);
        status = image->name != NULL ? TUG_OK : tug__fail_memory(err);
    }
    tug_ref_destroy(ref);
    return status;
}

/* Give the one image of the archive the name that the caller wants. */
static enum tug_status set_wanted_name(struct tug__import *import, struct tug_error *err)
{
    struct tug__images_found *const images = &import->images;
    struct tug__image_found *first = NULL;

    for (size_t i = 0; i < images->count; i++) {
        struct tug__image_found *const image = &images->images[i];

        if (image->refers_to != NULL) {
            continue;
        }
        if (first != NULL && !tug_digest_equal(&first->digest, &image->digest)) {
            return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                             "the archive has several images, so one name is not enough");
        }
        first = first != NULL ? first : image;
        free(image->name);
        image->name = NULL;
    }
    if (first == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "the archive has no image");
    }
    return use_wanted_name(import->options->name, first, err);
}

/* Tell of images that get no name. */
static void warn_unnamed(struct tug__import *import)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    for (size_t i = 0; import->options->name == NULL && i < import->images.count; i++) {
        const struct tug__image_found *const image = &import->images.images[i];

        if (image->name == NULL) {
            tug__work_warn(import->work, "image %s has no full name in the archive%s%s%s; left out",
                           tug_digest_format(&image->digest, digest),
                           image->poor_name != NULL ? ", only '" : "",
                           image->poor_name != NULL ? image->poor_name : "",
                           image->poor_name != NULL ? "'" : "");
        }
    }
}

/* See to it that at least one image has a name. */
static enum tug_status settle_names(struct tug__import *import, struct tug_error *err)
{
    const struct tug__images_found *const images = &import->images;
    const struct tug__image_found *first;
    char digest[TUG_DIGEST_TEXT_MAX];

    if (images->count == 0) {
        return tug__fail(err, TUG_ERR_CONTENT, "the archive has no image");
    }
    if (import->options->name != NULL) {
        return set_wanted_name(import, err);
    }
    for (size_t i = 0; i < images->count; i++) {
        if (images->images[i].name != NULL) {
            warn_unnamed(import);
            return TUG_OK;
        }
    }
    first = &images->images[0];
    return tug__fail(
        err, TUG_ERR_CONTENT,
        "image %s has no full name in the archive%s%s%s; give it one with --name",
        tug_digest_format(&first->digest, digest), first->poor_name != NULL ? ", only '" : "",
        first->poor_name != NULL ? first->poor_name : "", first->poor_name != NULL ? "'" : "");
}

static enum tug_status check_images(struct tug__import *import, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < import->images.count; i++) {
        if (import->images.images[i].name != NULL) {
            status = tug__completing_check(&import->completing, &import->images.images[i], err);
        }
    }
    return status;
}

static const struct tug_digest *or_none(const struct tug_digest *digest)
{
    return digest->algorithm != TUG_DIGEST_NONE ? digest : NULL;
}

/* Name the images that have so many sources, or more, with that one of them. */
static enum tug_status put_images(struct tug__import *import, size_t round, size_t *out_count,
                                  struct tug_error *err)
{
    const struct tug__lock_wait wait = tug__watch_lock_wait(&import->work->watch);
    struct tug__index_entry *const entries = calloc(import->images.count, sizeof *entries);
    enum tug_status status = TUG_OK;

    *out_count = 0;
    if (entries == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < import->images.count; i++) {
        const struct tug__image_found *const image = &import->images.images[i];
        const bool has_source = image->source_count > round;

        if (image->name != NULL && (round == 0 || has_source)) {
            entries[(*out_count)++] = (struct tug__index_entry){
                .name = image->name,
                .media_type = image->media_type,
                .digest = image->digest,
                .size_bytes = image->size_bytes,
                .source_host = has_source ? image->sources[round].host : NULL,
                .source_repository = has_source ? image->sources[round].repository : NULL,
                .left_out = image->left_out,
                .platforms = image->platforms,
                .refers_to = image->refers_to,
                .platform = image->has_platform ? &image->platform : NULL,
                .index_digest = or_none(&image->index_digest),
                .converted_from = or_none(&image->converted_from),
                .labels = (const char *const *)image->labels,
                .label_count = image->label_count,
            };
        }
    }
    if (*out_count > 0) {
        status = tug__store_index_put(import->store, entries, *out_count, &wait, err);
    }
    free(entries);
    return status;
}

/* Name all images. An entry takes one source at a time, and keeps those that it has. */
static enum tug_status name_images(struct tug__import *import, struct tug_error *err)
{
    enum tug_status status = TUG_OK;
    size_t count = 1;

    for (size_t round = 0; status == TUG_OK && count > 0; round++) {
        status = put_images(import, round, &count, err);
    }
    return status;
}

static uint64_t tell_images(const struct tug__import *import)
{
    uint64_t count = 0;

    for (size_t i = 0; i < import->images.count; i++) {
        const struct tug__image_found *const image = &import->images.images[i];
        const struct tug_imported imported = {
            .name = image->name,
            .digest = image->digest,
            .media_type = image->media_type,
            .size_bytes = image->size_bytes,
        };

        if (image->name != NULL && image->refers_to == NULL) {
            count++;
            if (import->options->on_image != NULL) {
                import->options->on_image(import->options->image_context, &imported);
            }
        }
    }
    return count;
}

static enum tug_status run(struct tug__import *import, int fd, struct tug_error *err)
{
    struct stat info;
    enum tug_status status;

    if (fstat(fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot read the archive");
    }
    status =
        S_ISDIR(info.st_mode) ? tug__import_dir(import, fd, err) : tug__import_tar(import, fd, err);
    if (status == TUG_OK) {
        status = settle_names(import, err);
    }
    if (status == TUG_OK) {
        status = check_images(import, err);
    }
    return status == TUG_OK ? name_images(import, err) : status;
}

enum tug_status tug__import(struct tug_store *store, int fd,
                            const struct tug_import_options *options, struct tug__work *work,
                            struct tug_archive_result *out_result, struct tug_error *err)
{
    struct tug__import import = {.store = store, .options = options, .work = work};
    enum tug_status status = tug__intake_begin(&import.intake, store, work, err);

    import.intake.max_bytes = options->max_size_bytes;
    import.completing.intake = &import.intake;
    if (status == TUG_OK) {
        status = run(&import, fd, err);
    }
    if (status != TUG_OK && status != TUG_ERR_CANCELLED) {
        (void)tug__intake_commit(&import.intake, NULL); /* what was verified need not come again */
    }
    if (status == TUG_OK) {
        out_result->images = tell_images(&import);
        out_result->blobs = import.intake.blobs;
        out_result->content_bytes = import.intake.content_bytes;
        out_result->blobs_present = import.intake.blobs_present;
    }
    tug__images_fini(&import.images);
    tug__intake_fini(&import.intake);
    return status;
}

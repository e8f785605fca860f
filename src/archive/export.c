/* SPDX-License-Identifier: Apache-2.0
 *
 * Images of a store as one archive: find them, choose their content, write it.
 *
 * Knows: the walk, the choice, how an archive is written. Does not know: platforms.
 * Threads: the calling one.
 *
 * Members are sorted by name: blobs/…, index.json, manifest.json, oci-layout. A reader that cannot
 * seek has all content when it learns what it is for, as from `docker save`.
 */
#include "archive/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tug/ref.h>

#include "archive/choose.h"
#include "archive/limits.h"
#include "archive/lists.h"
#include "archive/tar_header.h"
#include "archive/tar_out.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "oci/digest.h"
#include "store/store.h"
#include "walk/referrers.h"

#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

/* One export. */
struct export
{
    struct tug_store *store; /* borrowed */
    struct tug__walk *walk;  /* owned */
    struct tug__choice choice;
    const uint32_t *sorted; /* borrowed from the walk */
    struct tug__buf index_text;
    struct tug__buf docker_text;
    struct tug__tar_out out;
    struct tug__work *work; /* borrowed */
    size_t image_count;     /* without what refers to them */
    uint64_t blobs, content_bytes;
};

/* Find an image by what a user typed. */
static enum tug_status find_image(const struct export *export, const char *text,
                                  uint32_t *out_image, struct tug_error *err)
{
    struct tug__index_wanted wanted = {.text = text};
    struct tug_digest digest = {0};
    struct tug_ref *ref = NULL;
    char *name = NULL;
    enum tug_status status;
    uint32_t root;

    if (tug_ref_parse(text, &ref, NULL) == TUG_OK) {
        wanted.full = tug_ref_name(ref);
    }
    status = tug__store_index_pick(export->store, &wanted, &name, &digest, err);
    tug_ref_destroy(ref);
    if (status != TUG_OK) {
        return status;
    }
    root = tug__walk_find(export->walk, &digest);
    *out_image = name != NULL             ? tug__walk_find_name(export->walk, name)
                 : root != TUG__WALK_NONE ? tug__walk_find_root(export->walk, root)
                                          : TUG__WALK_NONE;
    free(name);
    return *out_image != TUG__WALK_NONE
               ? TUG_OK
               : tug__fail(err, TUG_ERR_NOT_FOUND, "'%s' is not in the store any more", text);
}

/* Add what refers to the chosen images. */
static enum tug_status choose_followers(struct export *export, const bool *is_taken,
                                        struct tug_error *err)
{
    const uint32_t image_count = tug__walk_counts(export->walk).images;
    struct tug__digest_set roots = {0};
    enum tug_status status = TUG_OK;

    for (size_t i = 0; i < export->choice.line_count; i++) {
        (void)tug__digest_set_add(&roots, &export->choice.lines[i].digest);
    }
    for (uint32_t i = 0; status == TUG_OK && i < image_count; i++) {
        if (!is_taken[i] && tug__walk_follows(tug__walk_image(export->walk, i), &roots)) {
            status = tug__choice_add_follower(&export->choice, i, &roots, err);
        }
    }
    tug__digest_set_fini(&roots);
    return status;
}

/* Look at all images; nothing is written yet. */
static enum tug_status choose(struct export *export, const char *const *texts, size_t count,
                              struct tug_error *err)
{
    const uint32_t image_count = tug__walk_counts(export->walk).images;
    TUG__AUTO_FREE bool *is_taken = calloc((size_t)image_count + 1, sizeof *is_taken);
    enum tug_status status = tug__choice_begin(&export->choice, image_count, err);

    if (is_taken == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        uint32_t image;

        status = find_image(export, texts[i], &image, err);
        if (status == TUG_OK && !is_taken[image]) {
            is_taken[image] = true;
            status = tug__choice_add(&export->choice, image, err);
        }
    }
    export->image_count = export->choice.line_count;
    return status == TUG_OK ? choose_followers(export, is_taken, err) : status;
}

static enum tug_status make_texts(struct export *export, struct tug_error *err)
{
    struct tug__choice *const choice = &export->choice;
    enum tug_status status =
        tug__index_text(choice->lines, choice->line_count, &export->index_text, err);

    /* Without an image that Docker can load there is no list for it: an empty one would make some
     * tools take the archive for Docker's, and find nothing. */
    if (status == TUG_OK && choice->docker_count > 0) {
        status =
            tug__docker_text(choice->docker_lines, choice->docker_count, &export->docker_text, err);
    }
    export->sorted = tug__walk_sorted(export->walk);
    if (status == TUG_OK && export->sorted == NULL) {
        status = tug__fail_memory(err);
    }
    return status;
}

/* Count what will be written. */
static void sum_up(struct export *export)
{
    struct tug_work_progress *const progress = &export->work->progress;
    char name[TUG__BLOB_NAME_MAX];

    for (uint32_t i = 0; i < tug__walk_counts(export->walk).blobs; i++) {
        const struct tug__walk_blob *const blob = tug__walk_blob(export->walk, i);

        if (export->choice.is_chosen[i]) {
            export->blobs++;
            export->content_bytes += blob->file_bytes;
            progress->bytes_total +=
                tug__tar_member_bytes(tug__blob_member_name(&blob->digest, name), blob->file_bytes);
        }
    }
    progress->items_total = export->blobs;
    progress->bytes_total += export->index_text.length + export->docker_text.length;
}

static enum tug_status write_blob(struct export *export, const struct tug__walk_blob *blob,
                                  struct tug_error *err)
{
    TUG__AUTO_FD int fd = -1;
    char name[TUG__BLOB_NAME_MAX];
    char digest[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = tug__store_open_blob(export->store, &blob->digest, &fd, err);

    if (status == TUG_OK) {
        status = tug__tar_out_file(&export->out, tug__blob_member_name(&blob->digest, name), fd,
                                   &blob->digest, blob->file_bytes, err);
    }
    if (status == TUG_ERR_CONTENT) {
        return tug__fail(err, status, "blob %s is damaged; 'tug verify --repair' fetches it again",
                         tug_digest_format(&blob->digest, digest));
    }
    export->work->progress.items_done += status == TUG_OK;
    return status;
}

/* Write the blobs of one algorithm, which have a directory of their own. */
static enum tug_status write_blobs(struct export *export, enum tug_digest_algorithm algorithm,
                                   struct tug_error *err)
{
    char dir_name[TUG__BLOB_NAME_MAX];
    enum tug_status status = TUG_OK;
    bool has_dir = false;

    for (uint32_t i = 0; status == TUG_OK && i < tug__walk_counts(export->walk).blobs; i++) {
        const struct tug__walk_blob *const blob = tug__walk_blob(export->walk, export->sorted[i]);

        if (blob->digest.algorithm != algorithm || !export->choice.is_chosen[export->sorted[i]]) {
            continue;
        }
        if (!has_dir) {
            has_dir = true;
            (void)snprintf(dir_name, sizeof dir_name, "blobs/%s/",
                           tug__digest_algorithm_name(algorithm));
            status = tug__tar_out_bytes(&export->out, dir_name, "", 0, err);
        }
        if (status == TUG_OK) {
            status = write_blob(export, blob, err);
        }
    }
    return status;
}

static enum tug_status write_members(struct export *export, struct tug_error *err)
{
    struct tug__tar_out *const out = &export->out;
    enum tug_status status = tug__tar_out_bytes(out, "blobs/", "", 0, err);

    for (int i = TUG_DIGEST_SHA256; status == TUG_OK && i <= TUG_DIGEST_SHA512; i++) {
        status = write_blobs(export, (enum tug_digest_algorithm)i, err);
    }
    if (status == TUG_OK) {
        status = tug__tar_out_bytes(out, "index.json", export->index_text.data,
                                    export->index_text.length, err);
    }
    if (status == TUG_OK && export->docker_text.length > 0) {
        status = tug__tar_out_bytes(out, "manifest.json", export->docker_text.data,
                                    export->docker_text.length, err);
    }
    if (status == TUG_OK) {
        status = tug__tar_out_bytes(out, "oci-layout", LAYOUT_TEXT, strlen(LAYOUT_TEXT), err);
    }
    return status == TUG_OK ? tug__tar_out_end(out, err) : status;
}

static enum tug_status run(struct export *export, const char *const *texts, size_t count, int fd,
                           struct tug_error *err)
{
    enum tug_status status = choose(export, texts, count, err);

    if (status == TUG_OK) {
        status = make_texts(export, err);
    }
    if (status == TUG_OK) {
        sum_up(export);
        status = tug__tar_out_begin(&export->out, fd, export->work, err);
    }
    if (status == TUG_OK) {
        status = write_members(export, err);
    }
    return status;
}

enum tug_status tug__export(struct tug_store *store, const char *const *texts, size_t count, int fd,
                            const struct tug_export_options *options, struct tug__work *work,
                            struct tug_archive_result *out_result, struct tug_error *err)
{
    const struct tug__walk_options walk_options = {
        .configs = options->platform_count > 0,
        .watch = &work->watch,
    };
    struct export export = {.store = store, .work = work};
    enum tug_status status = tug__walk_open(store, &walk_options, &export.walk, err);

    tug__buf_init(&export.index_text, TUG__ARCHIVE_LIST_BYTES_MAX);
    tug__buf_init(&export.docker_text, TUG__ARCHIVE_LIST_BYTES_MAX);
    if (status == TUG_OK) {
        export.choice = (struct tug__choice){.walk = export.walk, .options = options};
        status = run(&export, texts, count, fd, err);
    }
    if (status == TUG_OK) {
        out_result->images = export.image_count;
        out_result->blobs = export.blobs;
        out_result->content_bytes = export.content_bytes;
    }
    tug__choice_fini(&export.choice);
    tug__tar_out_fini(&export.out);
    tug__buf_fini(&export.index_text);
    tug__buf_fini(&export.docker_text);
    tug__walk_close(export.walk);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Delete the blobs that index.json does not reach.
 *
 * Knows: the walk, the lock of those who rely on content. Does not know: the network, what
 * documents say. Threads: the caller's.
 */
#include "upkeep/prune.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "oci/digest.h"
#include "store/recover.h"
#include "store/store.h"
#include "walk/walk.h"

/* Most bytes of a path "blobs/ALGORITHM/HEX". */
#define PATH_BYTES (TUG_DIGEST_TEXT_MAX + 16)

void tug__prune_report(const struct tug__pruning *pruning, const struct tug_pruned *pruned)
{
    if (pruned->kind == TUG_PRUNED_BLOB) {
        pruning->result->blobs++;
    } else {
        pruning->result->partials++;
    }
    pruning->result->disk_bytes += pruned->disk_bytes;
    if (pruning->options->on_pruned != NULL) {
        pruning->options->on_pruned(pruning->options->pruned_context, pruned);
    }
}

/* The wait for those who use the store. */
struct wait {
    struct tug__watch *watch;
    struct tug__lock_wait of_watch;
    uint64_t end_ns;
};

static bool should_give_up(void *context)
{
    const struct wait *const wait = context;

    return tug__now_ns() >= wait->end_ns || tug__watch_should_stop(wait->watch);
}

static void on_busy(void *context, const char *text)
{
    const struct wait *const wait = context;

    wait->of_watch.on_busy(wait->of_watch.context, text);
}

/* Say what can be done about a store that is in use, or how long was waited in vain. */
static enum tug_status advise_wait(uint64_t wait_ms, struct tug_error *err)
{
    const bool is_seconds = wait_ms % 1000 == 0;

    return wait_ms == 0
               ? tug__advise(err, TUG_ERR_BUSY, "--wait TIME waits for the end of such runs")
               : tug__advise(err, TUG_ERR_BUSY, "it still does after %llu %s",
                             (unsigned long long)(is_seconds ? wait_ms / 1000 : wait_ms),
                             is_seconds ? "s" : "ms");
}

/* Wait until no run uses the store, and keep it so. */
static enum tug_status hold_store(const struct tug__pruning *pruning, int *out_fd,
                                  struct tug_error *err)
{
    struct wait wait = {
        .watch = pruning->watch,
        .of_watch = tug__watch_lock_wait(pruning->watch),
        .end_ns = tug__deadline_ns(pruning->options->wait_ms),
    };
    const struct tug__lock_wait lock_wait = {
        .should_give_up = should_give_up,
        .on_busy = on_busy,
        .context = &wait,
    };
    enum tug_status status = tug__store_use_alone(pruning->store, &lock_wait, out_fd, err);

    if (status == TUG_ERR_BUSY) {
        status = tug__watch_check(pruning->watch, err);
        status = status == TUG_OK ? TUG_ERR_BUSY : status;
    }
    return status == TUG_ERR_BUSY ? advise_wait(pruning->options->wait_ms, err) : status;
}

/* Check that index.json is there, before the absence of a file counts as "nothing is needed". */
static enum tug_status check_index(const struct tug__pruning *pruning, struct tug_error *err)
{
    struct tug_error error = {0};
    enum tug_status status = tug__store_settle_index(pruning->store, &error);

    if (error.os_errno == ENOENT) {
        error.code = TUG_ERR_CONTENT;
        status = TUG_ERR_CONTENT;
    }
    if (status != TUG_OK && err != NULL) {
        *err = error;
    }
    return status;
}

static enum tug_status refuse(struct tug_error *err, const char *text)
{
    return tug__fail(err, TUG_ERR_CONTENT,
                     "nothing is deleted, because nobody knows what is needed: %s", text);
}

/* Tell whether a root that is missing may need further blobs, by what its entry says. */
static bool may_be_document(const struct tug__walk_blob *root)
{
    return root->kind == TUG__MEDIA_INDEX || root->kind == TUG__MEDIA_MANIFEST ||
           root->kind == TUG__MEDIA_SCHEMA1 || tug__media_is_generic(root->media_type);
}

/* Refuse when it is not known what an image needs. */
static enum tug_status check_image(const struct tug__walk *walk,
                                   const struct tug__walk_image *image, struct tug_error *err)
{
    const char *const name = image->name != NULL ? image->name : "an image without a name";
    char digest[TUG_DIGEST_TEXT_MAX];
    char text[TUG_ERROR_MESSAGE_MAX];

    if (image->problem == NULL && image->root != TUG__WALK_NONE) {
        const struct tug__walk_blob *const root = tug__walk_blob(walk, image->root);

        if (root->state != TUG__BLOB_ABSENT || !may_be_document(root)) {
            return TUG_OK;
        }
        (void)snprintf(text, sizeof text,
                       "%.300s: %s is missing; fetch the image again, or forget it with rm", name,
                       tug_digest_format(&root->digest, digest));
        return refuse(err, text);
    }
    (void)snprintf(text, sizeof text, "%.300s: its entry in index.json: %.200s", name,
                   image->problem != NULL ? image->problem : "it names nothing");
    return refuse(err, text);
}

/* Refuse when a document that is reached cannot be read. */
static enum tug_status check_blob(struct tug__walk *walk, uint32_t number, struct tug_error *err)
{
    const struct tug__walk_blob *const blob = tug__walk_blob(walk, number);
    const char *const *names = NULL;
    char digest[TUG_DIGEST_TEXT_MAX];
    char text[TUG_ERROR_MESSAGE_MAX];
    size_t count = 0;
    enum tug_status status;

    if (!blob->is_reached || blob->problem == NULL) {
        return TUG_OK;
    }
    status = tug__walk_names(walk, number, &names, &count, err);
    if (status != TUG_OK) {
        return status;
    }
    (void)snprintf(text, sizeof text, "%.300s%s%s: %.200s", count > 0 ? names[0] : "",
                   count > 0 ? ": " : "", tug_digest_format(&blob->digest, digest), blob->problem);
    return refuse(err, text);
}

static enum tug_status check_walk(struct tug__walk *walk, struct tug_error *err)
{
    const struct tug__walk_counts counts = tug__walk_counts(walk);
    enum tug_status status = TUG_OK;

    for (uint32_t i = 0; status == TUG_OK && i < counts.images; i++) {
        status = check_image(walk, tug__walk_image(walk, i), err);
    }
    for (uint32_t i = 0; status == TUG_OK && counts.problems > 0 && i < counts.blobs; i++) {
        status = check_blob(walk, i, err);
    }
    return status;
}

static bool is_file(const struct tug__walk_blob *blob)
{
    return blob->state == TUG__BLOB_PRESENT || blob->state == TUG__BLOB_WRONG_SIZE;
}

/* Delete one blob, unless it is a dry run, and report it. */
static enum tug_status prune_blob(const struct tug__pruning *pruning,
                                  const struct tug__walk_blob *blob, struct tug_error *err)
{
    char hex[TUG_DIGEST_TEXT_MAX];
    char path[PATH_BYTES];
    const struct tug_pruned pruned = {
        .kind = TUG_PRUNED_BLOB,
        .digest = blob->digest,
        .path = path,
        .size_bytes = blob->file_bytes,
        .disk_bytes = blob->disk_bytes,
        .modified_s = blob->modified_s,
    };
    const enum tug_status status = pruning->options->dry_run
                                       ? TUG_OK
                                       : tug__store_remove_blob(pruning->store, &blob->digest, err);

    if (status == TUG_OK) {
        (void)snprintf(path, sizeof path, "blobs/%s/%s",
                       tug__digest_algorithm_name(blob->digest.algorithm),
                       tug__digest_hex(&blob->digest, hex));
        tug__prune_report(pruning, &pruned);
    }
    return status;
}

/* Count what stays and what goes. */
static struct tug_work_progress count_work(const struct tug__pruning *pruning,
                                           const struct tug__walk *walk)
{
    const uint32_t count = tug__walk_counts(walk).blobs;
    struct tug_work_progress work = {0};

    for (uint32_t i = 0; i < count; i++) {
        const struct tug__walk_blob *const blob = tug__walk_blob(walk, i);

        if (is_file(blob) && blob->is_reached) {
            pruning->result->kept_blobs++;
        } else if (is_file(blob)) {
            work.items_total++;
            work.bytes_total += blob->file_bytes;
        }
    }
    return work;
}

static enum tug_status prune_walk(const struct tug__pruning *pruning, struct tug__walk *walk,
                                  struct tug_error *err)
{
    const uint32_t count = tug__walk_counts(walk).blobs;
    const uint32_t *const sorted = tug__walk_sorted(walk);
    struct tug_work_progress work = count_work(pruning, walk);
    enum tug_status status = sorted != NULL || count == 0 ? TUG_OK : tug__fail_memory(err);

    for (uint32_t i = 0; status == TUG_OK && i < count; i++) {
        const struct tug__walk_blob *const blob = tug__walk_blob(walk, sorted[i]);

        if (!is_file(blob) || blob->is_reached) {
            continue;
        }
        status = tug__watch_check(pruning->watch, err);
        if (status == TUG_OK) {
            status = prune_blob(pruning, blob, err);
        }
        work.items_done += status == TUG_OK;
        work.bytes_done += status == TUG_OK ? blob->file_bytes : 0;
        tug__watch_tell(pruning->watch, &work, false);
    }
    tug__watch_tell(pruning->watch, &work, true);
    return status;
}

/* Find out what is needed, and delete the rest. */
static enum tug_status prune_held(const struct tug__pruning *pruning, struct tug_error *err)
{
    struct tug_error index_error = {0};
    const struct tug__walk_options options = {
        .orphans = TUG__ORPHANS_REFERRERS,
        .watch = pruning->watch,
        .index_error = &index_error,
    };
    struct tug__walk *walk = NULL;
    enum tug_status status = check_index(pruning, err);

    if (status == TUG_OK) {
        status = tug__walk_open(pruning->store, &options, &walk, err);
    }
    if (status == TUG_OK && index_error.code != TUG_OK) {
        status = index_error.os_errno != 0
                     ? tug__fail_errno(err, TUG_ERR_STORE, index_error.os_errno,
                                       "index.json cannot be read")
                     : refuse(err, index_error.message);
    }
    if (status == TUG_OK) {
        status = check_walk(walk, err);
    }
    if (status == TUG_OK) {
        status = prune_walk(pruning, walk, err);
    }
    tug__walk_close(walk);
    return status;
}

enum tug_status tug__prune_blobs(const struct tug__pruning *pruning, struct tug_error *err)
{
    int use_fd = -1;
    enum tug_status status = pruning->options->dry_run ? TUG_OK : hold_store(pruning, &use_fd, err);

    if (status == TUG_OK) {
        status = prune_held(pruning, err);
        tug__store_unlock(use_fd);
    }
    return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Rounds of looking and mending.
 *
 * Knows: walks, index.json, the memo. Does not know: registries, how blobs are
 * hashed or fetched.
 * Threads: one verification is its caller's; tug__hash_all adds threads of its own.
 */
#include "upkeep/verify_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/recover.h"
#include "upkeep/needed.h"
#include "upkeep/recover.h"
#include "walk/referrers.h"

/* A document names documents that name documents: more rounds than levels are of no use. */
#define ROUNDS_MAX 8

/* Mark what was fetched because it refers to the images that were asked for. */
static enum tug_status mark_followers(struct tug__verification *verification, struct tug_error *err)
{
    const struct tug__verify_settings *const settings = verification->settings;
    struct tug__walk *const walk = verification->walk;
    const uint32_t count = tug__walk_counts(walk).images;
    struct tug__digest_set roots = {0};
    enum tug_status status = TUG_OK;

    for (size_t i = 0; i < settings->count; i++) {
        (void)tug__digest_set_add(&roots, &settings->digests[i]);
    }
    for (uint32_t i = 0; status == TUG_OK && i < count; i++) {
        const struct tug__target target = {i, tug__walk_image(walk, i)->root};

        if (target.blob != TUG__WALK_NONE && tug__walk_follows(tug__walk_image(walk, i), &roots)) {
            status = tug__mark_needed(walk, &target, 1, verification->marks, err);
        }
    }
    tug__digest_set_fini(&roots);
    return status;
}

/* Mark what was asked for. */
static enum tug_status mark(struct tug__verification *verification, struct tug_error *err)
{
    const struct tug__verify_settings *const settings = verification->settings;
    struct tug__walk *const walk = verification->walk;
    enum tug_status status = TUG_OK;

    if (settings->digests == NULL) {
        return tug__mark_all(walk, verification->marks, err);
    }
    for (size_t i = 0; status == TUG_OK && i < settings->count; i++) {
        struct tug__target target = {TUG__WALK_NONE, tug__walk_find(walk, &settings->digests[i])};

        if (settings->names[i] != NULL) {
            target.image = tug__walk_find_name(walk, settings->names[i]);
        }
        if (target.blob == TUG__WALK_NONE) {
            char text[TUG_DIGEST_TEXT_MAX];

            status = tug__fail(err, TUG_ERR_NOT_FOUND,
                               "%s is not in the store, and no image of it needs it",
                               tug_digest_format(&settings->digests[i], text));
        } else {
            status = tug__mark_needed(walk, &target, 1, verification->marks, err);
        }
    }
    return status == TUG_OK ? mark_followers(verification, err) : status;
}

/* Say what a recovery kept. */
static const char *recovered_text(const struct tug__recovered *recovered)
{
    if (recovered->nameless == 0) {
        return "what can be read of it is kept";
    }
    return recovered->kept > 0 ? "what can be read of it is kept, other images without their "
                                 "names: fetch them again"
                               : "all images are kept, without their names: fetch them again";
}

/* Tell that index.json is bad, or put it right and walk again. */
static enum tug_status recover_index(struct tug__verification *verification,
                                     const struct tug_error *index_error,
                                     const struct tug__walk_options *options, struct tug_error *err)
{
    const struct tug__verify_settings *const settings = verification->settings;
    char text[TUG_ERROR_MESSAGE_MAX + 128];
    const bool was_there = tug__store_has_index(settings->store);
    struct tug__recovered recovered = {0};
    enum tug_status status;

    if (settings->repair == NULL) {
        tug__tell_index(&verification->findings, index_error->message, false);
        return TUG_OK;
    }
    status = tug__index_recover(settings->store, settings->watch, &recovered, err);
    if (status != TUG_OK) {
        return status;
    }
    (void)snprintf(text, sizeof text, "%s; %s%s", index_error->message, recovered_text(&recovered),
                   was_there ? "; the old file is index.json.damaged" : "");
    tug__tell_index(&verification->findings, text, true);
    tug__walk_close(verification->walk);
    verification->walk = NULL;
    return tug__walk_open(settings->store, options, &verification->walk, err);
}

static enum tug_status open_walk(struct tug__verification *verification, bool is_first,
                                 struct tug_error *err)
{
    const struct tug__verify_settings *const settings = verification->settings;
    struct tug_error index_error = {0};
    const struct tug__walk_options options = {
        .orphans = TUG__ORPHANS_REFERRERS,
        .watch = settings->watch,
        .index_error = &index_error,
    };
    enum tug_status status = tug__walk_open(settings->store, &options, &verification->walk, err);

    if (status != TUG_OK || !is_first) {
        return status;
    }
    if (index_error.code == TUG_OK && !tug__store_has_index(settings->store)) {
        (void)tug__fail(&index_error, TUG_ERR_STORE, "missing");
    }
    return index_error.code != TUG_OK ? recover_index(verification, &index_error, &options, err)
                                      : TUG_OK;
}

/* Tell of entries that cannot be read, and of what is no part of a store. */
static enum tug_status tell_of_layout(struct tug__verification *verification, struct tug_error *err)
{
    const struct tug__walk_counts counts = tug__walk_counts(verification->walk);

    for (uint32_t i = 0; i < counts.images; i++) {
        const char *const problem = tug__walk_image(verification->walk, i)->problem;

        if (problem != NULL) {
            tug__tell_index(&verification->findings, problem, false);
        }
    }
    if (verification->settings->digests != NULL) {
        return TUG_OK;
    }
    for (uint32_t i = 0; i < counts.foreign; i++) {
        const struct tug__walk_foreign *const foreign = tug__walk_foreign(verification->walk, i);

        tug__tell_foreign(&verification->findings, foreign->path, foreign->is_dir);
    }
    return tug__tell_root(verification->settings->store, &verification->findings, err);
}

/* Note a step of the caller's thread that began at began_ns. */
static void end_step(const struct tug__verification *verification, const char *name,
                     uint64_t began_ns)
{
    tug__trace_end(verification->row, began_ns, &(struct tug_trace_event){.name = name});
}

static enum tug_status do_round(struct tug__verification *verification, bool is_first,
                                struct tug_error *err)
{
    uint64_t began_ns = tug__trace_begin(verification->row);
    enum tug_status status = open_walk(verification, is_first, err);
    uint32_t blobs;

    end_step(verification, "walk", began_ns);
    if (status != TUG_OK) {
        return status;
    }
    blobs = tug__walk_counts(verification->walk).blobs;
    verification->marks = calloc(blobs > 0 ? blobs : 1, 1);
    status = verification->marks != NULL ? mark(verification, err) : tug__fail_memory(err);
    if (status == TUG_OK && is_first) {
        status = tell_of_layout(verification, err);
    }
    if (status == TUG_OK) {
        status = tug__verification_look(verification, err);
    }
    verification->has_mended_document = false;
    if (status == TUG_OK && verification->settings->repair != NULL) {
        began_ns = tug__trace_begin(verification->row);
        status = tug__verification_mend(verification, err);
        end_step(verification, "repair", began_ns);
    }
    return status;
}

static void end_round(struct tug__verification *verification)
{
    tug__walk_close(verification->walk);
    verification->walk = NULL;
    free(verification->marks);
    verification->marks = NULL;
}

static enum tug_status do_rounds(struct tug__verification *verification, struct tug_error *err)
{
    enum tug_status status = TUG_OK;
    bool is_over = false;

    for (unsigned round = 0; status == TUG_OK && !is_over; round++) {
        status = do_round(verification, round == 0, err);
        is_over = !verification->has_mended_document || round + 1 == ROUNDS_MAX;
        if (status == TUG_OK && is_over) {
            status = tug__verification_tell(verification, err);
        }
        if (status == TUG_OK && is_over) {
            status = tug__verification_check_signed(verification, err);
        }
        end_round(verification);
    }
    return status;
}

/* Remember what is right. What was not looked at stays as it was remembered. A store that cannot
 * be written has no memo. */
static void save_memo(struct tug__verification *verification)
{
    struct tug__memo *const memo = &verification->memo;

    tug__verification_sort(verification);
    for (size_t i = 0; verification->settings->digests != NULL && i < memo->count; i++) {
        if (!tug__verification_has_seen(verification, &memo->entries[i].digest) &&
            tug__verification_keep(verification, &memo->entries[i], NULL) != TUG_OK) {
            return;
        }
    }
    (void)tug__memo_save(verification->settings->store, verification->kept.entries,
                         verification->kept.count, NULL);
}

/* Fail when something is left that is wrong. */
static enum tug_status sum_up(const struct tug__verify_settings *settings,
                              const struct tug_verify_result *result, struct tug_error *err)
{
    const uint64_t unsigned_count = result->images_unsigned;
    const uint64_t bad = result->findings - result->repaired - unsigned_count;
    char files[128] = "";
    char images[128] = "";

    if (bad == 0 && unsigned_count == 0) {
        return TUG_OK;
    }
    if (bad > 0) {
        (void)snprintf(files, sizeof files, "%" PRIu64 " %s bad or missing%s", bad,
                       bad == 1 ? "file is" : "files are",
                       settings->repair == NULL ? ": try tug verify --repair" : "");
    }
    if (unsigned_count > 0) {
        (void)snprintf(images, sizeof images, "%" PRIu64 " %s not signed by %s", unsigned_count,
                       unsigned_count == 1 ? "image is" : "images are",
                       settings->keys->count == 1 ? "the key" : "any of the keys");
    }
    return tug__fail(err, TUG_ERR_CONTENT, "%s%s%s", images, bad > 0 && *images != '\0' ? "; " : "",
                     files);
}

enum tug_status tug__verify(const struct tug__verify_settings *settings,
                            struct tug_verify_result *out_result, struct tug_error *err)
{
    const uint64_t began_ns = tug__now_ns();
    struct tug__verification verification = {
        .settings = settings,
        .result = out_result,
        .findings = {.options = settings->options, .result = out_result},
        .row = tug__trace_row(settings->trace, "verify", -1),
    };
    const struct tug__lock_wait wait = tug__watch_lock_wait(settings->watch);
    int use_fd = -1;
    enum tug_status status = tug__store_use(settings->store, &wait, &use_fd, err);

    if (status == TUG_OK) {
        status = tug__memo_load(settings->store, &verification.memo, err);
    }
    if (status == TUG_OK) {
        status = do_rounds(&verification, err);
    }
    if (verification.kept.count > 0) {
        save_memo(&verification);
    }
    tug__store_unlock(use_fd);
    tug__memo_fini(&verification.memo);
    tug__memo_fini(&verification.kept);
    free(verification.pending.bad);
    free(verification.seen);
    out_result->seconds = (double)(tug__now_ns() - began_ns) / (double)TUG__NS_PER_S;
    return status == TUG_OK ? sum_up(settings, out_result, err) : status;
}

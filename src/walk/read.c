/* SPDX-License-Identifier: Apache-2.0
 *
 * Read documents and configs, a few hundred at a time, with a thread for each core.
 *
 * Knows: which files to read, and when. Does not know: the network, what a file holds.
 * Threads: the walk's owner; in read_share several, each with its own contents.
 *
 * Only the owner adds results to the graph, between rounds: so the graph needs no lock, and no more
 * than one round's documents are in memory.
 */
#include "walk/internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/thread.h"
#include "oci/limits.h"

/* Files in a round, and how many of them justify another thread. */
#define ROUND_MAX 256
#define SHARE_MIN 16
#define THREADS_MAX 8
/* A document that names anything has a digest of 71 characters, and what is around it. */
#define DOCUMENT_BYTES_MIN 100

/* A round: files read at once. */
struct round {
    struct tug_store *store;
    struct tug__content *contents; /* owned; ROUND_MAX of them */
    size_t count;
    size_t thread_count;
};

/* A thread's share of a round: every thread_count-th content. */
struct share {
    struct round *round;
    size_t first;
    char *buffer; /* owned; kept from round to round */
    size_t buffer_bytes;
};

/* All rounds of one call. */
struct reading {
    struct tug__walk *walk;
    struct round round;
    struct share shares[THREADS_MAX];
    size_t thread_max;
};

static void *read_share(void *context)
{
    struct share *const share = context;
    struct round *const round = share->round;

    for (size_t i = share->first; i < round->count; i += round->thread_count) {
        tug__content_read(round->store, &round->contents[i], &share->buffer, &share->buffer_bytes);
    }
    return NULL;
}

static enum tug_status begin(struct reading *reading, struct tug__walk *walk, struct tug_error *err)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);

    *reading = (struct reading){.walk = walk, .round.store = walk->store};
    reading->thread_max = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;
    for (size_t i = 0; i < THREADS_MAX; i++) {
        reading->shares[i] = (struct share){.round = &reading->round, .first = i};
    }
    reading->round.contents = calloc(ROUND_MAX, sizeof *reading->round.contents);
    return reading->round.contents != NULL ? TUG_OK : tug__fail_memory(err);
}

static void end(struct reading *reading)
{
    for (size_t i = 0; i < reading->round.count; i++) {
        tug__content_fini(&reading->round.contents[i]);
    }
    for (size_t i = 0; i < THREADS_MAX; i++) {
        free(reading->shares[i].buffer);
    }
    free(reading->round.contents);
}

/* Read all contents of the round. A thread that cannot be started leaves its share to this one. */
static void read_round(struct reading *reading)
{
    struct round *const round = &reading->round;
    const size_t useful = round->count / SHARE_MIN;
    pthread_t threads[THREADS_MAX];
    bool is_started[THREADS_MAX] = {false};

    round->thread_count = useful < 1                     ? 1
                          : useful > reading->thread_max ? reading->thread_max
                                                         : useful;
    for (size_t i = 1; i < round->thread_count; i++) {
        is_started[i] =
            tug__thread_start(&threads[i], read_share, &reading->shares[i], NULL) == TUG_OK;
    }
    for (size_t i = 0; i < round->thread_count; i++) {
        if (!is_started[i]) {
            (void)read_share(&reading->shares[i]);
        }
    }
    for (size_t i = 1; i < round->thread_count; i++) {
        if (is_started[i]) {
            (void)pthread_join(threads[i], NULL);
        }
    }
}

static enum tug_status take_config(struct tug__walk *walk, const struct tug__content *content,
                                   struct tug_error *err)
{
    const struct tug__config_glance *const glance = &content->config;
    struct tug__walk_config *const config = &walk->configs[content->blob];

    if (glance->has_platform) {
        config->platform =
            (const void *)tug__pool_keep(&walk->pool, &glance->platform, sizeof glance->platform);
    }
    if (glance->created[0] != '\0') {
        config->created = tug__pool_keep(&walk->pool, glance->created, strlen(glance->created));
    }
    return (glance->has_platform && config->platform == NULL) ||
                   (glance->created[0] != '\0' && config->created == NULL)
               ? tug__fail_memory(err)
               : TUG_OK;
}

/* Add the result of reading one file to the graph. */
static enum tug_status take_content(struct tug__walk *walk, const struct tug__content *content,
                                    struct tug_error *err)
{
    struct tug__walk_blob *const blob = &walk->blobs[content->blob];

    if (content->status == TUG_ERR_NO_MEMORY) {
        return tug__fail_memory(err);
    }
    if (content->status != TUG_OK) {
        return tug__fail_errno(err, content->status, content->os_errno,
                               "cannot read the documents of the store");
    }
    if (content->is_gone) {
        blob->state = TUG__BLOB_ABSENT;
        walk->nodes[content->blob].has_file = false;
    }
    if (content->problem != NULL) {
        blob->problem = tug__pool_copy(&walk->pool, content->problem, strlen(content->problem));
        return blob->problem != NULL ? TUG_OK : tug__fail_memory(err);
    }
    if (content->use == TUG__USE_CONFIG) {
        return take_config(walk, content, err);
    }
    return content->has_document && !blob->is_read /* it may be in a round twice */
               ? tug__walk_take_document(walk, content->blob, &content->document, err)
               : TUG_OK;
}

/* Read the files of the round, add the results to the graph, and start the next round. */
static enum tug_status finish_round(struct reading *reading, struct tug_error *err)
{
    struct round *const round = &reading->round;
    enum tug_status status = tug__watch_check(reading->walk->watch, err);

    if (status != TUG_OK || round->count == 0) {
        return status;
    }
    read_round(reading);
    for (size_t i = 0; i < round->count; i++) {
        const struct tug__content *const content = &round->contents[i];

        if (status == TUG_OK) {
            status = take_content(reading->walk, content, err);
        }
        if (status == TUG_OK && reading->walk->blobs[content->blob].is_reached &&
            content->use != TUG__USE_CONFIG) {
            status = tug__walk_spread(reading->walk, content->blob, err);
        }
        tug__content_fini(&round->contents[i]);
    }
    round->count = 0;
    return status;
}

/* Add a file to the round; read the round when it is full. */
static enum tug_status add(struct reading *reading, uint32_t number, enum tug__content_use use,
                           struct tug_error *err)
{
    const struct tug__walk_blob *const blob = &reading->walk->blobs[number];
    const struct tug__node *const node = &reading->walk->nodes[number];
    const bool is_typed = blob->kind == TUG__MEDIA_INDEX || blob->kind == TUG__MEDIA_MANIFEST;

    reading->round.contents[reading->round.count++] = (struct tug__content){
        .use = use,
        .blob = number,
        .digest = blob->digest,
        .size_bytes = blob->file_bytes,
        .media_type = is_typed ? blob->media_type : NULL,
        .is_listed = node->is_listed,
        .is_certain = node->is_certain,
    };
    return reading->round.count == ROUND_MAX ? finish_round(reading, err) : TUG_OK;
}

/* Handle a reached blob: read it, or go on to the blobs it names. */
static enum tug_status visit(struct reading *reading, uint32_t number, struct tug_error *err)
{
    const struct tug__walk *const walk = reading->walk;
    const struct tug__walk_blob *const blob = &walk->blobs[number];

    return walk->nodes[number].is_document && !blob->is_read && blob->problem == NULL &&
                   blob->state == TUG__BLOB_PRESENT
               ? add(reading, number, TUG__USE_DOCUMENT, err)
               : tug__walk_spread(reading->walk, number, err);
}

enum tug_status tug__walk_read_reached(struct tug__walk *walk, struct tug_error *err)
{
    struct reading reading;
    size_t next = 0;
    enum tug_status status = begin(&reading, walk, err);

    while (status == TUG_OK && (next < walk->queue.count || reading.round.count > 0)) {
        status = next < walk->queue.count ? visit(&reading, walk->queue.items[next++], err)
                                          : finish_round(&reading, err);
    }
    walk->queue.count = 0;
    end(&reading);
    return status;
}

static bool may_be_document(const struct tug__walk_blob *blob)
{
    return !blob->is_reached && !blob->is_read && blob->file_bytes >= DOCUMENT_BYTES_MIN &&
           blob->file_bytes <= TUG__MANIFEST_BYTES_MAX &&
           (blob->state == TUG__BLOB_PRESENT || blob->state == TUG__BLOB_WRONG_SIZE);
}

static int compare_inodes(const void *a, const void *b, void *context)
{
    const struct tug__walk *const walk = context;
    const uint64_t left = walk->blobs[*(const uint32_t *)a].inode;
    const uint64_t right = walk->blobs[*(const uint32_t *)b].inode;

    return (left > right) - (left < right);
}

/* Find what may be a document, in the order of the disk: most of it is not in memory. */
static enum tug_status find_candidates(struct tug__walk *walk, struct tug__numbers *candidates,
                                       struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (uint32_t i = 0; status == TUG_OK && i < walk->blob_count; i++) {
        if (may_be_document(&walk->blobs[i])) {
            status = tug__numbers_push(candidates, i, err);
        }
    }
    if (candidates->count > 1) {
        qsort_r(candidates->items, candidates->count, sizeof *candidates->items, compare_inodes,
                walk);
    }
    return status;
}

enum tug_status tug__walk_read_orphans(struct tug__walk *walk, enum tug__walk_orphans orphans,
                                       struct tug_error *err)
{
    const enum tug__content_use use =
        orphans == TUG__ORPHANS_ALL ? TUG__USE_ANY : TUG__USE_REFERRER;
    struct tug__numbers candidates = {0};
    struct reading reading;
    enum tug_status status = begin(&reading, walk, err);

    if (status == TUG_OK) {
        status = find_candidates(walk, &candidates, err);
    }
    for (size_t i = 0; status == TUG_OK && i < candidates.count; i++) {
        status = add(&reading, candidates.items[i], use, err);
    }
    if (status == TUG_OK) {
        status = finish_round(&reading, err);
    }
    free(candidates.items);
    end(&reading);
    return status;
}

enum tug_status tug__walk_read_configs(struct tug__walk *walk, struct tug_error *err)
{
    struct reading reading;
    bool *is_taken = NULL;
    enum tug_status status = begin(&reading, walk, err);

    walk->configs = calloc((size_t)walk->blob_count + 1, sizeof *walk->configs);
    is_taken = calloc((size_t)walk->blob_count + 1, sizeof *is_taken);
    if (status == TUG_OK && (walk->configs == NULL || is_taken == NULL)) {
        status = tug__fail_memory(err);
    }
    for (size_t i = 0; status == TUG_OK && i < walk->links.child_count; i++) {
        const struct tug__walk_child *const child = &walk->links.children[i];

        if (child->role == TUG__ROLE_CONFIG && !is_taken[child->blob] &&
            walk->blobs[child->blob].state == TUG__BLOB_PRESENT) {
            is_taken[child->blob] = true;
            status = add(&reading, child->blob, TUG__USE_CONFIG, err);
        }
    }
    if (status == TUG_OK) {
        status = finish_round(&reading, err);
    }
    free(is_taken);
    end(&reading);
    return status;
}

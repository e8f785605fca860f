/* SPDX-License-Identifier: Apache-2.0
 *
 * Read a store in an order that misses nothing, and query the result.
 *
 * Knows: the steps. Does not know: the network, what each step does.
 * Threads: the walk's owner.
 */
#include "walk/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/error.h"

/* Note the problem of a reached document whose file is unusable. */
static void note_bad_files(struct tug__walk *walk)
{
    static const char wrong_size[] = "its size is not what its descriptor says";
    static const char not_a_file[] = "not a regular file";

    for (uint32_t i = 0; i < walk->blob_count; i++) {
        struct tug__walk_blob *const blob = &walk->blobs[i];

        if (!blob->is_reached || !walk->nodes[i].is_certain || blob->problem != NULL ||
            blob->is_read) {
            continue;
        }
        if (blob->state == TUG__BLOB_WRONG_SIZE) {
            blob->problem = wrong_size;
        } else if (blob->state == TUG__BLOB_NOT_A_FILE) {
            blob->problem = not_a_file;
        }
    }
}

/* Read index.json; if that fails, and the caller wants to know why, go on without it. */
static enum tug_status read_entries(struct tug__walk *walk, const struct tug__walk_options *options,
                                    struct tug_error *err)
{
    struct tug_error error = {0};
    const enum tug_status status = tug__walk_read_entries(walk, &error);

    if (status == TUG_ERR_STORE && options->index_error != NULL) {
        *options->index_error = error;
        return tug__walk_rank_images(walk, err);
    }
    if (status != TUG_OK && err != NULL) {
        *err = error;
    }
    return status == TUG_OK ? tug__walk_rank_images(walk, err) : status;
}

static enum tug_status read_store(struct tug__walk *walk, const struct tug__walk_options *options,
                                  struct tug_error *err)
{
    enum tug_status status = read_entries(walk, options, err);

    if (status == TUG_OK) {
        status = tug__walk_list_files(walk, err);
    }
    if (status == TUG_OK) {
        status = tug__walk_read_reached(walk, err);
    }
    if (status == TUG_OK && options->orphans != TUG__ORPHANS_NONE) {
        status = tug__walk_read_orphans(walk, options->orphans, err);
        /* referrers of a reached blob are reached themselves, with everything they name */
        if (status == TUG_OK) {
            status = tug__walk_read_reached(walk, err);
        }
    }
    if (status == TUG_OK && options->configs) {
        status = tug__walk_read_configs(walk, err);
    }
    note_bad_files(walk);
    return status;
}

enum tug_status tug__walk_open(struct tug_store *store, const struct tug__walk_options *options,
                               struct tug__walk **out_walk, struct tug_error *err)
{
    static const struct tug__walk_options defaults = {0};
    struct tug__walk *const walk = calloc(1, sizeof *walk);
    enum tug_status status;

    if (walk == NULL) {
        return tug__fail_memory(err);
    }
    options = options != NULL ? options : &defaults;
    walk->store = store;
    walk->watch = options->watch;
    if (getrandom(&walk->seed, sizeof walk->seed, GRND_NONBLOCK) != sizeof walk->seed) {
        walk->seed = tug__now_ns();
    }
    status = read_store(walk, options, err);
    if (status != TUG_OK) {
        tug__walk_close(walk);
        return status;
    }
    *out_walk = walk;
    return TUG_OK;
}

void tug__walk_close(struct tug__walk *walk)
{
    if (walk == NULL) {
        return;
    }
    tug__pool_fini(&walk->pool);
    free(walk->blobs);
    free(walk->nodes);
    free(walk->slots);
    free(walk->links.children);
    free(walk->links.referrers);
    free(walk->entries.images);
    free(walk->entries.older);
    free(walk->entries.named);
    free(walk->entries.ranks);
    free(walk->foreign);
    free(walk->queue.items);
    free(walk->configs);
    free(walk->lookout.sorted);
    free(walk->lookout.parents_end);
    free(walk->lookout.parents);
    free(walk->lookout.marks);
    free(walk->lookout.stack.items);
    free(walk->lookout.ranks.items);
    free(walk->lookout.names);
    free(walk);
}

struct tug__walk_counts tug__walk_counts(const struct tug__walk *walk)
{
    struct tug__walk_counts counts = {
        .blobs = walk->blob_count,
        .images = (uint32_t)walk->entries.count,
        .foreign = (uint32_t)walk->foreign_count,
    };

    for (uint32_t i = 0; i < walk->blob_count; i++) {
        counts.problems += walk->blobs[i].is_reached && walk->blobs[i].problem != NULL;
    }
    for (size_t i = 0; i < walk->entries.count; i++) {
        counts.problems += walk->entries.images[i].problem != NULL;
    }
    return counts;
}

const struct tug__walk_blob *tug__walk_blob(const struct tug__walk *walk, uint32_t blob)
{
    return &walk->blobs[blob];
}

const struct tug__walk_image *tug__walk_image(const struct tug__walk *walk, uint32_t image)
{
    return &walk->entries.images[image];
}

const struct tug__walk_foreign *tug__walk_foreign(const struct tug__walk *walk, uint32_t number)
{
    return &walk->foreign[number];
}

const struct tug__walk_child *tug__walk_children(const struct tug__walk *walk, uint32_t blob,
                                                 size_t *out_count)
{
    *out_count = walk->nodes[blob].child_count;
    return *out_count > 0 ? &walk->links.children[walk->nodes[blob].first_child] : NULL;
}

struct tug__walk_config tug__walk_config(const struct tug__walk *walk, uint32_t blob)
{
    return walk->configs != NULL ? walk->configs[blob] : (struct tug__walk_config){0};
}

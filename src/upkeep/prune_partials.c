/* SPDX-License-Identifier: Apache-2.0
 *
 * Delete partial downloads that no process holds, and what interrupted writes left.
 *
 * Knows: partial downloads as the store room lists them. Does not know: documents, the network.
 * Threads: the caller's.
 */
#include "upkeep/prune.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "oci/digest.h"
#include "store/list.h"
#include "store/store.h"

/* Most bytes of a path "ingest/ALGORITHM/HEX". */
#define PATH_BYTES (TUG_DIGEST_TEXT_MAX + 16)

/* Tell whether a file was not written to for long enough. One of the future is new. */
static bool is_old(const struct tug__pruning *pruning, int64_t modified_s)
{
    const int64_t age_s = (int64_t)time(NULL) - modified_s;

    return pruning->options->older_than_s == 0 ||
           (age_s > 0 && (uint64_t)age_s >= pruning->options->older_than_s);
}

/* Delete one, unless a process holds it. out_is_held: that one stays. */
static enum tug_status remove_partial(const struct tug__pruning *pruning,
                                      const struct tug_digest *digest, bool *out_is_held,
                                      struct tug_error *err)
{
    char holder[TUG__HOLDER_TEXT_MAX];
    struct tug_error error = {0};
    int64_t pid = 0;
    enum tug_status status;

    if (pruning->options->dry_run) {
        *out_is_held = tug__store_find_holder(pruning->store, digest, &pid, holder);
        return TUG_OK;
    }
    status = tug__store_remove_partial(pruning->store, digest, &error);
    *out_is_held = status == TUG_ERR_BUSY;
    if (status == TUG_ERR_BUSY) {
        return TUG_OK;
    }
    if (status != TUG_OK && err != NULL) {
        *err = error;
    }
    return status;
}

static enum tug_status prune_partial(const struct tug__pruning *pruning,
                                     const struct tug__partial *partial, struct tug_error *err)
{
    char hex[TUG_DIGEST_TEXT_MAX];
    char path[PATH_BYTES];
    const struct tug_pruned pruned = {
        .kind = TUG_PRUNED_PARTIAL,
        .digest = partial->digest,
        .path = path,
        .size_bytes = partial->present_bytes,
        .disk_bytes = partial->disk_bytes,
        .modified_s = partial->modified_s,
    };
    const bool is_young = !is_old(pruning, partial->modified_s);
    bool is_held = false;
    enum tug_status status = tug__watch_check(pruning->watch, err);

    if (status == TUG_OK && !is_young) {
        status = remove_partial(pruning, &partial->digest, &is_held, err);
    }
    if (status == TUG_OK && (is_young || is_held)) {
        pruning->result->kept_partials++;
        pruning->result->young_partials += is_young ? 1 : 0;
    } else if (status == TUG_OK) {
        (void)snprintf(path, sizeof path, "ingest/%s/%s",
                       tug__digest_algorithm_name(partial->digest.algorithm),
                       tug__digest_hex(&partial->digest, hex));
        tug__prune_report(pruning, &pruned);
    }
    return status;
}

/* Delete the file of an interrupted change of index.json. A change that is under way keeps it. */
static enum tug_status prune_leftover(const struct tug__pruning *pruning, const char *name,
                                      struct tug_error *err)
{
    struct tug_error error = {0};
    enum tug_status status = TUG_OK;
    struct tug_pruned pruned = {.kind = TUG_PRUNED_LEFTOVER, .path = name};

    if (!tug__store_look_at_leftover(pruning->store, name, &pruned.disk_bytes,
                                     &pruned.modified_s) ||
        !is_old(pruning, pruned.modified_s)) {
        return TUG_OK;
    }
    pruned.size_bytes = pruned.disk_bytes;
    if (!pruning->options->dry_run) {
        status = tug__store_remove_leftover(pruning->store, name, &error);
    }
    if (status == TUG_OK) {
        tug__prune_report(pruning, &pruned);
    }
    if (status != TUG_OK && status != TUG_ERR_BUSY && err != NULL) {
        *err = error;
    }
    return status == TUG_ERR_BUSY ? TUG_OK : status;
}

enum tug_status tug__prune_partials(const struct tug__pruning *pruning, struct tug_error *err)
{
    struct tug__partial *partials = NULL;
    struct tug_work_progress work = {0};
    size_t count = 0;
    enum tug_status status = tug__store_partials(pruning->store, &partials, &count, err);

    work.items_total = count;
    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = prune_partial(pruning, &partials[i], err);
        work.items_done += status == TUG_OK;
        tug__watch_tell(pruning->watch, &work, false);
    }
    free(partials);
    for (size_t i = 0; status == TUG_OK && tug__store_leftover_name(i) != NULL; i++) {
        status = prune_leftover(pruning, tug__store_leftover_name(i), err);
    }
    tug__watch_tell(pruning->watch, &work, true);
    return status;
}

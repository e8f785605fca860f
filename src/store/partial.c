/* SPDX-License-Identifier: Apache-2.0
 *
 * Look at partial downloads without changing them.
 *
 * Knows: the files under ingest/, who holds them. Does not know: documents, the network.
 * Threads: any.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fs.h"
#include "oci/digest.h"
#include "store/internal.h"
#include "store/list.h"

/* Bytes of a block in st_blocks. */
#define BLOCK_BYTES 512

/* A partial download while its files are found one by one. */
struct found {
    struct tug__partial partial; /* first: sorted and compared by its digest */
    uint64_t data_bytes;
    bool has_state;
};

struct finding {
    struct found *items; /* owned; one for each file at first */
    size_t count, capacity;
};

static enum tug_status on_file(void *context, const struct tug__store_file *file,
                               struct tug_error *err)
{
    struct finding *const finding = context;

    if (file->digest.algorithm == TUG_DIGEST_NONE || !S_ISREG(file->info.st_mode)) {
        return TUG_OK;
    }
    if (finding->count == finding->capacity) {
        const size_t capacity = finding->capacity > 0 ? 2 * finding->capacity : 64;
        struct found *const grown = reallocarray(finding->items, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        finding->items = grown;
        finding->capacity = capacity;
    }
    finding->items[finding->count++] = (struct found){
        .partial = {.digest = file->digest,
                    .disk_bytes = (uint64_t)file->info.st_blocks * BLOCK_BYTES,
                    .modified_s = file->info.st_mtim.tv_sec},
        .data_bytes = *file->suffix == '\0' ? (uint64_t)file->info.st_size : 0,
        .has_state = *file->suffix != '\0',
    };
    return TUG_OK;
}

static int compare(const void *a, const void *b)
{
    return tug__digest_compare(a, b);
}

/* Make one of the files of each digest. */
static void merge(struct finding *finding)
{
    size_t kept = 0;

    if (finding->count > 1) {
        qsort(finding->items, finding->count, sizeof *finding->items, compare);
    }
    for (size_t i = 0; i < finding->count; i++) {
        struct found *const last = kept > 0 ? &finding->items[kept - 1] : NULL;
        const struct found *const next = &finding->items[i];

        if (last == NULL || compare(last, next) != 0) {
            finding->items[kept++] = *next;
            continue;
        }
        last->partial.disk_bytes += next->partial.disk_bytes;
        last->data_bytes += next->data_bytes;
        last->has_state = last->has_state || next->has_state;
        if (next->partial.modified_s > last->partial.modified_s) {
            last->partial.modified_s = next->partial.modified_s;
        }
    }
    finding->count = kept;
}

/* Find how much of a partial download is present. */
static enum tug_status measure(struct tug_store *store, struct found *found, struct tug_error *err)
{
    struct tug__partial *const partial = &found->partial;
    struct tug__algorithm_dirs dirs;
    enum tug_status status;

    partial->present_bytes = found->data_bytes; /* without a state file it is the beginning */
    if (!found->has_state) {
        return TUG_OK;
    }
    status = tug__store_dirs(store, partial->digest.algorithm, false, &dirs, err);
    if (status == TUG_OK) {
        partial->present_bytes = tug__state_look(dirs.ingest_fd, &partial->digest,
                                                 found->data_bytes, &partial->size_bytes);
    }
    return status;
}

enum tug_status tug__store_partials(struct tug_store *store, struct tug__partial **out_partials,
                                    size_t *out_count, struct tug_error *err)
{
    struct finding finding = {0};
    struct tug__partial *partials = NULL;
    enum tug_status status = tug__store_list_partials(store, on_file, &finding, err);

    if (status == TUG_OK) {
        merge(&finding);
        partials = calloc(finding.count + 1, sizeof *partials);
        status = partials != NULL ? TUG_OK : tug__fail_memory(err);
    }
    for (size_t i = 0; status == TUG_OK && i < finding.count; i++) {
        status = measure(store, &finding.items[i], err);
        partials[i] = finding.items[i].partial;
    }
    free(finding.items);
    if (status != TUG_OK) {
        free(partials);
        return status;
    }
    *out_partials = partials;
    *out_count = finding.count;
    return TUG_OK;
}

bool tug__store_find_holder(struct tug_store *store, const struct tug_digest *digest,
                            int64_t *out_pid, char out_text[TUG__HOLDER_TEXT_MAX])
{
    struct tug__algorithm_dirs dirs;
    char name[TUG_DIGEST_TEXT_MAX];
    struct stat info;
    TUG__AUTO_FD int fd = -1;

    *out_pid = 0;
    *out_text = '\0';
    if (tug__store_dirs(store, digest->algorithm, false, &dirs, NULL) != TUG_OK ||
        tug__fs_open_file(dirs.ingest_fd, tug__digest_hex(digest, name), O_RDONLY, &fd, NULL) !=
            TUG_OK ||
        fstat(fd, &info) != 0) {
        return false;
    }
    *out_pid = tug__holder_find(&info);
    if (*out_pid == 0 && (flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK)) {
        return false; /* closing the file ends the lock */
    }
    tug__holder_describe(fd, out_text, TUG__HOLDER_TEXT_MAX);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The files under blobs/, and foreign names there.
 *
 * Knows: listings of the store. Does not know: the network, the content of files.
 * Threads: the walk's owner.
 */
#include "walk/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "store/list.h"

/* Bytes of a block in st_blocks. */
#define BLOCK_BYTES 512
/* Names between two checks whether to stop. */
#define CHECK_EVERY 1024

static enum tug_status take_foreign(struct tug__walk *walk, const struct tug__store_file *file,
                                    struct tug_error *err)
{
    struct tug__walk_foreign *const foreign = tug__walk_grow(
        walk->foreign, walk->foreign_count, &walk->foreign_capacity, sizeof *foreign);
    char path[sizeof "blobs/sha256//" + 256];
    int length;

    if (foreign == NULL) {
        return tug__fail_memory(err);
    }
    walk->foreign = foreign;
    length = snprintf(path, sizeof path, "%s/%s%s%s", file->area, file->folder,
                      file->folder[0] != '\0' ? "/" : "", file->name);
    foreign[walk->foreign_count] = (struct tug__walk_foreign){
        .path = tug__pool_copy(&walk->pool, path, (size_t)length),
        .is_dir = S_ISDIR(file->info.st_mode),
    };
    return foreign[walk->foreign_count++].path != NULL ? TUG_OK : tug__fail_memory(err);
}

static enum tug_status on_file(void *context, const struct tug__store_file *file,
                               struct tug_error *err)
{
    struct tug__walk *const walk = context;
    struct tug__walk_blob *blob;
    uint32_t number = 0;
    enum tug_status status;

    if (walk->blob_count % CHECK_EVERY == 0) {
        status = tug__watch_check(walk->watch, err);
        if (status != TUG_OK) {
            return status;
        }
    }
    if (file->digest.algorithm == TUG_DIGEST_NONE || *file->suffix != '\0') {
        return take_foreign(walk, file, err);
    }
    status = tug__walk_add(walk, &file->digest, &number, err);
    if (status != TUG_OK) {
        return status;
    }
    blob = &walk->blobs[number];
    walk->nodes[number].has_file = true;
    if (!S_ISREG(file->info.st_mode)) {
        blob->state = TUG__BLOB_NOT_A_FILE;
        return TUG_OK;
    }
    blob->file_bytes = (uint64_t)file->info.st_size;
    blob->disk_bytes = (uint64_t)file->info.st_blocks * BLOCK_BYTES;
    blob->modified_s = file->info.st_mtim.tv_sec;
    blob->inode = file->info.st_ino;
    tug__walk_settle(walk, number);
    return TUG_OK;
}

enum tug_status tug__walk_list_files(struct tug__walk *walk, struct tug_error *err)
{
    enum tug_status status = tug__store_list_blobs(walk->store, on_file, walk, err);

    /* entries were read before their files were known: of their sizes, the file's counts */
    for (size_t i = 0; status == TUG_OK && i < walk->entries.count; i++) {
        if (walk->entries.images[i].root != TUG__WALK_NONE) {
            status = tug__walk_note_size(walk, walk->entries.images[i].root,
                                         walk->entries.images[i].size_bytes, err);
        }
    }
    return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Remove partial downloads, and what interrupted writes left behind.
 *
 * Knows: names, the locks of partial files. Does not know: documents, what is needed.
 * Threads: any.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fs.h"
#include "oci/digest.h"

/* Remove a name; one that is gone is no error. */
static enum tug_status remove_name(int dir_fd, const char *name, struct tug_error *err)
{
    return unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT
               ? TUG_OK
               : tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot remove '%s'", name);
}

/* Remove what an interrupted write of the state file left. */
static enum tug_status remove_torn_state(const struct tug__ingest *ingest, struct tug_error *err)
{
    char name[TUG__STATE_NAME_MAX + 16];
    char hex[TUG_DIGEST_TEXT_MAX];
    struct tug__algorithm_dirs dirs;
    const enum tug_status status =
        tug__store_dirs(ingest->store, ingest->digest.algorithm, false, &dirs, err);

    (void)snprintf(name, sizeof name, "%s.state.tmp", tug__digest_hex(&ingest->digest, hex));
    return status == TUG_OK ? remove_name(dirs.ingest_fd, name, err) : status;
}

enum tug_status tug__store_remove_partial(struct tug_store *store, const struct tug_digest *digest,
                                          struct tug_error *err)
{
    struct tug__ingest *ingest = NULL;
    /* of no blob: whatever the file holds is dropped */
    enum tug_status status = tug__ingest_open(store, digest, 0, &ingest, err);

    if (status != TUG_OK) {
        return status;
    }
    status = remove_torn_state(ingest, err);
    if (status == TUG_OK) {
        status = tug__ingest_remove(ingest, err);
    }
    tug__ingest_close(ingest);
    return status;
}

enum tug_status tug__store_settle_index(struct tug_store *store, struct tug_error *err)
{
    TUG__AUTO_FD int fd = -1;
    enum tug_status status = tug__fs_open_file(store->root_fd, "index.json", O_RDONLY, &fd, err);

    if (status == TUG_OK && store->is_durable) {
        status = tug__fs_sync(fd, err);
    }
    if (status == TUG_OK && store->is_durable) {
        status = tug__fs_sync(store->root_fd, err);
    }
    return status;
}

const char *tug__store_leftover_name(size_t index)
{
    static const char *const names[] = {"index.json.tmp", "oci-layout.tmp"};

    return index < sizeof names / sizeof *names ? names[index] : NULL;
}

bool tug__store_look_at_leftover(const struct tug_store *store, const char *name,
                                 uint64_t *out_bytes, int64_t *out_modified_s)
{
    struct stat info;

    if (fstatat(store->root_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) {
        return false;
    }
    *out_bytes = (uint64_t)info.st_size;
    *out_modified_s = info.st_mtim.tv_sec;
    return true;
}

static bool give_up(void *context)
{
    (void)context;
    return true;
}

enum tug_status tug__store_remove_leftover(struct tug_store *store, const char *name,
                                           struct tug_error *err)
{
    const struct tug__lock_wait wait = {.should_give_up = give_up};
    int lock_fd = -1;
    enum tug_status status = tug__store_lock(store, &wait, &lock_fd, err);

    if (status == TUG_ERR_CANCELLED) {
        return tug__fail(err, TUG_ERR_BUSY, "'%s' is being written", name);
    }
    if (status == TUG_OK) {
        status = remove_name(store->root_fd, name, err);
        tug__store_unlock(lock_fd);
    }
    return status;
}

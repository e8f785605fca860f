/* SPDX-License-Identifier: Apache-2.0
 *
 * Open a store, or create one.
 *
 * Knows: the OCI image layout. Does not know: documents, the network.
 * Threads: any.
 *
 * A layout is created in this order: blobs/ and ingest/, index.json, and oci-layout last. A
 * directory without oci-layout counts as an unfinished store when it holds nothing but these. Only
 * the files' content is synced here; their names are with the first that depends on them (dirs.c).
 */
#include "store/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/options.h"
#include "store/list.h"

#define LAYOUT_FILE "oci-layout"
#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define LAYOUT_BYTES_MAX 4096

/* Create a directory and its missing parents with mode 0700. */
static enum tug_status make_path(const char *path, struct tug_error *err)
{
    TUG__AUTO_FREE char *copy = strdup(path);

    if (copy == NULL) {
        return tug__fail_memory(err);
    }
    for (char *slash = strchr(copy + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL) {
            *slash = '\0';
        }
        if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
            return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot create the directory '%s'",
                                   copy);
        }
        if (slash == NULL) {
            return TUG_OK;
        }
        *slash = '/';
    }
}

static enum tug_status open_root(struct tug_store *store, bool must_exist, struct tug_error *err)
{
    /* A link to the store is the user's choice; links within it are not followed. */
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

    store->root_fd = open(store->path, flags);
    if (store->root_fd < 0 && errno == ENOENT && !must_exist && store->makes_nothing) {
        return TUG_OK;
    }
    if (store->root_fd < 0 && errno == ENOENT && !must_exist) {
        const enum tug_status status = make_path(store->path, err);

        if (status != TUG_OK) {
            return status;
        }
        store->root_fd = open(store->path, flags);
    }
    if (store->root_fd < 0 && errno == ENOTDIR) {
        return tug__fail_errno(err, TUG_ERR_STORE, ENOTDIR, "the store '%s'", store->path);
    }
    if (store->root_fd < 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot open the store '%s'",
                               store->path);
    }
    return TUG_OK;
}

bool tug__store_is_own_name(const char *name)
{
    static const char *const own[] = {
        ".",
        "..",
        "blobs",
        "ingest",
        "lock",
        "lock.use",
        "index.json",
        "index.json.tmp",
        LAYOUT_FILE,
        LAYOUT_FILE ".tmp",
        "index.json.damaged",
        "verified",
        "verified.tmp",
        "lost+found",
    };

    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (strcmp(name, own[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Check that a directory without oci-layout may become a store. */
static enum tug_status check_empty(const struct tug_store *store, struct tug_error *err)
{
    const int fd = openat(store->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *const dir = fd >= 0 ? fdopendir(fd) : NULL;
    enum tug_status status = TUG_OK;
    const struct dirent *entry;

    if (dir == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot read the directory '%s'",
                               store->path);
    }
    while (status == TUG_OK && (entry = readdir(dir)) != NULL) {
        if (!tug__store_is_own_name(entry->d_name)) {
            status = tug__fail(err, TUG_ERR_STORE,
                               "'%s' is not a store (it has no oci-layout, but holds '%s'): name "
                               "an empty directory or an OCI image layout",
                               store->path, entry->d_name);
        }
    }
    (void)closedir(dir);
    return status;
}

static enum tug_status check_layout(const struct tug_store *store, struct tug_error *err)
{
    const struct tug__json_limits limits = {LAYOUT_BYTES_MAX, 8, 64};
    struct tug__json *json = NULL;
    const char *version = NULL;
    struct tug__buf buf;
    enum tug_status status;

    tug__buf_init(&buf, LAYOUT_BYTES_MAX);
    status = tug__fs_read_file(store->root_fd, LAYOUT_FILE, &buf, err);
    if (status == TUG_OK) {
        status = tug__json_parse(buf.data, buf.length, &limits, &json, err);
    }
    if (status == TUG_OK) {
        status = tug__json_get_string(tug__json_root(json), "imageLayoutVersion", &version, err);
    }
    if (status == TUG_OK && (version == NULL || strncmp(version, "1.", 2) != 0)) {
        status = tug__fail(err, TUG_ERR_STORE, "imageLayoutVersion '%s' is not 1.0.0",
                           version != NULL ? version : "");
    }
    tug__json_destroy(json);
    tug__buf_fini(&buf);
    if (status != TUG_OK && status != TUG_ERR_NO_MEMORY && err != NULL) {
        err->code = TUG_ERR_STORE; /* whatever the JSON error was: the store is at fault */
    }
    return status == TUG_OK ? TUG_OK
                            : tug__wrap(err, TUG_ERR_STORE, "'%s/" LAYOUT_FILE "'", store->path);
}

/* Tell whether a file exists. A failed stat does not count as missing: the file would be replaced.
 */
static enum tug_status find_file(const struct tug_store *store, const char *name, bool *out_found,
                                 struct tug_error *err)
{
    struct stat info;

    *out_found = fstatat(store->root_fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    return *out_found || errno == ENOENT
               ? TUG_OK
               : tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat '%s/%s'", store->path,
                                 name);
}

/* A file of the layout, for write_file. */
struct layout_file {
    const struct tug_store *store;
    const char *text;
};

static enum tug_status write_file(void *context, int fd, struct tug_error *err)
{
    const struct layout_file *const file = context;

    tug__access_give(fd, file->store->root_owner, file->store->root_group, 0644);
    return tug__fs_pwrite_all(fd, file->text, strlen(file->text), 0, err);
}

static enum tug_status make_file(struct tug_store *store, const char *name, const char *temporary,
                                 const char *text, struct tug_error *err)
{
    struct layout_file file = {.store = store, .text = text};
    const struct tug__fs_replacement replacement = {
        .temporary = temporary,
        .name = name,
        .mode = 0600, /* write_file sets the final one */
        .sync = store->is_durable,
        .leave_dir = true,
        .write = write_file,
        .context = &file,
    };
    bool is_there = false;
    const enum tug_status status = find_file(store, name, &is_there, err);

    if (status != TUG_OK || is_there) {
        return status;
    }
    tug__store_mark_unsynced(store);
    return tug__fs_replace(store->root_fd, &replacement, err);
}

static enum tug_status end_listing(void *context, const struct tug__store_file *file,
                                   struct tug_error *err)
{
    bool *const has_blob = context;

    (void)err;
    *has_blob = file->digest.algorithm != TUG_DIGEST_NONE;
    return *has_blob ? TUG_ERR_CANCELLED : TUG_OK;
}

/* Refuse a finished store that has blobs and has lost its index.json: with an empty one, prune
 * would delete them all. */
static enum tug_status check_lost_index(struct tug_store *store, struct tug_error *err)
{
    bool has_layout = false;
    bool has_index = false;
    bool has_blob = false;
    enum tug_status status = find_file(store, LAYOUT_FILE, &has_layout, err);

    if (status == TUG_OK) {
        status = find_file(store, "index.json", &has_index, err);
    }
    if (status != TUG_OK || !has_layout || has_index) {
        return status;
    }
    status = tug__store_list_blobs(store, end_listing, &has_blob, err);
    return has_blob ? tug__fail(err, TUG_ERR_STORE,
                                "it has lost its index.json: 'tug verify --repair' makes one of "
                                "what is stored")
                    : status;
}

/* Create what is missing, and open it. A store that must exist and has lost its index.json is
 * damaged: that is left to be seen. */
static enum tug_status complete_layout(struct tug_store *store, bool must_exist,
                                       struct tug_error *err)
{
    bool is_complete = false;
    enum tug_status status = tug__store_open_dirs(store, true, &is_complete, err);

    if (status == TUG_OK && !must_exist) {
        status = check_lost_index(store, err);
    }
    if (status == TUG_OK && !must_exist) {
        status = make_file(store, "index.json", "index.json.tmp", TUG__INDEX_EMPTY, err);
    }
    return status == TUG_OK ? make_file(store, LAYOUT_FILE, LAYOUT_FILE ".tmp", LAYOUT_TEXT, err)
                            : status;
}

/* The lock file is created on first use; anything else with its name is refused early. */
static enum tug_status check_lock(const struct tug_store *store, struct tug_error *err)
{
    struct stat info;

    return fstatat(store->root_fd, "lock", &info, AT_SYMLINK_NOFOLLOW) != 0 || S_ISREG(info.st_mode)
               ? TUG_OK
               : tug__fail(err, TUG_ERR_STORE, "'%s/lock' is not a regular file", store->path);
}

/* Open a layout that may be complete: takes no lock and writes nothing. */
static enum tug_status open_complete(struct tug_store *store, bool *out_complete,
                                     struct tug_error *err)
{
    bool has_layout = false;
    bool has_index = false;
    enum tug_status status = find_file(store, LAYOUT_FILE, &has_layout, err);

    *out_complete = false;
    if (status == TUG_OK) {
        status = find_file(store, "index.json", &has_index, err);
    }
    if (status == TUG_OK) {
        status = check_lock(store, err);
    }
    return status == TUG_OK && has_layout && has_index
               ? tug__store_open_dirs(store, false, out_complete, err)
               : status;
}

/* A wait for another process that creates the same store. */
struct opening {
    const struct tug_store_options *options;
    uint64_t end_ns;
};

static bool is_late(void *context)
{
    const struct opening *const opening = context;

    return tug__now_ns() >= opening->end_ns;
}

static void on_busy(void *context, const char *text)
{
    const struct opening *const opening = context;

    if (opening->options->on_wait != NULL) {
        opening->options->on_wait(opening->options->wait_context, text);
    }
}

static enum tug_status lock_to_make(struct tug_store *store,
                                    const struct tug_store_options *options, int *out_fd,
                                    struct tug_error *err)
{
    struct opening opening = {
        .options = options,
        .end_ns = options->timeout_ms > 0 ? tug__deadline_ns(options->timeout_ms) : TUG__NEVER_NS,
    };
    const struct tug__lock_wait wait = {
        .should_give_up = is_late,
        .on_busy = on_busy,
        .context = &opening,
    };
    const enum tug_status status = tug__store_lock(store, &wait, out_fd, err);

    if (status != TUG_ERR_CANCELLED) {
        return status;
    }
    if (err != NULL) {
        err->code = TUG_ERR_TIMEOUT;
    }
    return tug__wrap(err, TUG_ERR_TIMEOUT, "timed out");
}

/* Two processes may try to create the same store at once: the lock lets only one do it. */
static enum tug_status open_or_make(struct tug_store *store,
                                    const struct tug_store_options *options, struct tug_error *err)
{
    int lock_fd = -1;
    bool is_complete = false;
    enum tug_status status;

    if (store->makes_nothing) {
        return tug__store_open_dirs(store, false, &is_complete, err);
    }
    status = open_complete(store, &is_complete, err);
    if (status == TUG_OK && !is_complete) {
        status = lock_to_make(store, options, &lock_fd, err);
    }
    if (status == TUG_OK && !is_complete) {
        status = complete_layout(store, options->must_exist, err);
        tug__store_unlock(lock_fd);
    }
    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "the store '%s'", store->path);
}

/* Remember the root's mode and owner, which new files and directories follow. */
static enum tug_status note_root(struct tug_store *store, struct tug_error *err)
{
    struct stat info;

    if (fstat(store->root_fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat '%s'", store->path);
    }
    store->root_mode = info.st_mode;
    store->root_owner = info.st_uid;
    store->root_group = info.st_gid;
    return TUG_OK;
}

static enum tug_status open_layout(struct tug_store *store, const struct tug_store_options *options,
                                   struct tug_error *err)
{
    const bool must_exist = options->must_exist;
    bool is_made = false;
    enum tug_status status = open_root(store, must_exist, err);

    if (status == TUG_OK && store->root_fd < 0) {
        return TUG_OK; /* missing, and make_nothing is set */
    }
    if (status == TUG_OK) {
        status = note_root(store, err);
    }
    if (status == TUG_OK) {
        status = find_file(store, LAYOUT_FILE, &is_made, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    if (must_exist && !is_made) {
        return tug__fail(err, TUG_ERR_STORE, "'%s' is not a store: it has no oci-layout",
                         store->path);
    }
    if (!is_made) {
        status = check_empty(store, err);
        if (status != TUG_OK) { /* unless another process has created it meanwhile */
            (void)find_file(store, LAYOUT_FILE, &is_made, NULL);
        }
    }
    if (is_made) {
        status = check_layout(store, err);
    }
    return status == TUG_OK ? open_or_make(store, options, err) : status;
}

/* A later version appends members; none may hide in padding that an older program left unset. */
_Static_assert(sizeof(struct tug_store_options) ==
                   offsetof(struct tug_store_options, sink) + sizeof(void *),
               "tug_store_options has no padding at its end");

enum tug_status tug_store_open(const char *path, const struct tug_store_options *options,
                               struct tug_store **out_store, struct tug_error *err)
{
    struct tug_store_options given = TUG_STORE_OPTIONS_INIT;
    struct tug_store *store;
    enum tug_status status =
        options != NULL ? tug__options_copy(&given, sizeof given, options, "tug_store_options", err)
                        : TUG_OK;

    if (status != TUG_OK) {
        return status;
    }
    store = calloc(1, sizeof *store);
    if (store == NULL) {
        return tug__fail_memory(err);
    }
    store->root_fd = -1;
    store->blobs_fd = -1;
    store->ingest_fd = -1;
    for (size_t i = 0; i < sizeof store->dirs / sizeof *store->dirs; i++) {
        store->dirs[i] =
            (struct tug__algorithm_dirs){.blobs_fd = -1, .ingest_fd = -1, .is_dirty = true};
    }
    (void)pthread_mutex_init(&store->lock, NULL);
    (void)pthread_mutex_init(&store->sync_lock, NULL);
    store->makes_nothing = given.make_nothing;
    store->is_unsynced = true;
    store->is_durable = given.durability == TUG_DURABILITY_FULL;
    store->path = strdup(path);
    if (store->path == NULL) {
        status = tug__fail_memory(err);
    } else if (given.sink != NULL) {
        store->is_durable = false; /* what is to survive a power cut, the program has */
        status = tug__sink_set(store, given.sink, err);
    }
    if (status == TUG_OK) {
        status = open_layout(store, &given, err);
        store->may_sync_all = status == TUG_OK && tug__store_may_sync_all(store->root_fd);
    }
    if (status != TUG_OK) {
        tug_store_close(store);
        return status;
    }
    *out_store = store;
    return TUG_OK;
}

static void close_if_open(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

void tug_store_close(struct tug_store *store)
{
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof store->dirs / sizeof *store->dirs; i++) {
        close_if_open(store->dirs[i].blobs_fd);
        close_if_open(store->dirs[i].ingest_fd);
    }
    close_if_open(store->ingest_fd);
    close_if_open(store->blobs_fd);
    close_if_open(store->root_fd);
    (void)pthread_mutex_destroy(&store->lock);
    (void)pthread_mutex_destroy(&store->sync_lock);
    free(store->path);
    free(store);
}

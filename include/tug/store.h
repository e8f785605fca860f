/* SPDX-License-Identifier: Apache-2.0
 *
 * The store: an OCI image layout (image-spec 1.1.1, "image-layout") on a local file system.
 */
#ifndef TUG_STORE_H
#define TUG_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>
#include <tug/sink.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* How hard the store tries to survive a power cut. */
enum tug_durability {
    TUG_DURABILITY_FULL = 0, /* data, then names, then index.json, each forced to the disk */
    TUG_DURABILITY_NONE, /* writes are left to the operating system; still consistent after a kill
                          */
};

/* Options of a store. Start with `= TUG_STORE_OPTIONS_INIT`: zero is the default of every other
 * member. */
struct tug_store_options {
    size_t size; /* of this struct: TUG_STORE_OPTIONS_INIT sets it */
    enum tug_durability durability;
    bool must_exist;   /* fail instead of creating a new layout, or a new index.json for one that
                          has lost it */
    bool make_nothing; /* for dry runs: a missing or incomplete store counts as empty, and nothing
                          is created; calls that write to it fail */
    /* Called once if opening waits more than a second for another process. text: one line that
     * names the process, borrowed for the call. May be NULL. */
    void (*on_wait)(void *context, const char *text);
    void *wait_context;
    uint64_t timeout_ms; /* how long to wait for another process; 0 means as long as it takes */
    /* Where content goes instead of this store, which is then a work directory: see tug/sink.h.
     * Copied; its context must outlive the store. NULL: content stays here. */
    const struct tug_sink *sink;
};

/* All defaults. */
#define TUG_STORE_OPTIONS_INIT TUG_SIZED(struct tug_store_options)

/* An open store. Opaque; any number of processes may have the same directory open. */
struct tug_store;

/* Open the layout in a directory; create one if the directory is missing (with mode 0700) or empty.
 * A directory with other content is refused.
 *
 * path: borrowed. options: borrowed, NULL means all defaults.
 *
 * out_store: owned by the caller, untouched on failure.
 *
 * Returns: TUG_OK. Errors: TUG_ERR_STORE (not a store, a file in the way, no permission, I/O),
 * TUG_ERR_INVALID_ARGUMENT (options.size is 0, a sink that lacks a callback), TUG_ERR_UNSUPPORTED
 * (an option set that the library does not know), TUG_ERR_NO_MEMORY.
 *
 * Threads: any. Blocks: on the disk; also while another process changes index.json, if a layout has
 * to be created. */
enum tug_status tug_store_open(const char *path, const struct tug_store_options *options,
                               struct tug_store **out_store, struct tug_error *err);

/* Close a store; NULL is allowed. No fetch may be running on it. Threads: any, once. */
void tug_store_close(struct tug_store *store);

/* Tell whether a blob is committed, and its size. A store with a sink asks that.
 * out_is_present: false also for a name that is not a regular file; out_size_bytes: may be NULL.
 * Returns: TUG_OK. Errors: TUG_ERR_STORE (I/O).
 * Threads: any. Blocks: on the disk only. */
enum tug_status tug_store_stat(struct tug_store *store, const struct tug_digest *digest,
                               bool *out_is_present, uint64_t *out_size_bytes,
                               struct tug_error *err);

/* Progress of a long call. Later versions add members at the end. */
struct tug_work_progress {
    uint64_t items_done, items_total; /* blobs, images or members; total 0: not known yet */
    uint64_t bytes_done, bytes_total; /* of their content; total 0: not known yet */
    double seconds;                   /* since the call began */
};

/* Callbacks of a long call on a store: progress, waiting, warnings, and a way to stop it. NULL
 * members are not called. All are called on the thread that made the call, and must not call a
 * function on the same store. Start with `= TUG_WATCH_INIT`. */
struct tug_watch {
    size_t size; /* of this struct: TUG_WATCH_INIT sets it */
    /* Called at most ten times a second, and once at the end. */
    void (*on_progress)(void *context, const struct tug_work_progress *progress);
    /* Called at least every 256 KiB of work and every 100 ms of waiting; true ends the call with
     * TUG_ERR_CANCELLED. */
    bool (*should_stop)(void *context);
    /* Called once when the call has waited a second for another process. text: one line that names
     * the process, borrowed for the call. */
    void (*on_wait)(void *context, const char *text);
    /* Called for a problem that the user should know about but that is not an error. text: one
     * line, escaped. */
    void (*on_warning)(void *context, const char *text);
    void *context; /* passed to each callback */
};

#define TUG_WATCH_INIT TUG_SIZED(struct tug_watch)

/* Open a committed blob for reading. Its content is not hashed again.
 * out_fd: owned by the caller, to be closed with close(2); at offset 0, close-on-exec; untouched on
 * failure. out_size_bytes: may be NULL.
 * Returns: TUG_OK. Errors: TUG_ERR_NOT_FOUND (no such blob), TUG_ERR_STORE (I/O; not a regular
 * file), TUG_ERR_UNSUPPORTED (a store with a sink). Threads: any. Blocks: on the disk. */
enum tug_status tug_store_open_blob(struct tug_store *store, const struct tug_digest *digest,
                                    int *out_fd, uint64_t *out_size_bytes, struct tug_error *err);

/* A committed blob. Pointers are borrowed for the call that it is handed to. */
struct tug_blob_info {
    struct tug_digest digest;
    uint64_t size_bytes;       /* of the file */
    uint64_t disk_bytes;       /* that the file takes up; less than size_bytes when it has holes */
    int64_t modified_s;        /* when it came in: seconds since the epoch */
    const char *media_type;    /* as the first document that names it says; NULL: none does */
    const char *const *images; /* full names of the images that need it, sorted */
    size_t image_count;
    bool is_needed; /* false: an orphan, which prune would delete. True without an image: something
                       without a name needs it, or it refers to what an image needs */
};

/* Receives a blob. It may call tug_store_stat, tug_store_open_blob and tug_store_find_image on the
 * same store. Returns: anything but TUG_OK (with err filled) ends the listing with it. */
typedef enum tug_status (*tug_blob_fn)(void *context, const struct tug_blob_info *blob,
                                       struct tug_error *err);

/* Call on_blob for each committed blob, by digest in ascending order. Documents are read to say
 * which images need it. A file under blobs/ that cannot be a blob (its name is no digest, or it is
 * not a regular file) is left out; tug_store_verify reports it. watch: may be NULL.
 * Returns: TUG_OK. Errors: TUG_ERR_STORE, TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY, and what on_blob
 * returns. Threads: any; the store may be changed meanwhile. Blocks: on the disk. */
enum tug_status tug_store_each_blob(struct tug_store *store, tug_blob_fn on_blob, void *context,
                                    const struct tug_watch *watch, struct tug_error *err);

/* A partial download. */
struct tug_partial_info {
    struct tug_digest digest;
    uint64_t present_bytes; /* that need not be fetched again */
    uint64_t size_bytes;    /* of the whole blob; 0: no document in the store says it */
    uint64_t disk_bytes;    /* that the partial files take up */
    int64_t modified_s;     /* of the last write: seconds since the epoch */
    bool is_held;           /* a process is downloading it now */
    int64_t holder_pid;     /* that process; 0: unknown, as in another container or on another
                               machine */
    const char *holder;     /* "process 4711 (tug)", "another process", or NULL when nobody holds
                               it; borrowed for the call */
};

/* Receives a partial download. May call and returns: as tug_blob_fn. */
typedef enum tug_status (*tug_partial_fn)(void *context, const struct tug_partial_info *partial,
                                          struct tug_error *err);

/* Call on_partial for each partial download, by digest in ascending order, without changing it: a
 * fetch that wants it at the same moment goes on. Returns, errors: as tug_store_each_blob.
 * Threads: any. Blocks: on the disk. */
enum tug_status tug_store_each_partial(struct tug_store *store, tug_partial_fn on_partial,
                                       void *context, const struct tug_watch *watch,
                                       struct tug_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

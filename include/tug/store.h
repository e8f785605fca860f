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
    bool must_exist;   /* fail instead of creating a new layout */
    bool make_nothing; /* for dry runs: a missing or incomplete store counts as empty, and nothing
                          is created; calls that write to it fail */
    /* Called once if opening waits more than a second for another process. text: one line that
     * names the process, borrowed for the call. May be NULL. */
    void (*on_wait)(void *context, const char *text);
    void *wait_context;
    uint64_t timeout_ms; /* how long to wait for another process; 0 means as long as it takes */
};

/* All defaults. */
#define TUG_STORE_OPTIONS_INIT                                                                     \
    {                                                                                              \
        .size = sizeof(struct tug_store_options)                                                   \
    }

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
 * TUG_ERR_INVALID_ARGUMENT (options.size is 0), TUG_ERR_UNSUPPORTED (an option set that the library
 * does not know), TUG_ERR_NO_MEMORY.
 *
 * Threads: any. Blocks: on the disk; also while another process changes index.json, if a layout has
 * to be created. */
enum tug_status tug_store_open(const char *path, const struct tug_store_options *options,
                               struct tug_store **out_store, struct tug_error *err);

/* Close a store; NULL is allowed. No fetch may be running on it. Threads: any, once. */
void tug_store_close(struct tug_store *store);

/* Tell whether a blob is committed, and its size.
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

#define TUG_WATCH_INIT                                                                             \
    {                                                                                              \
        .size = sizeof(struct tug_watch)                                                           \
    }

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A store of the program's own: tug fetches and verifies, the program keeps.
 *
 * A store that is opened with tug_store_options.sink is a work directory. A fetch downloads into
 * it as into any other, over several connections, resuming what an earlier run left there. But
 * content whose size and digest have been verified does not become a blob of a layout: it is handed
 * to the program, and its file is removed. index.json is not written. What an image is called is up
 * to the program, which TUG_EVENT_IMAGE tells the root's digest and media type.
 *
 * For each blob, manifest, index and config: `have` before anything is requested; then begin, write
 * from the first byte to the last, commit. `have` is asked once more before an image is reported
 * complete: what the program has lost meanwhile is fetched again, at most three times.
 *
 * Refusals. A callback that returns anything but TUG_OK refuses the content: its file is removed,
 * no request is repeated, and the images that need it fail with TUG_ERR_STORE, or with
 * TUG_ERR_NO_MEMORY if it returned that. Their message ends with what the callback put into
 * err->message; the other members of err, which is zeroed before the call, do not count. (Where
 * `read` fails, see there.)
 *
 * Interruptions. tug_fetch_cancel, options.timeout_ms and options.fail_fast end a hand-over after
 * the write in progress. The content stays in the work directory: a later run hashes it again, and
 * hands it over from its first byte without a request. After a kill it is the same; there may also
 * be files of content that was committed.
 *
 * Threads. begin, write, commit and abort are called on threads of the run, with all signals
 * blocked: at most four contents at the same time, each on one thread. One content is never handed
 * over twice at once by runs, or processes, that share a work directory. `have` and `read` come on
 * any thread of the run, and on the one that called tug_fetch_run, while other calls are in
 * progress. So callbacks need a lock for what they share. They must not call any function on the
 * same store, nor on the same fetch but tug_fetch_cancel and tug_fetch_cancel_image. A slow
 * callback slows the run down, and no more: downloads wait behind a bounded queue, and that wait is
 * not counted against a server. `have` and `read` should be quick. Each hand-over takes 256 KiB of
 * memory, whatever its size.
 */
#ifndef TUG_SINK_H
#define TUG_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Content to keep. Borrowed, with what it points to: valid during begin only, but fd until commit
 * or abort returns. */
struct tug_sink_blob {
    struct tug_digest digest;
    uint64_t size_bytes;
    const char *media_type; /* as the document that names it says, else the registry; "": unknown */
    int fd;                 /* a file with exactly this content, to be read at offsets (pread(2),
                               copy_file_range(2), FICLONE), never written to, moved or closed */
};

/* Where content goes. Start with `= TUG_SINK_INIT`; all callbacks but `write` are required. */
struct tug_sink {
    size_t size; /* of this struct: TUG_SINK_INIT sets it */

    /* Whether the program has content. Asked several times for each digest.
     * out_is_present: false before the call. out_size_bytes: what the program has; content of
     * another size than expected counts as missing. */
    enum tug_status (*have)(void *context, const struct tug_digest *digest, bool *out_is_present,
                            uint64_t *out_size_bytes, struct tug_error *err);

    /* Read content that the program has, from its beginning: manifests, indexes and configs, which
     * tug needs in order to go on, and signatures with options.verify_keys; 8 MiB at most.
     * buffer: receives all of it; length: what `have` said.
     * Manifests and indexes are hashed: those that cannot be read or are damaged are fetched and
     * handed over again. */
    enum tug_status (*read)(void *context, const struct tug_digest *digest, void *buffer,
                            size_t length, struct tug_error *err);

    /* Begin to receive content, which is verified and complete; nothing of an earlier hand-over
     * that came to no end is taken up.
     * out_handle: for the calls about this hand-over; the program's. Each begin that returns TUG_OK
     * is followed by exactly one commit or abort on the same thread. */
    enum tug_status (*begin)(void *context, const struct tug_sink_blob *blob, void **out_handle,
                             struct tug_error *err);

    /* Receive bytes, up to 256 KiB of them: each byte once, in order. Content of 0 bytes has none.
     * NULL: the program reads blob.fd instead. */
    enum tug_status (*write)(void *context, void *handle, uint64_t offset, const void *bytes,
                             size_t length, struct tug_error *err);

    /* Keep the content: `have` says so from now on. It should be as durable as the program wants it
     * before this returns, because the file in the work directory is removed then. The handle is
     * gone, whatever is returned. */
    enum tug_status (*commit)(void *context, void *handle, struct tug_error *err);

    /* Drop what was received. why: TUG_ERR_CANCELLED: the run ends; else what write returned, or
     * that the work directory could not be read. The handle is gone. */
    void (*abort)(void *context, void *handle, const struct tug_error *why);

    void *context; /* passed to each callback */
};

/* No callback. */
#define TUG_SINK_INIT TUG_SIZED(struct tug_sink)

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

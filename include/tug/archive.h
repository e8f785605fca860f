/* SPDX-License-Identifier: Apache-2.0
 *
 * Carry images from one store to another, or to another tool, as one tar archive.
 */
#ifndef TUG_ARCHIVE_H
#define TUG_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>
#include <tug/store.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Options of an export. Start with `= TUG_EXPORT_OPTIONS_INIT`. */
struct tug_export_options {
    size_t size; /* of this struct: TUG_EXPORT_OPTIONS_INIT sets it */
    /* Of an index only these, for each the best that is complete; NULL: all that are complete. The
     * index itself stays as the registry gave it, whatever it names besides. */
    const struct tug_platform *platforms;
    size_t platform_count;
    bool allow_partial; /* export also images that lack content that they need */
    bool reserved[7];   /* leave at zero */
};

#define TUG_EXPORT_OPTIONS_INIT                                                                    \
    {                                                                                              \
        .size = sizeof(struct tug_export_options)                                                  \
    }

/* What was written or read. Later versions add members at the end. */
struct tug_archive_result {
    uint64_t images;
    uint64_t blobs;         /* import: that were not in the store yet */
    uint64_t content_bytes; /* their size */
    uint64_t blobs_present; /* import: that were in the store already */
};

/* Write images as a tar archive that is an OCI image layout and, by its manifest.json, one that
 * `docker load` reads. The same images give the same bytes, whichever store they are in: members
 * are sorted, without times and owners, and so are images and their annotations.
 * texts: count images, each as for tug_store_find_image; naming one twice is no error. fd:
 * borrowed; written from its present offset, never seeked, so that a pipe will do. options:
 * borrowed; NULL: all defaults. watch: may be NULL. out_result: may be NULL; untouched on failure.
 * Returns: TUG_OK. Errors: TUG_ERR_NOT_FOUND (an image, or one of the platforms; an image that is
 * not complete, without allow_partial: the message says what is missing), TUG_ERR_STORE (reading;
 * or writing to fd: os_errno), TUG_ERR_CONTENT (a blob that is damaged: each is hashed while it is
 * written), TUG_ERR_CANCELLED, TUG_ERR_INVALID_ARGUMENT, TUG_ERR_UNSUPPORTED, TUG_ERR_NO_MEMORY.
 * All images are looked at before the first byte is written; what was written when an error came
 * later is no archive. Threads: any. Blocks: on the disk, on fd, and on a process that deletes
 * content. */
enum tug_status tug_store_export(struct tug_store *store, const char *const *texts, size_t count,
                                 int fd, const struct tug_export_options *options,
                                 const struct tug_watch *watch,
                                 struct tug_archive_result *out_result, struct tug_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

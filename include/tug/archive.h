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

#define TUG_EXPORT_OPTIONS_INIT TUG_SIZED(struct tug_export_options)

/* What was written or read. Start with `= TUG_ARCHIVE_RESULT_INIT`. */
struct tug_archive_result {
    size_t size; /* of this struct: TUG_ARCHIVE_RESULT_INIT sets it */
    uint64_t images;
    uint64_t blobs;         /* import: that were not in the store yet */
    uint64_t content_bytes; /* their size */
    uint64_t blobs_present; /* import: that were in the store already */
};

#define TUG_ARCHIVE_RESULT_INIT TUG_SIZED(struct tug_archive_result)

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

/* An image that an import has named. Pointers are borrowed for the call that it is handed to. Later
 * versions add members at the end. */
struct tug_imported {
    const char *name; /* full reference */
    struct tug_digest digest;
    const char *media_type;
    uint64_t size_bytes; /* of the root */
};

/* Receives it, after index.json has it, on the thread that called tug_store_import. */
typedef void (*tug_imported_fn)(void *context, const struct tug_imported *image);

/* Options of an import. Start with `= TUG_IMPORT_OPTIONS_INIT`. */
struct tug_import_options {
    size_t size; /* of this struct: TUG_IMPORT_OPTIONS_INIT sets it */
    /* Reference for the one image of an archive, with its digest or none; NULL: as the archive
     * names its images. */
    const char *name;
    uint64_t max_size_bytes;  /* refuse an archive with more content; 0: no limit */
    tug_imported_fn on_image; /* NULL: nobody is told */
    void *image_context;
};

#define TUG_IMPORT_OPTIONS_INIT TUG_SIZED(struct tug_import_options)

/* Bring images out of an archive into the store: an OCI layout (tar, or directory), or what `docker
 * save`, `podman save` and `skopeo copy docker-archive:` write; a tar also compressed with gzip or
 * zstd. It is read once and in order, so a pipe will do. Each blob is hashed while it is read and
 * has to be what its name or a document of the archive says; what the store has is not read again.
 * Nothing is written outside the store, and no name from the archive becomes a path. Images get
 * their names together, once everything that they need is in the store; labels and distribution
 * sources come with them. `docker save` writes no manifests: one is made from config and layers,
 * always the same for the same content.
 * What an import brought that fails or is interrupted stays, without a name, until tug_store_prune.
 * fd: borrowed; a regular file, a pipe, or a directory (opened for reading). options: borrowed;
 * NULL: all defaults. watch: may be NULL. out_result: may be NULL; untouched on failure. Returns:
 * TUG_OK. Errors: TUG_ERR_CONTENT (no such archive; a wrong digest, size or document; content that
 * is missing; a member that is a device or has a name or link that leads out; truncated; no image
 * has a name), TUG_ERR_TOO_LARGE, TUG_ERR_UNSUPPORTED, TUG_ERR_INVALID_ARGUMENT (options.name: no
 * reference, or with another digest, or there are several images), TUG_ERR_STORE, TUG_ERR_CONFIG
 * (libarchive is not installed, which reads tar), TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY. Threads:
 * any. Blocks: on the disk, on fd, and on other processes. */
enum tug_status tug_store_import(struct tug_store *store, int fd,
                                 const struct tug_import_options *options,
                                 const struct tug_watch *watch,
                                 struct tug_archive_result *out_result, struct tug_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

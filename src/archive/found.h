/* SPDX-License-Identifier: Apache-2.0
 *
 * The images that an archive names, and what they are called.
 * Threads: the calling one. Blocks: no.
 */
#ifndef TUG_ARCHIVE_FOUND_H
#define TUG_ARCHIVE_FOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>

/* Where an image once came from. */
struct tug__image_source {
    char *host;       /* owned; with its port, if that is known */
    char *repository; /* owned */
};

/* One image of an archive. All texts are owned. */
struct tug__image_found {
    char *name;      /* full reference; NULL: the archive gives it none */
    char *poor_name; /* what it is called that is no full reference, such as a tag alone; NULL */
    struct tug_digest digest; /* of the root */
    uint64_t size_bytes;
    char *media_type;
    char *left_out;  /* digests of foreign layers that it lacks, as index.json has them; NULL */
    char *platforms; /* that it has, as index.json has them; NULL: the archive does not say */
    char *refers_to; /* it is no image, but there for images with these roots, as index.json has
                        them; NULL: it is one */
    char **labels;   /* "KEY=VALUE" */
    size_t label_count;
    struct tug__image_source *sources;
    size_t source_count;
    struct tug_digest index_digest;   /* of the index it was chosen from; unset: of none */
    struct tug_digest converted_from; /* unset: it was not converted */
    struct tug_platform platform;     /* that the entry says */
    bool has_platform;
};

/* All images of an archive. All zero: none. */
struct tug__images_found {
    struct tug__image_found *images; /* owned */
    size_t count, capacity;
};

/* Add an empty image. Returns: borrowed until the next one is added; NULL without memory. */
struct tug__image_found *tug__images_add(struct tug__images_found *images);
/* Free all. */
void tug__images_fini(struct tug__images_found *images);

/* Read the index.json of a layout and add its images.
 * Errors: TUG_ERR_CONTENT (it is none; a descriptor that is wrong), TUG_ERR_TOO_LARGE,
 * TUG_ERR_UNSUPPORTED (a digest algorithm), TUG_ERR_NO_MEMORY. */
enum tug_status tug__images_read_index(struct tug__images_found *images, const char *text,
                                       size_t length, struct tug_error *err);

/* Check an oci-layout file: of a version that is understood. Errors: TUG_ERR_CONTENT,
 * TUG_ERR_TOO_LARGE, TUG_ERR_NO_MEMORY. */
enum tug_status tug__images_check_layout(const char *text, size_t length, struct tug_error *err);

/* Set the name of an image by what an archive calls it.
 * full: what has to be a reference (io.containerd.image.name, RepoTags), NULL: none. ref_name:
 * org.opencontainers.image.ref.name, which is a reference, or often a tag alone; NULL: none. A text
 * is a reference only with a '/' or ':', because a tag would make one, too.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_set_name(struct tug__image_found *image, const char *full,
                                    const char *ref_name, struct tug_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Annotations of an entry of index.json with a meaning for tug; all others are labels.
 */
#ifndef TUG_INDEX_ANNOTATIONS_H
#define TUG_INDEX_ANNOTATIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/oci.h>

/* Names of an image: the full reference, and the specification's name. */
#define TUG__INDEX_IMAGE_NAME "io.containerd.image.name"
#define TUG__INDEX_REF_NAME "org.opencontainers.image.ref.name"
/* Foreign layers that the image lacks: digests separated by commas; "...": and more. */
#define TUG__INDEX_LEFT_OUT "tug.left-out"
/* The platforms whose content was fetched for it, separated by blanks ("linux/amd64
 * linux/arm64"), or one of these words. What is missing of them is damage. */
#define TUG__INDEX_PLATFORMS "tug.platforms"
#define TUG__PLATFORMS_ALL "all"   /* every manifest below the root */
#define TUG__PLATFORMS_NONE "none" /* no layers: metadata only */
/* Digest of the index that the entry's manifest was chosen from. */
#define TUG__INDEX_INDEX "tug.index"
/* Digest of what the registry has in the place of the entry's root, which was made of it. */
#define TUG__INDEX_CONVERTED_FROM "tug.converted-from"
/* The entry is of no image, but of what refers to one: digests of roots of images in the same
 * index.json, separated by commas. Without any of them it goes. */
#define TUG__INDEX_REFERS_TO "tug.refers-to"
/* In an archive, in place of TUG__INDEX_REF_NAME, the name of such an entry: programs that import
 * an archive take all that has the specification's name for images, and would unpack them. */
#define TUG__INDEX_OWN_NAME "tug.name"
/* Prefix of a host, without its port: repositories there that the image came from, separated by
 * commas. */
#define TUG__INDEX_SOURCE_PREFIX "containerd.io/distribution.source."
/* The one of these that it was fetched from last, as HOST:PORT/REPOSITORY, if it has a port and the
 * name is on another host. */
#define TUG__INDEX_SOURCE "tug.source"

/* A source of an image, as its entry tells it. All borrowed. */
struct tug__index_origin {
    const char *name;  /* of the image, a full reference; NULL: none */
    const char *noted; /* TUG__INDEX_SOURCE; NULL: none */
    const char *host;  /* from the key of the annotation, so without a port */
    const char *repository;
    size_t repository_length;
};
/* Find the host of a source with its port: as the image's name has it, if that is on the same host,
 * else as it was noted. Returns: where the host begins, of out_length bytes. */
const char *tug__index_origin_host(const struct tug__index_origin *origin, size_t *out_length);
/* Tell whether an annotation is a label, rather than one of tug's own. */
bool tug__index_is_label(const char *key);
/* Tell whether the text of TUG__INDEX_PLATFORMS, if it is no word of its own, has a platform. */
bool tug__index_platforms_have(const char *set, const struct tug_platform *platform);

#endif

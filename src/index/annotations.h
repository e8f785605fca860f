/* SPDX-License-Identifier: Apache-2.0
 *
 * Annotations of an entry of index.json that mean something to tug; all others are labels.
 */
#ifndef TUG_INDEX_ANNOTATIONS_H
#define TUG_INDEX_ANNOTATIONS_H

/* What names an image: the full reference, and the specification's. */
#define TUG__INDEX_IMAGE_NAME "io.containerd.image.name"
#define TUG__INDEX_REF_NAME "org.opencontainers.image.ref.name"
/* Foreign layers that it lacks: digests with commas between them; "...": and more. */
#define TUG__INDEX_LEFT_OUT "tug.left-out"
/* Followed by a host, without its port: repositories there that it came from, with commas between
 * them. */
#define TUG__INDEX_SOURCE_PREFIX "containerd.io/distribution.source."

#endif

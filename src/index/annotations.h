/* SPDX-License-Identifier: Apache-2.0
 *
 * Annotations of an entry of index.json with a meaning for tug; all others are labels.
 */
#ifndef TUG_INDEX_ANNOTATIONS_H
#define TUG_INDEX_ANNOTATIONS_H

/* Names of an image: the full reference, and the specification's name. */
#define TUG__INDEX_IMAGE_NAME "io.containerd.image.name"
#define TUG__INDEX_REF_NAME "org.opencontainers.image.ref.name"
/* Foreign layers that the image lacks: digests separated by commas; "...": and more. */
#define TUG__INDEX_LEFT_OUT "tug.left-out"
/* Prefix of a host, without its port: repositories there that the image came from, separated by
 * commas. */
#define TUG__INDEX_SOURCE_PREFIX "containerd.io/distribution.source."

#endif

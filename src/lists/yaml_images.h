/* SPDX-License-Identifier: Apache-2.0
 *
 * Which images a YAML file names: of docker compose, Kubernetes, Helm's output, Kustomize.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_LISTS_YAML_IMAGES_H
#define TUG_LISTS_YAML_IMAGES_H

#include <stdbool.h>
#include <stdio.h>

#include <tug/error.h>

/* Most bytes of a file, and how deep its sequences and mappings may be nested. */
#define YAML_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define YAML_DEPTH_MAX 256
/* Scalars with an anchor that a document may have; further ones are not known to aliases. */
#define YAML_ANCHORS_MAX 1000
/* Longest name of an image, and longest anchor. */
#define YAML_TEXT_MAX 4095

/* A place in the file that names an image, or should. */
struct yaml_image {
    unsigned long line;
    const char *text; /* what it names, not checked any further; NULL: nothing */
    const char *why;  /* then: what is in its place, as one line of safe text */
};

/* Called for each of them. Returns: false to stop. */
typedef bool (*yaml_image_fn)(void *context, const struct yaml_image *image);

/* Where a file is wrong; all zero: nowhere in particular. */
struct yaml_position {
    unsigned long line;
    unsigned long column;
};

/* Find the images of all documents of a file, in its order:
 * - the value of each key "image", at any depth: a text, or a mapping with a text "reference" (a
 *   volume of Kubernetes). Variables with a default are replaced (variables.h);
 * - the entries of each sequence "images" that have "newName", "newTag" or "digest" (Kustomize).
 * An alias of a text stands for it; other aliases stand for what was seen at their anchor.
 * file: read to its end, or up to what is wrong. on_image: called on this thread.
 * out_position: where it is wrong.
 * Errors: TUG_ERR_INVALID_ARGUMENT (no YAML, nested too deep, not to be read), TUG_ERR_TOO_LARGE,
 * TUG_ERR_CONFIG (libyaml.h), TUG_ERR_NO_MEMORY; TUG_ERR_CANCELLED: on_image said so. */
enum tug_status yaml_images_each(FILE *file, yaml_image_fn on_image, void *context,
                                 struct yaml_position *out_position, struct tug_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Layers in memory, for the tests of this room. */
#ifndef TESTS_CHUNKED_HELP_H
#define TESTS_CHUNKED_HELP_H

#include "chunked/chunked.h"
#include "oci/document.h"
#include "support/toc_layer.h"

/* A source that reads a layer's bytes. layer: borrowed. */
struct tug__chunked_source help_source(const struct toc_layer *layer);
/* The place that the layer's annotations name; it must be found. */
struct tug__chunked_place help_place(const struct toc_layer *layer);
/* Find and read a layer's table. Returns: the status; the error is in *err. */
enum tug_status help_read(const struct toc_layer *layer, struct tug__frame_table *out_table,
                          struct tug_error *err);
/* Make the descriptor's annotations, as oci/document.c keeps them. Returns: owned. */
char *help_annotations(const struct toc_layer *layer);

#endif

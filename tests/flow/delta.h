/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of an image with one layer that has a table of contents, for the tests of deltas.
 */
#ifndef FLOW_DELTA_H
#define FLOW_DELTA_H

#include "flow.h"
#include "support/toc_layer.h"

#define DELTA_FILES 200

/* Images of one layer each, "app:1" and on. */
struct delta_scene {
    struct flow flow;
    enum toc_format format;
    struct toc_file files[DELTA_FILES];
    char names[DELTA_FILES][24];
    struct {
        char digest[FAKE_DIGEST_SIZE];
        size_t size;
    } layers[4];
};

/* Start a registry; the files are those of version 1, and no image is added. */
void delta_open_scene(struct delta_scene *scene, enum toc_format format);
/* Add an image of a layer, which is consumed. */
void delta_add_layer(struct delta_scene *scene, unsigned number, struct toc_layer *layer);
/* The same of a layer that the manifest names so many times. */
void delta_add_layer_times(struct delta_scene *scene, unsigned number, struct toc_layer *layer,
                           size_t times);
/* Add an image of the files as they are now, or of the first of them. */
void delta_add_image(struct delta_scene *scene, unsigned number);
void delta_add_files(struct delta_scene *scene, unsigned number, size_t count);
/* Change every n-th file. */
void delta_change(struct delta_scene *scene, size_t n);
/* Two versions: the first is in the store, and 2 % of the files differ in the second. */
void delta_open_update(struct delta_scene *scene, enum toc_format format);
/* What was fetched so far is another store from now on, and the flow's is new. Returns: it; close
 * it before flow_close. */
struct tug_store *delta_move_store(struct delta_scene *scene);
/* Fetch an image; that must succeed. */
void delta_fetch(struct delta_scene *scene, const char *name);
/* Bytes of a layer that the registry has sent since the last fetch began. */
uint64_t delta_sent_bytes(struct delta_scene *scene, unsigned number);
/* Mark the bytes of a layer that were sent since then, a mark a byte. Returns: how many of them
 * were marked before. */
uint64_t delta_mark_sent(struct delta_scene *scene, unsigned number, bool *marks);
/* Requests of a layer, and those without a Range header. */
size_t delta_requests(struct delta_scene *scene, unsigned number);
size_t delta_whole_requests(struct delta_scene *scene, unsigned number);
/* The layer is there, whole and right (flow_fetch has checked the store), by a plain request. */
void delta_expect_plain(struct delta_scene *scene, unsigned number);
/* Add a rule for requests of version 2's layer. */
void delta_on_layer(struct delta_scene *scene, struct fake_rule rule);

#endif

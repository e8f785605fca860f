/* SPDX-License-Identifier: Apache-2.0 */
#include "delta.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ZSTD_LAYER "application/vnd.oci.image.layer.v1.tar+zstd"
#define GZIP_LAYER "application/vnd.oci.image.layer.v1.tar+gzip"

void delta_open_scene(struct delta_scene *scene, enum toc_format format)
{
    *scene = (struct delta_scene){.format = format};
    flow_open(&scene->flow, NULL);
    scene->flow.options.max_concurrent_downloads = 4;
    for (size_t i = 0; i < DELTA_FILES; i++) {
        (void)snprintf(scene->names[i], sizeof scene->names[i], "d/file%03u", (unsigned)i);
        scene->files[i] = (struct toc_file){
            .name = scene->names[i], .size = (i * 7919) % 60000 + 1, .seed = i + 1, .mtime = 1000};
    }
    scene->files[0] = (struct toc_file){.name = "d"};
}

/* Repeat a text, with commas between. Returns: owned. */
static char *repeat(const char *text, size_t times)
{
    const size_t length = strlen(text);
    char *const repeated = malloc(times * (length + 1));

    for (size_t i = 0; i < times; i++) {
        memcpy(repeated + i * (length + 1), text, length);
        repeated[i * (length + 1) + length] = i + 1 < times ? ',' : '\0';
    }
    return repeated;
}

void delta_add_layer(struct delta_scene *scene, unsigned number, struct toc_layer *layer)
{
    delta_add_layer_times(scene, number, layer, 1);
}

void delta_add_layer_times(struct delta_scene *scene, unsigned number, struct toc_layer *layer,
                           size_t times)
{
    const char *const type = scene->format == TOC_ESTARGZ ? GZIP_LAYER : ZSTD_LAYER;
    char *const annotations = toc_layer_annotations(layer);
    char tag[4];
    char *layers;
    char *text;

    fake_blob_add(scene->flow.registry, "app", NULL, layer->bytes, layer->size,
                  scene->layers[number].digest);
    scene->layers[number].size = layer->size;
    text = build_text("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu,\"annotations\":{%s}}",
                      type, scene->layers[number].digest, layer->size, annotations);
    (void)snprintf(tag, sizeof tag, "%u", number);
    layers = repeat(text, times);
    flow_add_manifest(&scene->flow, tag, NULL, layers, NULL);
    free(layers);
    free(text);
    free(annotations);
    toc_layer_free(layer);
}

void delta_add_files(struct delta_scene *scene, unsigned number, size_t count)
{
    struct toc_layer layer;

    toc_layer_make(scene->format, scene->files, count, &layer);
    delta_add_layer(scene, number, &layer);
}

void delta_add_image(struct delta_scene *scene, unsigned number)
{
    delta_add_files(scene, number, DELTA_FILES);
}

void delta_change(struct delta_scene *scene, size_t n)
{
    for (size_t i = n - 1; i < DELTA_FILES; i += n) {
        scene->files[i].seed += 1000;
        scene->files[i].mtime++;
    }
}

struct tug_store *delta_move_store(struct delta_scene *scene)
{
    struct tug_store_options options = TUG_STORE_OPTIONS_INIT;
    struct tug_store *store = NULL;

    options.must_exist = true;
    options.make_nothing = true;
    cr_assert_eq(tug_store_open(scene->flow.store, &options, &store, NULL), TUG_OK);
    free(scene->flow.store);
    scene->flow.store = build_text("%s/other", scene->flow.directory);
    return store;
}

void delta_fetch(struct delta_scene *scene, const char *name)
{
    fake_record_mark(scene->flow.registry);
    cr_assert_eq(flow_fetch(&scene->flow, name), TUG_OK, "%s", scene->flow.seen.error.message);
}

uint64_t delta_sent_bytes(struct delta_scene *scene, unsigned number)
{
    struct fake_request request;
    uint64_t sum = 0;

    for (size_t i = 0;
         fake_record_get(scene->flow.registry, "GET", scene->layers[number].digest, i, &request);
         i++) {
        sum += request.status < 300 ? request.body_bytes : 0;
    }
    return sum;
}

uint64_t delta_mark_sent(struct delta_scene *scene, unsigned number, bool *marks)
{
    struct fake_request request;
    uint64_t twice = 0;

    for (size_t i = 0;
         fake_record_get(scene->flow.registry, "GET", scene->layers[number].digest, i, &request);
         i++) {
        uint64_t first = 0;

        cr_assert(request.range[0] == '\0' ||
                  sscanf(request.range, "bytes=%" SCNu64 "-", &first) == 1);
        cr_assert_leq(first + request.body_bytes, scene->layers[number].size);
        for (uint64_t at = first; at < first + request.body_bytes; at++) {
            twice += marks[at];
            marks[at] = true;
        }
    }
    return twice;
}

size_t delta_requests(struct delta_scene *scene, unsigned number)
{
    return flow_requests(&scene->flow, "GET", scene->layers[number].digest);
}

size_t delta_whole_requests(struct delta_scene *scene, unsigned number)
{
    struct fake_request request;
    size_t count = 0;

    for (size_t i = 0;
         fake_record_get(scene->flow.registry, "GET", scene->layers[number].digest, i, &request);
         i++) {
        count += request.range[0] == '\0';
    }
    return count;
}

void delta_open_update(struct delta_scene *scene, enum toc_format format)
{
    delta_open_scene(scene, format);
    delta_add_image(scene, 1);
    delta_change(scene, 50);
    delta_add_image(scene, 2);
    delta_fetch(scene, "app:1");
}

void delta_expect_plain(struct delta_scene *scene, unsigned number)
{
    cr_assert(flow_has(&scene->flow, scene->layers[number].digest));
    cr_assert_eq(delta_whole_requests(scene, number), 1);
    cr_assert_geq(delta_sent_bytes(scene, number), scene->layers[number].size);
}

void delta_on_layer(struct delta_scene *scene, struct fake_rule rule)
{
    rule.match.path = scene->layers[2].digest;
    fake_rule_add(scene->flow.registry, &rule);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers that are put together from older ones: tables of contents and donors that lie.
 *
 * Knows: tables of contents, files of the store. Does not know: who makes such layers.
 * Threads: criterion's.
 */
#include "delta.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(delta_lies, .timeout = 60);

/* --- tables that lie, with a true digest --- */

/* Replace the layer "app:2" by one whose table says something else. */
static void add_liar(struct delta_scene *scene, const char *from, const char *to)
{
    struct toc_layer honest;
    struct toc_layer liar;
    struct toc_parts parts;
    char *at;
    char *text;

    toc_layer_make(scene->format, scene->files, DELTA_FILES, &honest);
    at = strstr(honest.json, from);
    cr_assert_not_null(at);
    text = build_text("%.*s%s%s", (int)(at - honest.json), honest.json, to, at + strlen(from));
    parts = (struct toc_parts){.body = honest.bytes, .body_size = honest.body_size, .json = text};
    toc_layer_assemble(scene->format, &parts, &liar);
    delta_add_layer(scene, 2, &liar);
    toc_layer_free(&honest);
    free(text);
}

Test(delta_lies, tables_with_numbers_that_cannot_be)
{
    static const char *const lies[][2] = {
        {"\"offset\":", "\"offset\":9"},
        {"\"offset\":", "\"offset\":-"},
        {"\"endOffset\":", "\"endOffset\":9"},

        {"{\"type\":\"reg\"", "[{\"type\":\"reg\""},
    };

    for (size_t i = 0; i < FLOW_COUNT(lies); i++) {
        struct delta_scene scene;

        delta_open_update(&scene, TOC_ZSTD);
        add_liar(&scene, lies[i][0], lies[i][1]);
        delta_fetch(&scene, "app:2");
        cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
        cr_assert_eq(delta_sent_bytes(&scene, 2), scene.layers[2].size, "%s", lies[i][1]);
        flow_close(&scene.flow);
    }
}

/* More text than is read: no request but the plain one. */
Test(delta_lies, table_over_the_limit)
{
    struct delta_scene scene;
    struct toc_layer honest;
    struct toc_layer large;
    struct toc_parts parts;

    delta_open_update(&scene, TOC_ZSTD);
    toc_layer_make(TOC_ZSTD, scene.files, DELTA_FILES, &honest);
    parts = (struct toc_parts){.body = honest.bytes,
                               .body_size = honest.body_size,
                               .json = honest.json,
                               .toc_raw_lie = UINT64_C(64) * 1024 * 1024 + 1};
    toc_layer_assemble(TOC_ZSTD, &parts, &large);
    delta_add_layer(&scene, 3, &large);
    delta_fetch(&scene, "app:3");
    delta_expect_plain(&scene, 3);
    cr_assert_eq(delta_requests(&scene, 3), 1);
    toc_layer_free(&honest);
    flow_close(&scene.flow);
}

/* A chunk is said to be one that the donor has, of the same length, and is not: the digest of the
 * layer shows it, and the layer is fetched plainly, once. */
Test(delta_lies, chunk_digests_that_lie)
{
    struct delta_scene scene;
    struct toc_layer old;
    struct toc_layer changed;
    struct toc_parts parts;

    delta_open_scene(&scene, TOC_ZSTD);
    toc_layer_make(TOC_ZSTD, scene.files, DELTA_FILES, &old);
    parts = (struct toc_parts){
        .body = memcpy(malloc(old.size), old.bytes, old.size),
        .body_size = old.body_size,
        .json = old.json,
    };
    ((uint8_t *)(uintptr_t)parts.body)[old.body_size / 2] ^= 1; /* and the same table */
    toc_layer_assemble(TOC_ZSTD, &parts, &changed);
    free((void *)(uintptr_t)parts.body);
    delta_add_layer(&scene, 1, &old);
    delta_add_layer(&scene, 2, &changed);
    delta_fetch(&scene, "app:1");
    delta_fetch(&scene, "app:2");
    delta_expect_plain(&scene, 2);
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_WARNING], 1);
    cr_assert_not_null(strstr(scene.flow.seen.warning, scene.layers[1].digest), "%s",
                       scene.flow.seen.warning);
    flow_close(&scene.flow);
}

/* --- donors that lie --- */

/* Flip a byte of a blob in the store. */
static void damage(struct delta_scene *scene, unsigned number, uint64_t offset)
{
    char *const path = flow_path(&scene->flow, "blobs", scene->layers[number].digest);
    uint8_t byte;
    int fd;

    cr_assert_eq(chmod(path, 0644), 0);
    fd = open(path, O_RDWR);
    cr_assert_eq(pread(fd, &byte, 1, (off_t)offset), 1);
    byte ^= 1;
    cr_assert_eq(pwrite(fd, &byte, 1, (off_t)offset), 1);
    close(fd);
    cr_assert_eq(chmod(path, 0444), 0);
    free(path);
}

/* Fetch "app:2" with the command, which does not look at what is damaged in the store. */
static void update_by_command(struct delta_scene *scene, const char *told)
{
    struct run_result result;

    fake_record_mark(scene->flow.registry);
    cr_assert_eq(flow_command(&scene->flow, "app:2", NULL, &result), 0, "%s", result.err);
    cr_assert_not_null(strstr(result.err, told), "%s", result.err);
    run_result_fini(&result);
}

Test(delta_lies, damaged_donor)
{
    struct delta_scene scene;

    delta_open_update(&scene, TOC_ZSTD);
    damage(&scene, 1, scene.layers[1].size / 2);
    update_by_command(&scene, scene.layers[1].digest);
    delta_expect_plain(&scene, 2);
    damage(&scene, 1, scene.layers[1].size / 2); /* for the last check of the store */
    flow_close(&scene.flow);
}

/* The donor's own table is damaged: it is none. */
Test(delta_lies, donor_without_a_table)
{
    struct delta_scene scene;

    delta_open_update(&scene, TOC_ZSTD);
    damage(&scene, 1, scene.layers[1].size - 200);
    update_by_command(&scene, "fetched 1 image");
    cr_assert_eq(delta_sent_bytes(&scene, 2), scene.layers[2].size);
    damage(&scene, 1, scene.layers[1].size - 200);
    flow_close(&scene.flow);
}

/* Truncated, or no file: it is not looked at. */
Test(delta_lies, truncated_donor)
{
    struct delta_scene scene;
    char *path;

    delta_open_update(&scene, TOC_ZSTD);
    path = flow_path(&scene.flow, "blobs", scene.layers[1].digest);
    cr_assert_eq(unlink(path), 0);
    delta_fetch(&scene, "app:2");
    cr_assert_eq(delta_requests(&scene, 2), 1);
    delta_expect_plain(&scene, 2);
    free(path);
    flow_close(&scene.flow);
}

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

/* Add as "app:2" a layer of the files as they are now, of which some bytes are others than its
 * table says. */
static void add_lying_chunks(struct delta_scene *scene)
{
    struct toc_layer honest;
    struct toc_layer liar;
    struct toc_parts parts;
    uint8_t *body;

    toc_layer_make(TOC_ZSTD, scene->files, DELTA_FILES, &honest);
    body = memcpy(malloc(honest.size), honest.bytes, honest.size);
    for (size_t at = 10000; at < honest.body_size; at += 20000) {
        body[at] ^= 1;
    }
    parts = (struct toc_parts){.body = body, .body_size = honest.body_size, .json = honest.json};
    toc_layer_assemble(TOC_ZSTD, &parts, &liar);
    delta_add_layer(scene, 2, &liar);
    toc_layer_free(&honest);
    free(body);
}

/* Two versions: the first is in the store, and the second says to be the same. */
static void open_liar(struct delta_scene *scene)
{
    delta_open_scene(scene, TOC_ZSTD);
    delta_add_image(scene, 1);
    add_lying_chunks(scene);
    delta_fetch(scene, "app:1");
}

/* A chunk is said to be one that the donor has, of the same length, and is not: the digest of the
 * layer shows it, and the layer is fetched plainly, once, and that is told. */
Test(delta_lies, chunk_digests_that_lie)
{
    struct delta_scene scene;

    open_liar(&scene);
    delta_fetch(&scene, "app:2");
    delta_expect_plain(&scene, 2);
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_WARNING], 1);
    cr_assert_not_null(strstr(scene.flow.seen.warning, scene.layers[1].digest), "%s",
                       scene.flow.seen.warning);
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_RETRY], 1);
    cr_assert_not_null(strstr(scene.flow.seen.retry, scene.layers[2].digest), "%s",
                       scene.flow.seen.retry);
    flow_close(&scene.flow);
}

/* Fetch "app:2", whose layer turns out wrong, and then "app:3", of which requests for something are
 * answered only once the other is there. */
static void fetch_after_liar(struct delta_scene *scene, const char *held)
{
    static const char *const names[] = {"app:2", "app:3"};

    scene->flow.released_by_image = fake_rule_add(
        scene->flow.registry, &(struct fake_rule){.match.path = held, .timing.hold = true});
    fake_record_mark(scene->flow.registry);
    cr_assert_eq(flow_fetch_all(&scene->flow, names, 2), TUG_OK, "%s",
                 scene->flow.seen.error.message);
    delta_expect_plain(scene, 2);
    cr_assert(flow_has(&scene->flow, scene->layers[3].digest));
    cr_assert_eq(delta_sent_bytes(scene, 3), scene->layers[3].size);
    cr_assert_eq(scene->flow.seen.counts[TUG_EVENT_WARNING], 1);
    cr_assert_eq(scene->flow.seen.counts[TUG_EVENT_RETRY], 1);
}

/* A donor that is not used again is none under the name of another image either. The third version
 * has half of its files from the first, and none from the second. */
Test(delta_lies, bad_donor_of_two_images)
{
    struct delta_scene scene;
    struct toc_file files[DELTA_FILES];
    char digest[TUG_DIGEST_TEXT_MAX];

    delta_open_scene(&scene, TOC_ZSTD);
    memcpy(files, scene.files, sizeof files);
    delta_add_image(&scene, 1);
    delta_change(&scene, 2);
    add_lying_chunks(&scene);
    for (size_t i = 1; i < DELTA_FILES; i++) {
        files[i].seed += i % 2 == 0 ? 3000 : 0;
        files[i].mtime += i % 2 == 0 ? 3000 : 0;
    }
    memcpy(scene.files, files, sizeof files);
    delta_add_image(&scene, 3);
    delta_fetch(&scene, "app:1");
    fake_tag_set(scene.flow.registry, "app", "also1",
                 tug_digest_format(&scene.flow.seen.image.digest, digest));
    delta_fetch(&scene, "app:also1");
    fetch_after_liar(&scene, "/manifests/3");
    flow_close(&scene.flow);
}

/* Nor is it used for a layer whose end was on its way when that turned out. */
Test(delta_lies, bad_donor_of_a_layer_in_progress)
{
    struct delta_scene scene;

    open_liar(&scene);
    delta_change(&scene, 50);
    delta_add_image(&scene, 3);
    fetch_after_liar(&scene, scene.layers[3].digest);
    cr_assert_eq(delta_whole_requests(&scene, 3), 0);
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

/* A donor that was looked at, and has given nothing, is not to blame. */
Test(delta_lies, only_what_gave_bytes_is_blamed)
{
    struct delta_scene scene;
    struct run_result result;

    delta_open_scene(&scene, TOC_ZSTD);
    delta_add_image(&scene, 1);
    delta_change(&scene, 2); /* so that a second donor is looked for */
    delta_add_image(&scene, 2);
    for (size_t i = 0; i < DELTA_FILES; i++) {
        scene.files[i].seed += 5000;
        scene.files[i].mtime += 5000;
    }
    delta_add_image(&scene, 3);
    delta_fetch(&scene, "app:3");
    delta_fetch(&scene, "app:1");
    damage(&scene, 1, scene.layers[1].size / 2);
    cr_assert_eq(flow_command(&scene.flow, "app:2", NULL, &result), 0, "%s", result.err);
    cr_assert_not_null(strstr(result.err, scene.layers[1].digest), "%s", result.err);
    cr_assert_null(strstr(result.err, scene.layers[3].digest), "%s", result.err);
    run_result_fini(&result);
    damage(&scene, 1, scene.layers[1].size / 2);
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

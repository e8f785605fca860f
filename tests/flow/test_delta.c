/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers that are put together from older ones in the store: what is requested then, and what
 * becomes of tables of contents, donors and servers that lie.
 *
 * Knows: tables of contents, ranges. Does not know: who makes such layers.
 * Threads: criterion's.
 */
#include "flow.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/toc_layer.h"

TestSuite(delta, .timeout = 60);

#define FILES 200
#define ZSTD_LAYER "application/vnd.oci.image.layer.v1.tar+zstd"
#define GZIP_LAYER "application/vnd.oci.image.layer.v1.tar+gzip"

/* Images of one layer each, "app:1" and on. */
struct scene {
    struct flow flow;
    enum toc_format format;
    struct toc_file files[FILES];
    char names[FILES][24];
    struct {
        char digest[FAKE_DIGEST_SIZE];
        size_t size;
    } layers[4];
};

static void open_scene(struct scene *scene, enum toc_format format)
{
    *scene = (struct scene){.format = format};
    flow_open(&scene->flow, NULL);
    scene->flow.options.max_concurrent_downloads = 4;
    for (size_t i = 0; i < FILES; i++) {
        (void)snprintf(scene->names[i], sizeof scene->names[i], "d/file%03u", (unsigned)i);
        scene->files[i] = (struct toc_file){
            .name = scene->names[i], .size = (i * 7919) % 60000 + 1, .seed = i + 1, .mtime = 1000};
    }
    scene->files[0] = (struct toc_file){.name = "d"};
}

/* Add an image of a layer, which is consumed. */
static void add_layer(struct scene *scene, unsigned number, struct toc_layer *layer)
{
    const char *const type = scene->format == TOC_ESTARGZ ? GZIP_LAYER : ZSTD_LAYER;
    char *const annotations = toc_layer_annotations(layer);
    char tag[4];
    char *text;

    fake_blob_add(scene->flow.registry, "app", NULL, layer->bytes, layer->size,
                  scene->layers[number].digest);
    scene->layers[number].size = layer->size;
    text = build_text("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu,\"annotations\":{%s}}",
                      type, scene->layers[number].digest, layer->size, annotations);
    (void)snprintf(tag, sizeof tag, "%u", number);
    flow_add_manifest(&scene->flow, tag, NULL, text, NULL);
    free(text);
    free(annotations);
    toc_layer_free(layer);
}

static void add_image(struct scene *scene, unsigned number)
{
    struct toc_layer layer;

    toc_layer_make(scene->format, scene->files, FILES, &layer);
    add_layer(scene, number, &layer);
}

/* Change every n-th file. */
static void change(struct scene *scene, size_t n)
{
    for (size_t i = n - 1; i < FILES; i += n) {
        scene->files[i].seed += 1000;
        scene->files[i].mtime++;
    }
}

static void fetch(struct scene *scene, const char *name)
{
    fake_record_mark(scene->flow.registry);
    cr_assert_eq(flow_fetch(&scene->flow, name), TUG_OK, "%s", scene->flow.seen.error.message);
}

/* Bytes of a layer that the registry has sent since the last fetch began. */
static uint64_t sent_bytes(struct scene *scene, unsigned number)
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

static size_t requests(struct scene *scene, unsigned number)
{
    return flow_requests(&scene->flow, "GET", scene->layers[number].digest);
}

/* Requests of a layer without a Range header. */
static size_t whole_requests(struct scene *scene, unsigned number)
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

/* Two versions: the first is in the store, and 2 % of the files differ in the second. */
static void open_update(struct scene *scene, enum toc_format format)
{
    open_scene(scene, format);
    add_image(scene, 1);
    change(scene, 50);
    add_image(scene, 2);
    fetch(scene, "app:1");
}

/* The layer is there, whole and right (flow_fetch has checked the store), by a plain request. */
static void expect_plain(struct scene *scene, unsigned number)
{
    cr_assert(flow_has(&scene->flow, scene->layers[number].digest));
    cr_assert_eq(whole_requests(scene, number), 1);
    cr_assert_geq(sent_bytes(scene, number), scene->layers[number].size);
}

static void update(enum toc_format format, unsigned percent)
{
    struct scene scene;

    open_update(&scene, format);
    fetch(&scene, "app:2");
    cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
    cr_assert_leq(sent_bytes(&scene, 2), scene.layers[2].size * percent / 100, "%zu of %zu",
                  (size_t)sent_bytes(&scene, 2), scene.layers[2].size);
    cr_assert_eq(whole_requests(&scene, 2), 0);
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_RETRY], 0);
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_WARNING], 0, "%s", scene.flow.seen.warning);
    flow_close(&scene.flow);
}

Test(delta, zstd_chunked)
{
    update(TOC_ZSTD, 6);
}

Test(delta, zstd_chunked_with_tar_split)
{
    update(TOC_ZSTD_SPLIT, 6);
}

Test(delta, estargz)
{
    update(TOC_ESTARGZ, 8);
}

/* One request at a time. */
Test(delta, over_one_connection)
{
    struct scene scene;

    open_update(&scene, TOC_ZSTD);
    scene.flow.options.max_concurrent_downloads = 1;
    scene.flow.options.chunk_size_bytes = UINT64_MAX;
    fetch(&scene, "app:2");
    cr_assert_leq(sent_bytes(&scene, 2), scene.layers[2].size * 6 / 100);
    flow_close(&scene.flow);
}

/* Without a donor a layer with a table of contents is fetched as any other. */
Test(delta, no_donor_no_further_request)
{
    struct scene scene;

    open_scene(&scene, TOC_ZSTD);
    add_image(&scene, 1);
    fetch(&scene, "app:1");
    cr_assert_eq(requests(&scene, 1), 1);
    cr_assert_eq(sent_bytes(&scene, 1), scene.layers[1].size);
    expect_plain(&scene, 1);
    flow_close(&scene.flow);
}

/* Another form of compression has nothing in common, and is no donor. */
Test(delta, another_format_is_no_donor)
{
    struct scene scene;

    open_scene(&scene, TOC_ESTARGZ);
    add_image(&scene, 1);
    scene.format = TOC_ZSTD;
    add_image(&scene, 2);
    fetch(&scene, "app:1");
    fetch(&scene, "app:2");
    cr_assert_eq(requests(&scene, 2), 1);
    flow_close(&scene.flow);
}

/* Nothing in common: the tail is kept, and no byte comes twice. */
Test(delta, no_gain)
{
    struct scene scene;

    open_scene(&scene, TOC_ZSTD);
    add_image(&scene, 1);
    change(&scene, 1);
    add_image(&scene, 2);
    fetch(&scene, "app:1");
    fetch(&scene, "app:2");
    cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
    cr_assert_eq(sent_bytes(&scene, 2), scene.layers[2].size);
    cr_assert_leq(requests(&scene, 2), 5);
    flow_close(&scene.flow);
}

/* Versions that are fetched in one run help each other, whatever the order. */
Test(delta, images_of_one_list)
{
    static const char *const names[] = {"app:1", "app:2", "app:3"};
    struct scene scene;
    uint64_t sum = 0;

    open_scene(&scene, TOC_ZSTD);
    for (unsigned i = 1; i <= 3; i++) {
        add_image(&scene, i);
        change(&scene, 50);
    }
    fake_record_mark(scene.flow.registry);
    cr_assert_eq(flow_fetch_all(&scene.flow, names, 3), TUG_OK);
    for (unsigned i = 1; i <= 3; i++) {
        cr_assert(flow_has(&scene.flow, scene.layers[i].digest));
        sum += sent_bytes(&scene, i);
    }
    cr_assert_leq(sum, scene.layers[1].size * 115 / 100);
    flow_close(&scene.flow);
}

/* --- servers --- */

static void on_layer(struct scene *scene, struct fake_rule rule)
{
    rule.match.path = scene->layers[2].digest;
    fake_rule_add(scene->flow.registry, &rule);
}

Test(delta, server_without_ranges)
{
    struct scene scene;

    open_update(&scene, TOC_ZSTD);
    on_layer(&scene, (struct fake_rule){.range.kind = FAKE_RANGE_IGNORE});
    fetch(&scene, "app:2");
    expect_plain(&scene, 2);
    cr_assert_leq(requests(&scene, 2), 2, "one useless request");
    flow_close(&scene.flow);
}

Test(delta, server_that_stops_to_answer_ranges)
{
    struct scene scene;

    open_update(&scene, TOC_ZSTD);
    on_layer(&scene, (struct fake_rule){.match.skip = 3, .range.kind = FAKE_RANGE_IGNORE});
    fetch(&scene, "app:2");
    cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
    cr_assert_leq(whole_requests(&scene, 2), 1);
    flow_close(&scene.flow);
}

Test(delta, ranges_that_are_refused_or_wrong)
{
    static const enum fake_range kinds[] = {FAKE_RANGE_REFUSE, FAKE_RANGE_SHIFT,
                                            FAKE_RANGE_MULTIPART};

    for (size_t i = 0; i < FLOW_COUNT(kinds); i++) {
        struct scene scene;

        open_update(&scene, TOC_ZSTD);
        on_layer(&scene, (struct fake_rule){.range = {.kind = kinds[i], .shift_bytes = -7}});
        fetch(&scene, "app:2");
        expect_plain(&scene, 2);
        flow_close(&scene.flow);
    }
}

/* Right headers, wrong bytes: the digest of the table of contents shows it, or that of the layer.
 */
Test(delta, ranges_with_other_bytes)
{
    struct scene scene;

    open_update(&scene, TOC_ZSTD);
    on_layer(&scene, (struct fake_rule){.range = {.kind = FAKE_RANGE_LIE, .shift_bytes = -1000}});
    fetch(&scene, "app:2");
    expect_plain(&scene, 2);
    flow_close(&scene.flow);
}

Test(delta, tail_that_breaks_off_is_resumed)
{
    struct scene scene;

    open_update(&scene, TOC_ZSTD);
    scene.flow.options.no_retries = false;
    scene.flow.options.retries = 3;
    on_layer(&scene, (struct fake_rule){
                         .match.times = 1, .body.cut = FAKE_CUT_RST, .body.cut_at_bytes = 1000});
    fetch(&scene, "app:2");
    cr_assert_leq(sent_bytes(&scene, 2), scene.layers[2].size * 7 / 100, "%zu %zu",
                  (size_t)sent_bytes(&scene, 2), scene.layers[2].size);
    flow_close(&scene.flow);
}

/* Redirects and their like are the registry room's: each request goes through them. */
Test(delta, requests_that_fail_are_made_again)
{
    struct scene scene;

    open_update(&scene, TOC_ZSTD);
    scene.flow.options.no_retries = false;
    scene.flow.options.retries = 3;
    on_layer(&scene, (struct fake_rule){.match.skip = 2, .match.times = 2, .answer.status = 503});
    fetch(&scene, "app:2");
    cr_assert_leq(sent_bytes(&scene, 2), scene.layers[2].size * 6 / 100);
    flow_close(&scene.flow);
}

/* --- tables that lie, with a true digest --- */

/* Replace the layer "app:2" by one whose table says something else. */
static void add_liar(struct scene *scene, const char *from, const char *to)
{
    struct toc_layer honest;
    struct toc_layer liar;
    struct toc_parts parts;
    char *at;
    char *text;

    toc_layer_make(scene->format, scene->files, FILES, &honest);
    at = strstr(honest.json, from);
    cr_assert_not_null(at);
    text = build_text("%.*s%s%s", (int)(at - honest.json), honest.json, to, at + strlen(from));
    parts = (struct toc_parts){.body = honest.bytes, .body_size = honest.body_size, .json = text};
    toc_layer_assemble(scene->format, &parts, &liar);
    add_layer(scene, 2, &liar);
    toc_layer_free(&honest);
    free(text);
}

Test(delta, tables_with_numbers_that_cannot_be)
{
    static const char *const lies[][2] = {
        {"\"offset\":", "\"offset\":9"},
        {"\"offset\":", "\"offset\":-"},
        {"\"endOffset\":", "\"endOffset\":9"},

        {"{\"type\":\"reg\"", "[{\"type\":\"reg\""},
    };

    for (size_t i = 0; i < FLOW_COUNT(lies); i++) {
        struct scene scene;

        open_update(&scene, TOC_ZSTD);
        add_liar(&scene, lies[i][0], lies[i][1]);
        fetch(&scene, "app:2");
        cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
        cr_assert_eq(sent_bytes(&scene, 2), scene.layers[2].size, "%s", lies[i][1]);
        flow_close(&scene.flow);
    }
}

/* A chunk is said to be one that the donor has, of the same length, and is not: the digest of the
 * layer shows it, and the layer is fetched plainly, once. */
Test(delta, chunk_digests_that_lie)
{
    struct scene scene;
    struct toc_layer old;
    struct toc_layer changed;
    struct toc_parts parts;

    open_scene(&scene, TOC_ZSTD);
    toc_layer_make(TOC_ZSTD, scene.files, FILES, &old);
    parts = (struct toc_parts){
        .body = memcpy(malloc(old.size), old.bytes, old.size),
        .body_size = old.body_size,
        .json = old.json,
    };
    ((uint8_t *)(uintptr_t)parts.body)[old.body_size / 2] ^= 1; /* and the same table */
    toc_layer_assemble(TOC_ZSTD, &parts, &changed);
    free((void *)(uintptr_t)parts.body);
    add_layer(&scene, 1, &old);
    add_layer(&scene, 2, &changed);
    fetch(&scene, "app:1");
    fetch(&scene, "app:2");
    expect_plain(&scene, 2);
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_WARNING], 1);
    cr_assert_not_null(strstr(scene.flow.seen.warning, scene.layers[1].digest), "%s",
                       scene.flow.seen.warning);
    flow_close(&scene.flow);
}

/* --- donors that lie --- */

/* Flip a byte of a blob in the store. */
static void damage(struct scene *scene, unsigned number, uint64_t offset)
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
static void update_by_command(struct scene *scene, const char *told)
{
    struct run_result result;

    fake_record_mark(scene->flow.registry);
    cr_assert_eq(flow_command(&scene->flow, "app:2", NULL, &result), 0, "%s", result.err);
    cr_assert_not_null(strstr(result.err, told), "%s", result.err);
    run_result_fini(&result);
}

Test(delta, damaged_donor)
{
    struct scene scene;

    open_update(&scene, TOC_ZSTD);
    damage(&scene, 1, scene.layers[1].size / 2);
    update_by_command(&scene, scene.layers[1].digest);
    expect_plain(&scene, 2);
    damage(&scene, 1, scene.layers[1].size / 2); /* for the last check of the store */
    flow_close(&scene.flow);
}

/* The donor's own table is damaged: it is none. */
Test(delta, donor_without_a_table)
{
    struct scene scene;

    open_update(&scene, TOC_ZSTD);
    damage(&scene, 1, scene.layers[1].size - 200);
    update_by_command(&scene, "fetched 1 image");
    cr_assert_eq(sent_bytes(&scene, 2), scene.layers[2].size);
    damage(&scene, 1, scene.layers[1].size - 200);
    flow_close(&scene.flow);
}

/* Truncated, or no file: it is not looked at. */
Test(delta, truncated_donor)
{
    struct scene scene;
    char *path;

    open_update(&scene, TOC_ZSTD);
    path = flow_path(&scene.flow, "blobs", scene.layers[1].digest);
    cr_assert_eq(unlink(path), 0);
    fetch(&scene, "app:2");
    cr_assert_eq(requests(&scene, 2), 1);
    expect_plain(&scene, 2);
    free(path);
    flow_close(&scene.flow);
}

/* --- interruptions --- */

/* Two versions of which every third file differs. */
static void open_large_update(struct scene *scene)
{
    open_scene(scene, TOC_ZSTD);
    add_image(scene, 1);
    change(scene, 3);
    add_image(scene, 2);
    fetch(scene, "app:1");
}

/* What was copied and fetched before a cancel is not fetched again. */
Test(delta, an_interrupted_update_goes_on)
{
    struct scene scene;
    uint64_t first;
    uint64_t whole;

    open_large_update(&scene);
    fetch(&scene, "app:2");
    whole = sent_bytes(&scene, 2);
    cr_assert_leq(whole, scene.layers[2].size / 2);
    flow_close(&scene.flow);

    open_large_update(&scene);
    on_layer(&scene, (struct fake_rule){.match.skip = 10, .match.times = 1, .timing.hold = true});
    fake_record_mark(scene.flow.registry);
    flow_start(&scene.flow, "app:2");
    cr_assert(fake_record_wait_count(scene.flow.registry, "GET", scene.layers[2].digest, 11,
                                     FLOW_WAIT_MS));
    tug_fetch_cancel(scene.flow.fetch);
    (void)flow_wait(&scene.flow);
    first = sent_bytes(&scene, 2);
    cr_assert(first > 0 && first < whole);
    fetch(&scene, "app:2");
    cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
    cr_assert_leq(first + sent_bytes(&scene, 2), whole + whole / 100, "%zu, then %zu, not %zu",
                  (size_t)first, (size_t)sent_bytes(&scene, 2), (size_t)whole);
    flow_close(&scene.flow);
}

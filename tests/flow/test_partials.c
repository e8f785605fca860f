/* SPDX-License-Identifier: Apache-2.0
 *
 * Partial downloads that earlier runs left: dropped when the blob has come another way, reported
 * when nobody has resumed them for long.
 */
#include "flow.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

TestSuite(partials, .timeout = 60);

#define LAYER_BYTES 300000

static const uint64_t sizes[] = {LAYER_BYTES};

struct scene {
    struct flow flow;
    struct build_image_result built;
    char *partial; /* path of a partial download */
};

/* An image, and a partial download of a digest. digest: NULL: of the image's layer. */
static void open_scene(struct scene *scene, const char *digest)
{
    memset(scene, 0, sizeof *scene);
    flow_open(&scene->flow, NULL);
    build_image_add(
        scene->flow.registry,
        &(struct build_image){.repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = 1},
        &scene->built);
    cr_assert_eq(flow_fetch(&scene->flow, "app:1"), TUG_OK, "%s", scene->flow.seen.error.message);
    scene->partial =
        flow_path(&scene->flow, "ingest", digest != NULL ? digest : scene->built.layers[0].digest);
    tmpdir_write(scene->partial, "the beginning", 13);
}

static void close_scene(struct scene *scene)
{
    free(scene->partial);
    flow_close(&scene->flow);
}

static bool has_partial(const struct scene *scene)
{
    return access(scene->partial, F_OK) == 0;
}

static void make_old(const char *path, int days)
{
    struct timespec times[2] = {{.tv_sec = time(NULL) - (time_t)days * 24 * 3600}};

    times[1] = times[0];
    cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void fetch(struct scene *scene)
{
    scene->flow.seen.warning[0] = '\0';
    cr_assert_eq(flow_fetch(&scene->flow, "app:1"), TUG_OK, "%s", scene->flow.seen.error.message);
}

Test(partials, of_a_blob_that_is_there_are_dropped)
{
    struct scene scene;
    char *state;

    open_scene(&scene, NULL);
    cr_assert_geq(asprintf(&state, "%s.state", scene.partial), 0);
    tmpdir_write(state, "x", 1);
    make_old(scene.partial, 8);
    make_old(state, 8);
    fetch(&scene);
    cr_assert_not(has_partial(&scene));
    cr_assert_neq(access(state, F_OK), 0);
    cr_assert_str_empty(scene.flow.seen.warning);
    free(state);
    close_scene(&scene);
}

/* Somebody fetches it again, for a reason of his own. */
Test(partials, that_a_process_holds_stay)
{
    struct scene scene;
    int fd;

    open_scene(&scene, NULL);
    fd = open(scene.partial, O_RDWR | O_CLOEXEC);
    cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    make_old(scene.partial, 8);
    fetch(&scene);
    cr_assert(has_partial(&scene));
    cr_assert_str_empty(scene.flow.seen.warning, "%s", scene.flow.seen.warning);
    (void)close(fd);
    close_scene(&scene);
}

#define OTHER_DIGEST "sha256:0000000000000000000000000000000000000000000000000000000000000000"

Test(partials, that_are_old_are_reported_in_one_line)
{
    struct scene scene;

    open_scene(&scene, OTHER_DIGEST);
    fetch(&scene);
    cr_assert_str_empty(scene.flow.seen.warning, "it is new");
    make_old(scene.partial, 6);
    fetch(&scene);
    cr_assert_str_empty(scene.flow.seen.warning, "it may be resumed");
    make_old(scene.partial, 8);
    scene.flow.seen.counts[TUG_EVENT_WARNING] = 0;
    fetch(&scene);
    cr_assert_str_eq(scene.flow.seen.warning, "1 partial download of 4 KiB not resumed for 7 days: "
                                              "'tug prune --partials' deletes it");
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_WARNING], 1);
    cr_assert(has_partial(&scene));
    scene.flow.options.dry_run = true;
    fetch(&scene);
    cr_assert_str_empty(scene.flow.seen.warning);
    close_scene(&scene);
}

/* What is old and resumed by this run is no matter any more. */
Test(partials, that_are_resumed_are_not_reported)
{
    struct scene scene;
    char *blob;

    open_scene(&scene, NULL);
    blob = flow_path(&scene.flow, "blobs", scene.built.layers[0].digest);
    cr_assert_eq(unlink(blob), 0);
    make_old(scene.partial, 8);
    fetch(&scene);
    cr_assert_not(has_partial(&scene));
    cr_assert_str_empty(scene.flow.seen.warning, "%s", scene.flow.seen.warning);
    free(blob);
    close_scene(&scene);
}

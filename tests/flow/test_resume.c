/* SPDX-License-Identifier: Apache-2.0
 *
 * Partial files between runs: what is in them, and how the next run uses them.
 *
 * Knows: ranges, partial files. Does not know: documents.
 * Threads: criterion's; the cancelled fetch runs on one of its own.
 */
#include "cut.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"

TestSuite(resume, .timeout = 60);

/* Fetch without retries, so that a partial file stays, and check that it is a true beginning. */
static void leave_partial(struct cut *scene)
{
    struct flow *const flow = &scene->flow;

    flow->options.no_retries = true;
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_ERR_NETWORK);
    cr_assert_eq(flow_partial_size(flow, scene->layer), CUT_AT_BYTES);
}

static void expect_true_partial(struct cut *scene)
{
    static char expected[CUT_AT_BYTES];
    char *const path = flow_path(&scene->flow, "ingest", scene->layer);
    size_t length = 0;
    char *const bytes = tmpdir_read(path, &length);

    fake_generate(CUT_SEED, 0, expected, sizeof expected);
    cr_assert_not_null(bytes, "the partial file is gone");
    cr_assert_eq(length, CUT_AT_BYTES);
    cr_assert_eq(memcmp(bytes, expected, sizeof expected), 0, "it holds something else");
    free(bytes);
    free(path);
}

/* An error page in answer to a range never gets into the partial file; the next run uses it. */
static void check_error_page(int answer_status, enum tug_status status)
{
    struct cut scene;

    cut_open(&scene, FAKE_CUT_RST);
    leave_partial(&scene);
    cut_on_range(&scene, (struct fake_rule){.match.times = 1,
                                            .answer.status = answer_status,
                                            .answer.headers = "Content-Type: text/html\r\n",
                                            .answer.body = "<html>Something is wrong</html>"});
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), status, "%d: %s", answer_status,
                 scene.flow.seen.error.message);
    expect_true_partial(&scene);
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    cut_expect_range(&scene, 2, CUT_AT_BYTES);
    cr_assert_eq(scene.flow.seen.resumed_bytes, CUT_AT_BYTES);
    flow_close(&scene.flow);
}

Test(resume, t51_error_page_for_a_range)
{
    check_error_page(403, TUG_ERR_AUTH);
    check_error_page(429, TUG_ERR_RATE_LIMITED);
    check_error_page(503, TUG_ERR_NETWORK);
}

/* A login page with status 200, with and without a length. */
static void check_login_page(bool chunked)
{
    struct cut scene;

    cut_open(&scene, FAKE_CUT_RST);
    leave_partial(&scene);
    cut_on_range(&scene, (struct fake_rule){.match.times = 1,
                                            .answer.status = 200,
                                            .answer.headers = "Content-Type: text/html\r\n",
                                            .answer.body = "<html>Please log in</html>",
                                            .body.chunked = chunked});
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    cr_assert_not_null(strstr(scene.flow.seen.retry, "bytes under this digest"), "%s",
                       scene.flow.seen.retry);
    flow_close(&scene.flow);
}

Test(resume, t51_login_page_for_a_range)
{
    check_login_page(false);
    check_login_page(true);
}

/* Give the partial file a state file that says the same: parts that came out of order and have
 * become one piece. */
static void add_state(struct cut *scene)
{
    struct tug_store *store = NULL;
    struct tug__ingest *ingest = NULL;
    struct tug_digest digest;

    cr_assert_eq(tug_digest_parse(scene->layer, strlen(scene->layer), &digest, NULL), TUG_OK);
    cr_assert_eq(tug_store_open(scene->flow.store, NULL, &store, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_open(store, &digest, CUT_LAYER_BYTES, &ingest, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_begin_state(ingest, 0, NULL), TUG_OK);
    tug__ingest_close(ingest);
    tug_store_close(store);
}

/* What comes after that counts as well, though it comes in one stream. */
Test(resume, state_file_is_kept_true_by_a_single_stream)
{
    struct cut scene;

    cut_open(&scene, FAKE_CUT_RST);
    leave_partial(&scene);
    add_state(&scene);
    cut_on_range(&scene, (struct fake_rule){.match.times = 1,
                                            .body.cut = FAKE_CUT_RST,
                                            .body.cut_at_bytes = 600000});
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_ERR_NETWORK, "%s",
                 scene.flow.seen.error.message);
    cut_expect_range(&scene, 1, CUT_AT_BYTES);
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    cut_expect_range(&scene, 2, CUT_AT_BYTES + 600000);
    flow_close(&scene.flow);
}

Test(resume, cancel_keeps_what_came)
{
    struct cut scene;
    struct flow *const flow = &scene.flow;
    struct fake_request request;

    cut_open(&scene, FAKE_CUT_STALL);
    flow->signal_bytes = CUT_AT_BYTES;
    flow->options.tick_ms = 5;
    flow_start(flow, "app:1");
    flow_wait_reached(flow);
    tug_fetch_cancel(flow->fetch);
    tug_fetch_cancel(flow->fetch);
    cr_assert_eq(flow_wait(flow), TUG_ERR_CANCELLED, "%s", flow->seen.error.message);
    expect_true_partial(&scene);
    fake_record_mark(flow->registry);
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    cut_expect_range(&scene, 0, CUT_AT_BYTES);
    cr_assert_eq(flow->seen.resumed_bytes, CUT_AT_BYTES);
    /* Of the layer; the config may come in either run. */
    cr_assert(fake_record_wait_idle(flow->registry, FLOW_WAIT_MS));
    cr_assert(fake_record_get(flow->registry, "GET", scene.built.layers[0].digest, 0, &request));
    cr_assert_eq(request.body_bytes, CUT_LAYER_BYTES - CUT_AT_BYTES);
    flow_close(flow);
}

Test(resume, cancel_before_the_run)
{
    struct cut scene;
    struct tug_error error = {0};
    struct tug_fetch *fetch = NULL;
    struct tug_store *store = NULL;

    cut_open(&scene, FAKE_CUT_NONE);
    cr_assert_eq(tug_store_open(scene.flow.store, NULL, &store, &error), TUG_OK);
    cr_assert_eq(tug_fetch_create(store, &scene.flow.options, &fetch, &error), TUG_OK);
    char *const reference = flow_reference(&scene.flow, "app:1");
    cr_assert_eq(tug_fetch_add(fetch, reference, &error), TUG_OK);
    tug_fetch_cancel(fetch);
    cr_assert_eq(tug_fetch_run(fetch, &error), TUG_ERR_CANCELLED);
    free(reference);
    tug_fetch_destroy(fetch);
    tug_store_close(store);
    flow_close(&scene.flow);
}

/* A crash between making the file read-only and renaming it; root may write to it all the same. */
Test(resume, read_only_partial)
{
    struct cut scene;

    flow_drop_root();
    cut_open(&scene, FAKE_CUT_RST);
    leave_partial(&scene);
    char *const path = flow_path(&scene.flow, "ingest", scene.layer);
    cr_assert_eq(chmod(path, 0444), 0);
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    cr_assert_eq(scene.flow.seen.resumed_bytes, CUT_AT_BYTES);
    free(path);
    flow_close(&scene.flow);
}

/* A partial file of other bytes, and one that is too long: found out, and fetched from zero. */
static void check_bad_partial(size_t length)
{
    static char zeros[CUT_LAYER_BYTES + 1];
    struct cut scene;

    cut_open(&scene, FAKE_CUT_RST);
    leave_partial(&scene);
    char *const path = flow_path(&scene.flow, "ingest", scene.layer);
    tmpdir_write(path, zeros, length);
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    free(path);
    flow_close(&scene.flow);
}

Test(resume, t39_damaged_partial)
{
    check_bad_partial(CUT_AT_BYTES);
    check_bad_partial(CUT_LAYER_BYTES);
    check_bad_partial(CUT_LAYER_BYTES + 1);
}

/* Whoever cleans up a store locks a partial file before removing it, and so finds that one is in
 * use; what an ended run left may be had. */
Test(resume, t38_a_partial_is_locked_while_it_is_fetched)
{
    struct cut scene;
    struct flow *const flow = &scene.flow;
    char *path;
    int fd;

    cut_open(&scene, FAKE_CUT_STALL);
    path = flow_path(flow, "ingest", scene.layer);
    flow->signal_bytes = CUT_AT_BYTES;
    flow_start(flow, "app:1");
    flow_wait_reached(flow);
    fd = open(path, O_RDWR | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), -1);
    cr_assert_eq(errno, EWOULDBLOCK);
    tug_fetch_cancel(flow->fetch);
    cr_assert_eq(flow_wait(flow), TUG_ERR_CANCELLED);
    cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0, "the run has ended");
    cr_assert_eq(flow_partial_size(flow, scene.layer), CUT_AT_BYTES);
    (void)close(fd);
    free(path);
    flow_close(flow);
}

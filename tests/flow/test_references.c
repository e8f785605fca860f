/* SPDX-License-Identifier: Apache-2.0
 *
 * References that name nothing: malformed, unknown, or on a host that does not answer.
 *
 * Knows: the command's exit status and error lines. Does not know: documents.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

TestSuite(references, .timeout = 60);

static void open_with_image_at(struct flow *flow, const char *address)
{
    static const uint64_t size = 50000;

    flow_open(flow, &(struct fake_options){.address = address});
    build_image_add(
        flow->registry,
        &(struct build_image){.repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1},
        NULL);
}

static void open_with_image(struct flow *flow)
{
    open_with_image_at(flow, NULL);
}

static void check_malformed(const char *name, const char *text)
{
    struct flow flow;

    open_with_image(&flow);
    flow_expect_exit(&flow, name, 2, text);
    cr_assert_eq(flow_requests(&flow, NULL, NULL), 0, "something was asked for");
    flow_close(&flow);
}

Test(references, malformed)
{
    check_malformed("App:1", "App");
    check_malformed("app:", "tag");
    check_malformed("app//x:1", "app//x");
    check_malformed("app:1@sha256:12", "digest");
    check_malformed("../../etc/passwd", "..");
}

Test(references, t24_digest_that_is_a_path)
{
    check_malformed("app@sha256:../../../../etc/passwd", "digest");
}

/* The tag is another one's between the HEAD and the GET: what came is named, not what was
 * announced. */
Test(references, t31_a_tag_that_moves_names_what_came)
{
    static const uint64_t size = 60000;
    struct build_image_result moved;
    struct json_object *digest = NULL;
    struct json_object *index;
    struct flow flow;
    char *announced;

    open_with_image(&flow);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, NULL, "/manifests/1"), 1, "a tag is one GET");
    build_image_add(
        flow.registry,
        &(struct build_image){.repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1},
        &moved);
    announced = build_text("Docker-Content-Digest: sha256:%064d", 7);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.method = "HEAD",
                                                     .match.path = "/manifests/1",
                                                     .answer.headers = announced});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, "HEAD", "/manifests/1"), 1);
    cr_assert_eq(flow_requests(&flow, "GET", "/manifests/1"), 2);
    index = flow_index(&flow);
    (void)json_object_object_get_ex(flow_index_entry(&flow, index, "app:1"), "digest", &digest);
    cr_assert_str_eq(json_object_get_string(digest), moved.manifest.digest);
    json_object_put(index);
    free(announced);
    flow_close(&flow);
}

Test(references, unknown_repository)
{
    struct flow flow;

    open_with_image(&flow);
    flow_expect_exit(&flow, "nothing/here:1", 3, "404, not found");
    flow_close(&flow);
}

Test(references, unknown_tag)
{
    struct flow flow;

    open_with_image(&flow);
    flow_expect_exit(&flow, "app:2", 3, "app:2: the registry answered 404, not found");
    cr_assert_eq(flow_requests(&flow, NULL, NULL), 1, "it asked again");
    flow_close(&flow);
}

Test(references, unknown_digest)
{
    char digest[FAKE_DIGEST_SIZE];
    struct flow flow;

    open_with_image(&flow);
    fake_digest(NULL, "nobody has this", 15, digest);
    char *const name = build_text("app@%s", digest);
    flow_expect_exit(&flow, name, 3, "404, not found");
    free(name);
    flow_close(&flow);
}

/* A manifest is there, one of its blobs is not. */
Test(references, unknown_blob)
{
    struct build_descriptor layer = {.media_type = BUILD_OCI_LAYER, .size_bytes = 3};
    struct flow flow;

    flow_open(&flow, NULL);
    fake_digest(NULL, "abc", 3, layer.digest);
    char *const layers = build_descriptor_json(&layer, NULL);
    flow_add_manifest(&flow, "1", NULL, layers, NULL);
    flow_expect_exit(&flow, "app:1", 3, layer.digest);
    free(layers);
    flow_close(&flow);
}

Test(references, unknown_among_others_fails_alone)
{
    static const char *const names[] = {"app:1", "app:2"};
    struct flow flow;

    open_with_image(&flow);
    cr_assert_eq(flow_fetch_all(&flow, names, 2), TUG_ERR_NOT_FOUND);
    cr_assert_eq(flow.seen.totals.images_done, 1);
    cr_assert_eq(flow.seen.totals.images_failed, 1);
    struct json_object *const index = flow_index(&flow);
    (void)flow_index_entry(&flow, index, "app:1");
    (void)json_object_put(index);
    flow_close(&flow);
}

/* At an address where no other program takes the port that is free then. */
Test(references, connection_refused)
{
    struct flow flow;

    open_with_image_at(&flow, "127.0.0.78");
    fake_registry_stop(flow.registry);
    flow_expect_exit(&flow, "app:1", 5, "onnect");
    flow_close(&flow);
}

static void check_refusal(enum fake_refuse refuse, const char *path)
{
    struct flow flow;

    open_with_image(&flow);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = path, .refuse = refuse});
    flow_expect_exit(&flow, "app:1", 5, "");
    flow_close(&flow);
}

Test(references, connection_reset)
{
    check_refusal(FAKE_REFUSE_RST, "/manifests/");
    check_refusal(FAKE_REFUSE_RST, "/blobs/");
    check_refusal(FAKE_REFUSE_ACCEPT_RST, NULL);
}

Test(references, connection_closed)
{
    check_refusal(FAKE_REFUSE_CLOSE, "/manifests/");
    check_refusal(FAKE_REFUSE_CLOSE, "/blobs/");
    check_refusal(FAKE_REFUSE_ACCEPT, NULL);
}

/* The blob breaks off after a byte: a connection that was kept and is reset before any byte came is
 * opened again by libcurl itself, and that is no attempt. */
Test(references, server_errors_are_tried_again)
{
    struct flow flow;

    open_with_image(&flow);
    fake_rule_add(
        flow.registry,
        &(struct fake_rule){.match.path = "/manifests/", .match.times = 1, .answer.status = 503});
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = "/blobs/",
                                                     .match.times = 1,
                                                     .body.cut = FAKE_CUT_CLOSE,
                                                     .body.cut_at_bytes = 1});
    flow.options.no_retries = false;
    flow.options.retries = 1;
    flow.options.retry_max_wait_ms = 20;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_RETRY], 2);
    flow_close(&flow);
}

Test(references, retries_come_to_an_end)
{
    struct flow flow;

    open_with_image(&flow);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/manifests/", .answer.status = 503});
    flow.options.no_retries = false;
    flow.options.retries = 3;
    flow.options.retry_max_wait_ms = 5;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_NETWORK);
    cr_assert_eq(flow_requests(&flow, NULL, NULL), 4);
    cr_assert_eq(flow.seen.error.http_status, 503);
    flow_close(&flow);
}

/* In a network namespace of its own no name can be looked up, and nothing leaves this machine. */
Test(references, dns_failure)
{
    struct flow flow;
    struct run_result result;

    flow_open(&flow, NULL);
    const char *const argv[] = {
        "unshare", "-rn", getenv("TUG"), "--store", flow.store,
        "fetch",   "-q",  "--retries",   "0",       "registry.invalid/app:1",
        NULL};
    cr_assert_not_null(argv[2], "TUG names no program");
    (void)run_command(&(struct run_options){.argv = argv, .timeout_ms = FLOW_WAIT_MS}, &result);
    cr_assert_eq(result.exit_status, 5, "%d: %s", result.exit_status, result.err);
    cr_assert_eq(result.out_len, 0);
    cr_assert_not_null(strstr(result.err, "resolve host"), "%s", result.err);
    cr_assert_eq(strncmp(result.err, "tug: registry.invalid/app:1: ", 29), 0, "%s", result.err);
    cr_assert_eq(strchr(result.err, '\n'), result.err + result.err_len - 1, "%s", result.err);
    run_result_fini(&result);
    flow_close(&flow);
}

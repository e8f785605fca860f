/* SPDX-License-Identifier: Apache-2.0
 *
 * A manifest or a blob in memory, without a store.
 *
 * Knows: the fake registry's rules. Does not know: how it is fetched.
 * Threads: criterion's.
 */
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(memory, .timeout = 60);

static const uint64_t size = 100000;

static const struct build_image image = {
    .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1};

struct scene {
    struct flow flow;
    struct build_image_result built;
    struct tug_content content;
    struct tug_error error;
};

static void open_scene(struct scene *scene)
{
    *scene = (struct scene){.content = TUG_CONTENT_INIT};
    registry_open(&scene->flow);
    build_image_add(scene->flow.registry, &image, &scene->built);
}

static void close_scene(struct scene *scene)
{
    tug_content_fini(&scene->content);
    flow_close(&scene->flow);
}

/* Read "HOST:PORT/NAME". */
static enum tug_status read_name(struct scene *scene, const char *name, uint64_t max_bytes)
{
    char *const reference = flow_reference(&scene->flow, name);
    struct tug_fetch *fetch = NULL;
    enum tug_status status;

    scene->error = (struct tug_error){0};
    cr_assert_eq(tug_fetch_create(NULL, &scene->flow.options, &fetch, &scene->error), TUG_OK, "%s",
                 scene->error.message);
    cr_assert_eq(tug_fetch_add(fetch, reference, &scene->error), TUG_OK);
    status = tug_fetch_read(fetch, max_bytes, &scene->content, &scene->error);
    cr_assert_eq(status, scene->error.code);
    tug_fetch_destroy(fetch);
    free(reference);
    return status;
}

static enum tug_status read_digest(struct scene *scene, const char *digest, uint64_t max_bytes)
{
    char *const name = build_text("app@%s", digest);
    const enum tug_status status = read_name(scene, name, max_bytes);

    free(name);
    return status;
}

static void expect_content(const struct scene *scene, const char *digest)
{
    char text[FAKE_DIGEST_SIZE];

    fake_digest(NULL, scene->content.bytes, scene->content.length, text);
    cr_assert_str_eq(text, digest);
    cr_assert_str_eq(tug_digest_format(&scene->content.digest, text), digest);
    cr_assert_eq(scene->content.bytes[scene->content.length], '\0');
}

Test(memory, a_manifest_by_tag_and_by_digest)
{
    struct scene scene;

    open_scene(&scene);
    cr_assert_eq(read_name(&scene, "app:1", 0), TUG_OK, "%s", scene.error.message);
    expect_content(&scene, scene.built.manifest.digest);
    cr_assert_str_eq(scene.content.media_type, "application/vnd.oci.image.manifest.v1+json");
    tug_content_fini(&scene.content);
    cr_assert_null(scene.content.bytes);
    cr_assert_eq(read_digest(&scene, scene.built.manifest.digest, 0), TUG_OK, "%s",
                 scene.error.message);
    expect_content(&scene, scene.built.manifest.digest);
    cr_assert_eq(fake_record_count(scene.flow.registry, NULL, NULL), 2);
    close_scene(&scene);
}

Test(memory, a_blob_by_digest)
{
    struct scene scene;

    open_scene(&scene);
    cr_assert_eq(read_digest(&scene, scene.built.layers[0].digest, size), TUG_OK, "%s",
                 scene.error.message);
    cr_assert_eq(scene.content.length, size);
    expect_content(&scene, scene.built.layers[0].digest);
    close_scene(&scene);
}

/* A HEAD that says 0 may mean that it has no body: only the digest tells that there is nothing. */
Test(memory, an_empty_blob_by_digest)
{
    char digest[FAKE_DIGEST_SIZE];
    char *elsewhere;
    struct scene scene;

    open_scene(&scene);
    fake_digest(NULL, "", 0, digest);
    fake_blob_add(scene.flow.registry, "app", digest, NULL, 0, NULL);
    cr_assert_eq(read_digest(&scene, digest, 0), TUG_OK, "%s", scene.error.message);
    cr_assert_eq(scene.content.length, 0);
    expect_content(&scene, digest);
    tug_content_fini(&scene.content);
    fake_rule_add(scene.flow.registry, &(struct fake_rule){.match.method = "HEAD",
                                                           .match.path = "/blobs/",
                                                           .answer.omit = "Content-Length"});
    cr_assert_eq(read_digest(&scene, digest, 0), TUG_OK, "%s", scene.error.message);
    expect_content(&scene, digest);
    tug_content_fini(&scene.content);
    elsewhere = build_text("other@%s", digest);
    cr_assert_eq(read_name(&scene, elsewhere, 0), TUG_ERR_NOT_FOUND);
    free(elsewhere);
    close_scene(&scene);
}

/* Of a blob that is too large nothing is fetched. */
Test(memory, a_limit)
{
    struct scene scene;

    open_scene(&scene);
    cr_assert_eq(read_digest(&scene, scene.built.layers[0].digest, size - 1), TUG_ERR_TOO_LARGE);
    cr_assert_eq(flow_requests(&scene.flow, "GET", "/blobs/"), 0);
    cr_assert_eq(read_name(&scene, "app:1", 100), TUG_ERR_TOO_LARGE);
    cr_assert_null(scene.content.bytes);
    close_scene(&scene);
}

Test(memory, wrong_bytes_are_refused)
{
    struct scene scene;

    open_scene(&scene);
    fake_rule_add(
        scene.flow.registry,
        &(struct fake_rule){.match.path = "/blobs/", .body.flip_mask = 1, .body.flip_offset = 5});
    cr_assert_eq(read_digest(&scene, scene.built.layers[0].digest, 0), TUG_ERR_CONTENT, "%s",
                 scene.error.message);
    cr_assert_null(scene.content.bytes);
    cr_assert_eq(read_name(&scene, "app:nix", 0), TUG_ERR_NOT_FOUND);
    close_scene(&scene);
}

Test(memory, a_failure_that_passes_is_tried_again)
{
    struct scene scene;

    open_scene(&scene);
    scene.flow.options.no_retries = false;
    scene.flow.options.retry_max_wait_ms = 1;
    fake_rule_add(
        scene.flow.registry,
        &(struct fake_rule){.match.path = "/manifests/", .match.times = 2, .answer.status = 503});
    cr_assert_eq(read_name(&scene, "app:1", 0), TUG_OK, "%s", scene.error.message);
    expect_content(&scene, scene.built.manifest.digest);
    close_scene(&scene);
}

static void cancel_retry(void *context, const struct tug_event *event)
{
    struct tug_fetch **const fetch = context;

    if (event->kind == TUG_EVENT_RETRY) {
        tug_fetch_cancel(*fetch);
    }
}

Test(memory, it_can_be_cancelled_and_times_out)
{
    struct scene scene;
    char *reference;

    open_scene(&scene);
    reference = flow_reference(&scene.flow, "app:1");
    fake_rule_add(scene.flow.registry, &(struct fake_rule){.answer.status = 503});
    scene.flow.options.no_retries = false;
    scene.flow.options.on_event = cancel_retry;
    scene.flow.options.event_context = &scene.flow.fetch;
    for (int i = 0; i < 2; i++) {
        struct tug_error error = {0};

        cr_assert_eq(tug_fetch_create(NULL, &scene.flow.options, &scene.flow.fetch, &error),
                     TUG_OK);
        cr_assert_eq(tug_fetch_add(scene.flow.fetch, reference, &error), TUG_OK);
        cr_assert_eq(tug_fetch_read(scene.flow.fetch, 0, &scene.content, &error),
                     i == 0 ? TUG_ERR_CANCELLED : TUG_ERR_TIMEOUT);
        cr_assert_eq(tug_fetch_read(scene.flow.fetch, 0, &scene.content, &error),
                     TUG_ERR_INVALID_ARGUMENT, "it has run already");
        cr_assert_eq(tug_fetch_add(scene.flow.fetch, reference, &error), TUG_ERR_INVALID_ARGUMENT);
        tug_fetch_destroy(scene.flow.fetch);
        scene.flow.options.on_event = NULL;
        scene.flow.options.timeout_ms = 1;
    }
    free(reference);
    close_scene(&scene);
}

Test(memory, one_reference_only)
{
    struct tug_content content = TUG_CONTENT_INIT;
    struct tug_fetch *fetch = NULL;
    struct tug_error error = {0};

    cr_assert_eq(tug_fetch_create(NULL, NULL, &fetch, &error), TUG_OK);
    cr_assert_eq(tug_fetch_read(fetch, 0, &content, &error), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_fetch_add(fetch, "a.example/b:1", &error), TUG_OK);
    content.size = 0;
    cr_assert_eq(tug_fetch_read(fetch, 0, &content, &error), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_not_null(strstr(error.message, "tug_content.size"), "%s", error.message);
    tug_fetch_destroy(fetch);
}

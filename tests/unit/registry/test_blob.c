/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of blobs, against the fake registry: what is asked for, what is taken, what is refused
 * (T-26, T-28, T-51).
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "registry/registry.h"
#include "support/fake_registry.h"

#define SIZE 100000

struct scene {
    struct fake_registry *registry;
    struct tug__session *session;
    struct tug__client *client;
    struct tug__source source;
    struct tug_digest digest;
    unsigned char content[SIZE];
    /* what came */
    unsigned char got[SIZE];
    uint64_t position;
    size_t largest;
    uint64_t enough_at; /* is_enough is set from here on; 0: never */
    struct tug__blob_request request;
    struct tug_error error;
};

static bool never(void *context)
{
    (void)context;
    return false;
}

static enum tug_status take(void *context, const void *bytes, size_t length, struct tug_error *err)
{
    struct scene *const scene = context;

    (void)err;
    cr_assert_leq(scene->position + length, scene->request.end_byte, "beyond the end");
    memcpy(scene->got + scene->position, bytes, length);
    scene->position += length;
    scene->largest = length > scene->largest ? length : scene->largest;
    if (scene->enough_at > 0 && scene->position >= scene->enough_at) {
        scene->request.is_enough = true;
    }
    return TUG_OK;
}

static struct scene *open_scene(void)
{
    const struct tug__session_settings settings = {.plain_http = true, .hosts_dir = "/"};
    struct tug__client_settings client = {
        .connect_timeout_ms = 5000, .stall_timeout_ms = 5000, .should_stop = never};
    struct scene *const scene = calloc(1, sizeof *scene);
    char digest[FAKE_DIGEST_SIZE];

    cr_assert_eq(tug__registry_acquire(NULL), TUG_OK);
    scene->registry = fake_registry_create(NULL);
    fake_generate(7, 0, scene->content, SIZE);
    fake_blob_add(scene->registry, NULL, NULL, scene->content, SIZE, digest);
    cr_assert_eq(tug_digest_parse(digest, strlen(digest), &scene->digest, NULL), TUG_OK);
    scene->source =
        (struct tug__source){.host = fake_registry_host(scene->registry), .repository = "app"};
    cr_assert_eq(tug__session_create(&settings, &scene->session, &scene->error), TUG_OK, "%s",
                 scene->error.message);
    cr_assert_eq(tug__session_add(scene->session, scene->source.host, &scene->error), TUG_OK);
    client.session = scene->session;
    cr_assert_eq(tug__client_create(&client, &scene->client, &scene->error), TUG_OK);
    return scene;
}

static void close_scene(struct scene *scene)
{
    tug__client_destroy(scene->client);
    tug__session_destroy(scene->session);
    tug__registry_release();
    fake_registry_destroy(scene->registry);
    free(scene);
}

static enum tug_status get(struct scene *scene, uint64_t first, uint64_t end, bool needs_range)
{
    enum tug_status status;

    scene->position = first;
    scene->request = (struct tug__blob_request){
        .digest = &scene->digest,
        .size_bytes = SIZE,
        .first_byte = first,
        .end_byte = end,
        .needs_range = needs_range,
        .on_data = take,
        .context = scene,
    };
    scene->error = (struct tug_error){0};
    status = tug__client_get_blob(scene->client, &scene->source, &scene->request, &scene->error);
    cr_assert_eq(memcmp(scene->got + first, scene->content + first, scene->position - first), 0,
                 "wrong bytes");
    return status;
}

static void expect_range(struct scene *scene, size_t nth, const char *range)
{
    struct fake_request request;

    cr_assert(fake_record_get(scene->registry, NULL, NULL, nth, &request));
    cr_assert_str_eq(request.range, range);
}

Test(blob, a_range_is_asked_for_only_when_it_is_less_than_all)
{
    struct scene *const scene = open_scene();

    cr_assert_eq(get(scene, 0, SIZE, false), TUG_OK, "%s", scene->error.message);
    cr_assert_eq(scene->position, SIZE);
    cr_assert_leq(scene->largest, 16384);
    cr_assert_eq(scene->request.result.served_by, 1);
    expect_range(scene, 0, "");
    cr_assert_eq(get(scene, 0, 10, true), TUG_OK, "%s", scene->error.message);
    cr_assert_eq(scene->position, 10);
    expect_range(scene, 1, "bytes=0-9");
    cr_assert_eq(get(scene, 500, SIZE, true), TUG_OK, "%s", scene->error.message);
    cr_assert_eq(scene->position, SIZE);
    expect_range(scene, 2, "bytes=500-99999");
    close_scene(scene);
}

Test(blob, t28_a_whole_blob_instead_of_a_range)
{
    struct scene *const scene = open_scene();

    fake_rule_add(scene->registry, &(struct fake_rule){.range.kind = FAKE_RANGE_IGNORE});
    cr_assert_eq(get(scene, 40000, 50000, true), TUG_ERR_UNSUPPORTED);
    cr_assert(scene->request.result.ranges_ignored);
    cr_assert_eq(scene->position, 40000, "nothing was delivered");
    cr_assert_eq(get(scene, 40000, 50000, false), TUG_OK, "%s", scene->error.message);
    cr_assert(scene->request.result.ranges_ignored);
    cr_assert_eq(scene->position, 50000);
    cr_assert_eq(get(scene, 0, SIZE, false), TUG_OK);
    cr_assert_not(scene->request.result.ranges_ignored);
    close_scene(scene);
}

Test(blob, t28_ranges_that_do_not_fit)
{
    static const struct fake_rule rules[] = {
        {.range = {.kind = FAKE_RANGE_SHIFT, .shift_bytes = 1}},
        {.range = {.kind = FAKE_RANGE_SHIFT, .shift_bytes = -1}},
        {.range = {.kind = FAKE_RANGE_MULTIPART}},
        {.answer = {.status = 206, .headers = "Content-Range: bytes 1000-60000/100000"}},
        {.answer = {.status = 206, .headers = "Content-Range: bytes 1000-59999/99999"}},
        {.answer = {.status = 206, .headers = "Content-Range: bytes x"}},
        {.answer = {.status = 206, .omit = "Content-Range"}},
        {.body = {.extra_bytes = 100}},
        {.range = {.kind = FAKE_RANGE_REFUSE}},
    };

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct scene *const scene = open_scene();

        fake_rule_add(scene->registry, &rules[i]);
        cr_assert_eq(get(scene, 1000, 60000, true), TUG_ERR_CONTENT, "rule %zu: %s", i,
                     scene->error.message);
        if (rules[i].body.extra_bytes == 0) {
            cr_assert_eq(scene->position, 1000, "rule %zu: bytes were delivered", i);
        }
        close_scene(scene);
    }
}

Test(blob, a_shorter_range_is_kept_and_the_rest_asked_for)
{
    struct scene *const scene = open_scene();

    fake_rule_add(scene->registry, &(struct fake_rule){.range.max_bytes = 300});
    cr_assert_eq(get(scene, 1000, 2000, true), TUG_ERR_NETWORK);
    cr_assert_eq(scene->position, 1300);
    close_scene(scene);
}

Test(blob, t51_no_byte_of_an_error_page_is_delivered)
{
    static const int statuses[] = {400, 401, 403, 404, 416, 429, 500, 503, 203};

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct scene *const scene = open_scene();

        fake_rule_add(scene->registry, &(struct fake_rule){.answer.status = statuses[i],
                                                           .answer.body = "<html>sorry</html>"});
        cr_assert_neq(get(scene, 1000, SIZE, false), TUG_OK, "%d", statuses[i]);
        cr_assert_eq(scene->position, 1000, "%d", statuses[i]);
        close_scene(scene);
    }
}

Test(blob, enough_ends_the_call_well)
{
    struct scene *const scene = open_scene();

    scene->enough_at = 20000;
    cr_assert_eq(get(scene, 0, SIZE, false), TUG_OK, "%s", scene->error.message);
    cr_assert_geq(scene->position, 20000);
    cr_assert_lt(scene->position, 60000);
    scene->enough_at = 0;
    cr_assert_eq(get(scene, 60000, SIZE, true), TUG_OK, "%s", scene->error.message);
    close_scene(scene);
}

Test(blob, a_pause_makes_calls_deferred_without_a_request)
{
    struct scene *const scene = open_scene();

    fake_rule_add(scene->registry, &(struct fake_rule){.match.times = 1,
                                                       .answer.status = 503,
                                                       .answer.headers = "Retry-After: 30"});
    cr_assert_eq(get(scene, 0, SIZE, false), TUG_ERR_NETWORK);
    cr_assert_eq(scene->request.result.retry_after_ms, 30000);
    cr_assert_not(scene->request.result.is_deferred);
    cr_assert_eq(get(scene, 0, SIZE, false), TUG_ERR_RATE_LIMITED);
    cr_assert(scene->request.result.is_deferred);
    cr_assert_gt(scene->request.result.retry_after_ms, 20000);
    cr_assert_leq(scene->request.result.retry_after_ms, 30000);
    cr_assert_eq(fake_record_count(scene->registry, NULL, NULL), 1);
    close_scene(scene);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers that are put together, whose bytes come from storage servers and mirrors, or with tokens:
 * each of the many ranges is a request as any other.
 *
 * Knows: tables of contents, ranges, the fake registry's record. Does not know: who makes such
 * layers. Threads: criterion's.
 */
#include "delta.h"
#include "registry.h"

#include <stdlib.h>
#include <string.h>

TestSuite(delta_servers, .timeout = 60);

/* Part of the layer, in per cent, that an update may take. */
#define UPDATE_PERCENT 6

/* A second server, which has version 2, too. */
static struct fake_registry *open_second(struct delta_scene *scene)
{
    struct fake_registry *const first = scene->flow.registry;
    struct fake_registry *const second = fake_registry_create(NULL);

    scene->flow.registry = second;
    delta_add_image(scene, 2);
    scene->flow.registry = first;
    return second;
}

/* Bytes of version 2's layer that a server has sent. */
static uint64_t sent_by(struct delta_scene *scene, struct fake_registry *server)
{
    struct fake_registry *const first = scene->flow.registry;
    uint64_t sum;

    scene->flow.registry = server;
    sum = delta_sent_bytes(scene, 2);
    scene->flow.registry = first;
    return sum;
}

static void expect_put_together(struct delta_scene *scene, uint64_t sent_bytes)
{
    cr_assert(flow_has(&scene->flow, scene->layers[2].digest));
    cr_assert_leq(sent_bytes, scene->layers[2].size * UPDATE_PERCENT / 100, "%zu of %zu",
                  (size_t)sent_bytes, scene->layers[2].size);
    cr_assert_gt(scene->flow.seen.image.bytes_copied, scene->layers[2].size / 2);
    cr_assert_eq(scene->flow.seen.counts[TUG_EVENT_WARNING], 0, "%s", scene->flow.seen.warning);
}

/* Send requests of the layer to a storage server. */
static void redirect(struct delta_scene *scene, struct fake_registry *storage)
{
    char *const location = build_text("%s{path}?sig=1", fake_registry_url(storage));

    delta_on_layer(scene, (struct fake_rule){.answer.status = 302, .answer.location = location});
    free(location);
}

/* --- storage servers --- */

Test(delta_servers, ranges_come_from_a_storage_server)
{
    struct delta_scene scene;
    struct fake_registry *storage;

    delta_open_update(&scene, TOC_ZSTD);
    storage = open_second(&scene);
    redirect(&scene, storage);
    delta_fetch(&scene, "app:2");
    expect_put_together(&scene, sent_by(&scene, storage));
    cr_assert_eq(delta_sent_bytes(&scene, 2), 0);
    cr_assert_lt(delta_requests(&scene, 2), fake_record_count(storage, "GET", "/blobs/"),
                 "the target is remembered");
    fake_registry_destroy(storage);
    flow_close(&scene.flow);
}

/* The target expires in the middle: it is asked for again. */
Test(delta_servers, a_storage_url_expires_between_ranges)
{
    struct delta_scene scene;
    struct fake_registry *storage;

    delta_open_update(&scene, TOC_ZSTD);
    storage = open_second(&scene);
    redirect(&scene, storage);
    fake_rule_add(storage,
                  &(struct fake_rule){.match.skip = 3, .match.times = 1, .answer.status = 403});
    delta_fetch(&scene, "app:2");
    expect_put_together(&scene, sent_by(&scene, storage));
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_RETRY], 0);
    fake_registry_destroy(storage);
    flow_close(&scene.flow);
}

/* It sends the whole layer for the first range: that is taken, and nothing is asked for twice. */
Test(delta_servers, a_storage_server_without_ranges)
{
    struct delta_scene scene;
    struct fake_registry *storage;

    delta_open_update(&scene, TOC_ZSTD);
    storage = open_second(&scene);
    redirect(&scene, storage);
    fake_rule_add(storage, &(struct fake_rule){.range.kind = FAKE_RANGE_IGNORE});
    delta_fetch(&scene, "app:2");
    cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
    cr_assert_eq(scene.flow.seen.image.bytes_copied, 0);
    cr_assert_leq(fake_record_count(storage, "GET", "/blobs/"), 2, "one useless request");
    fake_registry_destroy(storage);
    flow_close(&scene.flow);
}

/* --- mirrors --- */

/* Add a mirror of all, which comes before the registry. */
static struct fake_registry *open_mirror(struct delta_scene *scene)
{
    struct fake_registry *const mirror = open_second(scene);
    char *const text =
        build_text("server = \"%s\"\n[host.\"%s\"]\n", fake_registry_url(scene->flow.registry),
                   fake_registry_url(mirror));

    registry_write_hosts(&scene->flow, text);
    free(text);
    return mirror;
}

Test(delta_servers, ranges_come_from_a_mirror)
{
    struct delta_scene scene;
    struct fake_registry *mirror;

    delta_open_update(&scene, TOC_ZSTD);
    mirror = open_mirror(&scene);
    delta_fetch(&scene, "app:2");
    expect_put_together(&scene, sent_by(&scene, mirror));
    cr_assert_eq(delta_requests(&scene, 2), 0);
    fake_registry_destroy(mirror);
    flow_close(&scene.flow);
}

/* The mirror fails after a few ranges: the registry has the rest. */
Test(delta_servers, a_mirror_fails_between_ranges)
{
    static const int statuses[] = {404, 500};

    for (size_t i = 0; i < FLOW_COUNT(statuses); i++) {
        struct delta_scene scene;
        struct fake_registry *mirror;

        delta_open_update(&scene, TOC_ZSTD);
        mirror = open_mirror(&scene);
        fake_rule_add(mirror, &(struct fake_rule){.match.path = scene.layers[2].digest,
                                                  .match.skip = 3,
                                                  .answer.status = statuses[i]});
        delta_fetch(&scene, "app:2");
        expect_put_together(&scene, sent_by(&scene, mirror) + delta_sent_bytes(&scene, 2));
        cr_assert_gt(delta_requests(&scene, 2), 0);
        cr_assert_eq(delta_whole_requests(&scene, 2), 0);
        fake_registry_destroy(mirror);
        flow_close(&scene.flow);
    }
}

/* --- tokens --- */

Test(delta_servers, one_token_for_all_ranges)
{
    struct delta_scene scene;

    delta_open_update(&scene, TOC_ZSTD);
    registry_ask_for_token(scene.flow.registry, NULL);
    delta_fetch(&scene, "app:2");
    expect_put_together(&scene, delta_sent_bytes(&scene, 2));
    cr_assert_eq(fake_record_count(scene.flow.registry, NULL, "^/token"), 1);
    flow_close(&scene.flow);
}

/* The token is refused after a few ranges: there is another, and no range is lost. */
Test(delta_servers, a_token_expires_between_ranges)
{
    struct delta_scene scene;

    delta_open_update(&scene, TOC_ZSTD);
    delta_on_layer(&scene, (struct fake_rule){.match.header = "Authorization: Bearer old",
                                              .match.skip = 3,
                                              .answer.status = 401,
                                              .answer.headers =
                                                  "WWW-Authenticate: Bearer realm=\"{base}/token\","
                                                  "service=\"s\",scope=\"repository:app:pull\""});
    fake_rule_add(scene.flow.registry, &(struct fake_rule){.match.path = "^/token",
                                                           .match.times = 1,
                                                           .answer.body = "{\"token\":\"old\"}"});
    fake_rule_add(scene.flow.registry,
                  &(struct fake_rule){.match.path = "^/v2/",
                                      .match.without_header = "Authorization: Bearer ",
                                      .answer.status = 401,
                                      .answer.headers =
                                          "WWW-Authenticate: Bearer realm=\"{base}/token\","
                                          "service=\"s\",scope=\"repository:app:pull\""});
    fake_rule_add(scene.flow.registry, &(struct fake_rule){.match.path = "^/token",
                                                           .answer.body = "{\"token\":\"new\"}"});
    delta_fetch(&scene, "app:2");
    expect_put_together(&scene, delta_sent_bytes(&scene, 2));
    cr_assert_eq(fake_record_count(scene.flow.registry, NULL, "^/token"), 2);
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_RETRY], 0);
    flow_close(&scene.flow);
}

/* One that is refused for good fails the image, and what has come stays for the next run. */
Test(delta_servers, tokens_that_are_refused_fail_the_image)
{
    struct delta_scene scene;
    uint64_t first;
    int rule;

    delta_open_update(&scene, TOC_ZSTD);
    scene.flow.options.max_concurrent_downloads = 1; /* nothing is under way beside a refusal */
    rule =
        fake_rule_add(scene.flow.registry, &(struct fake_rule){.match.path = scene.layers[2].digest,
                                                               .match.skip = 3,
                                                               .answer.status = 401});
    fake_record_mark(scene.flow.registry);
    cr_assert_eq(flow_fetch(&scene.flow, "app:2"), TUG_ERR_AUTH, "%s",
                 scene.flow.seen.error.message);
    first = delta_sent_bytes(&scene, 2);
    cr_assert_gt(first, 0);
    fake_rule_remove(scene.flow.registry, rule);
    delta_fetch(&scene, "app:2");
    cr_assert(flow_has(&scene.flow, scene.layers[2].digest));
    first += delta_sent_bytes(&scene, 2);
    cr_assert_leq(first, scene.layers[2].size * UPDATE_PERCENT / 100, "%zu of %zu", (size_t)first,
                  scene.layers[2].size);
    flow_close(&scene.flow);
}

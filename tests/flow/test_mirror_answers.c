/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that are no manifest, and whose failure is told when several endpoints failed.
 *
 * Knows: the fake registry's record. Does not know: how endpoints are ranked.
 * Threads: criterion's.
 */
#include "registry.h"

#include <stdlib.h>
#include <string.h>

TestSuite(mirror_answers, .timeout = 60);

#define PAGE "<!DOCTYPE html><html><body>Please log in</body></html>"

static const uint64_t sizes[] = {1000};

static const struct build_image image = {
    .repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = FLOW_COUNT(sizes)};

static void send_page(struct fake_registry *registry, const char *type)
{
    fake_rule_add(registry, &(struct fake_rule){.match.path = "/manifests/",
                                                .match.method = "GET",
                                                .answer.body = PAGE,
                                                .answer.omit = "Docker-Content-Digest",
                                                .answer.headers = type});
}

/* The second one is the mirror. */
static struct fake_registry *open_with_mirror(struct flow *flow)
{
    struct fake_registry *const mirror = fake_registry_create(NULL);
    char *text;

    registry_open(flow);
    text = build_text("server = \"%s\"\n[host.\"%s\"]\n", fake_registry_url(flow->registry),
                      fake_registry_url(mirror));
    registry_write_hosts(flow, text);
    free(text);
    return mirror;
}

Test(mirror_answers, f21_a_page_from_a_mirror_is_its_failure)
{
    static const char *const types[] = {"Content-Type: text/html; charset=utf-8",
                                        "Content-Type: application/json",
                                        ("Content-Type: " BUILD_OCI_MANIFEST)};

    for (size_t i = 0; i < FLOW_COUNT(types); i++) {
        struct flow flow;
        struct fake_registry *const mirror = open_with_mirror(&flow);
        char *name;
        struct build_image_result built;

        build_image_add(flow.registry, &image, &built);
        build_image_add(mirror, &image, NULL);
        send_page(mirror, types[i]);
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
        cr_assert_eq(flow.seen.counts[TUG_EVENT_RETRY], 0);
        cr_assert_eq(flow_blob_count(&flow), 2 + FLOW_COUNT(sizes));
        name = build_text("app@%s", built.manifest.digest);
        cr_assert_eq(flow_fetch(&flow, name), TUG_OK, "%s", flow.seen.error.message);
        cr_assert_gt(fake_record_count(mirror, "GET", "/manifests/"), 0);
        free(name);
        fake_registry_destroy(mirror);
        flow_close(&flow);
    }
}

Test(mirror_answers, f21_a_page_names_its_type_and_server)
{
    struct flow flow;
    struct fake_registry *const mirror = open_with_mirror(&flow);
    struct run_result result;
    char *wanted;

    send_page(mirror, "Content-Type: text/html");
    fake_rule_add(flow.registry, &(struct fake_rule){.answer.status = 404});
    wanted = build_text(
        "mirror 127.0.0.1:%u: the answer, of type 'text/html', is not a manifest: not valid JSON",
        fake_registry_port(mirror));
    cr_assert_eq(flow_command(&flow, "app:1",
                              (const char *const[]){"--hosts-dir", flow.hosts_dir, NULL}, &result),
                 6);
    cr_assert_not_null(strstr(result.err, wanted), "no '%s': %s", wanted, result.err);
    cr_assert_eq(flow_blob_count(&flow), 0, "a page is in the store");
    run_result_fini(&result);
    free(wanted);
    fake_registry_destroy(mirror);
    flow_close(&flow);
}

Test(mirror_answers, f21_a_page_behind_a_redirect_names_where)
{
    struct flow flow;
    struct fake_registry *const other = fake_registry_create(NULL);
    char *location;

    registry_open(&flow);
    send_page(other, "Content-Type: text/html");
    location = build_text("%s/login/manifests/", fake_registry_url(other));
    fake_rule_add(flow.registry, &(struct fake_rule){.answer.location = location});
    flow_expect_exit(&flow, "app:1", 6, location);
    flow_expect_exit(&flow, "app:1", 6, "of type 'text/html'");
    cr_assert_eq(flow_blob_count(&flow), 0);
    free(location);
    fake_registry_destroy(other);
    flow_close(&flow);
}

/* By tag and by digest, by its type and by what is in it. */
Test(mirror_answers, f21_nothing_refused_stays_in_the_store)
{
    static const struct {
        const char *type;
        const char *text;
        const char *why;
    } cases[] = {
        {"application/vnd.docker.distribution.manifest.v1+prettyjws",
         "{\"schemaVersion\":1,\"fsLayers\":[]}", "schema 1"},
        {"application/json", "{\"schemaVersion\":1,\"fsLayers\":[]}", "schema 1"},
        {BUILD_OCI_MANIFEST, "{\"schemaVersion\":2,\"layers\":[],\"manifests\":[]}", "ambiguous"},
        {BUILD_OCI_INDEX, "{\"schemaVersion\":2,\"manifests\":[{}]}", "manifests[0]"},
        {"text/html", PAGE, "of type 'text/html'"},
    };

    for (size_t i = 0; i < FLOW_COUNT(cases); i++) {
        struct build_descriptor built;
        struct flow flow;
        char *name;

        flow_open(&flow, NULL);
        build_manifest_raw(flow.registry, "app", "1", cases[i].type, cases[i].text, &built);
        name = build_text("app@%s", built.digest);
        flow_expect_exit(&flow, "app:1", 6, cases[i].why);
        flow_expect_exit(&flow, name, 6, cases[i].why);
        cr_assert_eq(flow_blob_count(&flow), 0, "%s: it is in the store", cases[i].why);
        free(name);
        flow_close(&flow);
    }
}

Test(mirror_answers, f21_nor_what_came_inline)
{
    struct build_descriptor child;
    struct build_descriptor root;
    struct flow flow;
    char *entry;
    char *text;

    flow_open(&flow, NULL);
    build_manifest_raw(flow.registry, "app", "child", BUILD_OCI_MANIFEST, "{\"layers\":1}", &child);
    entry = build_descriptor_json(&child, "\"data\":\"eyJsYXllcnMiOjF9\"");
    text = build_text("{\"schemaVersion\":2,\"manifests\":[%s]}", entry);
    build_manifest_raw(flow.registry, "app", "1", BUILD_OCI_INDEX, text, &root);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_CONTENT, "%s", flow.seen.error.message);
    cr_assert_not(flow_has(&flow, child.digest));
    cr_assert(flow_has(&flow, root.digest));
    free(text);
    free(entry);
    flow_close(&flow);
}

/* The command's exit status and what it says with -v; each endpoint answers with a status. */
static void check_ranking(int mirror_status, int status, int wanted_exit, bool is_mirrors)
{
    struct flow flow;
    struct fake_registry *const mirror = open_with_mirror(&flow);
    const unsigned ports[] = {fake_registry_port(mirror), fake_registry_port(flow.registry)};
    struct run_result result;
    const char *error;
    char *wanted;
    int found;

    fake_rule_add(mirror, &(struct fake_rule){.answer.status = mirror_status});
    fake_rule_add(flow.registry, &(struct fake_rule){.answer.status = status});
    found = flow_command(&flow, "app:1",
                         (const char *const[]){"-v", "--hosts-dir", flow.hosts_dir, NULL}, &result);
    cr_assert_eq(found, wanted_exit, "%d, %d: %s", mirror_status, status, result.err);
    error = strstr(result.err, "/app:1: ");
    wanted = build_text("/app:1: %s 127.0.0.1:%u: ", is_mirrors ? "mirror" : "registry",
                        ports[is_mirrors ? 0 : 1]);
    cr_assert_eq(strncmp(error, wanted, strlen(wanted)), 0, "no '%s': %s", wanted, result.err);
    free(wanted);
    for (size_t i = 0; i < FLOW_COUNT(ports); i++) {
        wanted = build_text("127.0.0.1:%u/app, manifests 1: %s 127.0.0.1:%u: the registry answered",
                            ports[1], i == 0 ? "mirror" : "registry", ports[i]);
        cr_assert_not_null(strstr(result.err, wanted), "no '%s': %s", wanted, result.err);
        free(wanted);
    }
    run_result_fini(&result);
    fake_registry_destroy(mirror);
    flow_close(&flow);
}

Test(mirror_answers, f22_the_first_that_is_no_404_is_told_and_every_one_written_down)
{
    check_ranking(500, 404, 5, true);
    check_ranking(403, 404, 4, true);
    check_ranking(404, 403, 4, false);
    check_ranking(404, 404, 3, true);
    check_ranking(500, 403, 5, true);
    check_ranking(403, 500, 5, false);
}

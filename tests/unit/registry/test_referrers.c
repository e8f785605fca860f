/* SPDX-License-Identifier: Apache-2.0
 *
 * What refers to a manifest, asked of the fake registry: pages, filters, the tag, and links that
 * lead astray (T-19).
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "registry/registry.h"
#include "support/fake_registry.h"

#define HEX(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define TYPE "application/vnd.oci.image.index.v1+json"
#define ENTRY(c, type)                                                                             \
    "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:" HEX(      \
        c) "\",\"size\":2,\"artifactType\":\"" type "\"}"
#define INDEX(entries)                                                                             \
    "{\"schemaVersion\":2,\"mediaType\":\"" TYPE "\",\"manifests\":[" entries "]}"
#define PATH "/referrers/sha256:" HEX("12")

struct scene {
    struct fake_registry *registry;
    struct tug__session *session;
    struct tug__client *client;
    struct tug__manifest_reply reply;
    struct tug_error error;
};

static bool never(void *context)
{
    (void)context;
    return false;
}

static void open_scene(struct scene *scene)
{
    const struct tug__session_settings settings = {.plain_http = true, .hosts_dir = "/"};
    struct tug__client_settings client = {
        .connect_timeout_ms = 5000, .stall_timeout_ms = 5000, .should_stop = never};

    *scene = (struct scene){0};
    cr_assert_eq(tug__registry_acquire(NULL), TUG_OK);
    scene->registry = fake_registry_create(NULL);
    cr_assert_eq(tug__session_create(&settings, &scene->session, NULL), TUG_OK);
    cr_assert_eq(tug__session_add(scene->session, fake_registry_host(scene->registry), NULL),
                 TUG_OK);
    client.session = scene->session;
    cr_assert_eq(tug__client_create(&client, &scene->client, NULL), TUG_OK);
}

static void close_scene(struct scene *scene)
{
    free(scene->reply.body);
    tug__client_destroy(scene->client);
    tug__session_destroy(scene->session);
    fake_registry_destroy(scene->registry);
    tug__registry_release();
}

static void answer(struct scene *scene, const char *path, const char *body, const char *headers)
{
    fake_rule_add(
        scene->registry,
        &(struct fake_rule){.match.path = path, .answer.body = body, .answer.headers = headers});
}

static enum tug_status ask(struct scene *scene, const char *artifact_type)
{
    const struct tug__source source = {.host = fake_registry_host(scene->registry),
                                       .repository = "app"};
    struct tug_digest digest;
    const struct tug__referrers_request request = {&digest, artifact_type};

    cr_assert_eq(tug_digest_parse("sha256:" HEX("12"), 71, &digest, NULL), TUG_OK);
    return tug__client_get_referrers(scene->client, &source, &request, &scene->reply,
                                     &scene->error);
}

Test(referrers, pages_are_put_together)
{
    struct scene scene;

    open_scene(&scene);
    answer(&scene, PATH "?n=2", INDEX(ENTRY("11", "a")), "Content-Type: " TYPE "\r\n");
    answer(&scene, PATH, INDEX(ENTRY("22", "b")),
           "Content-Type: " TYPE "\r\nLink: </v2/app" PATH "?n=2>; rel=\"next\"\r\n");
    cr_assert_eq(ask(&scene, NULL), TUG_OK, "%s", scene.error.message);
    cr_assert_str_eq(scene.reply.body, INDEX(ENTRY("11", "a") "," ENTRY("22", "b")));
    close_scene(&scene);
}

Test(referrers, a_type_is_filtered_by_the_registry_or_here)
{
    struct scene scene;

    open_scene(&scene);
    answer(&scene, PATH "?artifactType=x%2Fa%2Bjson",
           INDEX(ENTRY("22", "b") "," ENTRY("11", "x/a+json")), "Content-Type: " TYPE "\r\n");
    cr_assert_eq(ask(&scene, "x/a+json"), TUG_OK, "%s", scene.error.message);
    cr_assert_str_eq(scene.reply.body, INDEX(ENTRY("11", "x/a+json")));
    close_scene(&scene);
}

Test(referrers, without_the_api_the_tag_is_asked_for)
{
    struct scene scene;

    open_scene(&scene);
    fake_manifest_add(scene.registry,
                      &(struct fake_manifest){.repo = "app",
                                              .tag = "sha256-" HEX("12"),
                                              .media_type = TYPE,
                                              .json = INDEX(ENTRY("11", "a"))},
                      NULL);
    fake_rule_add(scene.registry,
                  &(struct fake_rule){.match.path = "/referrers/", .answer.status = 404});
    cr_assert_eq(ask(&scene, NULL), TUG_OK, "%s", scene.error.message);
    cr_assert_str_eq(scene.reply.body, INDEX(ENTRY("11", "a")));
    close_scene(&scene);
}

Test(referrers, nothing_refers_to_it)
{
    struct scene scene;

    open_scene(&scene);
    answer(&scene, PATH, INDEX(""), "Content-Type: " TYPE "\r\n");
    cr_assert_eq(ask(&scene, NULL), TUG_ERR_NOT_FOUND);
    close_scene(&scene);
}

Test(referrers, t19_links_that_lead_astray)
{
    static const char *const links[] = {
        "<http://127.0.0.9:1/v2/app" PATH "?n=2>; rel=next", /* another server */
        "</v2/other" PATH "?n=2>; rel=next",                 /* another repository */
        "</v2/app" PATH "?n=2>; rel=next",                   /* itself */
    };

    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        struct scene scene;
        char headers[512];

        open_scene(&scene);
        (void)snprintf(headers, sizeof headers, "Content-Type: " TYPE "\r\nLink: %s\r\n", links[i]);
        answer(&scene, PATH, INDEX(ENTRY("11", "a")), headers);
        cr_assert_eq(ask(&scene, NULL), TUG_ERR_CONTENT, "%s", links[i]);
        cr_assert_eq(scene.reply.body, NULL);
        close_scene(&scene);
    }
}

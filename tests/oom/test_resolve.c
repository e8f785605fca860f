/* SPDX-License-Identifier: Apache-2.0
 *
 * References resolved without memory: the run ends, and with the right error.
 *
 * Knows: the scene of the flow tests. Does not know: which allocations a run makes.
 * Threads: those of a run.
 */
#include <stdlib.h>

#include "flow/registry.h"
#include "oom.h"

TestSuite(oom_resolve, .timeout = 600);

struct scene {
    struct flow flow;
    const char *const *names; /* ends with NULL */
};

static enum tug_status resolve_once(void *context, struct tug_error *err)
{
    struct scene *const scene = context;
    struct tug_fetch *fetch = NULL;
    enum tug_status status = tug_fetch_create(NULL, &scene->flow.options, &fetch, err);

    for (const char *const *name = scene->names; status == TUG_OK && *name != NULL; name++) {
        char *const reference = flow_reference(&scene->flow, *name);

        status = tug_fetch_add(fetch, reference, err);
        free(reference);
    }
    if (status == TUG_OK) {
        status = tug_fetch_resolve(fetch, err);
    }
    tug_fetch_destroy(fetch);
    return status;
}

/* A HEAD. */
Test(oom_resolve, of_a_tag)
{
    static const char *const names[] = {"app:1", NULL};
    struct scene scene = {.names = names};

    registry_open(&scene.flow);
    flow_want_default(&scene.flow);
    scene.flow.options.max_concurrent_downloads = 1;
    build_image_add(scene.flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, NULL);
    oom_each(resolve_once, NULL, &scene, 30);
    flow_close(&scene.flow);
}

/* A manifest and its config; an index in an index. */
Test(oom_resolve, for_a_platform)
{
    static const char *const names[] = {"app:single", "app:index", NULL};
    struct scene scene = {.names = names};
    struct build_image_result image;
    struct build_descriptor inner;

    registry_open(&scene.flow);
    scene.flow.options.max_concurrent_downloads = 1;
    build_image_add(scene.flow.registry, &(struct build_image){.repo = "app", .tag = "single"},
                    &image);
    const struct build_entry leaf = {.descriptor = &image.manifest, .platform = "linux/amd64"};
    build_index_add(scene.flow.registry,
                    &(struct build_index){.repo = "app", .entries = &leaf, .entry_count = 1},
                    &inner);
    const struct build_entry top = {.descriptor = &inner};
    build_index_add(
        scene.flow.registry,
        &(struct build_index){.repo = "app", .tag = "index", .entries = &top, .entry_count = 1},
        NULL);
    oom_each(resolve_once, NULL, &scene, 30);
    flow_close(&scene.flow);
}

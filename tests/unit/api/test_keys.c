/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of a run: which reference has which, and each file once.
 */
#include "api/keys.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <tug/fetch.h>

#include "support/tmpdir.h"

static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
                          "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY8EC1vuxW0VJZ58xKHPUk2VsK8IC\n"
                          "Z8POztmbG/IA3meh/Ci3HeWu3Tax/n+F8vamM237lOSW5K79IuKiwnXESw==\n"
                          "-----END PUBLIC KEY-----\n";

struct scene {
    char *directory;
    char *paths[3]; /* of good keys, and of one that is not there */
    struct tug__run_keys keys;
};

static void open_scene(struct scene *scene)
{
    static const char *const names[] = {"a.pub", "b.pub", "none.pub"};

    *scene = (struct scene){.directory = tmpdir_create()};
    for (size_t i = 0; i < 3; i++) {
        scene->paths[i] = tmpdir_join(scene->directory, names[i]);
    }
    tmpdir_write(scene->paths[0], pem, strlen(pem));
    tmpdir_write(scene->paths[1], pem, strlen(pem));
}

static void close_scene(struct scene *scene)
{
    tug__run_keys_fini(&scene->keys);
    for (size_t i = 0; i < 3; i++) {
        free(scene->paths[i]);
    }
    tmpdir_remove(scene->directory);
}

static enum tug_status add(struct scene *scene, size_t position, size_t first, size_t count)
{
    return tug__run_keys_add(&scene->keys, position, (const char *const *)scene->paths + first,
                             count, NULL);
}

Test(api_keys, without_any_nothing_is_kept)
{
    struct scene scene;

    open_scene(&scene);
    cr_assert_eq(tug__run_keys_load(&scene.keys, NULL, 0, NULL), TUG_OK);
    for (size_t i = 0; i < 100; i++) {
        cr_assert_eq(add(&scene, i, 0, 0), TUG_OK);
    }
    cr_assert_null(tug__run_keys_get(&scene.keys));
    close_scene(&scene);
}

Test(api_keys, a_reference_has_its_own_or_those_of_the_run)
{
    struct scene scene;
    const struct tug__keys *const *of_refs;

    open_scene(&scene);
    cr_assert_eq(tug__run_keys_load(&scene.keys, (const char *const *)scene.paths, 1, NULL),
                 TUG_OK);
    for (size_t i = 0; i < 100; i++) {
        cr_assert_eq(add(&scene, i, 0, i % 3), TUG_OK);
    }
    of_refs = tug__run_keys_get(&scene.keys);
    for (size_t i = 0; i < 100; i++) {
        cr_assert_eq(of_refs[i]->count, i % 3 == 2 ? 2 : 1);
        cr_assert_str_eq(tug__key_name(of_refs[i]->keys[0]), scene.paths[0]);
        cr_assert_eq(of_refs[i]->keys[0], of_refs[0]->keys[0], "a file was read again");
    }
    cr_assert_str_eq(tug__key_name(of_refs[2]->keys[1]), scene.paths[1]);
    close_scene(&scene);
}

Test(api_keys, the_first_references_may_have_none)
{
    struct scene scene;
    const struct tug__keys *const *of_refs;

    open_scene(&scene);
    for (size_t i = 0; i < 40; i++) {
        cr_assert_eq(add(&scene, i, 1, i == 20), TUG_OK);
    }
    of_refs = tug__run_keys_get(&scene.keys);
    for (size_t i = 0; i < 40; i++) {
        cr_assert(i == 20 ? of_refs[i]->count == 1 : of_refs[i] == NULL, "%zu", i);
    }
    close_scene(&scene);
}

/* A reference that could not be added leaves its place to the next one. */
Test(api_keys, a_key_that_cannot_be_used)
{
    struct scene scene;

    open_scene(&scene);
    cr_assert_eq(add(&scene, 0, 1, 2), TUG_ERR_CONFIG);
    cr_assert_eq(add(&scene, 0, 0, 2), TUG_OK);
    cr_assert_eq(add(&scene, 0, 0, 0), TUG_OK);
    cr_assert_null(tug__run_keys_get(&scene.keys)[0]);
    cr_assert_eq(tug__run_keys_load(&scene.keys, (const char *const *)scene.paths, 3, NULL),
                 TUG_ERR_CONFIG);
    cr_assert_eq(tug_verify_key_check(scene.paths[0], NULL), TUG_OK);
    cr_assert_eq(tug_verify_key_check(scene.paths[2], NULL), TUG_ERR_CONFIG);
    close_scene(&scene);
}

Test(api_keys, a_dry_run_has_no_keys)
{
    struct scene scene;
    struct tug_fetch *fetch = NULL;
    struct tug_fetch_options options = TUG_FETCH_OPTIONS_INIT;

    open_scene(&scene);
    options.verify_keys = (const char *const *)scene.paths;
    options.verify_key_count = 2;
    cr_assert_eq(tug_fetch_create(NULL, &options, &fetch, NULL), TUG_OK);
    tug_fetch_destroy(fetch);
    options.verify_key_count = 3;
    cr_assert_eq(tug_fetch_create(NULL, &options, &fetch, NULL), TUG_ERR_CONFIG);
    options.verify_key_count = 1;
    options.dry_run = true;
    cr_assert_eq(tug_fetch_create(NULL, &options, &fetch, NULL), TUG_ERR_INVALID_ARGUMENT);
    close_scene(&scene);
}

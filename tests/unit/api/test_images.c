/* SPDX-License-Identifier: Apache-2.0
 *
 * The public functions that find, label and remove images.
 */
#include <tug/tug.h>

#include "unit/store/index_place.h"

Test(api_images, a_short_reference_finds_the_full_name)
{
    static const char *const labels[] = {"k=v"};
    static const char *const texts[] = {"app", "docker.io/library/app"};
    struct place place = place_create();
    struct tug_digest digest = {0};
    struct tug_error err = {0};
    char *name = NULL;

    place_open(&place);
    index_put_one(&place, "docker.io/library/app:latest", 7);
    cr_assert_eq(tug_store_find_image(place.store, "app", &name, &digest, &err), TUG_OK, "%s",
                 err.message);
    cr_assert_str_eq(name, "docker.io/library/app:latest");
    cr_assert_eq(digest.bytes[0], 7);
    free(name);
    cr_assert_eq(tug_store_find_image(place.store, "app", NULL, NULL, &err), TUG_OK);
    cr_assert_eq(tug_store_label(place.store, "app", labels, 1, NULL, &err), TUG_OK);
    cr_assert_eq(tug_store_remove(place.store, texts, 2, NULL, NULL, NULL, &err), TUG_OK, "%s",
                 err.message);
    cr_assert_eq(index_count(&place), 0);
    place_remove(&place);
}

/* A text that is no reference may still be a name that another tool gave. */
Test(api_images, a_name_need_not_be_a_reference)
{
    static const char *const texts[] = {"A B"};
    struct place place = place_create();
    struct tug_error err = {0};

    place_open(&place);
    index_put_one(&place, "A B", 7);
    cr_assert_eq(tug_store_find_image(place.store, "A B", NULL, NULL, &err), TUG_OK, "%s",
                 err.message);
    cr_assert_eq(tug_store_remove(place.store, texts, 1, NULL, NULL, NULL, &err), TUG_OK);
    cr_assert_eq(tug_store_find_image(place.store, "A B", NULL, NULL, &err), TUG_ERR_NOT_FOUND);
    place_remove(&place);
}

static bool stop(void *context)
{
    (void)context;
    return true;
}

Test(api_images, arguments_are_checked)
{
    static const char *const bad[] = {"k", "=v", "io.containerd.image.name=x", "\xff=v"};
    static const char *const texts[] = {NULL};
    const struct tug_watch unset = {0};
    struct place place = place_create();
    struct tug_error err = {0};

    place_open(&place);
    index_put_one(&place, "a", 7);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(tug_store_label(place.store, "a", &bad[i], 1, NULL, &err),
                     TUG_ERR_INVALID_ARGUMENT, "%s", bad[i]);
    }
    cr_assert_eq(tug_store_remove(place.store, texts, 1, NULL, NULL, NULL, &err),
                 TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_store_find_image(place.store, NULL, NULL, NULL, NULL),
                 TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_store_label(place.store, "a", NULL, 0, &unset, &err),
                 TUG_ERR_INVALID_ARGUMENT);
    place_remove(&place);
}

/* A change that waits for another process ends when it is told to. */
Test(api_images, a_wait_is_stopped, .timeout = 20)
{
    static const char *const labels[] = {"k=v"};
    static const char *const texts[] = {"a"};
    struct tug_watch watch = TUG_WATCH_INIT;
    struct place place = place_create();
    int lock_fd = -1;

    watch.should_stop = stop;
    place_open(&place);
    index_put_one(&place, "a", 7);
    cr_assert_eq(tug__store_lock(place.store, NULL, &lock_fd, NULL), TUG_OK);
    cr_assert_eq(tug_store_label(place.store, "a", labels, 1, &watch, NULL), TUG_ERR_CANCELLED);
    cr_assert_eq(tug_store_remove(place.store, texts, 1, NULL, NULL, &watch, NULL),
                 TUG_ERR_CANCELLED);
    tug__store_unlock(lock_fd);
    place_remove(&place);
}

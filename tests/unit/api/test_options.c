/* SPDX-License-Identifier: Apache-2.0
 *
 * Each function that takes an options struct pays heed to its size.
 */
#include <tug/tug.h>

#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/tmpdir.h"

/* Expect that a call refused options without size, and said which. */
static void check_refused(enum tug_status status, const struct tug_error *error, const char *name)
{
    cr_assert_eq(status, TUG_ERR_INVALID_ARGUMENT, "%s: %s", name, error->message);
    cr_assert_eq(strncmp(error->message, name, strlen(name)), 0, "%s", error->message);
}

Test(api_options, size_is_asked_for)
{
    const struct tug_fetch_options run = {.max_concurrent_downloads = 2};
    const struct tug_reference_options reference = {.all_platforms = true};
    const struct tug_store_options at = {.must_exist = true};
    struct tug_store *store = NULL;
    struct tug_fetch *fetch = NULL;
    struct tug_error error = {0};

    check_refused(tug_store_open("x", &at, &store, &error), &error, "tug_store_options.size");
    check_refused(tug_fetch_create(NULL, &run, &fetch, &error), &error, "tug_fetch_options.size");
    cr_assert_null(store);
    cr_assert_null(fetch);
    cr_assert_eq(tug_fetch_create(NULL, NULL, &fetch, &error), TUG_OK);
    check_refused(tug_fetch_add_with(fetch, "app", &reference, &error), &error,
                  "tug_reference_options.size");
    cr_assert_eq(tug_fetch_add_with(fetch, "app", NULL, &error), TUG_OK);
    tug_fetch_destroy(fetch);
}

/* A program that was built when the struct ended with retries: what follows it is not read. */
Test(api_options, older_program)
{
    struct tug_fetch_options options = {
        .size = offsetof(struct tug_fetch_options, retry_max_wait_ms),
        .retries = 3,
        .user = "me",
        .refresh_token = "both are refused",
    };
    struct tug_fetch *fetch = NULL;
    struct tug_error error = {0};

    cr_assert_eq(tug_fetch_create(NULL, &options, &fetch, &error), TUG_OK, "%s", error.message);
    tug_fetch_destroy(fetch);
    options.size = sizeof options;
    cr_assert_eq(tug_fetch_create(NULL, &options, &fetch, &error), TUG_ERR_INVALID_ARGUMENT);
}

/* A program that was built for a later library. */
Test(api_options, newer_program)
{
    struct {
        struct tug_fetch_options options;
        void *new_option;
    } run = {.options.size = sizeof run, .options.max_concurrent_downloads = 2};
    struct {
        struct tug_reference_options options;
        void *new_option;
    } reference = {.options.size = sizeof reference, .options.all_platforms = true};
    struct {
        struct tug_store_options options;
        void *new_option;
    } at = {.options.size = sizeof at};
    char *const directory = tmpdir_create();
    struct tug_store *store = NULL;
    struct tug_fetch *fetch = NULL;

    cr_assert_eq(tug_store_open(directory, &at.options, &store, NULL), TUG_OK);
    cr_assert_eq(tug_fetch_create(store, &run.options, &fetch, NULL), TUG_OK);
    cr_assert_eq(tug_fetch_add_with(fetch, "app", &reference.options, NULL), TUG_OK);
    reference.new_option = directory;
    cr_assert_eq(tug_fetch_add_with(fetch, "app", &reference.options, NULL), TUG_ERR_UNSUPPORTED);
    tug_fetch_destroy(fetch);
    tug_store_close(store);
    run.new_option = directory;
    cr_assert_eq(tug_fetch_create(NULL, &run.options, &fetch, NULL), TUG_ERR_UNSUPPORTED);
    at.new_option = directory;
    cr_assert_eq(tug_store_open(directory, &at.options, &store, NULL), TUG_ERR_UNSUPPORTED);
    tmpdir_remove(directory);
}

/* A parsed reference belongs to the fetch once it was added, and to the caller when it was not. */
Test(api_options, a_parsed_reference)
{
    const struct tug_reference_options refused = {.all_platforms = true};
    const char *const labels[] = {"a=b"};
    const struct tug_reference_options own = {
        .size = sizeof own, .labels = labels, .label_count = 1};
    struct tug_fetch *fetch = NULL;
    struct tug_ref *ref = NULL;
    struct tug_error error = {0};

    cr_assert_eq(tug_ref_parse("r.example/app:1", &ref, NULL), TUG_OK);
    cr_assert_eq(tug_fetch_create(NULL, NULL, &fetch, NULL), TUG_OK);
    check_refused(tug_fetch_add_parsed(fetch, ref, &refused, &error), &error,
                  "tug_reference_options.size");
    cr_assert_eq(tug_fetch_add_parsed(fetch, ref, &own, &error), TUG_OK, "%s", error.message);
    cr_assert_str_eq(tug_ref_name(ref), "r.example/app:1");
    tug_fetch_destroy(fetch);
}

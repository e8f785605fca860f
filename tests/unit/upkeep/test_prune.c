/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs that index.json does not reach are deleted, and no others.
 */
#include <tug/upkeep.h>

#include "store/internal.h"
#include "unit/walk/walk_place.h"

TestSuite(prune, .timeout = 60);

/* What was reported. */
struct told {
    char text[4000];
    size_t length;
};

static void on_pruned(void *context, const struct tug_pruned *pruned)
{
    struct told *const told = context;

    told->length += (size_t)snprintf(told->text + told->length, sizeof told->text - told->length,
                                     "%s %zu\n", pruned->path, (size_t)pruned->size_bytes);
}

static enum tug_status prune(const struct place *place, struct tug_prune_options options,
                             struct told *told, struct tug_prune_result *result,
                             struct tug_error *err)
{
    *told = (struct told){0};
    options.size = sizeof options;
    options.on_pruned = on_pruned;
    options.pruned_context = told;
    return tug_store_prune(place->store, &options, NULL, result, err);
}

static bool is_there(const struct place *place, const struct item *item)
{
    bool is_present = false;

    cr_assert_eq(tug_store_stat(place->store, &item->digest, &is_present, NULL, NULL), TUG_OK);
    return is_present;
}

static void expect_image(const struct place *place, const struct small_image *image, bool stays)
{
    cr_assert_eq(is_there(place, &image->manifest), stays);
    cr_assert_eq(is_there(place, &image->config), stays);
    cr_assert_eq(is_there(place, &image->layer), stays);
}

/* Prune, which must succeed. */
static struct tug_prune_result prune_all(const struct place *place)
{
    struct tug_prune_result result = TUG_PRUNE_RESULT_INIT;
    struct tug_error err = {0};
    struct told told;

    cr_assert_eq(prune(place, (struct tug_prune_options){0}, &told, &result, &err), TUG_OK, "%s",
                 err.message);
    return result;
}

Test(prune, what_an_image_needs_stays)
{
    struct place place = place_create();
    struct tug_prune_result result = TUG_PRUNE_RESULT_INIT;
    struct tug_error err = {0};
    struct small_image kept;
    struct small_image gone;
    struct told planned;
    struct told told;

    place_open(&place);
    kept = store_image(&place, "a", "amd64");
    gone = store_image(&place, "b", "amd64");
    write_index(&place, DESCRIPTOR, OF_NAME(MANIFEST_TYPE, kept.manifest, "example.org/a:1"));
    cr_assert_eq(
        prune(&place, (struct tug_prune_options){.dry_run = true}, &planned, &result, &err), TUG_OK,
        "%s", err.message);
    cr_assert_eq(result.blobs, 3);
    expect_image(&place, &gone, true);
    cr_assert_eq(prune(&place, (struct tug_prune_options){0}, &told, &result, &err), TUG_OK, "%s",
                 err.message);
    cr_assert_str_eq(told.text, planned.text);
    cr_assert_not_null(strstr(told.text, "blobs/sha256/"));
    cr_assert_eq(result.blobs, 3);
    cr_assert_eq(result.kept_blobs, 3);
    cr_assert_geq(result.disk_bytes, 3 * 512);
    expect_image(&place, &kept, true);
    expect_image(&place, &gone, false);
    cr_assert_eq(prune_all(&place).blobs, 0);
    place_remove(&place);
}

/* Nested indexes, platforms that were never fetched, what a manifest refers to and what refers to
 * it; by names that other tools give, and by none. */
Test(prune, all_that_is_reached_stays)
{
    struct place place = place_create();
    struct small_image deep;
    struct small_image plain;
    struct item absent;
    struct item elsewhere;
    struct item inner;
    struct item outer;
    struct item config;
    struct item signature;
    struct item orphan;
    struct item unreached;

    place_open(&place);
    deep = store_image(&place, "a", "amd64");
    plain = store_image(&place, "b", "amd64");
    absent = item_of("{'absent':true}");
    elsewhere = item_of("{'elsewhere':true}");
    inner = store_item(&place,
                       "{'schemaVersion':2,'mediaType':'" INDEX_TYPE "','manifests':[" DESCRIPTOR
                       "," DESCRIPTOR "]}",
                       OF(MANIFEST_TYPE, deep.manifest), OF(MANIFEST_TYPE, absent));
    outer = store_item(
        &place, "{'schemaVersion':2,'mediaType':'" INDEX_TYPE "','manifests':[" DESCRIPTOR "]}",
        OF(INDEX_TYPE, inner));
    config = store_item(&place, "{}");
    signature = store_item(&place,
                           "{'schemaVersion':2,'mediaType':'" MANIFEST_TYPE "','config':" DESCRIPTOR
                           ",'layers':[],'subject':" DESCRIPTOR "}",
                           OF(CONFIG_TYPE, config), OF(MANIFEST_TYPE, deep.manifest));
    orphan = store_item(&place, "nobody names this");
    unreached = store_item(&place,
                           "{'schemaVersion':2,'mediaType':'" MANIFEST_TYPE "','config':" DESCRIPTOR
                           ",'layers':[],'subject':" DESCRIPTOR "}",
                           OF(CONFIG_TYPE, orphan), OF(MANIFEST_TYPE, elsewhere));
    write_index(&place, DESCRIPTOR "," DESCRIPTOR, OF_NAME(INDEX_TYPE, outer, "1.0"),
                OF(MANIFEST_TYPE, plain.manifest));
    cr_assert_eq(prune_all(&place).kept_blobs, 10);
    expect_image(&place, &deep, true);
    expect_image(&place, &plain, true);
    cr_assert(is_there(&place, &inner) && is_there(&place, &outer));
    cr_assert(is_there(&place, &config) && is_there(&place, &signature));
    cr_assert_not(is_there(&place, &orphan));
    cr_assert_not(is_there(&place, &unreached));
    place_remove(&place);
}

/* An orphan stays when nothing is deleted. */
static void expect_refusal(const struct place *place, const struct item *orphan, const char *words)
{
    struct tug_prune_result result = TUG_PRUNE_RESULT_INIT;
    struct tug_error err = {0};
    struct told told;

    for (int dry_run = 0; dry_run < 2; dry_run++) {
        err = (struct tug_error){0};
        cr_assert_eq(
            prune(place, (struct tug_prune_options){.dry_run = dry_run != 0}, &told, &result, &err),
            TUG_ERR_CONTENT, "%s", words);
        cr_assert_not_null(strstr(err.message, words), "%s", err.message);
        cr_assert_eq(told.length, 0);
        cr_assert_eq(result.blobs, 0);
        cr_assert(is_there(place, orphan));
    }
}

Test(prune, refuses_when_nobody_knows_what_is_needed)
{
    struct place place = place_create();
    struct small_image image;
    struct item orphan;
    struct item missing;

    place_open(&place);
    image = store_image(&place, "a", "amd64");
    orphan = store_item(&place, "nobody names this");
    missing = item_of("{'missing':true}");

    place_put(&place, "index.json", "{\"manifests\":");
    expect_refusal(&place, &orphan, "index.json");
    cr_assert_eq(unlinkat(place.fd, "index.json", 0), 0);
    expect_refusal(&place, &orphan, "index.json");
    write_index(&place, "{'digest':'md5:x','size':1}");
    expect_refusal(&place, &orphan, "its entry in index.json");
    write_index(&place, DESCRIPTOR, OF_NAME(MANIFEST_TYPE, missing, "example.org/m:1"));
    expect_refusal(&place, &orphan, "example.org/m:1: sha256:");

    write_index(&place, DESCRIPTOR, OF_NAME(MANIFEST_TYPE, image.manifest, "example.org/a:1"));
    plant(&place, &image.manifest, "{");
    expect_refusal(&place, &orphan, image.manifest.text);
    expect_refusal(&place, &orphan, "example.org/a:1");
    place_remove(&place);
}

/* A store that has lost its index.json is not opened as one that needs nothing. */
Test(prune, a_lost_index_is_not_replaced_by_an_empty_one)
{
    const struct tug_store_options options = {.size = sizeof options, .must_exist = true};
    struct place place = place_create();
    struct item orphan;

    place_open(&place);
    orphan = store_item(&place, "whatever");
    cr_assert_eq(unlinkat(place.fd, "index.json", 0), 0);
    place_close(&place);
    cr_assert_eq(tug_store_open(place.path, &options, &place.store, NULL), TUG_OK);
    expect_refusal(&place, &orphan, "index.json");
    place_remove(&place);
}

/* What is no file is nobody's blob, and stays for those who look into it. */
Test(prune, only_files_are_deleted)
{
    struct place place = place_create();
    struct item link = item_of("link");
    struct item directory = item_of("directory");
    char *path;

    place_open(&place);
    path = item_path(&place, &link);
    cr_assert_eq(symlink("/etc/passwd", path), 0);
    free(path);
    path = item_path(&place, &directory);
    cr_assert_eq(mkdir(path, 0700), 0);
    place_put(&place, "blobs/sha256/foreign", "x");
    cr_assert_eq(prune_all(&place).blobs, 0);
    cr_assert_neq(place_mode(&place, "blobs/sha256/foreign"), 0);
    cr_assert_eq(rmdir(path), 0);
    free(path);
    path = item_path(&place, &link);
    cr_assert_eq(unlink(path), 0);
    free(path);
    place_remove(&place);
}

/* --- beside others --- */

static bool stop(void *context)
{
    unsigned *const calls = context;

    return ++*calls > 3;
}

Test(prune, t38_refuses_while_a_run_uses_the_store)
{
    struct place place = place_create();
    struct tug_watch watch = TUG_WATCH_INIT;
    struct tug_prune_options options = TUG_PRUNE_OPTIONS_INIT;
    struct tug_prune_result result = TUG_PRUNE_RESULT_INIT;
    struct tug_error err = {0};
    struct item orphan;
    struct told told;
    unsigned calls = 0;
    int use_fd = -1;

    place_open(&place);
    orphan = store_item(&place, "nobody names this");
    cr_assert_eq(tug__store_use(place.store, NULL, &use_fd, NULL), TUG_OK);
    cr_assert_eq(prune(&place, (struct tug_prune_options){0}, &told, &result, &err), TUG_ERR_BUSY);
    cr_assert_not_null(strstr(err.message, "holds"), "%s", err.message);
    cr_assert_not_null(strstr(err.message, "--wait"), "%s", err.message);
    cr_assert(is_there(&place, &orphan));
    err = (struct tug_error){0};
    cr_assert_eq(prune(&place, (struct tug_prune_options){.wait_ms = 20}, &told, &result, &err),
                 TUG_ERR_BUSY);
    cr_assert_eq(prune(&place, (struct tug_prune_options){.dry_run = true}, &told, &result, &err),
                 TUG_OK, "a dry run waits for nobody");
    watch.should_stop = stop;
    watch.context = &calls;
    options.wait_ms = 60000;
    cr_assert_eq(tug_store_prune(place.store, &options, &watch, NULL, NULL), TUG_ERR_CANCELLED);
    tug__store_unlock(use_fd);
    cr_assert_eq(prune_all(&place).blobs, 1);
    place_remove(&place);
}

static bool give_up(void *context)
{
    (void)context;
    return true;
}

/* For on_pruned: nobody gets the store meanwhile. */
static void try_to_use(void *context, const struct tug_pruned *pruned)
{
    const struct tug__lock_wait wait = {.should_give_up = give_up};
    struct place *const place = context;
    int use_fd = -1;

    (void)pruned;
    cr_assert_eq(tug__store_use(place->store, &wait, &use_fd, NULL), TUG_ERR_CANCELLED);
}

Test(prune, t38_runs_wait_while_it_deletes)
{
    struct place place = place_create();
    struct tug_prune_options options = TUG_PRUNE_OPTIONS_INIT;
    int use_fd = -1;

    place_open(&place);
    (void)store_item(&place, "nobody names this");
    options.on_pruned = try_to_use;
    options.pruned_context = &place;
    cr_assert_eq(tug_store_prune(place.store, &options, NULL, NULL, NULL), TUG_OK);
    cr_assert_eq(tug__store_use(place.store, NULL, &use_fd, NULL), TUG_OK);
    tug__store_unlock(use_fd);
    place_remove(&place);
}

Test(prune, arguments_are_checked)
{
    const struct tug_prune_options unset = {0};
    struct tug_prune_result unset_result = {0};
    struct tug_verify_result unset_findings = {0};
    struct place place = place_create();

    place_open(&place);
    cr_assert_eq(tug_store_prune(place.store, &unset, NULL, NULL, NULL), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_store_prune(place.store, NULL, NULL, &unset_result, NULL),
                 TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_store_verify(place.store, NULL, NULL, &unset_findings, NULL),
                 TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_store_prune(place.store, NULL, NULL, NULL, NULL), TUG_OK);
    place_remove(&place);
}

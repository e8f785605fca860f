/* SPDX-License-Identifier: Apache-2.0
 *
 * Partial downloads that no process holds are deleted, with the files beside them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <time.h>

#include <tug/upkeep.h>

#include "base/fs.h"
#include "store/internal.h"
#include "unit/walk/walk_place.h"

TestSuite(prune_partials, .timeout = 60);

static struct tug_prune_result prune(const struct place *place, bool dry_run, uint64_t older_than_s)
{
    struct tug_prune_options options = TUG_PRUNE_OPTIONS_INIT;
    struct tug_prune_result result = TUG_PRUNE_RESULT_INIT;
    struct tug_error err = {0};

    options.partials = true;
    options.dry_run = dry_run;
    options.older_than_s = older_than_s;
    cr_assert_eq(tug_store_prune(place->store, &options, NULL, &result, &err), TUG_OK, "%s",
                 err.message);
    return result;
}

/* Leave a partial download that was interrupted. */
static struct item interrupt(const struct place *place, const char *text, bool has_state)
{
    struct tug__ingest *ingest = NULL;
    const struct item item = item_of(text);

    cr_assert_eq(tug__ingest_open(place->store, &item.digest, item.length + 10, &ingest, NULL),
                 TUG_OK);
    cr_assert_eq(tug__fs_pwrite_all(ingest->fd, text, item.length, 0, NULL), TUG_OK);
    if (has_state) {
        cr_assert_eq(tug__ingest_begin_state(ingest, item.length, NULL), TUG_OK);
    }
    tug__ingest_close(ingest);
    return item;
}

/* Tell how many names ingest/sha256 has. */
static size_t count_names(const struct place *place)
{
    char *const path = tmpdir_join(place->path, "ingest/sha256");
    DIR *const dir = opendir(path);
    const struct dirent *entry;
    size_t count = 0;

    cr_assert_not_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        count += *entry->d_name != '.';
    }
    (void)closedir(dir);
    free(path);
    return count;
}

Test(prune_partials, those_that_nobody_holds_go)
{
    struct place place = place_create();
    struct tug__ingest *held = NULL;
    struct tug_prune_result result = TUG_PRUNE_RESULT_INIT;
    struct item item;
    struct item orphan;

    place_open(&place);
    orphan = store_item(&place, "a blob that nobody names");
    (void)interrupt(&place, "first", false);
    (void)interrupt(&place, "second", true);
    item = interrupt(&place, "third", true);
    cr_assert_eq(tug__ingest_open(place.store, &item.digest, item.length + 10, &held, NULL),
                 TUG_OK);
    place_put(&place, "index.json.tmp", "torn");
    place_put(&place, "ingest/sha256/foreign", "x");
    cr_assert_eq(count_names(&place), 6);
    result = prune(&place, true, 0);
    cr_assert_eq(result.partials, 3);
    cr_assert_eq(result.kept_partials, 1);
    cr_assert_eq(result.young_partials, 0);
    cr_assert_eq(count_names(&place), 6, "a dry run deletes nothing");
    result = prune(&place, false, 0);
    cr_assert_eq(result.partials, 3);
    cr_assert_eq(result.kept_partials, 1);
    cr_assert_eq(result.blobs, 0);
    cr_assert_geq(result.disk_bytes, 3 * 512);
    cr_assert_eq(count_names(&place), 3, "the held one, its state, and the foreign file");
    cr_assert_eq(place_mode(&place, "index.json.tmp"), 0);
    cr_assert_neq(place_mode(&place, "lock"), 0);
    cr_assert_neq(place_mode(&place, "index.json"), 0);
    tug__ingest_close(held);
    result = prune(&place, false, 0);
    cr_assert_eq(result.partials, 1);
    cr_assert_eq(count_names(&place), 1);
    (void)orphan;
    place_remove(&place);
}

Test(prune_partials, by_age)
{
    struct place place = place_create();
    const time_t now = time(NULL);
    const struct timespec old[2] = {{.tv_sec = now - 7200}, {.tv_sec = now - 7200}};
    const struct timespec coming[2] = {{.tv_sec = now + 7200}, {.tv_sec = now + 7200}};
    struct item first;
    struct item second;
    struct tug_prune_result result = TUG_PRUNE_RESULT_INIT;
    char *path;

    place_open(&place);
    first = interrupt(&place, "first", false);
    second = interrupt(&place, "second", false);
    (void)interrupt(&place, "third", false);
    cr_assert_geq(asprintf(&path, "ingest/sha256/%s", strchr(first.text, ':') + 1), 0);
    cr_assert_eq(utimensat(place.fd, path, old, 0), 0);
    free(path);
    cr_assert_geq(asprintf(&path, "ingest/sha256/%s", strchr(second.text, ':') + 1), 0);
    cr_assert_eq(utimensat(place.fd, path, coming, 0), 0);
    free(path);
    result = prune(&place, false, 3600);
    cr_assert_eq(result.partials, 1);
    cr_assert_eq(result.kept_partials, 2);
    cr_assert_eq(result.young_partials, 2);
    cr_assert_eq(prune(&place, false, 0).partials, 2);
    place_remove(&place);
}

/* What is left when a process was killed at the wrong moment: a state without data, a state that
 * was being written, a file that was about to become a blob. */
Test(prune_partials, remains_of_a_kill)
{
    struct place place = place_create();
    struct item item = item_of("x");
    char *path;

    place_open(&place);
    (void)interrupt(&place, "x", true);
    cr_assert_geq(asprintf(&path, "ingest/sha256/%s", strchr(item.text, ':') + 1), 0);
    cr_assert_eq(fchmodat(place.fd, path, 0444, 0), 0);
    free(path);
    item = item_of("y");
    (void)interrupt(&place, "y", true);
    cr_assert_geq(asprintf(&path, "ingest/sha256/%s", strchr(item.text, ':') + 1), 0);
    cr_assert_eq(unlinkat(place.fd, path, 0), 0);
    free(path);
    item = item_of("z");
    cr_assert_geq(asprintf(&path, "ingest/sha256/%s.state.tmp", strchr(item.text, ':') + 1), 0);
    place_put(&place, path, "torn");
    free(path);
    cr_assert_eq(count_names(&place), 4);
    cr_assert_eq(prune(&place, false, 0).partials, 3);
    cr_assert_eq(count_names(&place), 0);
    place_remove(&place);
}

/* It waits for nobody, and stops nobody. */
Test(prune_partials, beside_runs)
{
    struct place place = place_create();
    int use_fd = -1;
    int lock_fd = -1;

    place_open(&place);
    (void)interrupt(&place, "first", false);
    place_put(&place, "index.json.tmp", "is being written");
    cr_assert_eq(tug__store_use(place.store, NULL, &use_fd, NULL), TUG_OK);
    cr_assert_eq(tug__store_lock(place.store, NULL, &lock_fd, NULL), TUG_OK);
    cr_assert_eq(prune(&place, false, 0).partials, 1);
    cr_assert_neq(place_mode(&place, "index.json.tmp"), 0);
    tug__store_unlock(lock_fd);
    tug__store_unlock(use_fd);
    place_remove(&place);
}

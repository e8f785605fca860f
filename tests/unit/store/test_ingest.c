/* SPDX-License-Identifier: Apache-2.0
 *
 * Partial downloads: resumed, locked, published, thrown away; and what may stand in their place.
 */
#include "store/internal.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "unit/store/store_place.h"

static enum tug_status try_open(const struct place *place, uint64_t size_bytes,
                                struct tug__ingest **out_ingest, struct tug_error *err)
{
    const struct tug_digest digest = place_digest();

    return tug__ingest_open(place->store, &digest, size_bytes, out_ingest, err);
}

static struct tug__ingest *open_ingest(const struct place *place, uint64_t size_bytes)
{
    struct tug__ingest *ingest = NULL;
    struct tug_error err = {0};

    cr_assert_eq(try_open(place, size_bytes, &ingest, &err), TUG_OK, "%s", err.message);
    return ingest;
}

static void expect_refused(const struct place *place, enum tug_status expected)
{
    struct tug__ingest *ingest = NULL;
    struct tug_error err = {0};

    cr_assert_eq(try_open(place, 2, &ingest, &err), expected, "%s", err.message);
    cr_assert_eq(err.code, expected);
    cr_assert_null(ingest);
    cr_assert_eq(try_open(place, 2, &ingest, NULL), expected);
}

/* Write, sync and publish "{}". */
static void publish(struct tug__ingest *ingest)
{
    cr_assert_eq(tug__fs_pwrite_all(ingest->fd, "{}", 2, 0, NULL), TUG_OK);
    tug__ingest_write_back(ingest, 0, 2);
    cr_assert_eq(tug__ingest_sync(ingest, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_publish(ingest, NULL), TUG_OK);
    cr_assert_eq(tug__store_sync_blobs(ingest->store, NULL), TUG_OK);
}

Test(store_ingest, becomes_a_blob)
{
    struct place place = place_create();
    struct tug__ingest *ingest;

    place_open(&place);
    ingest = open_ingest(&place, 2);
    cr_assert(tug__extents_bytes(&ingest->present) == 0);
    cr_assert_neq(place_mode(&place, PLACE_INGEST), 0);
    publish(ingest);
    tug__ingest_close(ingest);
    tug__ingest_close(NULL);
    place_expect(&place, PLACE_BLOB, "{}");
    cr_assert_eq(place_mode(&place, PLACE_BLOB) & 07777, 0444);
    cr_assert_eq(place_mode(&place, PLACE_INGEST), 0);
    place_remove(&place);
}

Test(store_ingest, is_resumed)
{
    struct place place = place_create();
    struct tug__ingest *ingest;

    place_open(&place);
    ingest = open_ingest(&place, 2);
    cr_assert_eq(tug__fs_pwrite_all(ingest->fd, "{", 1, 0, NULL), TUG_OK);
    tug__ingest_close(ingest);
    place_close(&place);
    place_open(&place);
    ingest = open_ingest(&place, 2);
    cr_assert(tug__extents_bytes(&ingest->present) == 1);
    cr_assert_eq(tug__ingest_reset(ingest, NULL), TUG_OK);
    cr_assert(tug__extents_bytes(&ingest->present) == 0);
    tug__ingest_close(ingest);
    place_expect(&place, PLACE_INGEST, "");
    place_remove(&place);
}

Test(store_ingest, t39_too_long_a_leftover_is_emptied)
{
    struct place place = place_create();
    struct tug__ingest *ingest;

    place_open(&place);
    place_put(&place, PLACE_INGEST, "{}");
    ingest = open_ingest(&place, 2);
    cr_assert(tug__extents_bytes(&ingest->present) == 2);
    tug__ingest_close(ingest);
    place_put(&place, PLACE_INGEST, "{}!");
    ingest = open_ingest(&place, 2);
    cr_assert(tug__extents_bytes(&ingest->present) == 0);
    place_expect(&place, PLACE_INGEST, "");
    tug__ingest_close(ingest);
    place_remove(&place);
}

/* A crash between sync and publish leaves a read-only file; one after it, nothing to do. */
Test(store_ingest, a_crash_before_the_rename_is_resumed)
{
    struct place place = place_create();
    struct tug__ingest *ingest;

    place_open(&place);
    ingest = open_ingest(&place, 2);
    cr_assert_eq(tug__fs_pwrite_all(ingest->fd, "{}", 2, 0, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_sync(ingest, NULL), TUG_OK);
    tug__ingest_close(ingest);
    cr_assert_eq(place_mode(&place, PLACE_INGEST) & 07777, 0444);
    cr_assert_eq(place_mode(&place, PLACE_BLOB), 0, "a blob before it was published");
    ingest = open_ingest(&place, 2);
    cr_assert_eq(place_mode(&place, PLACE_INGEST) & 07777, 0600);
    publish(ingest);
    tug__ingest_close(ingest);
    place_expect(&place, PLACE_BLOB, "{}");
    place_remove(&place);
}

/* Become a user who is bound by file modes; the files belong to that user, who need not be able to
 * get there by the whole path. */
static void drop_privileges(struct place *place)
{
    free(place->path);
    place->path = tmpdir_join(".", "store");
    cr_assert_eq(chdir(place->root), 0);
    if (geteuid() == 0) {
        cr_assert_eq(chown(place->root, 65534, 65534), 0);
        cr_assert_eq(seteuid(65534), 0);
    }
}

static void regain_privileges(void)
{
    if (getuid() == 0) {
        cr_assert_eq(seteuid(0), 0);
    }
}

/* A file is read-only from its sync on: it is still its holder's. */
Test(store_ingest, a_read_only_file_may_be_held)
{
    struct place place = place_create();
    struct tug__ingest *ingest;

    drop_privileges(&place);
    place_open(&place);
    ingest = open_ingest(&place, 2);
    cr_assert_eq(tug__fs_pwrite_all(ingest->fd, "{}", 2, 0, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_sync(ingest, NULL), TUG_OK);
    expect_refused(&place, TUG_ERR_BUSY);
    cr_assert_eq(tug__ingest_publish(ingest, NULL), TUG_OK, "another open took the file away");
    tug__ingest_close(ingest);
    place_expect(&place, PLACE_BLOB, "{}");
    regain_privileges();
    place_remove(&place);
}

/* One that a crash left is taken over with its data. */
Test(store_ingest, a_read_only_leftover_is_resumed)
{
    struct place place = place_create();
    struct tug__ingest *ingest;

    drop_privileges(&place);
    place_open(&place);
    place_put(&place, PLACE_INGEST, "{");
    cr_assert_eq(fchmodat(place.fd, PLACE_INGEST, 0444, 0), 0);
    ingest = open_ingest(&place, 2);
    cr_assert(tug__extents_bytes(&ingest->present) == 1);
    publish(ingest);
    tug__ingest_close(ingest);
    place_expect(&place, PLACE_BLOB, "{}");
    regain_privileges();
    place_remove(&place);
}

Test(store_ingest, is_removed)
{
    struct place place = place_create();
    struct tug__ingest *ingest;

    place_open(&place);
    ingest = open_ingest(&place, 2);
    cr_assert_eq(tug__ingest_remove(ingest, NULL), TUG_OK);
    cr_assert_eq(place_mode(&place, PLACE_INGEST), 0);
    cr_assert_eq(tug__ingest_remove(ingest, NULL), TUG_OK, "twice is no error");
    tug__ingest_close(ingest);
    place_remove(&place);
}

/* Our file has lost its name; what has it now is another's, and so is the state file. */
Test(store_ingest, removes_nothing_of_another)
{
    struct place place = place_create();
    struct tug__ingest *ingest;

    place_open(&place);
    ingest = open_ingest(&place, 2);
    cr_assert_eq(unlinkat(place.fd, PLACE_INGEST, 0), 0);
    place_put(&place, PLACE_INGEST, "theirs");
    place_put(&place, PLACE_INGEST ".state", "theirs");
    cr_assert_eq(tug__ingest_remove(ingest, NULL), TUG_OK);
    place_expect(&place, PLACE_INGEST, "theirs");
    place_expect(&place, PLACE_INGEST ".state", "theirs");
    tug__ingest_close(ingest);
    place_remove(&place);
}

Test(store_ingest, is_held_by_one)
{
    struct place place = place_create();
    struct tug__ingest *ingest;

    place_open(&place);
    ingest = open_ingest(&place, 2);
    expect_refused(&place, TUG_ERR_BUSY);
    tug__ingest_close(ingest);
    tug__ingest_close(open_ingest(&place, 2));
    place_remove(&place);
}

/* The lock ends with its holder, however that ends. */
Test(store_ingest, a_killed_holder_holds_nothing, .timeout = 20)
{
    struct place place = place_create();
    struct tug__ingest *ingest;
    int ready[2];
    char byte = 0;
    pid_t child;

    place_open(&place);
    cr_assert_eq(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        (void)alarm(30); /* should the test end early */
        ingest = open_ingest(&place, 2);
        (void)!write(ingest->fd, "{", 1);
        (void)!write(ready[1], "x", 1);
        for (;;) {
            (void)pause();
        }
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    expect_refused(&place, TUG_ERR_BUSY);
    cr_assert_eq(kill(child, SIGKILL), 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    ingest = open_ingest(&place, 2);
    cr_assert(tug__extents_bytes(&ingest->present) == 1);
    tug__ingest_close(ingest);
    (void)close(ready[0]);
    (void)close(ready[1]);
    place_remove(&place);
}

Test(store_ingest, replaces_a_blob_of_the_same_name)
{
    struct place place = place_create();
    struct tug__ingest *ingest;

    place_open(&place);
    place_put(&place, PLACE_BLOB, "damaged");
    ingest = open_ingest(&place, 2);
    publish(ingest);
    tug__ingest_close(ingest);
    place_expect(&place, PLACE_BLOB, "{}");
    place_remove(&place);
}

Test(store_ingest, t36_partial_files_are_private)
{
    struct place place = place_create();

    (void)umask(0);
    place_open(&place);
    tug__ingest_close(open_ingest(&place, 2));
    cr_assert_eq(place_mode(&place, PLACE_INGEST) & 07777, 0600);
    cr_assert_eq(fchmodat(place.fd, PLACE_INGEST, 0666, 0), 0);
    tug__ingest_close(open_ingest(&place, 2));
    cr_assert_eq(place_mode(&place, PLACE_INGEST) & 07777, 0600);
    place_remove(&place);
}

Test(store_ingest, t34_other_files_are_refused, .timeout = 10)
{
    struct place place = place_create();

    place_open(&place);
    place_put(&place, "victim", "precious");
    cr_assert_eq(symlinkat("../../victim", place.fd, PLACE_INGEST), 0);
    expect_refused(&place, TUG_ERR_STORE);
    place_expect(&place, "victim", "precious");
    cr_assert_eq(unlinkat(place.fd, PLACE_INGEST, 0), 0);
    cr_assert_eq(symlinkat("../../nowhere", place.fd, PLACE_INGEST), 0);
    expect_refused(&place, TUG_ERR_STORE);
    cr_assert_eq(place_mode(&place, "nowhere"), 0);
    cr_assert_eq(unlinkat(place.fd, PLACE_INGEST, 0), 0);
    cr_assert_eq(mkfifoat(place.fd, PLACE_INGEST, 0600), 0);
    expect_refused(&place, TUG_ERR_STORE);
    cr_assert_eq(unlinkat(place.fd, PLACE_INGEST, 0), 0);
    cr_assert_eq(mkdirat(place.fd, PLACE_INGEST, 0700), 0);
    expect_refused(&place, TUG_ERR_STORE);
    place_remove(&place);
}

/* A hard link to a file of somebody: neither its content nor its mode may change. */
Test(store_ingest, t34_a_hard_link_is_not_written)
{
    struct place place = place_create();
    struct tug__ingest *ingest;

    place_open(&place);
    place_put(&place, "victim", "x");
    cr_assert_eq(fchmodat(place.fd, "victim", 0640, 0), 0);
    cr_assert_eq(linkat(place.fd, "victim", place.fd, PLACE_INGEST, 0), 0);
    ingest = open_ingest(&place, 2);
    cr_assert(tug__extents_bytes(&ingest->present) == 0, "bytes of another file were taken over");
    publish(ingest);
    tug__ingest_close(ingest);
    place_expect(&place, "victim", "x");
    cr_assert_eq(place_mode(&place, "victim") & 07777, 0640);
    place_expect(&place, PLACE_BLOB, "{}");
    place_remove(&place);
}

/* What was hashed is the open file: another one under its name is not published (T-37). */
Test(store_ingest, t37_a_swapped_file_is_not_published)
{
    struct place place = place_create();
    struct tug__ingest *ingest;
    struct tug_error err = {0};

    place_open(&place);
    ingest = open_ingest(&place, 2);
    cr_assert_eq(tug__fs_pwrite_all(ingest->fd, "{}", 2, 0, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_sync(ingest, NULL), TUG_OK);
    cr_assert_eq(unlinkat(place.fd, PLACE_INGEST, 0), 0);
    cr_assert_eq(tug__ingest_publish(ingest, &err), TUG_ERR_STORE, "published a missing file");
    place_put(&place, PLACE_INGEST, "[]");
    cr_assert_eq(tug__ingest_publish(ingest, &err), TUG_ERR_STORE, "published another file");
    cr_assert_eq(place_mode(&place, PLACE_BLOB), 0);
    cr_assert_eq(tug__ingest_remove(ingest, &err), TUG_OK);
    place_expect(&place, PLACE_INGEST, "[]"); /* not ours: it stays */
    tug__ingest_close(ingest);
    place_remove(&place);
}

Test(store_ingest, works_without_durability)
{
    const struct tug_store_options options = {.size = sizeof options,
                                              .durability = TUG_DURABILITY_NONE};
    struct place place = place_create();
    struct tug__ingest *ingest;

    cr_assert_eq(tug_store_open(place.path, &options, &place.store, NULL), TUG_OK);
    place.fd = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ingest = open_ingest(&place, 2);
    publish(ingest);
    tug__ingest_close(ingest);
    place_expect(&place, PLACE_BLOB, "{}");
    cr_assert_eq(place_mode(&place, PLACE_BLOB) & 07777, 0444);
    place_remove(&place);
}

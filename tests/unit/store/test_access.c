/* SPDX-License-Identifier: Apache-2.0
 *
 * Modes, groups and owners of what is made below a root that was there before.
 */
#include "store/internal.h"

#include <errno.h>
#include <sys/file.h>

#include "base/fs.h"
#include "support/needs_root.h"
#include "unit/store/store_place.h"

Test(store_access, f31_modes_follow_from_the_root)
{
    cr_assert_eq(tug__access_dir_mode(S_IFDIR | 0700), 0700);
    cr_assert_eq(tug__access_dir_mode(S_IFDIR | 0755), 0755);
    cr_assert_eq(tug__access_dir_mode(S_IFDIR | 02775), 02775);
    cr_assert_eq(tug__access_dir_mode(S_IFDIR | 06555), 02755, "no setuid; ours to write");
    cr_assert_eq(tug__access_file_mode(S_IFDIR | 0700), 0600);
    cr_assert_eq(tug__access_file_mode(S_IFDIR | 0755), 0600);
    cr_assert_eq(tug__access_file_mode(S_IFDIR | 02775), 0660);
    cr_assert_eq(tug__access_file_mode(S_IFDIR | 01777), 0666);
    cr_assert_eq(tug__access_without_group(02775), 0755);
    cr_assert_eq(tug__access_without_group(0770), 0700);
    cr_assert_eq(tug__access_without_group(0660), 0600);
}

/* Fill a store that has one image and one partial download. */
static void fill(struct place *place)
{
    const struct tug__index_entry entry = {
        .name = "a/b:1",
        .media_type = "x/y",
        .digest = {.algorithm = TUG_DIGEST_SHA256},
        .source_host = "r.example",
        .source_repository = "a/b",
    };
    struct tug_digest digest = {.algorithm = TUG_DIGEST_SHA512};
    struct tug__ingest *ingest = NULL;
    int fd = -1;

    place_open(place);
    cr_assert_eq(tug__store_use(place->store, NULL, &fd, NULL), TUG_OK);
    tug__store_unlock(fd);
    cr_assert_eq(tug__ingest_open(place->store, &digest, 5, &ingest, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_begin_state(ingest, 0, NULL), TUG_OK);
    tug__ingest_close(ingest);
    cr_assert_eq(tug__store_index_put(place->store, &entry, 1, NULL, NULL), TUG_OK);
}

static const char *const dirs[] = {"blobs",         "ingest",       "blobs/sha256",
                                   "ingest/sha256", "blobs/sha512", "ingest/sha512"};
#define HEX "00000000000000000000000000000000"
#define PARTIAL "ingest/sha512/" HEX HEX HEX HEX
static const char *const shared[] = {"lock", "lock.use", PARTIAL, PARTIAL ".state"};

static void expect_modes(const struct place *place, mode_t dir_mode, mode_t file_mode)
{
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        cr_assert_eq(place_mode(place, dirs[i]) & 07777, dir_mode, "%s: %o", dirs[i],
                     place_mode(place, dirs[i]));
    }
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        cr_assert_eq(place_mode(place, shared[i]) & 07777, file_mode, "%s: %o", shared[i],
                     place_mode(place, shared[i]));
    }
    cr_assert_eq(place_mode(place, "index.json") & 07777, 0644);
    cr_assert_eq(place_mode(place, "oci-layout") & 07777, 0644);
}

Test(store_access, f31_below_a_root_that_was_there_all_is_as_it_is)
{
    static const mode_t modes[][3] = {
        {0755, 0755, 0600}, {02775, 02775, 0660}, {0700, 0700, 0600}, {0750, 0750, 0600}};

    (void)umask(077);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct place place = place_create();

        cr_assert_eq(mkdir(place.path, 0700), 0);
        cr_assert_eq(chmod(place.path, modes[i][0]), 0);
        fill(&place);
        expect_modes(&place, modes[i][1], modes[i][2]);
        cr_assert_eq(place_mode(&place, ".") & 07777, modes[i][0], "the root itself stays");
        place_remove(&place);
    }
}

Test(store_access, f31_index_json_keeps_its_mode)
{
    struct place place = place_create();

    (void)umask(0);
    place_open(&place);
    cr_assert_eq(fchmodat(place.fd, "index.json", 0640, 0), 0);
    fill(&place);
    cr_assert_eq(place_mode(&place, "index.json") & 07777, 0640);
    place_remove(&place);
}

static void expect_owner(const struct place *place, const char *name, uid_t owner, gid_t group)
{
    struct stat info;

    cr_assert_eq(fstatat(place->fd, name, &info, AT_SYMLINK_NOFOLLOW), 0, "%s", name);
    cr_assert_eq(info.st_uid, owner, "%s: owner %u", name, info.st_uid);
    cr_assert_eq(info.st_gid, group, "%s: group %u", name, info.st_gid);
}

/* As root in another user's store; nobody else can give files away. */
Test(store_access, f31_root_gives_what_it_makes_to_the_owner_of_the_store)
{
    struct place place = place_create();

    if (!needs_root("the owner of what root makes")) {
        place_remove(&place);
        return;
    }
    cr_assert_eq(mkdir(place.path, 0750), 0);
    cr_assert_eq(chown(place.path, 54321, 54322), 0);
    fill(&place);
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        expect_owner(&place, dirs[i], 54321, 54322);
    }
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        expect_owner(&place, shared[i], 54321, 54322);
    }
    expect_owner(&place, "oci-layout", 54321, 54322);
    expect_owner(&place, "index.json", 54321, 54322);
    cr_assert_eq(fchownat(place.fd, "index.json", 11, 12, 0), 0);
    place_remove(&place);
}

/* Somebody else's download in a shared store: it could not be made a read-only blob, so it begins
 * anew. */
Test(store_access, f31_another_users_partial_is_begun_anew)
{
    const struct tug_digest digest = {.algorithm = TUG_DIGEST_SHA512};
    struct place place = place_create();
    struct tug__ingest *ingest = NULL;
    struct tug_error err = {0};

    if (needs_root("a partial file of another user")) {
        cr_assert_eq(chmod(place.root, 0755), 0);
        cr_assert_eq(mkdir(place.path, 0700), 0);
        cr_assert_eq(chmod(place.path, 0777), 0);
        fill(&place);
        cr_assert_eq(seteuid(54321), 0);
        cr_assert_eq(tug__ingest_open(place.store, &digest, 5, &ingest, &err), TUG_OK, "%s",
                     err.message);
        cr_assert_eq(tug__fs_pwrite_all(ingest->fd, "hello", 5, 0, NULL), TUG_OK);
        cr_assert_eq(tug__ingest_sync(ingest, &err), TUG_OK, "%s", err.message);
        tug__ingest_close(ingest);
        cr_assert_eq(seteuid(0), 0);
    }
    place_remove(&place);
}

/* A store for everybody, with a partial download of root that nobody else can open; then somebody
 * else. mode: of the root. */
static struct place unreadable_partial(mode_t mode)
{
    struct place place = place_create();

    cr_assert_eq(chmod(place.root, 0755), 0);
    cr_assert_eq(mkdir(place.path, 0700), 0);
    cr_assert_eq(chmod(place.path, mode), 0);
    fill(&place);
    cr_assert_eq(fchmodat(place.fd, PARTIAL, 0600, 0), 0);
    cr_assert_eq(fchmodat(place.fd, PARTIAL ".state", 0600, 0), 0);
    return place;
}

static enum tug_status open_as_another(const struct place *place, struct tug__ingest **out_ingest,
                                       struct tug_error *err)
{
    const struct tug_digest digest = {.algorithm = TUG_DIGEST_SHA512};
    enum tug_status status;

    cr_assert_eq(seteuid(54321), 0);
    status = tug__ingest_open(place->store, &digest, 5, out_ingest, err);
    cr_assert_eq(seteuid(0), 0);
    return status;
}

Test(store_access, f32_an_unreadable_partial_is_begun_anew)
{
    struct place place;
    struct tug__ingest *ingest = NULL;
    struct tug_error err = {0};

    if (geteuid() != 0) {
        return;
    }
    place = unreadable_partial(0777);
    cr_assert_eq(open_as_another(&place, &ingest, &err), TUG_OK, "%s", err.message);
    cr_assert_eq(ingest->present.count, 0);
    expect_owner(&place, PARTIAL, 54321, 0);
    tug__ingest_close(ingest);
    place_remove(&place);
}

/* Its process is at work: that one is waited for. */
Test(store_access, f32_an_unreadable_partial_at_work_is_busy)
{
    struct place place;
    struct tug__ingest *ingest = NULL;
    struct tug_error err = {0};
    int fd;

    if (geteuid() != 0) {
        return;
    }
    place = unreadable_partial(0777);
    fd = openat(place.fd, PARTIAL, O_RDWR | O_CLOEXEC);
    cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    cr_assert_eq(open_as_another(&place, &ingest, &err), TUG_ERR_BUSY);
    expect_owner(&place, PARTIAL, 0, 0);
    (void)close(fd);
    place_remove(&place);
}

/* In a sticky directory only its owner can remove it, and the message says whom to ask. */
Test(store_access, f32_a_partial_that_cannot_be_removed_names_its_owner)
{
    struct place place;
    struct tug__ingest *ingest = NULL;
    struct tug_error err = {0};

    if (geteuid() != 0) {
        return;
    }
    place = unreadable_partial(01777);
    cr_assert_eq(open_as_another(&place, &ingest, &err), TUG_ERR_STORE);
    cr_assert(strstr(err.message, "belongs to user 0") != NULL, "%s", err.message);
    place_remove(&place);
}

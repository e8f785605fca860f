/* SPDX-License-Identifier: Apache-2.0
 *
 * From a verified download to a blob, alone and in groups, or to nothing.
 */
#include "store/internal.h"

#include <errno.h>

#include "base/fs.h"
#include "unit/store/store_place.h"

#define SHA512_HEX                                                                                 \
    "27c74670adb75075fad058d5ceaf7b20c4e7786c83bae8a32f626f9782af34c9"                             \
    "a33c2046ef60fd2a7878d378e29fec851806bbd9a67878f3a9f1cda4830763fd" /* of "{}" */

/* A complete partial file of "{}". */
static struct tug__ingest *download(const struct place *place, const struct tug_digest *digest)
{
    struct tug__ingest *ingest = NULL;

    cr_assert_eq(tug__ingest_open(place->store, digest, 2, &ingest, NULL), TUG_OK);
    cr_assert_eq(tug__fs_pwrite_all(ingest->fd, "{}", 2, 0, NULL), TUG_OK);
    return ingest;
}

Test(store_commit, one_becomes_a_blob_and_is_closed)
{
    struct place place = place_create();
    const struct tug_digest digest = place_digest();
    struct tug__ingest *again = NULL;

    place_open(&place);
    cr_assert_eq(tug__ingest_commit(download(&place, &digest), NULL), TUG_OK);
    place_expect(&place, PLACE_BLOB, "{}");
    cr_assert_eq(place_mode(&place, PLACE_BLOB), S_IFREG | 0444);
    cr_assert_eq(place_mode(&place, PLACE_INGEST), 0);
    cr_assert_eq(tug__ingest_open(place.store, &digest, 2, &again, NULL), TUG_OK, "not closed");
    tug__ingest_close(again);
    cr_assert_not(place.store->dirs[TUG_DIGEST_SHA256].is_dirty, "the name is not durable");
    place_remove(&place);
}

Test(store_commit, each_of_a_group_fails_for_itself)
{
    struct place place = place_create();
    const struct tug_digest digest = place_digest();
    struct tug_digest other;
    struct tug_error errors[3] = {0};
    struct tug__ingest_commit commits[3] = {
        {.error = &errors[0]}, {.error = &errors[1]}, {.error = &errors[2]}};

    cr_assert_eq(tug_digest_parse("sha512:" SHA512_HEX, strlen("sha512:" SHA512_HEX), &other, NULL),
                 TUG_OK);
    place_open(&place);
    commits[0].ingest = download(&place, &digest);
    commits[2].ingest = download(&place, &other); /* 1: it is there already */
    cr_assert_eq(unlinkat(place.fd, PLACE_INGEST, 0), 0);
    tug__store_commit(place.store, commits, 3, NULL);
    cr_assert_eq(errors[0].code, TUG_ERR_STORE);
    cr_assert(tug__store_is_removed(&errors[0]));
    cr_assert_eq(errors[1].code, TUG_OK);
    cr_assert_eq(errors[2].code, TUG_OK, "%s", errors[2].message);
    cr_assert_eq(place_mode(&place, PLACE_BLOB), 0);
    place_expect(&place, "blobs/sha512/" SHA512_HEX, "{}");
    tug__ingest_close(commits[0].ingest);
    tug__ingest_close(commits[2].ingest);
    place_remove(&place);
}

/* Content that is shorter than promised was not what was verified. */
Test(store_commit, what_cannot_be_committed_is_removed)
{
    struct place place = place_create();
    const struct tug_digest digest = place_digest();
    struct tug__ingest *ingest;
    struct tug_error err = {0};

    place_open(&place);
    ingest = download(&place, &digest);
    cr_assert_eq(ftruncate(ingest->fd, 1), 0);
    cr_assert_eq(tug__ingest_commit(ingest, &err), TUG_ERR_STORE);
    cr_assert_eq(err.code, TUG_ERR_STORE);
    cr_assert_eq(place_mode(&place, PLACE_BLOB), 0);
    cr_assert_eq(place_mode(&place, PLACE_INGEST), 0);
    place_remove(&place);
}

/* Whole and durable, but its name cannot be changed: it is there for the next run. */
Test(store_commit, what_gets_no_name_is_kept)
{
    struct place place = place_create();
    const struct tug_digest digest = place_digest();
    struct tug__ingest *ingest;
    struct tug_error err = {0};

    place_open(&place);
    ingest = download(&place, &digest);
    cr_assert_eq(mkdirat(place.fd, PLACE_BLOB, 0700), 0);
    cr_assert_eq(tug__ingest_commit(ingest, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, EISDIR, "%s", err.message);
    place_expect(&place, PLACE_INGEST, "{}");
    cr_assert_eq(unlinkat(place.fd, PLACE_BLOB, AT_REMOVEDIR), 0);
    cr_assert_eq(tug__ingest_open(place.store, &digest, 2, &ingest, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_commit(ingest, &err), TUG_OK, "%s", err.message);
    place_expect(&place, PLACE_BLOB, "{}");
    place_remove(&place);
}

Test(store_commit, an_abort_leaves_nothing)
{
    struct place place = place_create();
    const struct tug_digest digest = place_digest();

    place_open(&place);
    tug__ingest_abort(download(&place, &digest));
    tug__ingest_abort(NULL);
    cr_assert_eq(place_mode(&place, PLACE_INGEST), 0);
    cr_assert_eq(place_mode(&place, PLACE_BLOB), 0);
    place_remove(&place);
}

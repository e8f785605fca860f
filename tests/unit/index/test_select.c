/* SPDX-License-Identifier: Apache-2.0
 *
 * Which image is meant by a name, a reference, a digest.
 */
#include "unit/store/index_place.h"

#define DIGEST_1 "sha256:0101010101010101010101010101010101010101010101010101010101010101"
#define DIGEST_2 "sha256:0202020202020202020202020202020202020202020202020202020202020202"
#define NAMED(name, digest)                                                                        \
    "{\"digest\":\"" digest "\",\"annotations\":{\"" INDEX_FULL_NAME "\":\"" name "\"}}"

static enum tug_status pick(const struct place *place, const char *text, const char *full,
                            char **out_name, uint8_t *out_number, struct tug_error *err)
{
    const struct tug__index_wanted wanted = {.text = text, .full = full};
    struct tug_digest digest = {0};
    const enum tug_status status =
        tug__store_index_pick(place->store, &wanted, out_name, &digest, err);

    *out_number = digest.bytes[0];
    return status;
}

static void expect_pick(const struct place *place, const char *text, const char *full,
                        const char *name, uint8_t number)
{
    struct tug_error err = {0};
    char *found = NULL;
    uint8_t found_number = 0;

    cr_assert_eq(pick(place, text, full, &found, &found_number, &err), TUG_OK, "%s", err.message);
    if (name == NULL) {
        cr_assert_null(found);
    } else {
        cr_assert_not_null(found, "%s", text);
        cr_assert_str_eq(found, name);
    }
    cr_assert_eq(found_number, number);
    free(found);
}

/* The name as it is comes before what it stands for, and both before a digest. */
Test(index_select, the_best_fit_counts_and_of_these_the_last)
{
    struct place place = place_create();

    place_open(&place);
    place_put(&place, "index.json",
              "{\"manifests\":[" NAMED("docker.io/library/app:latest", DIGEST_1) "," NAMED(
                  "app", DIGEST_2) ",7,{\"digest\":\"" DIGEST_2
                                   "\"}," NAMED("b", DIGEST_1) "," NAMED("b", DIGEST_2) "," NAMED(
                                       "c", "sha256:x") "]}");
    expect_pick(&place, "app", "docker.io/library/app:latest", "app", 2);
    expect_pick(&place, "docker.io/app", "docker.io/library/app:latest",
                "docker.io/library/app:latest", 1);
    expect_pick(&place, "b", "docker.io/library/b:latest", "b", 2);
    expect_pick(&place, DIGEST_1, NULL, "b", 1);
    place_remove(&place);
}

Test(index_select, an_entry_without_a_name)
{
    struct place place = place_create();

    place_open(&place);
    place_put(&place, "index.json",
              "{\"manifests\":[{\"d\\u0069gest\":\"" DIGEST_1 "\"},{\"digest\":\"" DIGEST_2
              "\",\"annotations\":{\"\\u0061\":\"b\"}}]}");
    expect_pick(&place, DIGEST_1, NULL, NULL, 1);
    expect_pick(&place, DIGEST_2, NULL, NULL, 2);
    place_remove(&place);
}

static void expect_missing(const struct place *place, const char *text, const char *full,
                           const char *message)
{
    struct tug_error err = {0};
    char *name = NULL;
    uint8_t number;

    cr_assert_eq(pick(place, text, full, &name, &number, &err), TUG_ERR_NOT_FOUND);
    cr_assert_str_eq(err.message, message);
    cr_assert_null(name);
}

Test(index_select, what_is_not_there_is_told_with_what_may_be_meant)
{
    struct place place = place_create();

    place_open(&place);
    expect_missing(&place, "app:1", NULL, "the store has no image 'app:1'");
    place_put(&place, "index.json",
              "{\"manifests\":[" NAMED("r.example/team/app:1",
                                       DIGEST_1) "," NAMED("r.example/other:1", DIGEST_1) "]}");
    expect_missing(&place, "app:1", "docker.io/library/app:1",
                   "the store has no image 'app:1'; did you mean 'r.example/team/app:1'?");
    expect_missing(&place, "none:1", NULL, "the store has no image 'none:1'");
    place_remove(&place);
}

Test(index_select, a_name_with_its_digest)
{
    struct place place = place_create();

    place_open(&place);
    place_put(
        &place, "index.json",
        "{\"manifests\":[" NAMED("docker.io/library/app:1", DIGEST_1) "," NAMED(
            "app:1", DIGEST_2) "," NAMED("r.io/b:1@" DIGEST_1,
                                         DIGEST_1) "," NAMED("r.io/b:1",
                                                             DIGEST_1) "," NAMED("r.io/c:1",
                                                                                 DIGEST_2) "]}");
    expect_pick(&place, "app:1@" DIGEST_1, "docker.io/library/app:1@" DIGEST_1,
                "docker.io/library/app:1", 1);
    expect_pick(&place, "app:1@" DIGEST_2, "docker.io/library/app:1@" DIGEST_2, "app:1", 2);
    expect_pick(&place, "r.io/b:1@" DIGEST_1, "r.io/b:1@" DIGEST_1, "r.io/b:1@" DIGEST_1, 1);
    expect_missing(&place, "r.io/c:1@" DIGEST_1, "r.io/c:1@" DIGEST_1,
                   "the store has no image 'r.io/c:1@" DIGEST_1
                   "'; 'r.io/c:1' has the digest " DIGEST_2);
    expect_missing(&place, "r.io/x:1@" DIGEST_2, "r.io/x:1@" DIGEST_2,
                   "the store has no image 'r.io/x:1@" DIGEST_2 "'");
    place_remove(&place);
}

Test(index_select, a_digest_that_is_not_whole)
{
    struct place place = place_create();

    place_open(&place);
    place_put(&place, "index.json", "{\"manifests\":[" NAMED("r.io/0101010:1", DIGEST_1) "]}");
    expect_missing(&place, "sha256:010101010101", "docker.io/library/sha256:010101010101",
                   "'sha256:010101010101' is not a whole digest: give all 64 digits");
    expect_missing(&place, "sha512:01", NULL,
                   "'sha512:01' is not a whole digest: give all 128 digits");
    expect_missing(&place, DIGEST_2, NULL, "the store has no image '" DIGEST_2 "'");
    expect_missing(&place, "sha256:v1", NULL, "the store has no image 'sha256:v1'");
    expect_missing(&place, "010101010101", "docker.io/library/010101010101:latest",
                   "the store has no image '010101010101'; for a digest, give sha256: and all 64 "
                   "digits");
    expect_missing(&place, "0101010:1", NULL,
                   "the store has no image '0101010:1'; did you mean 'r.io/0101010:1'?");
    expect_missing(&place, "cafe", NULL, "the store has no image 'cafe'");
    place_remove(&place);
}

Test(index_select, an_entry_without_a_digest_is_an_error_of_the_store)
{
    struct place place = place_create();
    struct tug_error err = {0};
    char *name = NULL;
    uint8_t number;

    place_open(&place);
    place_put(&place, "index.json", "{\"manifests\":[" NAMED("c", "sha256:x") "]}");
    cr_assert_eq(pick(&place, "c", NULL, &name, &number, &err), TUG_ERR_STORE);
    cr_assert_not_null(strstr(err.message, "index.json"), "%s", err.message);
    place_put(&place, "index.json", "{");
    cr_assert_eq(pick(&place, "c", NULL, &name, &number, NULL), TUG_ERR_STORE);
    place_remove(&place);
}

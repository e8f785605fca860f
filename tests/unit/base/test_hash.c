/* SPDX-License-Identifier: Apache-2.0
 *
 * Streaming SHA-2, with the vectors of FIPS 180-4 ("abc").
 */
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

struct vector {
    const char *name;
    const char *of_abc; /* hex */
    const char *of_nothing;
};

static const struct vector vectors[] = {
    {"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"sha384",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7",
     "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
     "274edebfe76f65fbd51ad2f14898b95b"},
    {"sha512",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
};

/* Finish and compare; what is behind the result must be zero. */
static void expect_result(struct tug__hash *hash, const char *hex)
{
    uint8_t bytes[TUG__HASH_BYTES_MAX];
    char text[2 * TUG__HASH_BYTES_MAX + 1] = "";

    memset(bytes, 0x5a, sizeof bytes);
    cr_assert_eq(tug__hash_finish(hash, bytes, NULL), TUG_OK);
    for (size_t i = 0; i < strlen(hex) / 2; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    cr_assert_str_eq(text, hex);
    for (size_t i = strlen(hex) / 2; i < sizeof bytes; i++) {
        cr_assert_eq(bytes[i], 0);
    }
}

static struct tug__hash *create(const char *name)
{
    struct tug__hash *hash = NULL;

    cr_assert_eq(tug__hash_create(name, &hash, NULL), TUG_OK);
    return hash;
}

Test(base_hash, computes_the_standard_vectors)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct tug__hash *const hash = create(vectors[i].name);

        cr_assert_eq(tug__hash_update(hash, "abc", 3, NULL), TUG_OK);
        expect_result(hash, vectors[i].of_abc);
        tug__hash_destroy(hash);
    }
}

Test(base_hash, starts_over_after_a_result)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct tug__hash *const hash = create(vectors[i].name);

        expect_result(hash, vectors[i].of_nothing);
        cr_assert_eq(tug__hash_update(hash, "abc", 3, NULL), TUG_OK);
        expect_result(hash, vectors[i].of_abc);
        expect_result(hash, vectors[i].of_nothing);
        tug__hash_destroy(hash);
    }
}

Test(base_hash, does_not_mind_how_bytes_come)
{
    struct tug__hash *const hash = create("sha256");

    cr_assert_eq(tug__hash_update(hash, "a", 1, NULL), TUG_OK);
    cr_assert_eq(tug__hash_update(hash, NULL, 0, NULL), TUG_OK);
    cr_assert_eq(tug__hash_update(hash, "bc", 2, NULL), TUG_OK);
    expect_result(hash, vectors[0].of_abc);
    tug__hash_destroy(hash);
}

/* FIPS 180-4: one million times 'a'. */
Test(base_hash, computes_the_long_vector)
{
    struct tug__hash *const hash = create("sha256");
    char piece[1000];

    memset(piece, 'a', sizeof piece);
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(tug__hash_update(hash, piece, sizeof piece, NULL), TUG_OK);
    }
    expect_result(hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    tug__hash_destroy(hash);
}

Test(base_hash, refuses_other_algorithms)
{
    static const char *const bad[] = {"", "sha1", "md5", "SHA256", "sha-256", "sha256 "};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tug_error err = {0};
        struct tug__hash *hash = NULL;

        cr_assert_eq(tug__hash_create(bad[i], &hash, &err), TUG_ERR_INTERNAL, "'%s'", bad[i]);
        cr_assert_eq(err.code, TUG_ERR_INTERNAL);
        cr_assert_null(hash);
    }
    tug__hash_destroy(NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What an image keeps while it is at work.
 */
#include "pipeline/image.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "oci/limits.h"

static struct tug_digest digest_of(unsigned number)
{
    struct tug_digest digest = {.algorithm = TUG_DIGEST_SHA256};

    memcpy(digest.bytes, &number, sizeof number);
    return digest;
}

/* What an edge's number says is what was put into it. */
Test(pipeline_needs, a_purpose_fits_into_a_number)
{
    for (unsigned bits = 0; bits < 8; bits++) {
        for (int want = TUG__WANT_NOTHING; want <= TUG__WANT_ALL; want++) {
            for (unsigned depth = 0; depth <= TUG__INDEX_DEPTH_MAX; depth++) {
                const struct tug__purpose purpose = {
                    .want = (enum tug__want)want,
                    .depth = depth,
                    .is_root = (bits & 1U) != 0,
                    .is_again = (bits & 2U) != 0,
                    .is_optional = (bits & 4U) != 0,
                };
                const struct tug__purpose back = tug__purpose_unpack(tug__purpose_pack(&purpose));

                cr_assert_eq(back.want, purpose.want);
                cr_assert_eq(back.depth, depth);
                cr_assert_eq(back.is_root, purpose.is_root);
                cr_assert_eq(back.is_again, purpose.is_again);
                cr_assert_eq(back.is_optional, purpose.is_optional);
            }
        }
    }
}

/* Each config of an index is compared with the entries of its manifest. */
Test(pipeline_needs, f12_entries_are_found_by_digest, .timeout = 20)
{
    enum { COUNT = 20000 };
    struct tug__image image = {0};
    char type[] = "a/b";
    size_t found = 0;

    for (unsigned i = 0; i < 2 * COUNT; i++) {
        const struct tug__descriptor entry = {.digest = digest_of(i * 7919 % COUNT + 1),
                                              .media_type = type};

        cr_assert_eq(tug__image_add_entry(&image, &entry, NULL), TUG_OK);
    }
    for (unsigned i = 0; i < COUNT + 2; i++) {
        const struct tug_digest digest = digest_of(i);
        const struct tug__descriptor *const entries =
            tug__image_find_entries(&image, &digest, &found);

        cr_assert_eq(found, i > 0 && i <= COUNT ? 2 : 0, "%u", i);
        cr_assert(found == 0 || tug_digest_equal(&entries[1].digest, &digest));
    }
    tug__image_release(&image);
    cr_assert_eq(tug__image_find_entries(&image, &image.result.digest, &found), image.entries);
    cr_assert_eq(found, 0);
}

Test(pipeline_needs, an_image_counts_a_digest_once)
{
    struct tug__image image = {0};
    bool is_new = false;

    for (unsigned i = 0; i < 200; i++) {
        const struct tug_digest digest = digest_of(i % 100);

        cr_assert_eq(tug__image_see(&image, &digest, &is_new, NULL), TUG_OK);
        cr_assert_eq(is_new, i < 100, "%u", i);
    }
    tug__image_fini(&image);
    cr_assert_null(image.needs);
    tug__image_fini(&image);
}

Test(pipeline_needs, an_image_keeps_copies_of_entries)
{
    struct tug__image image = {.media_type = strdup("root")};
    char media_type[] = "a/b";
    uint8_t data[] = {1, 2, 3};

    for (unsigned i = 0; i < 40; i++) {
        const struct tug__descriptor entry = {.digest = digest_of(i),
                                              .size_bytes = 3,
                                              .media_type = media_type,
                                              .data = i % 2 == 0 ? data : NULL};

        cr_assert_eq(tug__image_add_entry(&image, &entry, NULL), TUG_OK);
    }
    memset(media_type, 'x', 3);
    memset(data, 9, 3);
    cr_assert_eq(image.entry_count, 40);
    for (unsigned i = 0; i < 40; i++) {
        const struct tug_digest digest = digest_of(i);

        cr_assert(tug_digest_equal(&image.entries[i].digest, &digest));
        cr_assert_str_eq(image.entries[i].media_type, "a/b");
        cr_assert_eq(image.entries[i].data != NULL, i % 2 == 0);
        cr_assert(i % 2 != 0 || memcmp(image.entries[i].data, "\1\2\3", 3) == 0);
    }
    tug__image_release(&image);
    cr_assert_eq(image.entry_count, 0);
    cr_assert_null(image.entries);
    cr_assert_str_eq(image.media_type, "root", "kept until the end");
    tug__image_fini(&image);
    cr_assert_null(image.media_type);
}

Test(pipeline_needs, an_image_keeps_checks)
{
    const struct tug_digest digest = digest_of(1);
    const struct tug_digest manifest = digest_of(2);
    struct tug__image image = {0};

    cr_assert_eq(tug__image_add_check(&image, &digest, NULL, NULL), TUG_OK);
    cr_assert_eq(tug__image_add_check(&image, &digest, &manifest, NULL), TUG_OK);
    cr_assert(image.checks->is_entry);
    cr_assert(tug_digest_equal(&image.checks->manifest, &manifest));
    cr_assert_not(image.checks->next->is_entry);
    tug__image_fini(&image);
    cr_assert_null(image.checks);
}

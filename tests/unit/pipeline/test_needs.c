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
                    .extra = (unsigned)TUG__QUESTIONS_MAX - depth,
                };
                const struct tug__purpose back = tug__purpose_unpack(tug__purpose_pack(&purpose));

                cr_assert_eq(back.want, purpose.want);
                cr_assert_eq(back.depth, depth);
                cr_assert_eq(back.extra, purpose.extra);
                cr_assert_eq(back.is_root, purpose.is_root);
                cr_assert_eq(back.is_again, purpose.is_again);
                cr_assert_eq(back.is_optional, purpose.is_optional);
            }
        }
    }
}

Test(pipeline_needs, an_image_counts_a_digest_once)
{
    struct tug__image image = {.found.media_type = strdup("root")};
    bool is_new = false;

    for (unsigned i = 0; i < 200; i++) {
        const struct tug_digest digest = digest_of(i % 100);

        cr_assert_eq(tug__image_see(&image, &digest, &is_new, NULL), TUG_OK);
        cr_assert_eq(is_new, i < 100, "%u", i);
    }
    tug__image_fini(&image);
    cr_assert_null(image.needs.tree);
    cr_assert_null(image.found.media_type);
    tug__image_fini(&image);
}

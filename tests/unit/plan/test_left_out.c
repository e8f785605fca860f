/* SPDX-License-Identifier: Apache-2.0
 *
 * What index.json says of layers that an image lacks.
 */
#include "plan/left_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

Test(plan_left_out, f18_digests_in_one_order_and_cut)
{
    struct tug_digest digests[30] = {0};
    char first[TUG_DIGEST_TEXT_MAX];
    char second[TUG_DIGEST_TEXT_MAX];
    char expected[2 * TUG_DIGEST_TEXT_MAX];
    char *text;

    for (size_t i = 0; i < 30; i++) {
        digests[i].algorithm = TUG_DIGEST_SHA512;
        digests[i].bytes[0] = (uint8_t)(30 - i);
    }
    text = tug__left_out_text(digests, 2);
    (void)snprintf(expected, sizeof expected, "%s,%s", tug_digest_format(&digests[0], first),
                   tug_digest_format(&digests[1], second));
    cr_assert_str_eq(text, expected);
    cr_assert_lt(digests[0].bytes[0], digests[1].bytes[0]);
    free(text);
    text = tug__left_out_text(digests, 30);
    cr_assert_str_eq(text + strlen(text) - strlen(",..."), ",...");
    cr_assert_leq(strlen(text), 4096);
    free(text);
}

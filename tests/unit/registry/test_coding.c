/* SPDX-License-Identifier: Apache-2.0
 *
 * Content-Encoding: codings and what only looks like one.
 */
#include "registry/coding.h"

#include <stddef.h>

#include <criterion/criterion.h>

Test(registry_coding, f08_only_codings_that_change_bytes)
{
    static const char *const none[] = {"",     "identity", "identity, identity", "none", "utf-8",
                                       "gzi",  "gzipped",  "aws-chunked",        ",",    " , ",
                                       "brr,x"};

    cr_assert_null(tug__coding_find(NULL));
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        cr_assert_null(tug__coding_find(none[i]), "%s", none[i]);
    }
    cr_assert_str_eq(tug__coding_find("gzip"), "gzip");
    cr_assert_str_eq(tug__coding_find("GZip"), "gzip");
    cr_assert_str_eq(tug__coding_find("aws-chunked,\tzstd , br"), "zstd");
    cr_assert_str_eq(tug__coding_find(",br"), "br");
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Content-Range, strictly.
 */
#include "http/range.h"

#include <stddef.h>

#include <criterion/criterion.h>

Test(http_range, reads_a_range)
{
    struct tug__content_range range = {0};

    cr_assert(tug__content_range_parse("bytes 5-9/10", &range));
    cr_assert(range.first == 5 && range.last == 9 && range.has_total && range.total == 10);
    cr_assert(tug__content_range_parse("BYTES 0-0/1", &range));
    cr_assert(range.first == 0 && range.last == 0 && range.has_total && range.total == 1);
    cr_assert(tug__content_range_parse("bytes 7-8/*", &range));
    cr_assert(range.first == 7 && range.last == 8 && !range.has_total);
    cr_assert(
        tug__content_range_parse("bytes 0-18446744073709551614/18446744073709551615", &range));
    cr_assert(range.last == UINT64_MAX - 1 && range.total == UINT64_MAX);
}

Test(http_range, refuses_everything_else)
{
    static const char *const bad[] = {NULL,
                                      "",
                                      "bytes",
                                      "bytes ",
                                      "bytes 5-9",
                                      "bytes */10",
                                      "bytes 5-9/",
                                      "bytes 5-/10",
                                      "bytes -9/10",
                                      "bytes 9-5/10",
                                      "bytes 5-10/10",
                                      "bytes 5-9/9",
                                      "bytes=5-9/10",
                                      "bytes  5-9/10",
                                      " bytes 5-9/10",
                                      "bytes 5-9/10 ",
                                      "bytes 5 - 9/10",
                                      "bytes +5-9/10",
                                      "bytes 0x5-9/10",
                                      "bytes 5-9/10, 11-12/20",
                                      "bytes 5-9-11/20",
                                      "bytes 5-9/10/11",
                                      "bytes 5-9/**",
                                      "bytes 0-18446744073709551616/*",
                                      "items 5-9/10"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tug__content_range range = {.first = 4711};

        cr_assert_not(tug__content_range_parse(bad[i], &range), "'%s' was taken", bad[i]);
        cr_assert(range.first == 4711, "'%s': output touched", bad[i]);
    }
}

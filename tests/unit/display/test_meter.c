/* SPDX-License-Identifier: Apache-2.0
 *
 * The line about work on a store: what is known is in it, and it fits.
 */
#include "display/meter.h"

#include <string.h>

#include <criterion/criterion.h>

static void expect(const struct tug_work_progress *progress, size_t capacity, const char *expected)
{
    char text[200];

    cr_assert_str_eq(meter_text("verified", progress, text, capacity), expected);
}

Test(display_meter, says_what_is_known)
{
    struct tug_work_progress progress = {.items_done = 3, .bytes_done = 2048};

    expect(&progress, 200, "verified 2.0 KiB, 3");
    progress.items_total = 12;
    progress.bytes_total = 8192;
    expect(&progress, 200, "verified 2.0 KiB of 8.0 KiB, 3 of 12");
    progress.seconds = 2;
    expect(&progress, 200, "verified 2.0 KiB of 8.0 KiB, 3 of 12, 1.0 KiB/s, 6 s left");
    progress.bytes_done = 8192;
    progress.items_done = 12;
    expect(&progress, 200, "verified 8.0 KiB of 8.0 KiB, 12 of 12, 4.0 KiB/s");
}

Test(display_meter, is_cut_to_the_terminal)
{
    const struct tug_work_progress progress = {.items_done = 3, .bytes_done = 2048};

    expect(&progress, 9, "verified");
    expect(&progress, 1, "");
}

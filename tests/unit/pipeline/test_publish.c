/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/resolver.h"

#include <criterion/criterion.h>

/* A list without end: how many images wait at most, and how many entries are read in all when each
 * publication reads what is named by then. */
static void expect_bounds(size_t images, size_t named)
{
    size_t ready = 0;
    size_t done = 0;
    size_t most = 0;
    size_t read = 0;

    for (size_t i = 0; i < images; i++) {
        ready++;
        most = ready > most ? ready : most;
        if (tug__publish_is_crowded(ready, named + done)) {
            read += named + done;
            done += ready;
            ready = 0;
        }
    }
    cr_assert_leq(most, 1024 + (named + images) / 4, "%zu of %zu wait", most, images);
    cr_assert_leq(read, 5 * (named + images), "%zu entries read for %zu images", read, images);
}

Test(pipeline_publish, few_images_wait_for_the_second)
{
    cr_assert_not(tug__publish_is_crowded(0, 0));
    cr_assert_not(tug__publish_is_crowded(1023, 0));
    cr_assert(tug__publish_is_crowded(1024, 0));
    cr_assert_not(tug__publish_is_crowded(1024, 100000), "a rewrite costs more");
    cr_assert(tug__publish_is_crowded(25000, 100000));
}

Test(pipeline_publish, memory_and_work_are_bounded)
{
    expect_bounds(100, 0);
    expect_bounds(10000, 0);
    expect_bounds(1000000, 0);
    expect_bounds(10000, 10000);
    expect_bounds(10000, 100000);
    expect_bounds(100000, 100000);
}

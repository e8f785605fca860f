/* SPDX-License-Identifier: Apache-2.0
 *
 * How many downloads fit into the limit of open files.
 */
#include "pipeline/fit.h"

#include <string.h>
#include <sys/resource.h>

#include <criterion/criterion.h>

Test(pipeline_fit, f30_workers_follow_from_the_limit)
{
    static const struct {
        unsigned wanted, expected;
        uint64_t limit, open_count;
    } cases[] = {
        {6, 6, 1024, 10}, {64, 64, 1024, 10},      {64, 21, 256, 10}, {6, 2, 64, 10},
        {6, 1, 53, 10},   {6, 1, 42, 10},          {6, 1, 0, 10},     {6, 1, 64, 1000},
        {1, 1, 1024, 0},  {64, 64, UINT64_MAX, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(tug__fit_choose(cases[i].wanted, cases[i].limit, cases[i].open_count),
                     cases[i].expected, "case %zu", i);
    }
}

static void take_line(void *context, const char *line)
{
    (void)strncat(context, line, 255);
}

Test(pipeline_fit, f30_fewer_are_told_of_once_and_the_limit_stays)
{
    const struct rlimit few = {64, 64};
    char log[512] = "";
    struct tug_fetch_options options = {.on_log = take_line, .log_context = log};
    struct rlimit after;

    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    cr_assert_lt(tug__fit_workers(&options, 64), 64);
    cr_assert_str_eq(log, "", "without log_config nothing is told");
    options.log_config = true;
    cr_assert_lt(tug__fit_workers(&options, 64), 64);
    cr_assert_not_null(strstr(log, "instead of 64: the limit of open files is 64"), "%s", log);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &after), 0);
    cr_assert_eq(after.rlim_cur, 64);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands by name, in a table of the test's own.
 */
#include "cli/command.h"

#include <criterion/criterion.h>

static const struct command commands[] = {
    {.name = "fetch", .synopsis = "REF...", .summary = "fetch", .run = cmd_fetch},
    {.name = "help", .synopsis = "", .summary = "help", .run = cmd_help},
};

static const struct command_table table = {.commands = commands, .count = 2};

Test(cli_command, found_by_its_whole_name)
{
    cr_assert_eq(command_find(&table, "help"), &commands[1]);
    cr_assert_null(command_find(&table, "hel"));
    cr_assert_null(command_find(&table, "helper"));
    cr_assert_null(command_find(&table, ""));
}

Test(cli_command, refuses_wrong_usage)
{
    struct input input = {.text = "nothing"};
    const struct settings settings = {.common.inputs = &input, .common.input_count = 1};
    const struct settings empty = {0};

    cr_assert_eq(command_refuse(&table, "ftech"), 2);
    cr_assert_eq(cmd_help(&settings, &table), 2);
    cr_assert_eq(cmd_version(&settings, &table), 2);
    cr_assert_eq(cmd_fetch(&empty, &table), 2);
    cr_assert_eq(cmd_resolve(&empty, &table), 2);
}

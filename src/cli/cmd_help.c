/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands help and version.
 *
 * Knows: the tables of commands and options. Does not know: what they do.
 * Threads: main.
 */
#include "command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tug/tug.h>

#include "report.h"
#include "text.h"

/* Column where the text of an option begins. */
#define TEXT_COLUMN 28
/* Column where the summary of a command begins. */
#define COMMAND_COLUMN 48
/* Columns that help fills. */
#define HELP_WIDTH 80

/* Add words from the present column on, in lines that begin at TEXT_COLUMN. */
static void add_wrapped(struct text *text, const char *words)
{
    size_t column = TEXT_COLUMN;

    while (*words != '\0') {
        const size_t length = strcspn(words, " ");

        if (column > TEXT_COLUMN && column + 1 + length > HELP_WIDTH) {
            text_printf(text, "\n%*s", TEXT_COLUMN, "");
            column = TEXT_COLUMN;
        } else if (column > TEXT_COLUMN) {
            text_puts(text, " ");
            column++;
        }
        text_append(text, words, length);
        column += length;
        words += length;
        words += strspn(words, " ");
    }
    text_puts(text, "\n");
}

static void add_option(struct text *text, const struct option_help *option)
{
    char short_name[8] = "    ";
    char left[80];

    if (option->short_name != 0) {
        (void)snprintf(short_name, sizeof short_name, "-%c, ", option->short_name);
    }
    (void)snprintf(left, sizeof left, "  %s--%s%s%s", short_name, option->name,
                   option->argument != NULL && option->argument[0] != '[' ? " " : "",
                   option->argument != NULL ? option->argument : "");
    if (strlen(left) + 2 > TEXT_COLUMN) {
        text_printf(text, "%s\n%*s", left, TEXT_COLUMN, "");
    } else {
        text_printf(text, "%-*s", TEXT_COLUMN, left);
    }
    add_wrapped(text, option->text);
}

/* Add the options that have an effect on a command, from a group on. */
static void add_options(struct text *text, unsigned command_bit, int first_group)
{
    for (int group = first_group; group < OPTION_GROUP_COUNT; group++) {
        struct option_help option;

        if (!option_help_get(command_bit, (enum option_group)group, 0, &option)) {
            continue;
        }
        text_printf(text, "\n%s:\n", option_group_title((enum option_group)group));
        for (size_t i = 0; option_help_get(command_bit, (enum option_group)group, i, &option);
             i++) {
            add_option(text, &option);
        }
    }
}

int help_print_command(const struct command *command)
{
    struct text text = {0};

    text_printf(&text, "usage: tug %s%s%s\n", command->name,
                command->synopsis[0] != '\0' ? " " : "", command->synopsis);
    if (command->description != NULL) {
        text_printf(&text, "\n%s", command->description);
    } else {
        text_printf(&text, "\n%s.\n", command->summary);
    }
    add_options(&text, command->bit, 0);
    if (command->examples != NULL) {
        text_puts(&text, "\nExamples:\n");
        for (const char *const *example = command->examples; *example != NULL; example++) {
            text_printf(&text, "  %s\n", *example);
        }
    }
    text_puts(&text, "\nsee tug(1)\n");
    return report_output(&text);
}

int help_print_commands(const struct command_table *table, int fd)
{
    struct text text = {0};

    text_puts(&text, "usage: tug [--store DIR] [-q|-v|--debug] [--color WHEN] COMMAND ...\n"
                     "\nFetch the content of container images from registries into a directory.\n"
                     "\nCommands:\n");
    for (size_t i = 0; i < table->count; i++) {
        const struct command *const command = &table->commands[i];
        char left[80];

        (void)snprintf(left, sizeof left, "  %s %s", command->name, command->synopsis);
        text_printf(&text, "%-*s%s\n", COMMAND_COLUMN, left, command->summary);
    }
    add_options(&text, COMMAND_FETCH, OPTION_GLOBAL);
    text_puts(&text, "\n'tug help COMMAND' shows the options of a command; see also tug(1)\n");
    if (fd == STDOUT_FILENO) {
        return report_output(&text);
    }
    (void)text_write_all(fd, text.data, text.length);
    text_fini(&text);
    return 0;
}

int cmd_help(const struct settings *settings, const struct command_table *table)
{
    const struct command *command;

    if (settings->common.input_count == 0) {
        return help_print_commands(table, STDOUT_FILENO);
    }
    if (settings->common.input_count > 1) {
        return report_usage(NULL, "help: one command at a time");
    }
    command = command_find(table, settings->common.inputs[0].text);
    if (command == NULL) {
        return command_refuse(table, settings->common.inputs[0].text);
    }
    return help_print_command(command);
}

int cmd_version(const struct settings *settings, const struct command_table *table)
{
    struct text text = {0};

    (void)table;
    if (settings->common.input_count > 0) {
        return report_usage("version", "version: unexpected argument '%s'",
                            settings->common.inputs[0].text);
    }
    text_printf(&text, "tug %s\n", tug_version());
    return report_output(&text);
}

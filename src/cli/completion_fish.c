/* SPDX-License-Identifier: Apache-2.0
 *
 * The script for fish.
 *
 * Knows: fish's complete. Does not know: what options do.
 * Threads: any.
 */
#include "completion.h"

/* Before the options with a value. */
static const char head[] = "# Completion of tug(1) for fish, printed by 'tug completion fish'.\n"
                           "\n"
                           "# Print the command of the line; fails when there is none.\n"
                           "function __tug_command\n"
                           "    set -l words (commandline -opc)\n"
                           "    set -l is_value no\n"
                           "    for word in $words[2..-1]\n"
                           "        if test $is_value = yes\n"
                           "            set is_value no\n"
                           "            continue\n"
                           "        end\n"
                           "        switch $word\n"
                           "            case";

static const char after_values[] =
    "\n"
    "                set is_value yes\n"
    "            case '-*'\n"
    "            case '*'\n"
    "                echo $word\n"
    "                return 0\n"
    "        end\n"
    "    end\n"
    "    return 1\n"
    "end\n"
    "\n"
    "function __tug_has_none\n"
    "    not __tug_command > /dev/null\n"
    "end\n"
    "\n"
    "function __tug_is # COMMAND...\n"
    "    set -l command (__tug_command)\n"
    "    and contains -- $command $argv\n"
    "end\n"
    "\n"
    "# Print what the store of the command line has.\n"
    "function __tug_stored # images|ls...\n"
    "    set -l words (commandline -opc)\n"
    "    set -l store\n"
    "    for i in (seq 2 (count $words))\n"
    "        switch $words[$i]\n"
    "            case --store\n"
    "                set store --store $words[(math $i + 1)]\n"
    "            case '--store=*'\n"
    "                set store --store (string replace -- --store= '' $words[$i])\n"
    "        end\n"
    "    end\n"
    "    for kind in $argv\n"
    "        $words[1] $store $kind -q 2> /dev/null\n"
    "    end\n"
    "end\n"
    "\n"
    "complete -c tug -f\n";

static void add_value_option(struct text *text, const struct command *command,
                             const struct option_help *option)
{
    (void)command;
    if (completion_value_of(option->argument) == COMPLETION_NO_VALUE) {
        return;
    }
    text_printf(text, " --%s", option->name);
    if (option->short_name != 0) {
        text_printf(text, " -%c", option->short_name);
    }
}

/* Add what completes the value of an option. */
static void add_value(struct text *text, const char *argument)
{
    switch (completion_value_of(argument)) {
    case COMPLETION_NO_VALUE:
        break;
    case COMPLETION_ANY:
        text_puts(text, " -x");
        break;
    case COMPLETION_FILE:
        text_puts(text, " -r -F");
        break;
    case COMPLETION_DIR:
        text_puts(text, " -x -a '(__fish_complete_directories (commandline -ct))'");
        break;
    case COMPLETION_IMAGE:
        text_puts(text, " -x -a '(__tug_stored images)'");
        break;
    case COMPLETION_WORD:
        text_puts(text, " -x -a '");
        completion_add_words(text, argument);
        text_puts(text, "'");
        break;
    }
}

/* Add an option under a condition. */
static void add_if(struct text *text, const char *condition, const char *command,
                   const struct option_help *option)
{
    text_printf(text, "complete -c tug -n '%s%s' -l %s", condition, command, option->name);
    if (option->short_name != 0) {
        text_printf(text, " -s %c", option->short_name);
    }
    add_value(text, option->argument);
    text_puts(text, " -d ");
    completion_quote(text, option->text, "\\");
    text_puts(text, "\n");
}

static void add_option(struct text *text, const struct command *command,
                       const struct option_help *option)
{
    add_if(text, "__tug_is ", command->name, option);
}

/* An option of a line that has no command yet. */
static void add_early_option(struct text *text, const struct command *command,
                             const struct option_help *option)
{
    (void)command;
    add_if(text, "__tug_has_none", "", option);
}

/* Add what completes the operands of a command. */
static void add_operands(struct text *text, const struct command_table *table,
                         const struct command *command)
{
    const unsigned operands = completion_operands(command->synopsis);

    if (operands == 0) {
        return;
    }
    text_printf(text, "complete -c tug -n '__tug_is %s'", command->name);
    if ((operands & COMPLETION_COMMANDS) != 0) {
        text_puts(text, " -a '");
        completion_add_commands(text, table, 0, " ");
        text_puts(text, "'\n");
    } else if ((operands & COMPLETION_SHELLS) != 0) {
        text_puts(text, " -a '" COMPLETION_SHELL_NAMES "'\n");
    } else if ((operands & COMPLETION_FILES) != 0) {
        text_puts(text, " -F\n");
    } else {
        text_printf(text, " -a '(__tug_stored%s%s)'\n",
                    (operands & COMPLETION_IMAGES) != 0 ? " images" : "",
                    (operands & COMPLETION_BLOBS) != 0 ? " ls" : "");
    }
}

void completion_fish(struct text *text, const struct command_table *table)
{
    text_puts(text, head);
    completion_each_option(text, NULL, add_value_option);
    text_puts(text, after_values);
    completion_each_option(text, command_find(table, "help"), add_early_option);
    for (size_t i = 0; i < table->count; i++) {
        const struct command *const command = &table->commands[i];

        text_printf(text, "complete -c tug -n __tug_has_none -a %s -d ", command->name);
        completion_quote(text, command->summary, "\\");
        text_puts(text, "\n");
    }
    for (size_t i = 0; i < table->count; i++) {
        completion_each_option(text, &table->commands[i], add_option);
        add_operands(text, table, &table->commands[i]);
    }
}

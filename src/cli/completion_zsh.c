/* SPDX-License-Identifier: Apache-2.0
 *
 * The script for zsh.
 *
 * Knows: zsh's _arguments. Does not know: what options do.
 * Threads: any.
 */
#include "completion.h"

#include <string.h>

static const char head[] = "#compdef tug\n"
                           "# Completion of tug(1) for zsh, printed by 'tug completion zsh'.\n"
                           "\n"
                           "# Add what the store of the command line has.\n"
                           "_tug_stored() { # images|ls...\n"
                           "    local kind store=${opt_args[--store]:-$tug_store}\n"
                           "    local -a found expl\n"
                           "    store=${(Q)store//\\\\:/:}\n"
                           "    for kind; do\n"
                           "        found+=(${(f)\"$(${~tug_program} ${store:+--store} ${~store} "
                           "$kind -q 2> /dev/null)\"})\n"
                           "    done\n"
                           "    _wanted stored expl 'in the store' compadd -a found\n"
                           "}\n";

/* After the functions of the commands; then come the commands with what they do. */
static const char main_head[] =
    "\n"
    "_tug() {\n"
    "    local curcontext=$curcontext state state_descr tug_store tug_program=$words[1]\n"
    "    local -a line commands\n"
    "    local -A opt_args\n"
    "    commands=(\n";

/* Then come the options that every command has. */
static const char after_commands[] = "    )\n"
                                     "    _arguments -C -S -s \\\n";

static const char tail[] = "        '1: :->command' '*:: :->rest' && return\n"
                           "    case $state in\n"
                           "    command) _describe -t commands command commands ;;\n"
                           "    rest)\n"
                           "        tug_store=${opt_args[--store]}\n"
                           "        (( ! $+functions[_tug_$line[1]] )) || _tug_$line[1]\n"
                           "        ;;\n"
                           "    esac\n"
                           "}\n"
                           "\n"
                           "if [[ $funcstack[1] == _tug ]]; then\n"
                           "    _tug \"$@\"\n"
                           "else\n"
                           "    compdef _tug tug\n"
                           "fi\n";

/* Add a text as it stands between special characters. */
static void add_escaped(struct text *text, const char *words)
{
    for (; *words != '\0'; words++) {
        text_append(text, "\\", strchr(":[]\\", *words) != NULL);
        text_append(text, words, 1);
    }
}

/* Add what completes the value of an option. */
static void add_action(struct text *text, const char *argument)
{
    switch (completion_value_of(argument)) {
    case COMPLETION_NO_VALUE:
        break;
    case COMPLETION_ANY:
        text_puts(text, ": : ");
        break;
    case COMPLETION_FILE:
        text_puts(text, ":file:_files");
        break;
    case COMPLETION_DIR:
        text_puts(text, ":directory:_files -/");
        break;
    case COMPLETION_IMAGE:
        text_puts(text, ":image: _tug_stored images");
        break;
    case COMPLETION_WORD:
        text_puts(text, ":word:(");
        completion_add_words(text, argument);
        text_puts(text, ")");
        break;
    }
}

/* Add an option in one spelling. value: what is between it and its value, if it takes one. */
static void add_spelling(struct text *text, const struct option_help *option, const char *name,
                         const char *value)
{
    const bool is_repeatable =
        strstr(option->text, "repeatable") != NULL || strstr(option->text, "twice") != NULL;
    struct text specification = {0};

    if (is_repeatable) {
        text_puts(&specification, "*");
    } else if (option->short_name != 0) {
        text_printf(&specification, "(-%c --%s)", option->short_name, option->name);
    }
    text_printf(&specification, "%s%s[", name,
                completion_value_of(option->argument) != COMPLETION_NO_VALUE ? value : "");
    add_escaped(&specification, option->text);
    text_puts(&specification, "]");
    add_action(&specification, option->argument);
    text_puts(text, "        ");
    completion_quote(text, specification.data != NULL ? specification.data : "", "");
    text_puts(text, " \\\n");
    text->has_failed = text->has_failed || specification.has_failed;
    text_fini(&specification);
}

static void add_option(struct text *text, const struct command *command,
                       const struct option_help *option)
{
    struct text name = {0};

    (void)command;
    if (option->short_name != 0) {
        text_printf(&name, "-%c", option->short_name);
        add_spelling(text, option, name.data != NULL ? name.data : "", "+");
        text_clear(&name);
    }
    text_printf(&name, "--%s", option->name);
    add_spelling(text, option, name.data != NULL ? name.data : "", "=");
    text->has_failed = text->has_failed || name.has_failed;
    text_fini(&name);
}

/* Add what completes the operands of a command. */
static void add_operands(struct text *text, const struct command_table *table,
                         const struct command *command)
{
    const unsigned operands = completion_operands(command->synopsis);

    if ((operands & COMPLETION_COMMANDS) != 0) {
        text_puts(text, "        '*:command:(");
        completion_add_commands(text, table, 0, " ");
        text_puts(text, ")'\n");
    } else if ((operands & COMPLETION_SHELLS) != 0) {
        text_puts(text, "        '*:shell:(" COMPLETION_SHELL_NAMES ")'\n");
    } else if ((operands & COMPLETION_FILES) != 0) {
        text_puts(text, "        '*:file:_files'\n");
    } else if (operands != 0) {
        text_printf(text, "        '*: : _tug_stored%s%s'\n",
                    (operands & COMPLETION_IMAGES) != 0 ? " images" : "",
                    (operands & COMPLETION_BLOBS) != 0 ? " ls" : "");
    } else {
        text_puts(text, "        '*: : '\n");
    }
}

void completion_zsh(struct text *text, const struct command_table *table)
{
    text_puts(text, head);
    for (size_t i = 0; i < table->count; i++) {
        text_printf(text, "\n_tug_%s() {\n    _arguments -S -s \\\n", table->commands[i].name);
        completion_each_option(text, &table->commands[i], add_option);
        add_operands(text, table, &table->commands[i]);
        text_puts(text, "}\n");
    }
    text_puts(text, main_head);
    for (size_t i = 0; i < table->count; i++) {
        text_puts(text, "        ");
        text_printf(text, "%s:", table->commands[i].name);
        completion_quote(text, table->commands[i].summary, "");
        text_puts(text, "\n");
    }
    text_puts(text, after_commands);
    completion_each_option(text, command_find(table, "help"), add_option);
    text_puts(text, tail);
}

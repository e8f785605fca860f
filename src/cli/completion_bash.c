/* SPDX-License-Identifier: Apache-2.0
 *
 * The script for bash, which needs no other one (bash-completion only loads it).
 *
 * Knows: bash. Does not know: what options do.
 * Threads: any.
 */
#include "completion.h"

/* Before the lists: the words of the line, its command, and the option whose value is wanted. */
static const char head[] =
    "# Completion of tug(1) for bash, printed by 'tug completion bash'.\n"
    "\n"
    "# Print what the store of the command line has.\n"
    "_tug_stored() { # images|ls...\n"
    "    local kind tug=${words[0]/#\\~\\//$HOME/}\n"
    "    for kind; do\n"
    "        \"$tug\" ${store:+--store \"$store\"} \"$kind\" -q 2> /dev/null\n"
    "    done\n"
    "}\n"
    "\n"
    "_tug() {\n"
    "    local -a words=()\n"
    "    local word rest=$COMP_LINE bare command='' store='' option='' joined='' value found='' i\n"
    "    local breaks='' prefix=''\n"
    "    # bash splits words at ':', '=' and '@'; references have all of them.\n"
    "    for word in \"${COMP_WORDS[@]:0:COMP_CWORD+1}\"; do\n"
    "        bare=${rest#\"${rest%%[![:space:]]*}\"}\n"
    "        if [[ ${#words[@]} -gt 0 && $rest == \"$bare\" ]]; then\n"
    "            words[-1]+=$word\n"
    "        else\n"
    "            words+=(\"$word\")\n"
    "        fi\n"
    "        rest=${bare#\"$word\"}\n"
    "    done\n"
    "    value=${words[-1]}\n"
    "    local valued='";

/* After the options with a value. */
static const char after_values[] =
    " '\n"
    "    for ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
    "        case ${words[i]} in\n"
    "        --store) store=${words[++i]} ;;\n"
    "        --store=*) store=${words[i]#*=} ;;\n"
    "        -*) [[ $valued != *\" ${words[i]} \"* ]] || ((++i)) ;;\n"
    "        *) command=${command:-${words[i]}} ;;\n"
    "        esac\n"
    "    done\n"
    "    if ((i >= ${#words[@]})); then\n"
    "        option=${words[-2]}\n"
    "    elif [[ $value == --*=* ]]; then\n"
    "        option=${value%%=*} value=${value#*=}\n"
    "        [[ $COMP_WORDBREAKS == *=* ]] || joined=$option=\n"
    "    fi\n"
    "    store=${store/#\\~\\//$HOME/}\n"
    "\n"
    "    case $option:$value in\n";

/* After the values of options; then come the options of each command. */
static const char after_words[] = "    :-*)\n"
                                  "        case $command in\n";

static const char after_options[] = "        esac\n"
                                    "        ;;\n"
                                    "    :*)\n"
                                    "        case $command in\n";

/* At the end: what fits becomes the answer. */
static const char tail[] =
    "        esac\n"
    "        ;;\n"
    "    esac\n"
    "\n"
    "    # What was typed up to the last place where bash splits is not replaced.\n"
    "    [[ $COMP_WORDBREAKS != *:* ]] || breaks+=:\n"
    "    [[ $COMP_WORDBREAKS != *=* ]] || breaks+='='\n"
    "    [[ $COMP_WORDBREAKS != *@* ]] || breaks+=@\n"
    "    [[ -z $breaks || $value != *[\"$breaks\"]* ]] || "
    "prefix=${value%\"${value##*[\"$breaks\"]}\"}\n"
    "    while IFS= read -r word; do\n"
    "        [[ -z $word || $word != \"$value\"* ]] || "
    "COMPREPLY+=(\"$joined${word#\"$prefix\"}\")\n"
    "    done <<< \"${found// /$'\\n'}\"\n"
    "}\n"
    "complete -F _tug tug\n";

static void add_option(struct text *text, const struct command *command,
                       const struct option_help *option)
{
    (void)command;
    text_printf(text, " --%s", option->name);
    if (option->short_name != 0) {
        text_printf(text, " -%c", option->short_name);
    }
}

static void add_value_option(struct text *text, const struct command *command,
                             const struct option_help *option)
{
    if (completion_value_of(option->argument) != COMPLETION_NO_VALUE) {
        add_option(text, command, option);
    }
}

/* Add what completes the value of an option. */
static void add_value(struct text *text, const struct command *command,
                      const struct option_help *option)
{
    const enum completion_value value = completion_value_of(option->argument);

    (void)command;
    if (value == COMPLETION_NO_VALUE || value == COMPLETION_ANY) {
        return;
    }
    text_printf(text, "    --%s:*", option->name);
    if (option->short_name != 0) {
        text_printf(text, " | -%c:*", option->short_name);
    }
    switch (value) {
    case COMPLETION_FILE:
        text_puts(text, ") compopt -o default ;;\n");
        break;
    case COMPLETION_DIR:
        text_puts(text, ") compopt -o dirnames ;;\n");
        break;
    case COMPLETION_IMAGE:
        text_puts(text, ") found=$(_tug_stored images) ;;\n");
        break;
    case COMPLETION_WORD:
        text_puts(text, ") found='");
        completion_add_words(text, option->argument);
        text_puts(text, "' ;;\n");
        break;
    case COMPLETION_NO_VALUE:
    case COMPLETION_ANY:
        break;
    }
}

/* Add what completes the operands of a command. */
static void add_operands(struct text *text, const struct command_table *table,
                         const struct command *command)
{
    const unsigned operands = completion_operands(command->synopsis);

    if (operands == 0) {
        return;
    }
    text_printf(text, "        %s) ", command->name);
    if ((operands & COMPLETION_COMMANDS) != 0) {
        text_puts(text, "found='");
        completion_add_commands(text, table, 0, " ");
        text_puts(text, "' ;;\n");
    } else if ((operands & COMPLETION_SHELLS) != 0) {
        text_puts(text, "found='" COMPLETION_SHELL_NAMES "' ;;\n");
    } else if ((operands & COMPLETION_FILES) != 0) {
        text_puts(text, "compopt -o default ;;\n");
    } else {
        text_printf(text, "found=$(_tug_stored%s%s) ;;\n",
                    (operands & COMPLETION_IMAGES) != 0 ? " images" : "",
                    (operands & COMPLETION_BLOBS) != 0 ? " ls" : "");
    }
}

void completion_bash(struct text *text, const struct command_table *table)
{
    text_puts(text, head);
    completion_each_option(text, NULL, add_value_option);
    text_puts(text, after_values);
    completion_each_option(text, NULL, add_value);
    text_puts(text, after_words);
    text_puts(text, "        '') found='");
    completion_each_option(text, command_find(table, "help"), add_option);
    text_puts(text, "' ;;\n");
    for (size_t i = 0; i < table->count; i++) {
        text_printf(text, "        %s) found='", table->commands[i].name);
        completion_each_option(text, &table->commands[i], add_option);
        text_puts(text, "' ;;\n");
    }
    text_puts(text, after_options);
    text_puts(text, "        '') found='");
    completion_add_commands(text, table, 0, " ");
    text_puts(text, "' ;;\n");
    for (size_t i = 0; i < table->count; i++) {
        add_operands(text, table, &table->commands[i]);
    }
    text_puts(text, tail);
}

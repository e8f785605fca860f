/* SPDX-License-Identifier: Apache-2.0
 *
 * Scripts by which shells complete command lines, made from the tables of commands and options.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_CLI_COMPLETION_H
#define TUG_CLI_COMPLETION_H

#include "command.h"
#include "text.h"

/* What operands of a command may be, as a set. */
#define COMPLETION_IMAGES (1U << 0)   /* names of images in the store */
#define COMPLETION_BLOBS (1U << 1)    /* digests of blobs in the store */
#define COMPLETION_FILES (1U << 2)    /* files and directories */
#define COMPLETION_COMMANDS (1U << 3) /* names of commands */
#define COMPLETION_SHELLS (1U << 4)   /* shells that there is a script for */

/* What an option's value is. */
enum completion_value {
    COMPLETION_NO_VALUE = 0, /* it takes none, or one behind '=' that may be left out */
    COMPLETION_ANY,
    COMPLETION_FILE,
    COMPLETION_DIR,
    COMPLETION_IMAGE,
    COMPLETION_WORD, /* one of the words of its argument, "a|b|c" */
};

/* Tell what operands a command takes, from its synopsis: words such as REF and FILE that are no
 * option's value. Returns: a set of COMPLETION_…. */
unsigned completion_operands(const char *synopsis);

/* Tell what an option's value is, from how help calls it; argument: NULL when it takes none. */
enum completion_value completion_value_of(const char *argument);

/* The shells, for help and for completion of their names: separated by blanks. */
#define COMPLETION_SHELL_NAMES "bash zsh fish"

/* Add the script of a shell to a text. */
void completion_bash(struct text *text, const struct command_table *table);
void completion_zsh(struct text *text, const struct command_table *table);
void completion_fish(struct text *text, const struct command_table *table);

/* --- parts of them --- */

/* Calls back for one option of a command. */
typedef void (*completion_option_fn)(struct text *text, const struct command *command,
                                     const struct option_help *option);

/* Go through the options of a command in the order of help; command: NULL: those of all commands,
 * each once. */
void completion_each_option(struct text *text, const struct command *command,
                            completion_option_fn add);

/* Add a text in single quotes of a shell. escaped: characters that get a backslash before them. */
void completion_quote(struct text *text, const char *words, const char *escaped);

/* Add "a b c" for the argument "a|b|c". */
void completion_add_words(struct text *text, const char *argument);

/* Add the names of all commands, or those that take one of the operands (0: all), with a separator
 * between them. */
void completion_add_commands(struct text *text, const struct command_table *table,
                             unsigned operands, const char *separator);

#endif

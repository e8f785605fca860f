/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands: what each one is called, takes and does.
 * Threads: main.
 */
#ifndef TUG_CLI_COMMAND_H
#define TUG_CLI_COMMAND_H

#include <stddef.h>

#include "options.h"

/* One command. */
struct command {
    const char *name;
    const char *synopsis;        /* what follows the name */
    const char *summary;         /* a few words, for the list of commands */
    const char *description;     /* lines of help, each with its end; NULL: the summary says all */
    unsigned bit;                /* COMMAND_… for its options */
    const char *const *examples; /* whole command lines, ended by NULL; NULL: none */
    /* Do it. settings: as parsed. Returns: the exit status. */
    int (*run)(const struct settings *settings);
};

/* Look up a command by name. Returns: static, or NULL. */
const struct command *command_find(const char *name);

/* Report that there is no command of that name. Returns: the exit status. */
int command_refuse(const char *name);

/* Return the index-th command in the order help shows them, NULL past the last one. */
const struct command *command_at(size_t index);

/* Fetch images. */
int cmd_fetch(const struct settings *settings);
/* Tell what references name. */
int cmd_resolve(const struct settings *settings);
/* Print help, on one command or on all. */
int cmd_help(const struct settings *settings);
/* Print the version. */
int cmd_version(const struct settings *settings);

/* Print help on one command to standard output. Returns: the exit status. */
int help_print_command(const struct command *command);
/* Print the list of commands. fd: standard output (asked for) or standard error (wrong usage).
 * Returns: 0, or the exit status of a failure to write. */
int help_print_commands(int fd);

#endif

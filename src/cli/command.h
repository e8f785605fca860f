/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands: what each one is called, takes and does.
 * Threads: main.
 */
#ifndef TUG_CLI_COMMAND_H
#define TUG_CLI_COMMAND_H

#include <stddef.h>

#include "options.h"

struct command_table;

/* One command. */
struct command {
    const char *name;
    const char *synopsis;        /* what follows the name */
    const char *summary;         /* a few words, for the list of commands */
    const char *description;     /* lines of help, each with its end; NULL: the summary says all */
    unsigned bit;                /* COMMAND_… for its options */
    const char *const *examples; /* whole command lines, ended by NULL; NULL: none */
    /* Run it. settings: as parsed. table: all commands, for help. Returns: the exit status. */
    int (*run)(const struct settings *settings, const struct command_table *table);
};

/* All commands, in the order help shows them. */
struct command_table {
    const struct command *commands;
    size_t count;
};

/* The one table (commands.c). */
const struct command_table *commands_table(void);

/* Look up a command by name. Returns: borrowed from the table, or NULL. */
const struct command *command_find(const struct command_table *table, const char *name);

/* Report that there is no command of that name, with the nearest one. Returns: the exit status. */
int command_refuse(const struct command_table *table, const char *name);

/* Fetch images. */
int cmd_fetch(const struct settings *settings, const struct command_table *table);
/* Tell what references name. */
int cmd_resolve(const struct settings *settings, const struct command_table *table);
/* List the tags of repositories. */
int cmd_tags(const struct settings *settings, const struct command_table *table);
/* Write images of the store as one archive. */
int cmd_export(const struct settings *settings, const struct command_table *table);
/* List the images of a store. */
int cmd_images(const struct settings *settings, const struct command_table *table);
/* List the blobs of a store. */
int cmd_ls(const struct settings *settings, const struct command_table *table);
/* List partial downloads. */
int cmd_active(const struct settings *settings, const struct command_table *table);
/* Write a blob to standard output. */
int cmd_get(const struct settings *settings, const struct command_table *table);
/* Set and remove labels of an image. */
int cmd_label(const struct settings *settings, const struct command_table *table);
/* Forget images. */
int cmd_rm(const struct settings *settings, const struct command_table *table);
/* Hash what the store has, and repair it. */
int cmd_verify(const struct settings *settings, const struct command_table *table);
/* Delete what no image needs. */
int cmd_prune(const struct settings *settings, const struct command_table *table);
/* Bring images out of an archive into the store. */
int cmd_import(const struct settings *settings, const struct command_table *table);
/* Print the script by which a shell completes command lines. */
int cmd_completion(const struct settings *settings, const struct command_table *table);
/* Print help, on one command or on all. */
int cmd_help(const struct settings *settings, const struct command_table *table);
/* Print the version. */
int cmd_version(const struct settings *settings, const struct command_table *table);

/* Print help on one command to standard output. Returns: the exit status. */
int help_print_command(const struct command *command);
/* Print the list of commands. fd: standard output (asked for) or standard error (wrong usage).
 * Returns: 0, or the exit status of a failure to write. */
int help_print_commands(const struct command_table *table, int fd);

#endif

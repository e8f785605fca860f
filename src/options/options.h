/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line: one table of options drives parsing, help and the check of the man page.
 * Threads: main, before any other is started (getopt_long has global state).
 */
#ifndef TUG_CLI_OPTIONS_H
#define TUG_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/fetch.h>
#include <tug/tags.h>

#include "terminal.h"

/* Groups of options, in the order help shows them. */
enum option_group {
    OPTION_WHAT,
    OPTION_MANY,
    OPTION_HOW,
    OPTION_REGISTRY,
    OPTION_SHOW,
    OPTION_GLOBAL,
    OPTION_GROUP_COUNT,
};

/* Commands, as sets of options; option_rules.c has their names. */
#define COMMAND_FETCH (1U << 0)
#define COMMAND_RESOLVE (1U << 1)
#define COMMAND_IMAGES (1U << 2)
#define COMMAND_LS (1U << 3)
#define COMMAND_ACTIVE (1U << 4)
#define COMMAND_GET (1U << 5)
#define COMMAND_VERIFY (1U << 6)
#define COMMAND_LABEL (1U << 7)
#define COMMAND_RM (1U << 8)
#define COMMAND_PRUNE (1U << 9)
#define COMMAND_EXPORT (1U << 10)
#define COMMAND_IMPORT (1U << 11)
#define COMMAND_TAGS (1U << 12)
#define COMMAND_OTHER (1U << 13) /* help, version */
#define COMMAND_ALL ((1U << 14) - 1)
/* Commands that talk to registries, and so have credentials. */
#define COMMAND_NETWORK (COMMAND_FETCH | COMMAND_RESOLVE | COMMAND_TAGS | COMMAND_VERIFY)

/* Capacity for the table of options. */
#define OPTIONS_MAX 96

/* How progress is shown (--progress). */
enum progress_mode {
    PROGRESS_AUTO = 0,
    PROGRESS_TTY,
    PROGRESS_PLAIN,
    PROGRESS_JSON,
    PROGRESS_NONE,
};

/* How results are printed (--format). */
enum result_format {
    FORMAT_TEXT = 0,
    FORMAT_JSON,
};

/* What index.json names (--root). */
enum root_kind {
    ROOT_INDEX = 0, /* what the reference names */
    ROOT_PLATFORM,
};

/* What images are converted to (--convert). */
enum convert_kind {
    CONVERT_NONE = 0,
    CONVERT_OCI,
};

/* An operand, or the value of --from-file, in the order given. */
struct input {
    const char *text; /* borrowed from argv */
    bool is_file;
};

/* What every command knows. */
struct common_settings {
    const char *store_path; /* --store, borrowed from argv; NULL when not given */
    int verbosity;          /* -1 quiet, 0, 1 verbose, 2 debug */
    enum color_mode color;
    enum result_format format;
    const char *trace_path; /* --trace, borrowed from argv; NULL when not given */
    bool wants_help;
    bool wants_version;
    bool given[OPTIONS_MAX]; /* which options were given, by their place in the table */
    struct input *inputs;    /* owned */
    size_t input_count;
};

/* Credentials, of fetch and resolve; login_prepare hands them to the run's options. */
struct login_settings {
    char *user;            /* owned; without the password */
    char *password;        /* owned */
    char *refresh_token;   /* owned */
    char *proxy;           /* owned */
    bool has_shown_proxy;  /* the proxy's password was on the command line */
    bool has_shown_secret; /* the password or the token was on the command line */
    bool wants_stdin_password;
};

/* What fetch, resolve and export want of their references. */
struct wish_settings {
    struct tug_platform *platforms; /* owned */
    size_t platform_count;
    const char *repository; /* --repository, borrowed from argv; NULL when not given */
    bool images_in;         /* --images-in */
};

/* What fetch alone has, besides the run's options. */
struct fetch_settings {
    const char **labels; /* owned; each is borrowed from argv */
    size_t label_count;
    enum tug_durability durability;
    enum progress_mode progress;
    enum root_kind root;
    enum convert_kind convert;
    enum tug_delta delta;
    const char **donors; /* --donor; owned; each is borrowed from argv */
    size_t donor_count;
    const char *failed_path; /* --failed-file, borrowed from argv */
    unsigned shard_index;    /* --shard: which part of the references, of so many */
    unsigned shard_count;    /* 0: all of them */
};

/* What export and import have; of --name fetch, too. Texts are borrowed from argv; NULL when not
 * given. */
struct archive_settings {
    const char *output_path; /* --output */
    bool allow_partial;      /* --partial */
    const char *image_name;  /* --name */
};

/* What commands on a store have. */
struct store_settings {
    bool is_quick;    /* --quick */
    bool repairs;     /* --repair */
    bool exact_bytes; /* --bytes */
};

/* What prune alone has, besides run.dry_run. */
struct prune_settings {
    bool partials;
    uint64_t older_than_ms;
    uint64_t wait_ms;
};

/* What tags alone has. */
struct tags_settings {
    struct tug_tags_options options; /* its size is not set */
    const char **match;              /* owned: what options point to; borrowed from argv */
    const char **exclude;            /* the same */
};

/* Whose signatures fetch and verify trust. */
struct trust_settings {
    const char **keys; /* owned; files, each borrowed from argv */
    size_t key_count;
    bool any_name; /* --verify-any-name */
};

/* Everything the command line said. All zero is the default of each; free with settings_fini. */
struct settings {
    struct common_settings common;
    struct login_settings login;
    struct wish_settings wish;
    struct tug_fetch_options
        run; /* of fetch and resolve; what it points to belongs to the others */
    struct fetch_settings fetch;
    struct archive_settings archive;
    struct store_settings store;
    struct prune_settings prune;
    struct tags_settings tags;
    struct trust_settings trust;
};

/* Free what settings own; they are empty afterwards. */
void settings_fini(struct settings *settings);

/* Parse options and operands.
 * settings: filled; values of earlier calls are kept, so global options may come anywhere.
 * argv: argc words, the first is skipped; borrowed as long as settings live.
 * command: name for messages, NULL when not known yet: then parsing stops at the first
 * operand, and only global options are accepted. command_bit: COMMAND_… of it. out_next: the first
 * word not parsed (argc: none). Options without effect on the command, or beside each other, are
 * refused, unless help or the version is asked for.
 * Returns: 0, or the exit status after an error was reported on standard error. */
int options_parse(struct settings *settings, int argc, char **argv, const char *command,
                  unsigned command_bit, int *out_next);

/* One option as help shows it. */
struct option_help {
    const char *name;     /* long name, without dashes */
    char short_name;      /* 0: none */
    const char *argument; /* name of the value; NULL: it takes none; "[=NAME]": it may have one */
    const char *text;     /* what it does, with unit and default */
};

/* Look up the index-th option of a group that has an effect on a command, in the order of the
 * table, with the text that it has there. Returns: false when there are no more. */
bool option_help_get(unsigned command_bit, enum option_group group, size_t index,
                     struct option_help *out_help);

/* Return the heading of a group, e.g. "Registry". Static text. */
const char *option_group_title(enum option_group group);

#endif

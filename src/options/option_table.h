/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of options, for options.c, which parses by it.
 */
#ifndef TUG_CLI_OPTION_TABLE_H
#define TUG_CLI_OPTION_TABLE_H

#include <stddef.h>

#include "options.h"

/* Take one option's value (NULL when it has none) into settings.
 * On failure err says why; the caller adds the option's name. */
typedef enum tug_status (*option_apply_fn)(struct settings *settings, const char *value,
                                           struct tug_error *err);

/* What an option does. */
enum option_kind {
    KIND_CALL,      /* apply takes its value */
    KIND_SECRET,    /* the same, and the value is shown nowhere */
    KIND_FLAG,      /* sets a bool of settings */
    KIND_TIME,      /* a time more than zero (zero would mean the default) into a uint64_t, in ms */
    KIND_TIME_OR_0, /* a time; zero has a meaning of its own */
    KIND_CHOICE,    /* one of the words of its argument, "a|b|c", into an enum in that order */
    KIND_TEXT,      /* a text, borrowed from argv, into a const char pointer */
};

struct option_spec {
    struct option_help help; /* option_help.c has the texts that depend on the command */
    enum option_group group;
    unsigned commands; /* COMMAND_… of each that it has an effect on */
    enum option_kind kind;
    option_apply_fn apply; /* KIND_CALL, KIND_SECRET */
    size_t offset;         /* of the member in struct settings, the other kinds */
};

/* One option after the other; NULL: there are no more. */
const struct option_spec *option_at(size_t index);

/* Take an option's value (NULL when it has none) into settings.
 * On failure err says why; the caller adds the option's name. */
enum tug_status option_apply(struct settings *settings, const struct option_spec *spec,
                             const char *value, struct tug_error *err);

/* Add an operand, or the name of a file with references. text: borrowed as long as settings live.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status settings_add_input(struct settings *settings, const char *text, bool is_file,
                                   struct tug_error *err);

#endif

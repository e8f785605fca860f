/* SPDX-License-Identifier: Apache-2.0
 *
 * Suggestions for misspelt commands and options.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_CLI_SUGGEST_H
#define TUG_CLI_SUGGEST_H

#include <stddef.h>

/* Capacity for a suggestion, NUL included. */
#define SUGGESTION_MAX 160

/* Suggest a command. word: as typed. names: of all commands, ended by NULL.
 * out_text: receives what to put behind a message, ": did you mean …?", or "". Returns: out_text.
 */
const char *suggest_command(const char *word, const char *const *names,
                            char out_text[SUGGESTION_MAX]);

/* Suggest an option. word: its name as typed, length characters, without dashes; a value does not
 * belong to it. command_bits: COMMAND_… of the command at hand, COMMAND_ALL when it is not known
 * yet: only options that it takes are suggested. Else as suggest_command. */
const char *suggest_option(const char *word, size_t length, unsigned command_bits,
                           char out_text[SUGGESTION_MAX]);

/* Return the number of changes that make one word another: a character put in, left out, exchanged,
 * or two neighbours swapped; more than limit: limit + 1. Words of more than 32 characters are far
 * from all others. */
size_t suggest_distance(const char *a, const char *b, size_t limit);

/* Return the index-th word that users of other tools type, NULL past the last one. For tests. */
const char *suggest_known_command(size_t index);
const char *suggest_known_option(size_t index);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The references of a run: from the command line and from files, all checked before use.
 * Threads: main.
 */
#ifndef TUG_CLI_LIST_H
#define TUG_CLI_LIST_H

#include <stddef.h>

#include "options.h"

/* Longest line of a file; a reference with a digest has at most about 500 characters. */
#define LIST_LINE_MAX 4096

/* References in the order given, as given. All zero is the empty list. */
struct ref_list {
    char **items; /* owned */
    size_t count;
    size_t capacity;
};

/* Read all operands and files into a list and check each reference.
 * A file has one reference a line; blanks around it, blank lines, a byte order mark, Windows line
 * ends and comments ('#' at the start of a line or after a blank, to its end) are skipped.
 * Everything wrong is told on standard error, with FILE:LINE where there is one, before this
 * returns. inputs: borrowed for the call. list: filled, also on failure; free with ref_list_fini.
 * Returns: 0, or the exit status. Blocks: until the end of each file. */
int ref_list_load(struct ref_list *list, const struct input *inputs, size_t input_count);

/* Free a list; it is empty afterwards. */
void ref_list_fini(struct ref_list *list);

#endif

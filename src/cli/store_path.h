/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the store is.
 * Threads: main.
 */
#ifndef TUG_CLI_STORE_PATH_H
#define TUG_CLI_STORE_PATH_H

#include <stdbool.h>

#include "text.h"

struct store_path {
    struct text path;   /* the caller's to free */
    const char *source; /* what it is from: an option, a variable. Static text */
    bool is_default;    /* it is derived from the user's home, and was not given */
};

/* Find the path of the store: named, else $TUG_STORE, $XDG_DATA_HOME/tug, ~/.local/share/tug.
 * named: the value of --store; NULL: not given. out_path: zero, filled on success.
 * Returns: false when none of these is set. */
bool store_path_find(const char *named, struct store_path *out_path);

/* Print which store is used, and why: a line for -v. */
void store_path_tell(const struct store_path *path);

/* Make the missing directories above a path, with mode 0700. A failure shows when the store is
 * opened. path: changed during the call, the same afterwards. */
void store_path_make_parents(char *path);

#endif

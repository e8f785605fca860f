/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the store is.
 * Threads: main.
 */
#ifndef TUG_CLI_STORE_PATH_H
#define TUG_CLI_STORE_PATH_H

#include <stdbool.h>

#include "text.h"

/* Find the path of the store: named, else $TUG_STORE, $XDG_DATA_HOME/tug, ~/.local/share/tug.
 * named: the value of --store; NULL: not given. out_path: an empty text, filled on success.
 * out_is_default: the path is derived from the user's home, and was not given.
 * Returns: false when none of these is set. */
bool store_path_find(const char *named, struct text *out_path, bool *out_is_default);

/* Make the missing directories above a path, with mode 0700. A failure shows when the store is
 * opened. path: changed during the call, the same afterwards. */
void store_path_make_parents(char *path);

#endif

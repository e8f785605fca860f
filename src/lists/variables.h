/* SPDX-License-Identifier: Apache-2.0
 *
 * Variables in the files of docker compose: which text is left of ${TAG:-1.4} where nothing is set.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_LISTS_VARIABLES_H
#define TUG_LISTS_VARIABLES_H

#include <stdbool.h>

#include "text.h"

/* Put the defaults of variables in their place: a pure function, which does not look into the
 * environment (a list from elsewhere could have its values sent to any host that it names).
 * ${NAME:-TEXT} and ${NAME-TEXT} become TEXT, in which there may be further ones, and $$ is '$'.
 * text: as in the file. out_text: empty before; text_fini is due, also on failure.
 * out_variable: on failure the start of what has no default, within text.
 * Returns: false when a variable has no default, or is not well formed. A failed allocation shows
 * in out_text alone. */
bool variables_replace(const char *text, struct text *out_text, const char **out_variable);

#endif

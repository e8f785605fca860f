/* SPDX-License-Identifier: Apache-2.0
 *
 * Options about signatures.
 * Threads: main.
 */
#ifndef TUG_OPTIONS_OPTION_TRUST_H
#define TUG_OPTIONS_OPTION_TRUST_H

#include "options.h"

/* Add the file of a key to settings.trust; an option_apply_fn. The file is not read. */
enum tug_status option_apply_verify_key(struct settings *settings, const char *value,
                                        struct tug_error *err);

#endif

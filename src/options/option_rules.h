/* SPDX-License-Identifier: Apache-2.0
 *
 * Which options go together: none is ignored in silence.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_CLI_OPTION_RULES_H
#define TUG_CLI_OPTION_RULES_H

#include <stdbool.h>

#include "options.h"
#include "text.h"

/* Check the options given: a pure function of settings.
 * command: its name, command_bit: COMMAND_… of it. out_why: on refusal receives the reason.
 * Returns: false when an option has no effect on the command, contradicts another one or lacks one
 * that it needs. */
bool option_rules_check(const struct settings *settings, const char *command, unsigned command_bit,
                        struct text *out_why);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands by name.
 *
 * Knows: names. Does not know: what commands do.
 * Threads: main.
 */
#include "command.h"

#include <string.h>

#include "report.h"
#include "suggest.h"

/* Most commands that a suggestion is looked for among. */
#define COMMANDS_MAX 32

const struct command *command_find(const struct command_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->commands[i].name, name) == 0) {
            return &table->commands[i];
        }
    }
    return NULL;
}

int command_refuse(const struct command_table *table, const char *name)
{
    const char *names[COMMANDS_MAX + 1] = {NULL};
    char suggestion[SUGGESTION_MAX];

    for (size_t i = 0; i < table->count && i < COMMANDS_MAX; i++) {
        names[i] = table->commands[i].name;
    }
    return report_usage(NULL, "unknown command '%s'%s", name,
                        suggest_command(name, names, suggestion));
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The command completion.
 *
 * Knows: which shells there are. Does not know: what their scripts say.
 * Threads: main.
 */
#include <string.h>

#include "command.h"
#include "completion.h"
#include "report.h"

int cmd_completion(const struct settings *settings, const struct command_table *table)
{
    static const struct {
        const char *name;
        void (*add)(struct text *text, const struct command_table *table);
    } shells[] = {{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};
    struct text text = {0};

    if (settings->common.input_count != 1) {
        return report_usage("completion", "completion: name one shell: bash, zsh or fish");
    }
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(settings->common.inputs[0].text, shells[i].name) == 0) {
            shells[i].add(&text, table);
            return report_output(&text);
        }
    }
    return report_usage("completion", "completion: '%s' is not bash, zsh or fish",
                        settings->common.inputs[0].text);
}

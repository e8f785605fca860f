/* SPDX-License-Identifier: Apache-2.0
 *
 * Options as help shows them.
 *
 * Knows: the table of options. Does not know: how help is laid out.
 * Threads: any; nothing is shared.
 */
#include <string.h>

#include "option_table.h"

/* Texts of options that are not the same on every command. */
static const struct {
    unsigned commands;
    const char *name;
    const char *text;
} own_texts[] = {
    {COMMAND_FETCH, "platform", "platform to fetch; repeatable (default: this machine's)"},
    {COMMAND_RESOLVE, "platform",
     "resolve to this platform's manifest; once only (default: the reference itself)"},
    {COMMAND_EXPORT, "platform", "platform to export; repeatable (default: all that are complete)"},
    {COMMAND_VERIFY, "verify-key",
     "check that this public key signed each image (PEM, as cosign.pub); repeatable"},
    {COMMAND_FETCH, "name", "name of the one image in the store (default: its full reference)"},
    {COMMAND_IMPORT, "name",
     "name of the one image of the archive (default: as the archive names its images)"},
};

static const char *find_own_text(unsigned command_bit, const char *name)
{
    for (size_t i = 0; i < sizeof own_texts / sizeof own_texts[0]; i++) {
        if ((own_texts[i].commands & command_bit) != 0 && strcmp(own_texts[i].name, name) == 0) {
            return own_texts[i].text;
        }
    }
    return NULL;
}

bool option_help_get(unsigned command_bit, enum option_group group, size_t index,
                     struct option_help *out_help)
{
    for (size_t i = 0; option_at(i) != NULL; i++) {
        const struct option_spec *const spec = option_at(i);

        if (spec->group == group && (spec->commands & command_bit) != 0 && index-- == 0) {
            const char *const own_text = find_own_text(command_bit, spec->help.name);

            *out_help = spec->help;
            out_help->text = own_text != NULL ? own_text : spec->help.text;
            return true;
        }
    }
    return false;
}

const char *option_group_title(enum option_group group)
{
    switch (group) {
    case OPTION_WHAT:
        return "What";
    case OPTION_MANY:
        return "Many references";
    case OPTION_HOW:
        return "How";
    case OPTION_REGISTRY:
        return "Registry";
    case OPTION_SHOW:
        return "Output";
    case OPTION_GLOBAL:
        return "Global options";
    case OPTION_GROUP_COUNT:
        break;
    }
    return "";
}

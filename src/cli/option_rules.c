/* SPDX-License-Identifier: Apache-2.0
 *
 * Refuse options that would have no effect.
 *
 * Knows: the table of options. Does not know: what the values are, but for progress.
 * Threads: any.
 *
 * What an option promises may hold by another one (--all-metadata beside --all-platforms); that is
 * no reason to refuse it. --dry-run goes with all options of the run that it stands for.
 */
#include "option_rules.h"

#include <string.h>

#include "option_table.h"

/* Two options that do not go together. */
static const struct {
    const char *option;
    const char *other;
    const char *why;
} conflicts[] = {
    {"all-platforms", "platform", "--all-platforms and --platform: only one of them"},
    {"skip-metadata", "all-metadata", "--skip-metadata and --all-metadata: only one of them"},
    {"skip-metadata", "metadata-only", "--skip-metadata and --metadata-only: only one of them"},
    {"foreign-layers", "metadata-only",
     "--foreign-layers has no effect beside --metadata-only, which fetches no layers"},
    {"failed-file", "dry-run",
     "--failed-file has no effect beside --dry-run, which fetches nothing"},
    {"user", "refresh", "--user and --refresh: only one of them"},
    {"quiet", "verbose", "--quiet and --verbose: only one of them"},
    {"quiet", "debug", "--quiet and --debug: only one of them"},
};

/* Options that have an effect together with another one only. */
static const struct {
    const char *option;
    const char *needed;
    const char *why;
} needs[] = {
    {"password-stdin", "user", "--password-stdin needs --user"},
    {"tlscert", "tlskey", "--tlscert and --tlskey belong together"},
    {"tlskey", "tlscert", "--tlscert and --tlskey belong together"},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static bool is_given(const struct settings *settings, const char *name)
{
    for (size_t i = 0; option_at(i) != NULL; i++) {
        if (strcmp(option_at(i)->help.name, name) == 0) {
            return settings->common.given[i];
        }
    }
    return false;
}

static void refuse_command(const struct option_spec *spec, const char *command,
                           struct text *out_why)
{
    text_printf(out_why, "option '--%s' has no effect on '%s' (only on fetch%s)", spec->help.name,
                command, (spec->commands & COMMAND_RESOLVE) != 0 ? " and resolve" : "");
}

bool option_rules_check(const struct settings *settings, const char *command, unsigned command_bit,
                        struct text *out_why)
{
    const bool shows_progress =
        settings->fetch.progress != PROGRESS_AUTO && settings->fetch.progress != PROGRESS_NONE;

    for (size_t i = 0; option_at(i) != NULL; i++) {
        if (settings->common.given[i] && (option_at(i)->commands & command_bit) == 0) {
            refuse_command(option_at(i), command, out_why);
            return false;
        }
    }
    for (size_t i = 0; i < COUNT(conflicts); i++) {
        if (is_given(settings, conflicts[i].option) && is_given(settings, conflicts[i].other)) {
            text_puts(out_why, conflicts[i].why);
            return false;
        }
    }
    for (size_t i = 0; i < COUNT(needs); i++) {
        if (is_given(settings, needs[i].option) && !is_given(settings, needs[i].needed)) {
            text_puts(out_why, needs[i].why);
            return false;
        }
    }
    if (is_given(settings, "quiet") && shows_progress) {
        text_puts(out_why, "--progress has no effect beside --quiet, which shows none");
        return false;
    }
    return true;
}

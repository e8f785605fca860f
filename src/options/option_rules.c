/* SPDX-License-Identifier: Apache-2.0
 *
 * Refuse options that would have no effect.
 *
 * Knows: the table of options. Does not know: values, except for --progress and
 * --root.
 * Threads: any.
 *
 * An option that another one already implies (--all-metadata with --all-platforms) is not refused.
 * --dry-run accepts every option of the run it simulates.
 */
#include "option_rules.h"

#include <string.h>

#include "option_table.h"

/* Options that exclude each other. */
static const struct {
    const char *option;
    const char *other;
    const char *why;
} conflicts[] = {
    {"all-platforms", "platform", "--all-platforms and --platform exclude each other"},
    {"skip-metadata", "all-metadata", "--skip-metadata and --all-metadata exclude each other"},
    {"skip-metadata", "metadata-only", "--skip-metadata and --metadata-only exclude each other"},
    {"foreign-layers", "metadata-only",
     "--foreign-layers has no effect with --metadata-only, which fetches no layers"},
    {"failed-file", "dry-run", "--failed-file has no effect with --dry-run, which fetches nothing"},
    {"verify-key", "dry-run", "--verify-key has no effect with --dry-run, which names nothing"},
    {"wait", "partials", "--wait has no effect with --partials, which waits for nobody"},
    {"wait", "dry-run", "--wait has no effect with --dry-run, which waits for nobody"},
    {"images-in", "repository", "--images-in and --repository exclude each other"},
    {"user", "refresh", "--user and --refresh exclude each other"},
    {"quiet", "verbose", "--quiet and --verbose exclude each other"},
    {"quiet", "debug", "--quiet and --debug exclude each other"},
};

/* Options that only have an effect together with another one. */
static const struct {
    const char *option;
    const char *needed;
    const char *why;
} needs[] = {
    {"password-stdin", "user", "--password-stdin needs --user"},
    {"tlscert", "tlskey", "--tlscert needs --tlskey"},
    {"tlskey", "tlscert", "--tlskey needs --tlscert"},
    {"images-in", "from-file", "--images-in needs --from-file"},
    {"older-than", "partials", "--older-than needs --partials"},
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

/* The commands of a set, for messages; commands with global options only do not need it. */
static const struct {
    const char *name;
    unsigned bit;
} command_names[] = {
    {"fetch", COMMAND_FETCH},   {"resolve", COMMAND_RESOLVE}, {"tags", COMMAND_TAGS},
    {"images", COMMAND_IMAGES}, {"ls", COMMAND_LS},           {"active", COMMAND_ACTIVE},
    {"get", COMMAND_GET},       {"verify", COMMAND_VERIFY},   {"label", COMMAND_LABEL},
    {"rm", COMMAND_RM},         {"prune", COMMAND_PRUNE},     {"export", COMMAND_EXPORT},
    {"import", COMMAND_IMPORT},
};

/* Add the names of a set of commands: "a", "a and b", "a, b and c". */
static void add_commands(struct text *text, unsigned commands)
{
    for (size_t i = 0; i < COUNT(command_names); i++) {
        if ((commands & command_names[i].bit) != 0) {
            commands &= ~command_names[i].bit;
            text_printf(text, "%s%s", command_names[i].name,
                        commands == 0                      ? ""
                        : (commands & (commands - 1)) == 0 ? " and "
                                                           : ", ");
        }
    }
}

static void refuse_command(const struct option_spec *spec, const char *command,
                           struct text *out_why)
{
    text_printf(out_why, "option '--%s' has no effect on '%s' (only on ", spec->help.name, command);
    add_commands(out_why, spec->commands);
    text_puts(out_why, ")");
}

/* Tell whether an option is about registries, which verify asks for repairs only. */
static bool is_for_repairs(const struct option_spec *spec)
{
    return (spec->group == OPTION_HOW || spec->group == OPTION_REGISTRY) &&
           (spec->commands & COMMAND_VERIFY) != 0;
}

/* Check that options have the --repair that they need on verify. */
static bool check_repairs(const struct settings *settings, struct text *out_why)
{
    for (size_t i = 0; option_at(i) != NULL; i++) {
        if (settings->common.given[i] && is_for_repairs(option_at(i))) {
            text_printf(out_why, "--%s has no effect on 'verify' without --repair",
                        option_at(i)->help.name);
            return false;
        }
    }
    return true;
}

/* Tell whether a platform is the root, although there is not exactly one. */
static bool has_many_roots(const struct settings *settings)
{
    return settings->fetch.root == ROOT_PLATFORM &&
           (settings->run.all_platforms || settings->run.all_metadata ||
            settings->wish.platform_count > 1 ||
            (settings->run.metadata_only && settings->wish.platform_count == 0));
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
    if (is_given(settings, "donor") && settings->fetch.delta == TUG_DELTA_OFF) {
        text_puts(out_why, "--donor has no effect with --delta off, which copies nothing");
        return false;
    }
    if (is_given(settings, "quiet") && shows_progress) {
        text_puts(out_why, "--progress has no effect with --quiet");
        return false;
    }
    if (is_given(settings, "verify-any-name") && !is_given(settings, "verify-key") &&
        !is_given(settings, "from-file")) {
        text_puts(out_why, "--verify-any-name needs --verify-key");
        return false;
    }
    if (has_many_roots(settings)) {
        text_puts(out_why,
                  "--root platform needs a single platform, and fetches nothing of others");
        return false;
    }
    return command_bit != COMMAND_VERIFY || settings->store.repairs ||
           check_repairs(settings, out_why);
}

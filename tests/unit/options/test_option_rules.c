/* SPDX-License-Identifier: Apache-2.0
 *
 * Every option with every command and every other option: it has an effect, or is refused with a
 * reason. An option that is new needs a row here.
 */
#include "options/option_rules.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "options/option_table.h"

#define USAGE 2
#define FETCH COMMAND_FETCH
#define BOTH (COMMAND_FETCH | COMMAND_RESOLVE)
#define PRUNE COMMAND_PRUNE
#define WRITERS                                                                                    \
    (COMMAND_FETCH | COMMAND_LABEL | COMMAND_RM | COMMAND_VERIFY | PRUNE | COMMAND_IMPORT)
#define LISTS (COMMAND_IMAGES | COMMAND_LS | COMMAND_ACTIVE)
#define RESULTS                                                                                    \
    (BOTH | COMMAND_TAGS | COMMAND_LABEL | COMMAND_RM | COMMAND_VERIFY | PRUNE | COMMAND_IMPORT |  \
     LISTS)
#define NETWORK COMMAND_NETWORK
#define CONTENT (COMMAND_FETCH | COMMAND_VERIFY)
#define ALL COMMAND_ALL

/* Every command by its name. */
static const struct {
    const char *name;
    unsigned bit;
} commands[] = {
    {"fetch", COMMAND_FETCH},   {"resolve", COMMAND_RESOLVE}, {"images", COMMAND_IMAGES},
    {"ls", COMMAND_LS},         {"active", COMMAND_ACTIVE},   {"get", COMMAND_GET},
    {"verify", COMMAND_VERIFY}, {"label", COMMAND_LABEL},     {"rm", COMMAND_RM},
    {"prune", COMMAND_PRUNE},   {"export", COMMAND_EXPORT},   {"import", COMMAND_IMPORT},
    {"tags", COMMAND_TAGS},     {"version", COMMAND_OTHER},   {"help", COMMAND_OTHER}};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

/* What is right for an option. */
struct row {
    const char *name;
    const char *value; /* one that is not the default; NULL: it takes none */
    unsigned commands; /* on which it has an effect */
    const char *refused_beside[3];
    const char *needed; /* without which it has none */
};

static const struct row rows[] = {
    {"platform", "linux/s390x", BOTH | COMMAND_EXPORT, {"all-platforms"}, NULL},
    {"output", "file", COMMAND_EXPORT, {NULL}, NULL},
    {"partial", NULL, COMMAND_EXPORT, {NULL}, NULL},
    {"name", "r.example/a:1", FETCH | COMMAND_IMPORT, {NULL}, NULL},
    {"root", "platform", FETCH, {"all-platforms", "all-metadata", "metadata-only"}, NULL},
    {"convert", "oci", FETCH, {NULL}, NULL},
    {"all-platforms", NULL, FETCH, {"platform", "root"}, NULL},
    {"all-metadata", NULL, FETCH, {"skip-metadata", "root"}, NULL},
    {"skip-metadata", NULL, FETCH, {"all-metadata", "metadata-only"}, NULL},
    {"metadata-only", NULL, FETCH, {"skip-metadata", "foreign-layers", "root"}, NULL},
    {"label", "a=b", FETCH, {NULL}, NULL},
    {"referrers", "application/spdx+json", FETCH, {NULL}, NULL},
    {"foreign-layers", NULL, FETCH, {"metadata-only"}, NULL},
    {"quick", NULL, COMMAND_VERIFY, {NULL}, NULL},
    {"repair", NULL, COMMAND_VERIFY, {NULL}, NULL},
    {"verify-key", "cosign.pub", CONTENT, {"dry-run"}, NULL},
    {"verify-any-name", NULL, CONTENT, {NULL}, "verify-key"},
    {"partials", NULL, PRUNE, {"wait"}, NULL},
    {"older-than", "24h", PRUNE, {NULL}, "partials"},
    {"match", "1.*", COMMAND_TAGS, {NULL}, NULL},
    {"exclude", "*-rc*", COMMAND_TAGS, {NULL}, NULL},
    {"semver", ">=1.2, <2", COMMAND_TAGS, {NULL}, NULL},
    {"newest", "3", COMMAND_TAGS, {NULL}, NULL},
    {"from-file", "list", BOTH, {NULL}, NULL},
    {"images-in", NULL, BOTH, {"repository"}, "from-file"},
    {"repository", "r.example/a", BOTH, {"images-in"}, NULL},
    {"shard", "0/2", FETCH, {NULL}, NULL},
    {"fail-fast", NULL, FETCH, {NULL}, NULL},
    {"failed-file", "again", FETCH, {"dry-run"}, NULL},
    {"max-concurrent-downloads", "3", NETWORK, {NULL}, NULL},
    {"chunk-size", "1M", CONTENT, {NULL}, NULL},
    {"max-per-host", "2", CONTENT, {NULL}, NULL},
    {"delta", "off", FETCH, {"donor"}, NULL},
    {"donor", "older", FETCH, {"delta"}, NULL}, /* off */
    {"dry-run", NULL, FETCH | PRUNE, {"failed-file", "wait"}, NULL},
    {"wait", "10m", PRUNE, {"partials", "dry-run"}, NULL},
    {"recheck", NULL, FETCH, {NULL}, NULL},
    {"limit-rate", "1M", CONTENT, {NULL}, NULL},
    {"retries", "2", NETWORK, {NULL}, NULL},
    {"retry-max-wait", "2s", NETWORK, {NULL}, NULL},
    {"connect-timeout", "2s", NETWORK, {NULL}, NULL},
    {"stall-timeout", "2s", NETWORK, {NULL}, NULL},
    {"timeout", "2s", BOTH | COMMAND_TAGS, {NULL}, NULL},
    {"max-size", "1G", FETCH | COMMAND_IMPORT, {NULL}, NULL},
    {"durability", "none", WRITERS, {NULL}, NULL},
    {"user", "joe:pw", NETWORK, {"refresh"}, NULL},
    {"password-stdin", NULL, NETWORK, {NULL}, "user"},
    {"refresh", "token", NETWORK, {"user"}, NULL},
    {"authfile", "auth.json", NETWORK, {NULL}, NULL},
    {"plain-http", NULL, NETWORK, {NULL}, NULL},
    {"skip-verify", NULL, NETWORK, {NULL}, NULL},
    {"tlscacert", "ca.pem", NETWORK, {NULL}, NULL},
    {"tlscert", "c.pem", NETWORK, {NULL}, "tlskey"},
    {"tlskey", "k.pem", NETWORK, {NULL}, "tlscert"},
    {"hosts-dir", "hosts", NETWORK, {NULL}, NULL},
    {"proxy", "http://p.example:8", NETWORK, {NULL}, NULL},
    {"http-dump", NULL, NETWORK, {NULL}, NULL},
    {"http-trace", NULL, NETWORK, {NULL}, NULL},
    {"progress", "plain", FETCH, {"quiet"}, NULL},
    {"format", "json", RESULTS, {NULL}, NULL},
    {"trace", "trace.json", CONTENT, {NULL}, NULL},
    {"bytes", NULL, LISTS, {NULL}, NULL},
    /* names the store of a command line, and may be part of an alias for all commands */
    {"store", "dir", ALL, {NULL}, NULL},
    {"quiet", NULL, ALL, {"verbose", "debug", "progress"}, NULL},
    {"verbose", NULL, ALL, {"quiet"}, NULL},
    {"debug", NULL, ALL, {"quiet"}, NULL},
    {"color", "always", ALL, {NULL}, NULL},
    {"help", NULL, ALL, {NULL}, NULL},
    {"version", NULL, ALL, {NULL}, NULL},
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

static const struct row *find_row(const char *name)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Tell whether an option has no effect on verify without --repair. */
static bool is_for_repairs(const struct row *row)
{
    for (size_t i = 0; option_at(i) != NULL; i++) {
        if (strcmp(option_at(i)->help.name, row->name) == 0) {
            return (row->commands & COMMAND_VERIFY) != 0 &&
                   (option_at(i)->group == OPTION_HOW || option_at(i)->group == OPTION_REGISTRY);
        }
    }
    return false;
}

static bool shows_and_exits(const struct row *row)
{
    return strcmp(row->name, "help") == 0 || strcmp(row->name, "version") == 0;
}

/* A command line of some options, in words of their own. */
struct line {
    char words[8][64];
    int argc;
};

static void add_word(struct line *line, const struct row *row)
{
    (void)snprintf(line->words[line->argc], sizeof line->words[0], "--%s%s%s", row->name,
                   row->value != NULL ? "=" : "", row->value != NULL ? row->value : "");
    line->argc++;
}

/* Parse a command line. out_said: what was told on standard error. Returns: the exit status. */
static int parse(struct line *line, const char *command, unsigned bit, char out_said[512])
{
    struct settings settings = {0};
    char *argv[9] = {NULL};
    char name[] = "/tmp/tug-test-XXXXXX";
    const int sink = mkstemp(name);
    const int standard_error = dup(STDERR_FILENO);
    ssize_t length;
    int next;
    int status;

    for (int i = 0; i < line->argc; i++) {
        argv[i] = line->words[i];
    }
    cr_assert_geq(sink, 0);
    (void)unlink(name);
    (void)dup2(sink, STDERR_FILENO);
    status = options_parse(&settings, line->argc, argv, command, bit, &next);
    (void)dup2(standard_error, STDERR_FILENO);
    length = pread(sink, out_said, 511, 0);
    out_said[length > 0 ? length : 0] = '\0';
    (void)close(sink);
    (void)close(standard_error);
    settings_fini(&settings);
    return status;
}

static struct line begin(const char *command)
{
    struct line line = {.argc = 1};

    (void)strcpy(line.words[0], command);
    return line;
}

Test(cli_option_rules, f15_every_option_has_a_row)
{
    size_t count = 0;

    for (; option_at(count) != NULL; count++) {
        cr_assert_not_null(find_row(option_at(count)->help.name), "no row for --%s",
                           option_at(count)->help.name);
    }
    cr_assert_eq(count, ROW_COUNT);
}

Test(cli_option_rules, f15_every_option_with_every_command)
{
    char said[512];

    for (size_t i = 0; i < ROW_COUNT; i++) {
        for (size_t k = 0; k < COMMAND_COUNT; k++) {
            const bool is_right = (rows[i].commands & commands[k].bit) != 0;
            struct line line = begin(commands[k].name);

            add_word(&line, &rows[i]);
            if (rows[i].needed != NULL) {
                add_word(&line, find_row(rows[i].needed));
            }
            if (commands[k].bit == COMMAND_VERIFY && is_for_repairs(&rows[i])) {
                add_word(&line, find_row("repair"));
            }
            cr_assert_eq(parse(&line, commands[k].name, commands[k].bit, said),
                         is_right ? 0 : USAGE, "--%s, %s: %s", rows[i].name, commands[k].name,
                         said);
            cr_assert(is_right || strstr(said, "has no effect on") != NULL, "%s", said);
        }
    }
}

static bool refuses(const struct row *row, const char *other)
{
    for (size_t i = 0; i < 3 && row->refused_beside[i] != NULL; i++) {
        if (strcmp(row->refused_beside[i], other) == 0) {
            return true;
        }
    }
    return false;
}

/* Two options, with what they need. Returns: whether to be refused. */
static bool make_pair(struct line *line, const struct row *a, const struct row *b)
{
    const struct row *set[4] = {a, b};
    size_t count = 2;
    bool is_refused = false;

    for (size_t i = 0; i < 2; i++) {
        if (set[i]->needed != NULL) {
            set[count++] = find_row(set[i]->needed);
        }
    }
    for (size_t i = 0; i < count; i++) {
        add_word(line, set[i]);
        for (size_t k = 0; k < count; k++) {
            is_refused = is_refused || refuses(set[i], set[k]->name);
        }
    }
    return is_refused && !shows_and_exits(a) && !shows_and_exits(b);
}

/* On each command on which both have an effect. */
static void check_pair(const struct row *a, const struct row *b)
{
    char said[512];

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        struct line line = begin(commands[i].name);
        bool is_refused;

        if ((a->commands & b->commands & commands[i].bit) == 0) {
            continue;
        }
        is_refused = make_pair(&line, a, b);
        if (commands[i].bit == COMMAND_VERIFY && (is_for_repairs(a) || is_for_repairs(b))) {
            add_word(&line, find_row("repair"));
        }
        cr_assert_eq(parse(&line, commands[i].name, commands[i].bit, said), is_refused ? USAGE : 0,
                     "%s --%s --%s: %s", commands[i].name, a->name, b->name, said);
        cr_assert(!is_refused || strstr(said, "tug: ") == said, "%s", said);
    }
}

Test(cli_option_rules, f15_every_option_with_every_other)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        for (size_t k = 0; k < ROW_COUNT; k++) {
            if (i != k) {
                check_pair(&rows[i], &rows[k]);
            }
        }
    }
}

/* What is needed is asked for, whether the option came before the command or behind it. */
Test(cli_option_rules, f15_options_that_lack_another)
{
    char said[512];

    for (size_t i = 0; i < ROW_COUNT; i++) {
        size_t k = 0;
        struct line line;

        while ((rows[i].commands & commands[k].bit) == 0) {
            k++;
        }
        line = begin(commands[k].name);
        add_word(&line, &rows[i]);
        cr_assert_eq(parse(&line, commands[k].name, commands[k].bit, said),
                     rows[i].needed != NULL ? USAGE : 0, "%s", said);
        cr_assert(rows[i].needed == NULL || strstr(said, rows[i].needed) != NULL, "%s", said);
    }
}

Test(cli_option_rules, what_is_for_repairs_needs_repair)
{
    char said[512];

    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct line line = begin("verify");

        if (is_for_repairs(&rows[i])) {
            add_word(&line, &rows[i]);
            if (rows[i].needed != NULL) {
                add_word(&line, find_row(rows[i].needed));
            }
            cr_assert_eq(parse(&line, "verify", COMMAND_VERIFY, said), USAGE, "--%s", rows[i].name);
            cr_assert_not_null(strstr(said, "without --repair"), "%s", said);
        }
    }
}

/* Every option changes the settings, but for the one that is the default. */
Test(cli_option_rules, f15_every_option_is_taken)
{
    for (size_t i = 0; option_at(i) != NULL; i++) {
        const struct row *const row = find_row(option_at(i)->help.name);
        const struct settings nothing = {0};
        struct settings settings = {0};
        struct tug_error error = {0};
        char value[64]; /* secrets are overwritten */

        cr_assert_not_null(row);
        (void)strcpy(value, row->value != NULL ? row->value : "");
        cr_assert_eq(
            option_apply(&settings, option_at(i), row->value != NULL ? value : NULL, &error),
            TUG_OK, "%s: %s", row->name, error.message);
        cr_assert_eq(memcmp(&settings, &nothing, sizeof settings) == 0,
                     strcmp(row->name, "skip-metadata") == 0, "--%s", row->name);
        settings_fini(&settings);
    }
}

/* A choice is one of the words of its argument, in the order of its enum. */
Test(cli_option_rules, choices_are_whole_words)
{
    static const char *const words[] = {"auto", "tty", "plain", "json", "none"};
    static const char *const wrong[] = {"", "aut", "autos", "auto|tty", "|", "Auto"};
    struct settings settings = {0};
    struct tug_error error = {0};
    size_t index = 0;

    while (strcmp(option_at(index)->help.name, "progress") != 0) {
        index++;
    }
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        cr_assert_eq(option_apply(&settings, option_at(index), words[i], &error), TUG_OK);
        cr_assert_eq(settings.fetch.progress, i);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_assert_eq(option_apply(&settings, option_at(index), wrong[i], &error),
                     TUG_ERR_INVALID_ARGUMENT);
        cr_assert_str_eq(error.message, "not one of: auto, tty, plain, json, none");
    }
    cr_assert_eq(settings.fetch.progress, PROGRESS_NONE);
}

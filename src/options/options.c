/* SPDX-License-Identifier: Apache-2.0
 *
 * Parsing the command line by the table of options.
 *
 * Knows: getopt_long. Does not know: what options do.
 * Threads: main, before any other is started.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option_rules.h"
#include "option_table.h"
#include "report.h"
#include "suggest.h"
#include "text.h"

/* getopt_long values of options without a short name: this plus the index in the table. */
#define LONG_ONLY 256

void settings_fini(struct settings *settings)
{
    free(settings->common.inputs);
    free(settings->wish.platforms);
    free(settings->fetch.labels);
    free(settings->tags.match);
    free(settings->tags.exclude);
    free(settings->trust.keys);
    free(settings->fetch.donors);
    free(settings->login.user);
    if (settings->login.password != NULL) {
        explicit_bzero(settings->login.password, strlen(settings->login.password));
    }
    free(settings->login.password);
    if (settings->login.refresh_token != NULL) {
        explicit_bzero(settings->login.refresh_token, strlen(settings->login.refresh_token));
    }
    free(settings->login.refresh_token);
    if (settings->login.proxy != NULL) {
        explicit_bzero(settings->login.proxy, strlen(settings->login.proxy));
    }
    free(settings->login.proxy);
    *settings = (struct settings){0};
}

/* What getopt_long works on; lives during one options_parse. */
struct parser {
    char short_options[2 + 2 * OPTIONS_MAX + 1];
    struct option long_options[OPTIONS_MAX + 1];
};

static int option_value(size_t index)
{
    const char short_name = option_at(index)->help.short_name;

    return short_name != 0 ? short_name : LONG_ONLY + (int)index;
}

/* Fill in all options, in a parser that is all zero. mode: getopt's first character,
 * '+' stops at operands, '-' returns them in order (even with POSIXLY_CORRECT). */
static void build_parser(struct parser *parser, char mode)
{
    char *shorts = parser->short_options;
    struct option *longs = parser->long_options;

    *shorts++ = mode;
    *shorts++ = ':'; /* return ':' for a missing value, not '?' */
    for (size_t i = 0; option_at(i) != NULL; i++) {
        const struct option_help *const help = &option_at(i)->help;

        *longs++ = (struct option){
            .name = help->name,
            .has_arg = help->argument == NULL     ? no_argument
                       : help->argument[0] == '[' ? optional_argument
                                                  : required_argument,
            .val = option_value(i),
        };
        if (help->short_name != 0) {
            *shorts++ = help->short_name;
            if (help->argument != NULL) {
                *shorts++ = ':';
            }
        }
    }
}

static const struct option_spec *find_value(int value)
{
    for (size_t i = 0; option_at(i) != NULL; i++) {
        if (option_value(i) == value) {
            return option_at(i);
        }
    }
    return NULL;
}

/* Length of the name part of a word "--name=value": a value may be a secret, so it is never shown.
 */
static int name_length(const char *word)
{
    return (int)strcspn(word, "=");
}

/* The command that an option may belong to: any, as long as none is known. */
struct at_hand {
    const char *name; /* NULL: not known yet */
    unsigned bits;    /* COMMAND_… */
};

/* Refuse an unknown long option. */
static int refuse_name(const struct at_hand *command, const char *word)
{
    const int length = name_length(word);
    char suggestion[SUGGESTION_MAX];

    return report_usage(command->name, "unknown option '%.*s'%s", length, word,
                        suggest_option(word + 2, (size_t)length - 2, command->bits, suggestion));
}

/* Report why getopt_long refused the word it read last. */
static int refuse_word(const struct at_hand *command, int answer, const char *word)
{
    const struct option_spec *const spec = find_value(optopt);
    const char short_name[] = {(char)optopt, '\0'};
    char suggestion[SUGGESTION_MAX];

    if (answer == ':') {
        return report_usage(command->name, "option '%.*s' needs a value", name_length(word), word);
    }
    if (optopt >= LONG_ONLY || (spec != NULL && strncmp(word, "--", 2) == 0)) {
        return report_usage(command->name, "option '%.*s' takes no value", name_length(word), word);
    }
    if (optopt != 0) {
        return report_usage(command->name, "unknown option '-%c'%s", optopt,
                            suggest_option(short_name, 1, command->bits, suggestion));
    }
    return refuse_name(command, word);
}

/* Tell whether a word abbreviates an option. Abbreviations are refused: one that is unique today
 * would become ambiguous with the next option. */
static bool is_abbreviated(const struct option_spec *spec, const char *word)
{
    return strncmp(word, "--", 2) == 0 && (size_t)name_length(word) != 2 + strlen(spec->help.name);
}

static int apply_option(struct settings *settings, const char *command,
                        const struct option_spec *spec, const char *value)
{
    struct tug_error error = {0};
    const enum tug_status status = option_apply(settings, spec, value, &error);
    char subject[512];

    if (status == TUG_OK) {
        return 0;
    }
    if (spec->kind == KIND_SECRET) {
        value = NULL;
    }
    (void)snprintf(subject, sizeof subject, value != NULL ? "--%s '%s'" : "--%s", spec->help.name,
                   value);
    report_error(subject, error.message);
    return status == TUG_ERR_NO_MEMORY ? EXIT_STATUS_STORE : report_usage_hint(command);
}

static void mark_given(struct settings *settings, const struct option_spec *spec)
{
    for (size_t i = 0; option_at(i) != NULL; i++) {
        settings->common.given[i] = settings->common.given[i] || option_at(i) == spec;
    }
}

/* Apply one option or operand that getopt_long returned. Returns: 0, or an exit status. */
static int take_answer(struct settings *settings, char **argv, const struct at_hand *command,
                       int answer)
{
    const struct option_spec *const spec = find_value(answer);
    const char *word = argv[optind - 1];
    struct tug_error error;

    if (word == NULL) { /* the value is missing, and musl has gone past the end */
        word = argv[optind - 2];
    }
    if (answer == 1) {
        if (settings_add_input(settings, optarg, false, &error) != TUG_OK) {
            report_error(NULL, error.message);
            return EXIT_STATUS_STORE;
        }
        return 0;
    }
    if (spec == NULL) { /* '?' or ':' */
        return refuse_word(command, answer, word);
    }
    if (optarg == word) { /* the value was a word of its own */
        word = argv[optind - 2];
    }
    if (is_abbreviated(spec, word)) {
        return refuse_name(command, word);
    }
    if (command->name == NULL && spec->group != OPTION_GLOBAL) {
        return report_usage(NULL, "option '--%s' must come after the command", spec->help.name);
    }
    mark_given(settings, spec);
    return apply_option(settings, command->name, spec, spec->help.argument != NULL ? optarg : NULL);
}

/* Refuse options that would be ignored. Returns: 0, or the exit status. */
static int check_rules(const struct settings *settings, const char *command, unsigned command_bit)
{
    struct text why = {0};
    int status = 0;

    if (!settings->common.wants_help && !settings->common.wants_version &&
        !option_rules_check(settings, command, command_bit, &why)) {
        status = report_usage(command, "%s", why.data != NULL ? why.data : "out of memory");
    }
    text_fini(&why);
    return status;
}

int options_parse(struct settings *settings, int argc, char **argv, const char *command,
                  unsigned command_bit, int *out_next)
{
    const struct at_hand at_hand = {command, command != NULL ? command_bit : COMMAND_ALL};
    struct parser parser = {0};
    struct tug_error error;
    int answer;

    build_parser(&parser, command == NULL ? '+' : '-');
    opterr = 0;
    optind = 0; /* glibc: start over */
    while ((answer = getopt_long(argc, argv, parser.short_options, parser.long_options, NULL)) !=
           -1) {
        const int status = take_answer(settings, argv, &at_hand, answer);

        if (status != 0) {
            return status;
        }
    }
    for (; command != NULL && optind < argc; optind++) { /* what follows "--" */
        if (settings_add_input(settings, argv[optind], false, &error) != TUG_OK) {
            report_error(NULL, error.message);
            return EXIT_STATUS_STORE;
        }
    }
    *out_next = optind;
    return command != NULL ? check_rules(settings, command, command_bit) : 0;
}

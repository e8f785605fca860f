/* SPDX-License-Identifier: Apache-2.0
 *
 * What is suggested for words that tug does not know.
 */
#include "options/suggest.h"

#include <string.h>

#include <criterion/criterion.h>

#include "cli/command.h"
#include "options/option_table.h"

static const char *const commands[] = {"fetch", "resolve", "version", "help", NULL};

static void expect_command(const char *word, const char *expected)
{
    char text[SUGGESTION_MAX];

    (void)suggest_command(word, commands, text);
    cr_assert(*expected == '\0' ? *text == '\0' : strstr(text, expected) != NULL, "%s: '%s'", word,
              text);
}

/* On fetch. */
static void expect_option(const char *word, const char *expected)
{
    char text[SUGGESTION_MAX];

    (void)suggest_option(word, strlen(word), COMMAND_FETCH, text);
    cr_assert(*expected == '\0' ? *text == '\0' : strstr(text, expected) != NULL, "%s: '%s'", word,
              text);
}

Test(cli_suggest, f41_counts_changes)
{
    cr_assert_eq(suggest_distance("", "", 3), 0);
    cr_assert_eq(suggest_distance("fetch", "fetch", 3), 0);
    cr_assert_eq(suggest_distance("fecth", "fetch", 3), 1);
    cr_assert_eq(suggest_distance("ftch", "fetch", 3), 1);
    cr_assert_eq(suggest_distance("feetch", "fetch", 3), 1);
    cr_assert_eq(suggest_distance("fatch", "fetch", 3), 1);
    cr_assert_eq(suggest_distance("", "abc", 5), 3);
    cr_assert_eq(suggest_distance("abc", "xyz", 1), 2);
    cr_assert_eq(suggest_distance("0123456789012345678901234567890123", "0", 3), 4);
}

Test(cli_suggest, f41_commands)
{
    expect_command("pull", "'fetch'");
    expect_command("copy", "'fetch'");
    expect_command("list", "'ls'");
    expect_command("list-tags", "'tags'");
    expect_command("ls-remote", "'tags'");
    expect_command("inspect", "'images'");
    expect_command("fecth", "did you mean 'fetch'?");
    expect_command("fetc", "'fetch'");
    expect_command("resolv", "'resolve'");
    expect_command("verison", "'version'");
    expect_command("xyzzy", "");
    expect_command("", "");
}

Test(cli_suggest, f41_options)
{
    expect_option("insecure", "--plain-http");
    expect_option("tls-verify", "--skip-verify");
    expect_option("jobs", "--max-concurrent-downloads");
    expect_option("platfrom", "did you mean '--platform'?");
    expect_option("plat", "'--platform'");
    expect_option("plain_http", "'--plain-http'");
    expect_option("quite", "'--quiet'");
    expect_option("j", "--max-concurrent-downloads");
    expect_option("z", "");
    expect_option("nonsense-of-any-kind", "");
    expect_option("a-word-that-is-longer-than-any-option-there-is", "");
}

/* A word that became ours is to leave the table; and no suggestion is cut. */
Test(cli_suggest, f41_knows_no_word_that_exists)
{
    char text[SUGGESTION_MAX];

    for (size_t i = 0; suggest_known_command(i) != NULL; i++) {
        cr_assert_null(command_find(commands_table(), suggest_known_command(i)), "%s",
                       suggest_known_command(i));
        cr_assert_lt(strlen(suggest_command(suggest_known_command(i), commands, text)),
                     SUGGESTION_MAX - 1);
    }
    for (size_t i = 0; suggest_known_option(i) != NULL; i++) {
        const char *const word = suggest_known_option(i);

        for (size_t k = 0; option_at(k) != NULL; k++) {
            const char short_name[] = {option_at(k)->help.short_name, '\0'};

            cr_assert_str_neq(word, option_at(k)->help.name);
            cr_assert_str_neq(word, short_name);
        }
        cr_assert_lt(strlen(suggest_option(word, strlen(word), COMMAND_ALL, text)),
                     SUGGESTION_MAX - 1);
    }
}

static void expect_on(unsigned command_bit, const char *word, const char *expected)
{
    char text[SUGGESTION_MAX];

    (void)suggest_option(word, strlen(word), command_bit, text);
    cr_assert(*expected == '\0' ? *text == '\0' : strstr(text, expected) != NULL, "%s: '%s'", word,
              text);
}

Test(cli_suggest, words_that_mean_something_else_elsewhere)
{
    expect_on(COMMAND_FETCH, "all", "'--all-platforms'");
    expect_on(COMMAND_IMAGES, "all", "all are listed");
    expect_on(COMMAND_ACTIVE, "a", "all are listed");
    expect_on(COMMAND_PRUNE, "all", "no image needs");
    expect_on(COMMAND_FETCH, "f", "'--from-file'");
    expect_on(COMMAND_RM, "f", "no questions");
    expect_on(COMMAND_PRUNE, "f", "no questions");
    expect_on(COMMAND_IMPORT, "i", "operand");
    expect_on(COMMAND_GET, "f", "");
    expect_on(COMMAND_LS, "platfrom", "");
    expect_on(COMMAND_LS, "fromat", "'--format'");
    expect_on(COMMAND_ALL, "platfrom", "'--platform'");
}

/* Does a command take the option whose name begins at name? */
static bool is_taken(const char *name, unsigned command_bit)
{
    const size_t length = strcspn(name, "' ");

    for (size_t i = 0; option_at(i) != NULL; i++) {
        if (strlen(option_at(i)->help.name) == length &&
            strncmp(option_at(i)->help.name, name, length) == 0) {
            return (option_at(i)->commands & command_bit) != 0;
        }
    }
    return false;
}

/* Whatever is typed, on whatever command: it takes what is suggested. */
Test(cli_suggest, only_what_the_command_takes)
{
    char text[SUGGESTION_MAX];

    for (unsigned bit = 1; (bit & COMMAND_ALL) != 0; bit <<= 1) {
        for (size_t i = 0; suggest_known_option(i) != NULL; i++) {
            const char *const word = suggest_known_option(i);
            const char *at = suggest_option(word, strlen(word), bit, text);

            while ((at = strstr(at, "'--")) != NULL) {
                at += 3;
                cr_assert(is_taken(at, bit), "%s on %#x: %s", word, bit, text);
            }
        }
    }
}

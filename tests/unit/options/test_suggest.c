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

static void expect_option(const char *word, const char *expected)
{
    char text[SUGGESTION_MAX];

    (void)suggest_option(word, strlen(word), text);
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
        cr_assert_lt(strlen(suggest_option(word, strlen(word), text)), SUGGESTION_MAX - 1);
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Find the right form for what users of other tools type, and for slips.
 *
 * Knows: words of skopeo, crane, oras, docker, ctr, curl. Does not know: how a command line is
 * read. Threads: any.
 */
#include "suggest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "option_table.h"

/* Longest word that is compared. */
#define WORD_MAX 32

struct known {
    const char *word;
    const char *advice;
};

static const struct known commands[] = {
    {"pull", "did you mean 'fetch'?"},
    {"copy", "did you mean 'fetch'?"},
    {"cp", "did you mean 'fetch'?"},
    {"cat", "did you mean 'get'?"},
    {"download", "did you mean 'fetch'?"},
    {"sync", "did you mean 'fetch --from-file FILE'?"},
    {"content", "did you mean 'fetch', 'ls' or 'active' (ctr content ...)?"},
    {"image", "did you mean 'images', 'fetch' (docker image pull) or 'rm' (docker image rm)?"},
    {"digest", "did you mean 'resolve'?"},
    {"inspect", "did you mean 'images' (in the store), or 'resolve' (at a registry)?"},
    {"manifest", "did you mean 'get' (from the store), or 'resolve' (at a registry)?"},
    {"list-tags", "did you mean 'tags' (skopeo list-tags)?"},
    {"ls-remote", "did you mean 'tags'?"},
    {"login", "no such command: 'docker login' keeps credentials, --user gives them"},
    {"load", "did you mean 'import' (docker image load)?"},
    {"save", "did you mean 'export' (docker image save)?"},
    {"list", "did you mean 'ls' (blobs), or 'images'?"},
    {"image-ls", "did you mean 'images'?"},
    {"du", "did you mean 'images', or 'ls' (blobs)?"},
    {"df", "did you mean 'images', or 'ls' (blobs)?"},
    {"ps", "did you mean 'active'?"},
    {"downloads", "did you mean 'active'?"},
    {"blobs", "did you mean 'ls'?"},
    {"rmi", "did you mean 'rm'?"},
    {"del", "did you mean 'rm'?"},
    {"remove", "did you mean 'rm'?"},
    {"delete", "did you mean 'rm'?"},
    {"untag", "did you mean 'rm'?"},
    {"annotate", "did you mean 'label'?"},
    {"gc", "did you mean 'prune'?"},
    {"clean", "did you mean 'prune'?"},
    {"system", "did you mean 'prune' (docker system prune)?"},
    {"fsck", "did you mean 'verify'?"},
    {"check", "did you mean 'verify'?"},
    {"validate", "did you mean 'verify'?"},
    {"scrub", "did you mean 'verify'?"},
    {"tag", "no such command: 'fetch --name' and 'import --name' name images"},
    {"catalog", "no such command: few registries list their repositories"},
    {"push", "no such command: tug does not write to registries"},
};

#define TLS_ADVICE "did you mean '--plain-http' (no TLS) or '--skip-verify' (any certificate)?"
#define DOWNLOADS_ADVICE "did you mean '--max-concurrent-downloads'?"
#define PLATFORM_ADVICE "did you mean '--platform OS/ARCH[/VARIANT]'?"
#define USER_ADVICE "did you mean '--user USER', perhaps with '--password-stdin'?"
#define LIST_ADVICE "did you mean '--from-file'?"
#define NO_QUESTIONS "leave it out: tug asks no questions"
#define STORE_ADVICE "did you mean '--store DIR'?"

static const struct known options[] = {
    {"insecure", TLS_ADVICE},
    {"tls-verify", TLS_ADVICE},
    {"src-tls-verify", TLS_ADVICE},
    {"insecure-registry", TLS_ADVICE},
    {"no-verify", TLS_ADVICE},
    {"no-check-certificate", TLS_ADVICE},
    {"http", "did you mean '--plain-http'?"},
    {"jobs", DOWNLOADS_ADVICE},
    {"j", DOWNLOADS_ADVICE},
    {"parallel", DOWNLOADS_ADVICE},
    {"concurrency", DOWNLOADS_ADVICE},
    {"threads", DOWNLOADS_ADVICE},
    {"image-parallel-copies", DOWNLOADS_ADVICE},
    {"os", PLATFORM_ADVICE},
    {"arch", PLATFORM_ADVICE},
    {"variant", PLATFORM_ADVICE},
    {"override-os", PLATFORM_ADVICE},
    {"override-arch", PLATFORM_ADVICE},
    {"override-variant", PLATFORM_ADVICE},
    {"p", PLATFORM_ADVICE},
    {"all", "did you mean '--all-platforms'?"},
    {"multi-arch", "did you mean '--all-platforms'?"},
    {"a", "did you mean '--all-platforms'?"},
    {"creds", USER_ADVICE},
    {"src-creds", USER_ADVICE},
    {"username", USER_ADVICE},
    {"src-username", USER_ADVICE},
    {"password", "did you mean '--password-stdin'?"},
    {"src-password", "did you mean '--password-stdin'?"},
    {"identity-token", "did you mean '--refresh'?"},
    {"identity-token-stdin", "did you mean '--refresh'?"},
    {"registry-token", "did you mean '--refresh'?"},
    {"src-authfile", "did you mean '--authfile'?"},
    {"registry-config", "did you mean '--authfile'?"},
    {"config", "did you mean '--authfile'?"},
    {"cert-dir", "did you mean '--tlscacert', '--tlscert' and '--tlskey'?"},
    {"src-cert-dir", "did you mean '--tlscacert', '--tlscert' and '--tlskey'?"},
    {"ca-file", "did you mean '--tlscacert'?"},
    {"cacert", "did you mean '--tlscacert'?"},
    {"cert", "did you mean '--tlscert'?"},
    {"cert-file", "did you mean '--tlscert'?"},
    {"key", "did you mean '--tlskey'?"},
    {"key-file", "did you mean '--tlskey'?"},
    {"file", LIST_ADVICE},
    {"i", LIST_ADVICE},
    {"input-file", LIST_ADVICE},
    {"dest-dir", STORE_ADVICE},
    {"to-oci-layout", STORE_ADVICE},
    {"oci-layout", STORE_ADVICE},
    {"retry", "did you mean '--retries'?"},
    {"retry-times", "did you mean '--retries'?"},
    {"retry-delay", "did you mean '--retry-max-wait'?"},
    {"command-timeout", "did you mean '--timeout'?"},
    {"max-time", "did you mean '--timeout'?"},
    {"bwlimit", "did you mean '--limit-rate'?"},
    {"rate-limit", "did you mean '--limit-rate'?"},
    {"allow-nondistributable-artifacts", "did you mean '--foreign-layers'?"},
    {"json", "did you mean '--format json'?"},
    {"f", LIST_ADVICE},
    {"force", NO_QUESTIONS},
    {"until", "did you mean '--older-than'?"},
    {"no-progress", "did you mean '--progress none'?"},
    {"silent", "did you mean '--quiet'?"},
    {"s", "did you mean '--quiet'?"},
    {"no-tty", "did you mean '--progress plain'?"},
};

#define LISTS (COMMAND_IMAGES | COMMAND_LS | COMMAND_ACTIVE)
#define DELETERS (COMMAND_RM | COMMAND_PRUNE)
#define ALL_LISTED "leave it out: all are listed"
#define ALL_DELETED "leave it out: all is deleted that no image needs"
#define OPERAND_ADVICE "leave it out: the archive is an operand"

/* Words that mean something else on some commands. */
static const struct {
    struct known known;
    unsigned commands;
} exceptions[] = {
    {{"a", ALL_LISTED}, LISTS},
    {{"all", ALL_LISTED}, LISTS},
    {{"a", ALL_DELETED}, COMMAND_PRUNE},
    {{"all", ALL_DELETED}, COMMAND_PRUNE},
    {{"f", NO_QUESTIONS}, DELETERS},
    {{"f", OPERAND_ADVICE}, COMMAND_IMPORT},
    {{"i", OPERAND_ADVICE}, COMMAND_IMPORT},
    {{"file", OPERAND_ADVICE}, COMMAND_IMPORT},
    {{"input", OPERAND_ADVICE}, COMMAND_IMPORT},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

const char *suggest_known_command(size_t index)
{
    return index < COUNT(commands) ? commands[index].word : NULL;
}

const char *suggest_known_option(size_t index)
{
    return index < COUNT(options) ? options[index].word : NULL;
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b, size_t limit)
{
    const size_t a_length = strlen(a);
    const size_t b_length = strlen(b);
    size_t rows[3][WORD_MAX + 1]; /* of the last two characters of a, and the present one */

    if (a_length > WORD_MAX || b_length > WORD_MAX) {
        return limit + 1;
    }
    for (size_t j = 0; j <= b_length; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        const size_t *const before = rows[(i + 1) % 3];
        const size_t *const last = rows[(i + 2) % 3];
        size_t *const row = rows[i % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = min(min(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = min(row[j], before[j - 2] + 1);
            }
        }
    }
    return min(rows[a_length % 3][b_length], limit + 1);
}

/* A word and what is nearest to it so far. */
struct search {
    const char *word;
    const char *best;
    size_t best_distance;
};

static struct search search_begin(const char *word)
{
    const size_t length = strlen(word);

    /* Short words are near to many. */
    return (struct search){.word = word, .best_distance = length < 3 ? 1 : length < 6 ? 2 : 3};
}

/* Look at one more name. An abbreviation is as near as can be. */
static void search_look(struct search *search, const char *name)
{
    const size_t length = strlen(search->word);
    const size_t distance = length > 3 && strncmp(name, search->word, length) == 0
                                ? 1
                                : suggest_distance(search->word, name, search->best_distance);

    if (distance < search->best_distance) {
        search->best_distance = distance;
        search->best = name;
    }
}

/* Look up a word of another tool. */
static bool find_known(const struct known *table, size_t count, const char *word,
                       char out_text[SUGGESTION_MAX])
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].word, word) == 0) {
            (void)snprintf(out_text, SUGGESTION_MAX, ": %s", table[i].advice);
            return true;
        }
    }
    out_text[0] = '\0';
    return false;
}

/* Tell whether one of a set of commands takes an option. name: length characters. */
static bool is_taken(const char *name, size_t length, unsigned command_bits)
{
    for (size_t i = 0; option_at(i) != NULL; i++) {
        const struct option_spec *const spec = option_at(i);

        if (strlen(spec->help.name) == length && memcmp(spec->help.name, name, length) == 0) {
            return (spec->commands & command_bits) != 0;
        }
    }
    return false;
}

/* Tell whether advice can be followed: the option that it names first, if any, is taken. */
static bool is_possible(const char *advice, unsigned command_bits)
{
    const char *const quoted = strstr(advice, "'--");

    return quoted == NULL || is_taken(quoted + 3, strcspn(quoted + 3, "' "), command_bits);
}

/* Look up an option of another tool. */
static bool find_known_option(const char *word, unsigned command_bits,
                              char out_text[SUGGESTION_MAX])
{
    for (size_t i = 0; i < COUNT(exceptions); i++) {
        if ((exceptions[i].commands & command_bits) == command_bits &&
            find_known(&exceptions[i].known, 1, word, out_text)) {
            return true;
        }
    }
    if (find_known(options, COUNT(options), word, out_text) &&
        is_possible(out_text, command_bits)) {
        return true;
    }
    out_text[0] = '\0';
    return false;
}

const char *suggest_command(const char *word, const char *const *names,
                            char out_text[SUGGESTION_MAX])
{
    struct search search = search_begin(word);

    if (find_known(commands, COUNT(commands), word, out_text)) {
        return out_text;
    }
    for (; *names != NULL; names++) {
        search_look(&search, *names);
    }
    if (search.best != NULL) {
        (void)snprintf(out_text, SUGGESTION_MAX, ": did you mean '%s'?", search.best);
    }
    return out_text;
}

const char *suggest_option(const char *word, size_t length, unsigned command_bits,
                           char out_text[SUGGESTION_MAX])
{
    char name[WORD_MAX + 1];
    struct search search;

    out_text[0] = '\0';
    if (length > WORD_MAX) {
        return out_text;
    }
    memcpy(name, word, length);
    name[length] = '\0';
    if (find_known_option(name, command_bits, out_text)) {
        return out_text;
    }
    search = search_begin(name);
    for (size_t i = 0; option_at(i) != NULL; i++) {
        if ((option_at(i)->commands & command_bits) != 0) {
            search_look(&search, option_at(i)->help.name);
        }
    }
    if (search.best != NULL) {
        (void)snprintf(out_text, SUGGESTION_MAX, ": did you mean '--%s'?", search.best);
    }
    return out_text;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Evaluate the answer of a credential helper.
 *
 * Knows: docker's helper protocol. Does not know: HTTP, tokens, registries.
 * Threads: any.
 */
#include "auth/helper_answer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "auth/helper.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"

/* Bytes shown of a helper's own message. */
#define WORDS_MAX 200

/* Trim white space at both ends, in place. */
static char *trim(char *text)
{
    size_t length;

    text += strspn(text, " \t\r\n");
    length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL) {
        text[--length] = '\0';
    }
    return text;
}

/* Tell whether a helper's message means that it has no credential. */
static bool is_not_found(const char *words)
{
    static const char *const known[] = {"credentials not found in native keychain",
                                        "no credentials server URL", "no credentials username"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(words, known[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Build a credential from {"Username", "Secret"}. No message quotes the answer. */
static enum tug_status parse_answer(const char *program, const struct tug__buf *output,
                                    struct tug__credential *out_credential, struct tug_error *err)
{
    const struct tug__json_limits limits = {TUG__HELPER_OUTPUT_MAX, 8, 256};
    struct tug__credential borrowed = {.kind = TUG__CREDENTIAL_PASSWORD};
    const char *username = NULL;
    const char *secret = NULL;
    struct tug__json *json = NULL;
    enum tug_status status = tug__json_parse(output->length > 0 ? output->data : "", output->length,
                                             &limits, &json, err);

    if (status != TUG_OK) {
        return status;
    }
    status = tug__json_get_string(tug__json_root(json), "Username", &username, err);
    if (status == TUG_OK) {
        status = tug__json_get_string(tug__json_root(json), "Secret", &secret, err);
    }
    if (status == TUG_OK && (secret == NULL || secret[0] == '\0')) {
        *out_credential = (struct tug__credential){.kind = TUG__CREDENTIAL_NONE};
    } else if (status == TUG_OK) {
        const bool is_token = username != NULL && strcmp(username, "<token>") == 0;

        borrowed.kind = is_token ? TUG__CREDENTIAL_IDENTITY : TUG__CREDENTIAL_PASSWORD;
        borrowed.username = tug__strndup(username != NULL && !is_token ? username : "",
                                         username != NULL && !is_token ? strlen(username) : 0);
        borrowed.secret = strdup(secret);
        borrowed.source = strdup(program);
        status = borrowed.username == NULL || borrowed.secret == NULL || borrowed.source == NULL
                     ? tug__fail_memory(err)
                     : tug__credential_make(&borrowed, out_credential, err);
        tug__credential_fini(&borrowed);
    }
    tug__json_destroy(json);
    return status;
}

/* Report how a helper failed, in its own words when it has any. */
static enum tug_status fail_status(int status, char *words, struct tug_error *err)
{
    /* text that looks like an answer may hold a secret */
    const bool is_shown = words[0] != '\0' && strpbrk(words, "{}") == NULL;

    if (WIFSIGNALED(status)) {
        return tug__fail(err, TUG_ERR_AUTH, "killed by signal %d", WTERMSIG(status));
    }
    words[strcspn(words, "\r\n")] = '\0';
    if (is_shown) {
        return tug__fail(err, TUG_ERR_AUTH, "%.*s", WORDS_MAX, words);
    }
    return tug__fail(err, TUG_ERR_AUTH, "exit status %d", WEXITSTATUS(status));
}

enum tug_status tug__helper_judge(const char *program, const struct tug__helper_end *end,
                                  struct tug__buf *output, struct tug__credential *out_credential,
                                  struct tug_error *err)
{
    const bool is_bad = end->is_known && end->status != 0;
    enum tug_status status;

    if (is_bad || !end->is_known) {
        char none[] = "";
        char *const words = output->data != NULL ? trim(output->data) : none;

        if (is_not_found(words)) {
            *out_credential = (struct tug__credential){.kind = TUG__CREDENTIAL_NONE};
            return TUG_OK;
        }
        if (is_bad) {
            return fail_status(end->status, words, err);
        }
        output->length = strlen(words);
        memmove(output->data != NULL ? output->data : none, words, output->length + 1);
    }
    status = parse_answer(program, output, out_credential, err);
    if (status == TUG_OK || status == TUG_ERR_NO_MEMORY) {
        return status;
    }
    return tug__fail(err, TUG_ERR_AUTH, "its answer is not a credential");
}

enum tug_status tug__helper_add_complaint(char *complaint, struct tug_error *err)
{
    char *line;

    line = trim(complaint);
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '\0' || strpbrk(line, "{}") != NULL) { /* nothing, or possibly an answer */
        return TUG_ERR_AUTH;
    }
    return tug__wrap(err, TUG_ERR_AUTH, "it says '%.*s'", WORDS_MAX, line);
}

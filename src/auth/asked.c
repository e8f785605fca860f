/* SPDX-License-Identifier: Apache-2.0
 *
 * Ask the program for credentials, each question once.
 *
 * Knows: which thread asks, and which wait for it. Does not know: JSON, HTTP, tokens.
 * Threads: any number; one mutex guards the answers, and is_asking keeps the program to one thread.
 */
#include "auth/asked.h"

#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"

#define WAIT_MS 100

struct tug_credential_answer {
    struct tug__credential credential;
    bool is_given;
};

/* A question and what came of it. */
struct question {
    char *text; /* first: questions are compared by it; host, a newline, repository */
    struct tug_credential_answer answer;
    struct tug_error *failure; /* owned; NULL: none */
};

struct tug__asked {
    /* set at create, then read-only */
    tug_credential_fn on_credential;
    void *context;
    /* guarded by mutex; what a question holds never changes */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_asking;
    void *questions; /* tsearch tree */
};

/* --- the program's side --- */

static enum tug_status give(struct tug_credential_answer *answer, enum tug__credential_kind kind,
                            const char *user, const char *secret, struct tug_error *err)
{
    const struct tug__login login = {
        .kind = kind, .user = user, .secret = secret, .source = TUG__CREDENTIAL_PROGRAM};
    struct tug__credential given = {.kind = TUG__CREDENTIAL_NONE};
    enum tug_status status;

    if (secret == NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "a credential without a secret");
    }
    status = tug__credential_build(&login, &given, err);
    if (status == TUG_OK) {
        tug__credential_fini(&answer->credential);
        answer->credential = given;
        answer->is_given = true;
    }
    return status;
}

enum tug_status tug_credential_give_password(struct tug_credential_answer *answer, const char *user,
                                             const char *password, struct tug_error *err)
{
    if (user == NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "a password without a user");
    }
    return give(answer, TUG__CREDENTIAL_PASSWORD, user, password, err);
}

enum tug_status tug_credential_give_identity_token(struct tug_credential_answer *answer,
                                                   const char *token, struct tug_error *err)
{
    return give(answer, TUG__CREDENTIAL_IDENTITY, NULL, token, err);
}

enum tug_status tug_credential_give_bearer_token(struct tug_credential_answer *answer,
                                                 const char *token, struct tug_error *err)
{
    return give(answer, TUG__CREDENTIAL_BEARER, NULL, token, err);
}

void tug_credential_give_nothing(struct tug_credential_answer *answer)
{
    tug__credential_fini(&answer->credential);
    answer->is_given = true;
}

/* --- ours --- */

static void free_question(void *node)
{
    struct question *const question = node;

    if (question != NULL) {
        free(question->text);
        tug__credential_fini(&question->answer.credential);
        free(question->failure);
        free(question);
    }
}

static int compare_questions(const void *a, const void *b)
{
    const struct question *const left = a;
    const struct question *const right = b;

    return strcmp(left->text, right->text);
}

enum tug_status tug__asked_create(tug_credential_fn on_credential, void *context,
                                  struct tug__asked **out_asked, struct tug_error *err)
{
    struct tug__asked *const asked = calloc(1, sizeof *asked);

    if (asked == NULL || tug__cond_init(&asked->changed, NULL) != TUG_OK) {
        free(asked);
        return tug__fail_memory(err);
    }
    (void)pthread_mutex_init(&asked->mutex, NULL); /* cannot fail without attributes */
    asked->on_credential = on_credential;
    asked->context = context;
    *out_asked = asked;
    return TUG_OK;
}

void tug__asked_destroy(struct tug__asked *asked)
{
    if (asked != NULL) {
        tdestroy(asked->questions, free_question);
        (void)pthread_cond_destroy(&asked->changed);
        (void)pthread_mutex_destroy(&asked->mutex);
        free(asked);
    }
}

/* Find an answer, or become the thread that asks. out_found: NULL: ask, then call end_asking.
 * Errors: TUG_ERR_CANCELLED. */
static enum tug_status begin_asking(struct tug__asked *asked, const struct question *key,
                                    const struct tug__credential_request *request,
                                    struct question **out_found, struct tug_error *err)
{
    for (;;) {
        struct question *const *node;
        bool is_busy;

        (void)pthread_mutex_lock(&asked->mutex);
        node = tfind(key, &asked->questions, compare_questions);
        is_busy = node == NULL && asked->is_asking;
        if (is_busy) {
            tug__cond_wait_until(&asked->changed, &asked->mutex, tug__deadline_ns(WAIT_MS));
        } else if (node == NULL) {
            asked->is_asking = true;
        }
        (void)pthread_mutex_unlock(&asked->mutex);
        if (!is_busy) {
            *out_found = node != NULL ? *node : NULL;
            return TUG_OK;
        }
        if (request->should_stop != NULL && request->should_stop(request->stop_context)) {
            return tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
        }
    }
}

/* Let others ask; keep what came of it. question: taken on success; NULL: nothing to keep.
 * Returns: false when out of memory. */
static bool end_asking(struct tug__asked *asked, struct question *question)
{
    bool is_kept;

    (void)pthread_mutex_lock(&asked->mutex);
    is_kept = question == NULL || tsearch(question, &asked->questions, compare_questions) != NULL;
    asked->is_asking = false;
    (void)pthread_cond_broadcast(&asked->changed);
    (void)pthread_mutex_unlock(&asked->mutex);
    return is_kept;
}

/* Judge a failure of the program: which of its codes mean something here. */
static enum tug_status judge(enum tug_status status, const char *host, struct tug_error *error)
{
    const bool is_known = status == TUG_ERR_NETWORK || status == TUG_ERR_CONFIG ||
                          status == TUG_ERR_NO_MEMORY || status == TUG_ERR_AUTH;

    error->code = is_known ? status : TUG_ERR_AUTH;
    error->message[TUG_ERROR_MESSAGE_MAX - 1] = '\0';
    if (error->message[0] == '\0') {
        (void)snprintf(error->message, sizeof error->message, "no reason given");
    }
    return tug__wrap(error, error->code, "the program has no credentials for %.90s", host);
}

/* Ask the program. question: its answer is filled in. */
static enum tug_status ask(const struct tug__asked *asked,
                           const struct tug__credential_request *request, struct question *question,
                           struct tug_error *error)
{
    const struct tug_credential_request asks = {.host = request->host,
                                                .registry = request->registry_host,
                                                .repository = request->repository};
    const enum tug_status status =
        asked->on_credential(asked->context, &asks, &question->answer, error);

    return status == TUG_OK ? TUG_OK : judge(status, request->host, error);
}

/* The question of a request. NULL when out of memory. */
static struct question *make_question(const struct tug__credential_request *request)
{
    struct question *const question = calloc(1, sizeof *question);

    if (question != NULL && asprintf(&question->text, "%s\n%s", request->host,
                                     request->repository != NULL ? request->repository : "") < 0) {
        question->text = NULL;
        free_question(question);
        return NULL;
    }
    return question;
}

/* Ask, and keep the answer or a failure that will not pass. question: taken.
 * out_kept: set on success. */
static enum tug_status ask_and_keep(struct tug__asked *asked,
                                    const struct tug__credential_request *request,
                                    struct question *question, struct question **out_kept,
                                    struct tug_error *err)
{
    struct tug_error error = {0};
    const enum tug_status status = ask(asked, request, question, &error);
    const bool may_pass = status == TUG_ERR_NETWORK || status == TUG_ERR_NO_MEMORY;

    if (status != TUG_OK && !may_pass) {
        question->failure = malloc(sizeof *question->failure);
        if (question->failure != NULL) {
            *question->failure = error;
        }
    }
    if (status != TUG_OK && question->failure == NULL) {
        (void)end_asking(asked, NULL);
        free_question(question);
        if (err != NULL) {
            *err = error;
        }
        return status;
    }
    if (!end_asking(asked, question)) {
        free_question(question);
        return tug__fail_memory(err);
    }
    *out_kept = question;
    return TUG_OK;
}

enum tug_status tug__asked_get(struct tug__asked *asked,
                               const struct tug__credential_request *request,
                               struct tug__credential *out_credential, bool *out_is_answered,
                               struct tug_error *err)
{
    struct question *const question = make_question(request);
    struct question *found = NULL;
    enum tug_status status;

    if (question == NULL) {
        return tug__fail_memory(err);
    }
    status = begin_asking(asked, question, request, &found, err);
    if (status == TUG_OK && found == NULL) {
        status = ask_and_keep(asked, request, question, &found, err);
    } else {
        free_question(question);
    }
    if (status == TUG_OK && found->failure != NULL) {
        if (err != NULL) {
            *err = *found->failure;
        }
        return found->failure->code;
    }
    if (status == TUG_OK) {
        *out_is_answered = found->answer.is_given;
    }
    return status == TUG_OK && found->answer.is_given
               ? tug__credential_dup(&found->answer.credential, out_credential, err)
               : status;
}

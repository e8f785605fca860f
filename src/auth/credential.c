/* SPDX-License-Identifier: Apache-2.0
 *
 * Find the credential of a registry.
 *
 * Knows: the order of places, which thread waits for which. Does not know: JSON, HTTP, tokens.
 * Threads: any number; one mutex guards the states below. Files are read and helpers are run
 * without it, by the thread that found the work undone and marked it as begun.
 */
#include "auth/credential.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/asked.h"
#include "auth/authfile.h"
#include "auth/credential_places.h"
#include "auth/helper.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/thread.h"

#define HELPER_TIMEOUT_MS 60000
#define WAIT_MS 100

enum work_state {
    WORK_IDLE = 0,
    WORK_BEGUN, /* one thread does it; the others wait for changed */
    WORK_DONE,  /* result and error never change again */
};

/* Work that is done once, and its result. */
struct work {
    enum work_state state;
    enum tug_status status;
    struct tug_error *error; /* owned; NULL: none, or no memory for it */
};

struct source {
    /* set at create, then read-only */
    struct tug__place place;
    /* guarded by the mutex; file is read-only once work is done */
    struct work work;
    struct tug__authfile *file;
};

/* One question to one helper. */
struct answer {
    /* set at create, then read-only */
    char *helper;
    char *key;
    /* guarded by the mutex; credential is read-only once work is done */
    struct work work;
    struct tug__credential credential;
    struct answer *next;
};

struct tug__credentials {
    /* set at create, then read-only */
    char given_host[TUG__AUTH_HOST_MAX]; /* empty: nothing given */
    struct tug__credential given;
    struct tug__asked *asked; /* NULL: the program is not asked */
    uint64_t helper_timeout_ms;
    void (*on_exposed)(void *context, const char *name);
    void *exposed_context;
    void (*on_slow)(void *context, const char *program);
    void *slow_context;
    size_t source_count;
    /* guarded by mutex */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct source sources[TUG__PLACES_MAX];
    struct answer *answers; /* grows at the front only */
};

/* Wait briefly for a change. Called with the mutex held. */
static void wait_changed(struct tug__credentials *credentials)
{
    tug__cond_wait_until(&credentials->changed, &credentials->mutex, tug__deadline_ns(WAIT_MS));
}

/* Begin a piece of work, or wait until another thread has done it. out_is_mine: the caller must do
 * it now and then call end_work; otherwise it is done.
 * Errors: TUG_ERR_CANCELLED. */
static enum tug_status begin_work(struct tug__credentials *credentials, struct work *work,
                                  const struct tug__credential_request *request, bool *out_is_mine,
                                  struct tug_error *err)
{
    enum work_state state;

    for (;;) {
        (void)pthread_mutex_lock(&credentials->mutex);
        if (work->state == WORK_BEGUN) {
            wait_changed(credentials);
        }
        state = work->state;
        if (state == WORK_IDLE) {
            work->state = WORK_BEGUN;
        }
        (void)pthread_mutex_unlock(&credentials->mutex);
        if (state != WORK_BEGUN) {
            *out_is_mine = state == WORK_IDLE;
            return TUG_OK;
        }
        if (request->should_stop != NULL && request->should_stop(request->stop_context)) {
            return tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
        }
    }
}

/* Publish the result. A failure that may pass is left to the next thread that asks. */
static void end_work(struct tug__credentials *credentials, struct work *work,
                     enum tug_status status, const struct tug_error *error)
{
    bool is_final = status != TUG_ERR_CANCELLED && status != TUG_ERR_NO_MEMORY;
    struct tug_error *const kept = is_final && status != TUG_OK ? malloc(sizeof *kept) : NULL;

    if (kept != NULL) {
        *kept = *error;
    } else if (status != TUG_OK) {
        is_final = false;
    }
    (void)pthread_mutex_lock(&credentials->mutex);
    work->status = status;
    work->error = kept;
    work->state = is_final ? WORK_DONE : WORK_IDLE;
    (void)pthread_cond_broadcast(&credentials->changed);
    (void)pthread_mutex_unlock(&credentials->mutex);
}

/* The result of finished work: it is final, so no lock is needed. */
static enum tug_status result_of(const struct work *work, struct tug_error *err)
{
    if (work->status == TUG_OK) {
        return TUG_OK;
    }
    if (err != NULL) {
        *err = *work->error;
    }
    return work->status;
}

/* Read a place unless that is done. out_file: borrowed, NULL when there is nothing. */
static enum tug_status load(struct tug__credentials *credentials, struct source *source,
                            const struct tug__credential_request *request,
                            const struct tug__authfile **out_file, struct tug_error *err)
{
    struct tug_error why = {0};
    bool is_mine = false;
    enum tug_status status = begin_work(credentials, &source->work, request, &is_mine, err);

    if (status != TUG_OK) {
        return status;
    }
    if (is_mine) {
        status = tug__place_read(&source->place, &source->file, &why);
        if (status == TUG_OK && source->file != NULL && credentials->on_exposed != NULL &&
            tug__authfile_is_exposed(source->file)) {
            credentials->on_exposed(credentials->exposed_context, tug__authfile_name(source->file));
        }
        end_work(credentials, &source->work, status, &why);
        if (status != TUG_OK) {
            if (err != NULL) {
                *err = why;
            }
            return status;
        }
    }
    *out_file = source->file;
    return result_of(&source->work, err);
}

static struct answer *find_answer(struct tug__credentials *credentials, const char *helper,
                                  const char *key)
{
    struct answer *answer = credentials->answers;

    while (answer != NULL &&
           (strcmp(answer->helper, helper) != 0 || strcmp(answer->key, key) != 0)) {
        answer = answer->next;
    }
    return answer;
}

static void free_answer(struct answer *answer)
{
    if (answer != NULL) {
        free(answer->helper);
        free(answer->key);
        free(answer->work.error);
        tug__credential_fini(&answer->credential);
        free(answer);
    }
}

/* The place for a helper's answer, made if there is none. NULL when out of memory. */
static struct answer *get_answer(struct tug__credentials *credentials, const char *helper,
                                 const char *key)
{
    struct answer *made = calloc(1, sizeof *made);
    struct answer *found;

    if (made != NULL) {
        made->helper = strdup(helper);
        made->key = strdup(key);
    }
    if (made == NULL || made->helper == NULL || made->key == NULL) {
        free_answer(made);
        return NULL;
    }
    (void)pthread_mutex_lock(&credentials->mutex);
    found = find_answer(credentials, helper, key);
    if (found == NULL) {
        made->next = credentials->answers;
        credentials->answers = made;
        found = made;
        made = NULL;
    }
    (void)pthread_mutex_unlock(&credentials->mutex);
    free_answer(made);
    return found;
}

/* The search for the credential of a host. */
struct search {
    struct tug__credentials *credentials;
    const struct tug__credential_request *request;
    char host[TUG__AUTH_HOST_MAX]; /* of the request, normalised */
};

/* Ask a helper, or reuse its earlier answer. */
static enum tug_status ask_helper(const struct search *search, const char *helper, const char *key,
                                  struct tug__credential *out_credential, struct tug_error *err)
{
    struct tug__credentials *const credentials = search->credentials;
    const struct tug__credential_request *const request = search->request;
    const struct tug__helper_request question = {
        .name = helper,
        .server = key,
        .timeout_ms = credentials->helper_timeout_ms,
        .should_stop = request->should_stop,
        .stop_context = request->stop_context,
        .on_slow = credentials->on_slow,
        .slow_context = credentials->slow_context,
    };
    struct answer *const answer = get_answer(credentials, helper, key);
    struct tug_error why = {0};
    bool is_mine = false;
    enum tug_status status;

    if (answer == NULL) {
        return tug__fail_memory(err);
    }
    status = begin_work(credentials, &answer->work, request, &is_mine, err);
    if (status != TUG_OK) {
        return status;
    }
    if (is_mine) {
        status = tug__helper_get(&question, &answer->credential, &why);
        end_work(credentials, &answer->work, status, &why);
        if (status != TUG_OK) {
            if (err != NULL) {
                *err = why;
            }
            return status;
        }
    }
    status = result_of(&answer->work, err);
    return status == TUG_OK ? tug__credential_dup(&answer->credential, out_credential, err)
                            : status;
}

/* Look in one file: first the helper it names, then itself. */
static enum tug_status look_in(const struct search *search, const struct tug__authfile *file,
                               struct tug__credential *out_credential, struct tug_error *err)
{
    struct tug__credential found = {.kind = TUG__CREDENTIAL_NONE};
    const char *key = NULL;
    const char *const helper = tug__authfile_helper(file, search->host, &key);
    enum tug_status status = TUG_OK;

    if (helper != NULL) {
        status = ask_helper(search, helper, key, &found, err);
        if (status != TUG_OK) {
            return status == TUG_ERR_AUTH ? tug__wrap(err, status, "%s", tug__authfile_name(file))
                                          : status;
        }
    }
    if (found.kind == TUG__CREDENTIAL_NONE) {
        status = tug__authfile_find(file, search->host, search->request->repository, &found, err);
    }
    if (status == TUG_OK) {
        *out_credential = found;
    }
    return status;
}

enum tug_status tug__credentials_get(struct tug__credentials *credentials,
                                     const struct tug__credential_request *request,
                                     struct tug__credential *out_credential, struct tug_error *err)
{
    struct search search = {.credentials = credentials, .request = request};
    struct tug__credential found = {.kind = TUG__CREDENTIAL_NONE};
    char registry_host[TUG__AUTH_HOST_MAX];
    bool is_answered = false;

    if (!tug__auth_host(request->host, search.host)) {
        *out_credential = found;
        return TUG_OK;
    }
    if (credentials->asked != NULL) {
        struct tug__credential_request asks = *request;
        enum tug_status status;

        asks.host = search.host;
        status = tug__asked_get(credentials->asked, &asks, out_credential, &is_answered, err);

        if (status != TUG_OK || is_answered) {
            return status;
        }
    }
    if (strcmp(credentials->given_host, search.host) == 0 ||
        (request->registry_host != NULL && tug__auth_host(request->registry_host, registry_host) &&
         strcmp(credentials->given_host, registry_host) == 0)) {
        return tug__credential_dup(&credentials->given, out_credential, err);
    }
    for (size_t i = 0; i < credentials->source_count && found.kind == TUG__CREDENTIAL_NONE; i++) {
        const struct tug__authfile *file = NULL;
        enum tug_status status = load(credentials, &credentials->sources[i], request, &file, err);

        if (status == TUG_OK && file != NULL) {
            status = look_in(&search, file, &found, err);
        }
        if (status != TUG_OK) {
            return status;
        }
    }
    *out_credential = found;
    return TUG_OK;
}

bool tug__credentials_ask_program(const struct tug__credentials *credentials)
{
    return credentials->asked != NULL;
}

enum tug_status tug__credentials_headers(struct tug__credentials *credentials,
                                         const char *const **out_headers, size_t *out_count,
                                         struct tug_error *err)
{
    const struct tug__credential_request nobody = {.host = ""};
    const struct tug__authfile *file = NULL;

    for (size_t i = 0; i < credentials->source_count; i++) {
        if (credentials->sources[i].place.is_docker) {
            const enum tug_status status =
                load(credentials, &credentials->sources[i], &nobody, &file, err);

            if (status != TUG_OK) {
                return status;
            }
        }
    }
    *out_count = 0;
    *out_headers = file != NULL ? tug__authfile_headers(file, out_count) : NULL;
    return TUG_OK;
}

/* Keep the credential that the user gave. */
static enum tug_status keep_given(struct tug__credentials *credentials,
                                  const struct tug__credential_settings *settings,
                                  struct tug_error *err)
{
    struct tug__login login = {.kind = TUG__CREDENTIAL_PASSWORD,
                               .user = settings->user,
                               .secret = settings->password,
                               .source = "the options"};

    if (settings->user == NULL && settings->refresh_token == NULL) {
        return TUG_OK;
    }
    if (settings->user != NULL && settings->refresh_token != NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                         "both a user name and a refresh token are given");
    }
    if (settings->host == NULL || !tug__auth_host(settings->host, credentials->given_host)) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                         "credentials are given without the registry they are for");
    }
    if (settings->user != NULL && settings->password == NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "a user name is given without a password");
    }
    if (settings->refresh_token != NULL) {
        login.kind = TUG__CREDENTIAL_IDENTITY;
        login.secret = settings->refresh_token;
    }
    return tug__credential_build(&login, &credentials->given, err);
}

static bool init_locks(struct tug__credentials *credentials)
{
    if (pthread_mutex_init(&credentials->mutex, NULL) != 0) {
        return false;
    }
    if (tug__cond_init(&credentials->changed, NULL) != TUG_OK) {
        (void)pthread_mutex_destroy(&credentials->mutex);
        return false;
    }
    return true;
}

enum tug_status tug__credentials_create(const struct tug__credential_settings *settings,
                                        struct tug__credentials **out_credentials,
                                        struct tug_error *err)
{
    struct tug__place places[TUG__PLACES_MAX];
    struct tug__credentials *const credentials = calloc(1, sizeof *credentials);
    enum tug_status status;

    if (credentials == NULL || !init_locks(credentials)) {
        free(credentials);
        return tug__fail_memory(err);
    }
    credentials->helper_timeout_ms =
        settings->helper_timeout_ms > 0 ? settings->helper_timeout_ms : HELPER_TIMEOUT_MS;
    credentials->on_exposed = settings->on_exposed;
    credentials->exposed_context = settings->exposed_context;
    credentials->on_slow = settings->on_slow;
    credentials->slow_context = settings->slow_context;
    status = tug__places_list(settings, places, &credentials->source_count, err);
    for (size_t i = 0; i < TUG__PLACES_MAX; i++) {
        credentials->sources[i].place = places[i];
    }
    if (status == TUG_OK) {
        status = keep_given(credentials, settings, err);
    }
    if (status == TUG_OK && settings->on_credential != NULL) {
        status = tug__asked_create(settings->on_credential, settings->credential_context,
                                   &credentials->asked, err);
    }
    if (status != TUG_OK) {
        tug__credentials_destroy(credentials);
        return status;
    }
    *out_credentials = credentials;
    return TUG_OK;
}

enum tug_status tug__credentials_describe(const struct tug__credentials *credentials,
                                          struct tug__buf *text, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    if (credentials->asked != NULL) {
        status = tug__buf_printf(text, err, "%s", TUG__CREDENTIAL_PROGRAM);
    }
    if (status == TUG_OK && credentials->given_host[0] != '\0') {
        status = tug__buf_printf(text, err, "%sgiven for %s", text->length > 0 ? ", " : "",
                                 credentials->given_host);
    }
    for (size_t i = 0; status == TUG_OK && i < credentials->source_count; i++) {
        const struct tug__place *const place = &credentials->sources[i].place;

        if (tug__place_exists(place)) {
            status = tug__buf_printf(text, err, "%s%s%s%s%s", text->length > 0 ? ", " : "",
                                     place->name, place->why != NULL ? " (" : "",
                                     place->why != NULL ? place->why : "",
                                     place->why != NULL ? ")" : "");
        }
    }
    return status;
}

void tug__credentials_destroy(struct tug__credentials *credentials)
{
    if (credentials == NULL) {
        return;
    }
    while (credentials->answers != NULL) {
        struct answer *const answer = credentials->answers;

        credentials->answers = answer->next;
        free_answer(answer);
    }
    for (size_t i = 0; i < TUG__PLACES_MAX; i++) {
        tug__place_fini(&credentials->sources[i].place);
        tug__authfile_destroy(credentials->sources[i].file);
        free(credentials->sources[i].work.error);
    }
    tug__credential_fini(&credentials->given);
    tug__asked_destroy(credentials->asked);
    (void)pthread_cond_destroy(&credentials->changed);
    (void)pthread_mutex_destroy(&credentials->mutex);
    free(credentials);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * State that a session learns while in use: health and authorisation of endpoints, redirect
 * targets.
 *
 * Knows: the clock. Does not know: curl, manifests, the store.
 * Threads: any; everything here is under the session's mutex.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "http/warning.h"
#include "registry/session_internal.h"

/* Wait after a 429 without a time; doubled with each one in a row, five times at most. */
#define LIMITED_PAUSE_MS UINT64_C(1000)
#define LIMITED_STEPS_MAX 5

static void lock(struct tug__session *session)
{
    /* not recursive, never abandoned: cannot fail */
    (void)pthread_mutex_lock(&session->memory.mutex);
}

static void unlock(struct tug__session *session)
{
    (void)pthread_mutex_unlock(&session->memory.mutex);
}

void tug__known_auth_fini(struct tug__known_auth *known)
{
    free(known->realm_url);
    free(known->service);
    free(known->scope);
    *known = (struct tug__known_auth){0};
}

void tug__session_forget(struct tug__session *session)
{
    struct tug__session_memory *const memory = &session->memory;

    for (size_t i = 0; i < TUG__REDIRECTS_MAX; i++) {
        tug__wipe_free(memory->redirects[i].url);
    }
    for (size_t i = 0; i < TUG__KNOWN_AUTH_MAX; i++) {
        free(memory->auths[i].repository);
        tug__known_auth_fini(&memory->auths[i].known);
    }
    for (size_t i = 0; i < memory->warning_count; i++) {
        free(memory->warnings[i]);
    }
}

/* --- health of endpoints --- */

/* 0: try first. */
static unsigned rank_of(const struct tug__endpoint *endpoint, unsigned avoid)
{
    return (endpoint->number == avoid ? 2U : 0U) + (endpoint->health.is_down ? 1U : 0U);
}

size_t tug__session_order(struct tug__session *session, const struct tug__registry *registry,
                          unsigned capabilities, unsigned avoid, struct tug__endpoint **out_order)
{
    size_t count = 0;

    lock(session);
    for (unsigned rank = 0; rank <= 3; rank++) {
        for (size_t i = 0; i < registry->endpoint_count; i++) {
            struct tug__endpoint *const endpoint = &registry->endpoints[i];

            if ((endpoint->config->capabilities & capabilities) == capabilities &&
                rank_of(endpoint, avoid) == rank) {
                out_order[count++] = endpoint;
            }
        }
    }
    unlock(session);
    return count;
}

struct tug__health tug__session_health(struct tug__session *session,
                                       const struct tug__endpoint *endpoint)
{
    struct tug__health health;

    lock(session);
    health = endpoint->health;
    unlock(session);
    return health;
}

uint64_t tug__session_pause_rest_ms(struct tug__session *session,
                                    const struct tug__endpoint *endpoint)
{
    const uint64_t paused_ns = tug__session_health(session, endpoint).paused_ns;
    const uint64_t now_ns = tug__now_ns();

    return paused_ns > now_ns ? (paused_ns - now_ns + TUG__NS_PER_MS - 1) / TUG__NS_PER_MS : 0;
}

uint64_t tug__session_pause(struct tug__session *session, struct tug__endpoint *endpoint,
                            uint64_t retry_after_ms)
{
    struct tug__health *const health = &endpoint->health;
    const uint64_t now_ns = tug__now_ns();
    uint64_t wait_ms = retry_after_ms;

    lock(session);
    if (wait_ms == 0 && health->paused_ns > now_ns) {
        /* Another worker got the same answer a moment ago: count it once for all. */
        wait_ms = (health->paused_ns - now_ns) / TUG__NS_PER_MS;
    } else if (wait_ms == 0) {
        wait_ms = LIMITED_PAUSE_MS
                  << (health->limited_count < LIMITED_STEPS_MAX ? health->limited_count
                                                                : LIMITED_STEPS_MAX);
        health->limited_count++;
    }
    if (health->paused_ns < now_ns + wait_ms * TUG__NS_PER_MS) {
        health->paused_ns = now_ns + wait_ms * TUG__NS_PER_MS;
    }
    unlock(session);
    return wait_ms;
}

void tug__session_note_answer(struct tug__session *session, struct tug__endpoint *endpoint,
                              enum tug__scheme scheme, bool is_private)
{
    lock(session);
    endpoint->health.scheme = scheme;
    endpoint->health.is_down = false;
    endpoint->health.limited_count = 0;
    endpoint->health.is_private = endpoint->health.is_private || is_private;
    unlock(session);
}

void tug__session_note_failure(struct tug__session *session, struct tug__endpoint *endpoint)
{
    lock(session);
    endpoint->health.is_down = true;
    unlock(session);
}

/* --- authorisation --- */

static bool copy_known(struct tug__known_auth *out_copy, const struct tug__known_auth *known)
{
    bool has_memory;

    *out_copy = (struct tug__known_auth){.scheme = known->scheme};
    has_memory = tug__text_copy(&out_copy->realm_url, known->realm_url);
    has_memory = tug__text_copy(&out_copy->service, known->service) && has_memory;
    has_memory = tug__text_copy(&out_copy->scope, known->scope) && has_memory;
    if (!has_memory) {
        tug__known_auth_fini(out_copy);
    }
    return has_memory;
}

static struct tug__auth_item *find_auth_locked(struct tug__session_memory *memory,
                                               const struct tug__endpoint *endpoint,
                                               const char *repository)
{
    for (size_t i = 0; i < TUG__KNOWN_AUTH_MAX; i++) {
        struct tug__auth_item *const item = &memory->auths[i];

        if (item->repository == NULL) {
            return NULL; /* filled from the start on */
        }
        if (item->endpoint == endpoint && strcmp(item->repository, repository) == 0) {
            return item;
        }
    }
    return NULL;
}

enum tug_status tug__session_known_auth(struct tug__session *session,
                                        const struct tug__endpoint *endpoint,
                                        const char *repository, struct tug__known_auth *out_known,
                                        struct tug_error *err)
{
    const struct tug__auth_item *item;
    bool has_memory = true;

    *out_known = (struct tug__known_auth){0};
    lock(session);
    item = find_auth_locked(&session->memory, endpoint, repository);
    if (item != NULL) {
        has_memory = copy_known(out_known, &item->known);
    }
    unlock(session);
    return has_memory ? TUG_OK : tug__fail_memory(err);
}

void tug__session_learn_auth(struct tug__session *session, const struct tug__endpoint *endpoint,
                             const char *repository, const struct tug__known_auth *known)
{
    struct tug__session_memory *const memory = &session->memory;
    struct tug__known_auth own;
    struct tug__auth_item *item;
    char *name = strdup(repository);

    if (name == NULL || !copy_known(&own, known)) {
        free(name);
        return;
    }
    lock(session);
    item = find_auth_locked(memory, endpoint, repository);
    if (item == NULL) {
        item = &memory->auths[memory->next_auth++ % TUG__KNOWN_AUTH_MAX];
    }
    free(item->repository);
    tug__known_auth_fini(&item->known);
    *item = (struct tug__auth_item){.endpoint = endpoint, .repository = name, .known = own};
    unlock(session);
}

/* --- redirect targets --- */

static struct tug__redirect_item *find_redirect_locked(struct tug__session_memory *memory,
                                                       const struct tug__endpoint *endpoint,
                                                       const struct tug_digest *digest)
{
    for (size_t i = 0; i < TUG__REDIRECTS_MAX; i++) {
        struct tug__redirect_item *const item = &memory->redirects[i];

        if (item->url != NULL && item->endpoint == endpoint &&
            tug_digest_equal(&item->digest, digest)) {
            return item;
        }
    }
    return NULL;
}

char *tug__session_redirect(struct tug__session *session, const struct tug__endpoint *endpoint,
                            const struct tug_digest *digest)
{
    const struct tug__redirect_item *item;
    char *url = NULL;

    lock(session);
    item = find_redirect_locked(&session->memory, endpoint, digest);
    if (item != NULL && item->expires_ns > tug__now_ns()) {
        url = strdup(item->url); /* when out of memory the registry is asked again */
    }
    unlock(session);
    return url;
}

void tug__session_set_redirect(struct tug__session *session, const struct tug__endpoint *endpoint,
                               const struct tug_digest *digest, const char *url)
{
    struct tug__session_memory *const memory = &session->memory;
    char *const own = url != NULL ? strdup(url) : NULL;
    struct tug__redirect_item *item;
    char *old;

    lock(session);
    item = find_redirect_locked(memory, endpoint, digest);
    if (item == NULL && own == NULL) {
        unlock(session);
        return;
    }
    if (item == NULL) {
        item = &memory->redirects[memory->next_redirect++ % TUG__REDIRECTS_MAX];
    }
    old = item->url;
    *item = (struct tug__redirect_item){
        .endpoint = endpoint,
        .digest = *digest,
        .url = own,
        .expires_ns = tug__deadline_ns(TUG__REDIRECT_LIFE_MS),
    };
    unlock(session);
    tug__wipe_free(old);
}

/* --- warnings --- */

void tug__session_add_warning(struct tug__session *session, const char *about, const char *text)
{
    struct tug__session_memory *const memory = &session->memory;
    char clean[TUG__WARNING_MAX];
    const size_t length = strlen(text);
    const struct tug__raw_text raw = {text, length, .is_torn = length + 1 >= sizeof clean};
    char *warning = NULL;

    (void)tug__secrets_cut(session->secrets, clean, sizeof clean, &raw);
    if (asprintf(&warning, "%s: %s", about, clean) < 0) {
        return;
    }
    lock(session);
    for (size_t i = 0; warning != NULL && i < memory->warning_count; i++) {
        if (strcmp(memory->warnings[i], warning) == 0) {
            free(warning);
            warning = NULL;
        }
    }
    if (warning != NULL && memory->warning_count < TUG__WARNINGS_MAX) {
        memory->warnings[memory->warning_count++] = warning;
        warning = NULL;
    }
    unlock(session);
    free(warning);
}

bool tug__session_pop_warning(struct tug__session *session, char *out_text, size_t capacity)
{
    struct tug__session_memory *const memory = &session->memory;
    bool has_one;

    lock(session);
    has_one = memory->warnings_taken < memory->warning_count;
    if (has_one) {
        (void)snprintf(out_text, capacity, "%s", memory->warnings[memory->warnings_taken++]);
    }
    unlock(session);
    return has_one;
}

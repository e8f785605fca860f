/* SPDX-License-Identifier: Apache-2.0
 *
 * Which endpoint is asked, and which one next.
 *
 * Knows: the session's memory of endpoints. Does not know: HTTP.
 * Threads: the client's owner.
 */
#include <string.h>

#include "base/error.h"
#include "registry/client_internal.h"

/* What came of the endpoints asked so far. The error of the registry itself counts more than that
 * of a mirror: it knows best what is there and who may have it. */
struct outcome {
    struct tug_error error;
    unsigned number; /* of the endpoint it is from; 0: none yet */
    uint64_t retry_after_ms;
};

/* A failure that another endpoint could not mend. */
static bool is_final(const struct tug__ask *ask, enum tug_status status)
{
    return ask->is_ours || status == TUG_ERR_CANCELLED || status == TUG_ERR_NO_MEMORY ||
           status == TUG_ERR_INTERNAL || status == TUG_ERR_CONFIG || status == TUG_ERR_STORE;
}

static void keep_error(struct outcome *outcome, const struct tug__endpoint *endpoint,
                       const struct tug_error *error, uint64_t retry_after_ms)
{
    if (endpoint->number >= outcome->number) {
        outcome->error = *error;
        outcome->number = endpoint->number;
        outcome->retry_after_ms = retry_after_ms;
    }
}

static void fail_paused(struct tug_error *error, const struct tug__endpoint *endpoint,
                        uint64_t rest_ms)
{
    (void)tug__fail(error, TUG_ERR_RATE_LIMITED,
                    "%s asked for patience: the next request is due in %llu ms",
                    endpoint->config->host, (unsigned long long)rest_ms);
}

/* Ask one endpoint and remember how it did. */
static enum tug_status try_endpoint(struct tug__client *client, struct tug__ask *ask,
                                    struct tug__endpoint *endpoint, struct tug_error *error)
{
    enum tug_status status;

    ask->retry_after_ms = 0;
    ask->is_ended = false;
    ask->asked = endpoint->number;
    status = tug__ask_endpoint(client, ask, endpoint, error);
    if (status == TUG_ERR_NETWORK && !is_final(ask, status)) {
        tug__session_note_failure(client->session, endpoint);
    }
    if (status != TUG_OK && !is_final(ask, status) && !endpoint->config->is_upstream) {
        (void)tug__wrap(error, status, "mirror %s", endpoint->config->host);
    }
    return status;
}

enum tug_status tug__ask(struct tug__client *client, struct tug__ask *ask, struct tug_error *err)
{
    const struct tug__registry *const registry =
        tug__session_find(client->session, ask->source->host);
    struct tug__endpoint *order[TUG__HOSTS_ENDPOINTS_MAX];
    struct outcome outcome = {0};
    uint64_t shortest_ms = UINT64_MAX;
    bool has_asked = false;
    size_t count;

    if (registry == NULL) {
        return tug__fail(err, TUG_ERR_INTERNAL, "the registry '%s' was not added",
                         ask->source->host);
    }
    count = tug__session_order(client->session, registry, ask->capabilities, ask->avoid, order);
    if (count == 0) {
        return tug__fail(err, TUG_ERR_CONFIG, "no endpoint of '%s' may be asked for this: see %s",
                         ask->source->host, registry->file->path);
    }
    for (size_t i = 0; i < count; i++) {
        struct tug_error error = {0};
        const uint64_t rest_ms = tug__session_pause_rest_ms(client->session, order[i]);
        enum tug_status status;

        if (rest_ms > 0) {
            shortest_ms = rest_ms < shortest_ms ? rest_ms : shortest_ms;
            fail_paused(&error, order[i], rest_ms);
            keep_error(&outcome, order[i], &error, rest_ms);
            continue;
        }
        has_asked = true;
        status = try_endpoint(client, ask, order[i], &error);
        if (status == TUG_OK) {
            return TUG_OK;
        }
        keep_error(&outcome, order[i], &error, ask->retry_after_ms);
        if (is_final(ask, status)) {
            outcome.error = error;
            break;
        }
    }
    ask->is_deferred = !has_asked;
    ask->retry_after_ms = has_asked ? outcome.retry_after_ms : shortest_ms;
    if (err != NULL) {
        *err = outcome.error;
    }
    return outcome.error.code;
}

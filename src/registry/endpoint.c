/* SPDX-License-Identifier: Apache-2.0
 *
 * The order in which endpoints are asked.
 *
 * Knows: the session's record of endpoints. Does not know: curl, manifests, the store, retries.
 * Threads: the client's owner.
 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "registry/client_internal.h"
#include "registry/ranking.h"

/* A failure that another endpoint could not help with. */
static bool is_final(const struct tug__ask *ask, enum tug_status status)
{
    return ask->is_ours || status == TUG_ERR_CANCELLED || status == TUG_ERR_NO_MEMORY ||
           status == TUG_ERR_INTERNAL || status == TUG_ERR_CONFIG || status == TUG_ERR_STORE;
}

static void keep(struct tug__failure *kept, const struct tug__failure *failure)
{
    if (tug__failure_outranks(failure, kept)) {
        *kept = *failure;
    }
}

/* Name the endpoint that failed, unless the reference does, and log it for users who wonder what
 * became of a mirror. */
static void tell(const struct tug__client *client, const struct tug__ask *ask,
                 const struct tug__registry *registry, const struct tug__endpoint *endpoint,
                 struct tug_error *error)
{
    const struct tug__log *const log = tug__session_log(client->session);

    if (registry->endpoint_count == 1 && strcmp(endpoint->config->host, registry->host) == 0) {
        return;
    }
    (void)tug__wrap(error, error->code, "%s %s",
                    endpoint->config->is_upstream ? "registry" : "mirror", endpoint->config->host);
    if (log != NULL && log->has_config) {
        tug__log_printf(log, TUG_LOG_INFO, "%s/%s, %s %.80s: %s", registry->host,
                        ask->what.repository, ask->what.kind, ask->what.reference, error->message);
    }
}

static void fail_paused(struct tug_error *error, const struct tug__endpoint *endpoint,
                        uint64_t rest_ms)
{
    (void)tug__fail(error, TUG_ERR_RATE_LIMITED,
                    "%s asked for a pause: the next request is due in %" PRIu64 " ms",
                    endpoint->config->host, rest_ms);
}

/* Ask one endpoint and note whether it failed. */
static enum tug_status try_endpoint(struct tug__client *client, struct tug__ask *ask,
                                    struct tug__endpoint *endpoint, struct tug_error *error)
{
    enum tug_status status;

    ask->result.retry_after_ms = 0;
    ask->is_ended = false;
    ask->asked = endpoint->number;
    status = tug__ask_endpoint(client, ask, endpoint, error);
    if ((status == TUG_ERR_NETWORK || status == TUG_ERR_CONTENT) && !is_final(ask, status)) {
        tug__session_note_failure(client->session, endpoint);
    }
    return status;
}

/* Choose the endpoints that may be asked, in order. Returns: how many. */
static size_t choose(const struct tug__client *client, const struct tug__ask *ask,
                     const struct tug__registry *registry, struct tug__endpoint **out_order)
{
    const size_t count =
        tug__session_order(client->session, registry, ask->capabilities, ask->avoid, out_order);

    for (size_t i = 0; ask->only != 0 && i < count; i++) {
        if (out_order[i]->number == ask->only) {
            out_order[0] = out_order[i];
            return 1;
        }
    }
    return count;
}

enum tug_status tug__ask(struct tug__client *client, struct tug__ask *ask, struct tug_error *err)
{
    const struct tug__registry *const registry =
        tug__session_find(client->session, ask->source->host);
    struct tug__endpoint *order[TUG__HOSTS_ENDPOINTS_MAX];
    struct tug__failure kept = {0};
    uint64_t shortest_ms = UINT64_MAX;
    bool has_asked = false;
    size_t count;

    if (registry == NULL) {
        return tug__fail(err, TUG_ERR_INTERNAL, "the registry '%s' was not added",
                         ask->source->host);
    }
    count = choose(client, ask, registry, order);
    if (count == 0) {
        return tug__fail(err, TUG_ERR_CONFIG, "no endpoint of '%s' may be asked for this: see %s",
                         ask->source->host, registry->file->path);
    }
    for (size_t i = 0; i < count; i++) {
        struct tug__failure failure = {.is_upstream = order[i]->config->is_upstream};
        const uint64_t rest_ms = tug__session_pause_rest_ms(client->session, order[i]);
        enum tug_status status;

        if (rest_ms > 0) {
            shortest_ms = rest_ms < shortest_ms ? rest_ms : shortest_ms;
            fail_paused(&failure.error, order[i], rest_ms);
            failure.retry_after_ms = rest_ms;
            keep(&kept, &failure);
            continue;
        }
        has_asked = true;
        status = try_endpoint(client, ask, order[i], &failure.error);
        if (status == TUG_OK) {
            return TUG_OK;
        }
        if (is_final(ask, status)) {
            kept = failure;
            break;
        }
        tell(client, ask, registry, order[i], &failure.error);
        failure.was_asked = true;
        failure.retry_after_ms = ask->result.retry_after_ms;
        keep(&kept, &failure);
    }
    ask->result.is_deferred = !has_asked;
    ask->result.retry_after_ms = has_asked ? kept.retry_after_ms : shortest_ms;
    tug__secrets_cut_error(tug__session_secrets(client->session), &kept.error);
    if (err != NULL) {
        *err = kept.error;
    }
    return kept.error.code;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Make and end clients.
 *
 * Knows: sessions, HTTP handles. Does not know: curl, manifests, the store.
 * Threads: the client's owner; tug__client_wake from any.
 */
#include <stdlib.h>

#include <tug/tug.h>

#include "base/error.h"
#include "registry/client_internal.h"

enum tug_status tug__registry_acquire(struct tug_error *err)
{
    return tug__http_global_acquire(err);
}

void tug__registry_release(void)
{
    tug__http_global_release();
}

enum tug_status tug__client_create(const struct tug__client_settings *settings,
                                   struct tug__client **out_client, struct tug_error *err)
{
    const struct tug__http_settings http_settings = {
        .connect_timeout_ms = settings->connect_timeout_ms,
        .stall_timeout_ms = settings->stall_timeout_ms,
        .user_agent = tug__session_user_agent(settings->session),
        .proxy = tug__session_proxies(settings->session),
        .log = tug__session_log(settings->session),
        .should_stop = settings->should_stop,
        .stop_context = settings->stop_context,
        .on_far = settings->on_far,
        .far_context = settings->far_context,
    };
    struct tug__client *const client = calloc(1, sizeof *client);
    enum tug_status status;

    if (client == NULL) {
        return tug__fail_memory(err);
    }
    client->settings = *settings;
    client->session = settings->session;
    status = tug__http_create(&http_settings, &client->http, err);
    if (status != TUG_OK) {
        free(client);
        return status;
    }
    *out_client = client;
    return TUG_OK;
}

void tug__client_destroy(struct tug__client *client)
{
    if (client == NULL) {
        return;
    }
    tug__http_destroy(client->http);
    free(client);
}

void tug__client_wake(struct tug__client *client)
{
    tug__http_wake(client->http);
    tug__session_wake(client->session);
}

enum tug_status tug__ignore_body(void *context, const void *bytes, size_t length,
                                 struct tug_error *err)
{
    (void)context;
    (void)bytes;
    (void)length;
    (void)err;
    return TUG_OK;
}

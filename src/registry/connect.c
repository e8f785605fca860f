/* SPDX-License-Identifier: Apache-2.0
 *
 * Open a connection ahead of the work.
 *
 * libcurl opens one only for a request, so this makes the cheapest there is: GET of the API's root,
 * which every registry has, and which no limit of pulls counts. It carries no credentials: a 401 is
 * as good as a 200.
 *
 * Knows: HTTP, the session's endpoints. Does not know: curl, manifests, the store, retries.
 * Threads: the client's owner.
 */
#include <stdio.h>

#include "base/error.h"
#include "registry/client_internal.h"

/* A server that takes longer is not worth a worker that waits. */
#define CONNECT_MAX_MS UINT64_C(2000)

static enum tug_status on_response(void *context, const struct tug__http_response *response,
                                   struct tug_error *err)
{
    (void)context;
    (void)response;
    (void)err;
    return TUG_OK;
}

enum tug_status tug__client_connect(struct tug__client *client, const char *host,
                                    struct tug_error *err)
{
    const struct tug__registry *const registry = tug__session_find(client->session, host);
    struct tug__endpoint *order[TUG__HOSTS_ENDPOINTS_MAX];
    struct tug__http_response response;
    char url[TUG__URL_MAX];
    bool is_http;

    if (registry == NULL ||
        tug__session_order(client->session, registry, TUG__CAN_PULL, 0, order) == 0 ||
        tug__session_pause_rest_ms(client->session, order[0]) > 0) {
        return tug__fail(err, TUG_ERR_NETWORK, "'%s' has no endpoint to be asked now", host);
    }
    is_http = tug__session_health(client->session, order[0]).scheme == TUG__SCHEME_HTTP;
    if (snprintf(url, sizeof url, "%s://%s%s/", is_http ? "http" : "https", order[0]->config->host,
                 order[0]->config->path) >= (int)sizeof url) {
        return tug__fail(err, TUG_ERR_CONFIG, "the URL at '%s' is too long", host);
    }
    return tug__http_perform(client->http,
                             &(struct tug__http_request){.url = url,
                                                         .allow_http = is_http,
                                                         .tls = &order[0]->tls,
                                                         .connect_timeout_ms = CONNECT_MAX_MS,
                                                         .timeout_ms = CONNECT_MAX_MS,
                                                         .on_response = on_response,
                                                         .on_body = tug__ignore_body},
                             &response, err);
}

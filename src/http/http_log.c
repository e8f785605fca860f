/* SPDX-License-Identifier: Apache-2.0
 *
 * Log lines about a request, and the number of its connection.
 *
 * Knows: libcurl. Does not know: registries, credentials, the store.
 * Threads: the handle's owner.
 */
#include <inttypes.h>
#include <string.h>

#include "http/http_internal.h"
#include "url/url.h"

/* libcurl 7.88 does not number connections, but each has a local port. */
void tug__http_find_connection(struct tug__http *http, int local_port)
{
    const size_t count = sizeof http->connections / sizeof http->connections[0];
    size_t found = 0;

    while (found < count && http->connections[found].local_port != local_port) {
        found++;
    }
    if (http->run.place.connection == 0) { /* no socket was opened: a kept connection */
        http->run.place.connection = found < count ? http->connections[found].number
                                                   : tug__log_next_connection(http->settings.log);
        http->run.used_socket = found < count ? http->connections[found].socket : -1;
        return;
    }
    if (found == count) {
        found = http->next_connection++ % count;
    }
    http->connections[found].local_port = local_port;
    http->connections[found].number = http->run.place.connection;
    http->connections[found].socket = http->run.socket;
    http->run.used_socket = http->run.socket;
}

bool tug__http_has_connected(const struct tug__http *http)
{
    long connections = 0;

    (void)curl_easy_getinfo(http->easy, CURLINFO_NUM_CONNECTS, &connections);
    return connections > 0;
}

int tug__http_on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *context)
{
    const struct tug__http *const http = context;
    const char *const end = data + size;

    (void)easy;
    if (type != CURLINFO_HEADER_OUT && type != CURLINFO_HEADER_IN) {
        return 0;
    }
    for (const char *line = data; line < end;) { /* the head of a request comes in one piece */
        const char *const newline = memchr(line, '\n', (size_t)(end - line));
        const size_t length = newline != NULL ? (size_t)(newline + 1 - line) : (size_t)(end - line);

        tug__log_header(http->settings.log, http->run.place,
                        type == CURLINFO_HEADER_OUT ? '>' : '<', line, length);
        line += length;
    }
    return 0;
}

static double ms_of(struct tug__http *http, CURLINFO info)
{
    curl_off_t us = 0;

    (void)curl_easy_getinfo(http->easy, info, &us);
    return (double)us / 1000;
}

void tug__http_log_timing(struct tug__http *http)
{
    const struct tug__http_request *const request = http->run.request;
    char where[TUG__LOG_PLACE_MAX];
    char shown[256];

    tug__log_printf(http->settings.log, TUG_LOG_DEBUG,
                    "%s* %s %s: %d, lookup %.1f ms, connect %.1f ms, tls %.1f ms, first byte %.1f "
                    "ms, total %.1f ms, %" PRIu64 " bytes, %s connection",
                    tug__log_place_text(where, http->run.place),
                    request->form != NULL ? "POST"
                    : request->is_head    ? "HEAD"
                                          : "GET",
                    tug__url_redact(shown, sizeof shown, request->url), http->run.response->status,
                    ms_of(http, CURLINFO_NAMELOOKUP_TIME_T), ms_of(http, CURLINFO_CONNECT_TIME_T),
                    ms_of(http, CURLINFO_APPCONNECT_TIME_T),
                    ms_of(http, CURLINFO_STARTTRANSFER_TIME_T), ms_of(http, CURLINFO_TOTAL_TIME_T),
                    http->run.response->body_bytes, tug__http_has_connected(http) ? "new" : "kept");
}

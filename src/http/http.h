/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/1.1 requests over one libcurl easy handle: one connection for each host, kept alive.
 *
 * Redirects are not followed here (the caller decides what to send along), ranges are not checked
 * here, and no status is an error: the caller checks it in on_response, before the first byte of
 * the body is delivered.
 *
 * The body of an answer other than 2xx is read for its error message only: at most
 * TUG__ERROR_BODY_MAX bytes, for at most the stall timeout. A request never fails because of such a
 * body, however it ends.
 *
 * Threads: a handle belongs to one thread at a time; tug__http_wake may come from any.
 */
#ifndef TUG_HTTP_HTTP_H
#define TUG_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

#include "http/log.h"
#include "http/proxy.h"
#include "http/tls.h"

/* Most bytes read of an error body. */
#define TUG__ERROR_BODY_MAX ((size_t)64 * 1024)

struct tug__http;
struct tug__http_response;

/* How long a new connection may be on its way until its server is far away. */
#define TUG__HTTP_FAR_MS UINT64_C(5)

/* Settings for the life of a handle. */
struct tug__http_settings {
    uint64_t connect_timeout_ms; /* name lookup, connect and TLS together */
    uint64_t stall_timeout_ms;   /* longest silence once connected, and the window over which a body
                                    must average 1 KiB/s */
    const char *user_agent;      /* borrowed, must outlive the handle */
    const struct tug__proxies *proxy; /* borrowed, must outlive the handle; NULL: none at all */
    const struct tug__log *log;       /* borrowed, must outlive the handle; NULL: none */
    /* Checked whenever the handle wakes up; true ends the request with TUG_ERR_CANCELLED. */
    bool (*should_stop)(void *context);
    void *stop_context;
    /* Called once in a request that opens a connection, when the server's kernel has not answered
     * for TUG__HTTP_FAR_MS: each round trip takes as long. NULL: not wanted. */
    void (*on_far)(void *context);
    void *far_context;
};

/* How the server of a TLS connection is verified, and the client certificate it is shown. Requests
 * that differ in any of this never share a connection. */
struct tug__http_tls {
    struct tug__trust *trust;         /* NULL: libcurl's defaults */
    const char *certificate_file;     /* of the client, PEM; NULL: none */
    const char *key_file;             /* NULL: in certificate_file */
    struct tug__client_choice choice; /* instead of one: several to choose from; outlives the
                                         connections */
    bool skip_verify;
    bool is_common; /* used by most requests of the run: their TLS sessions may be resumed */
};

/* One request. Everything is borrowed for the call. */
struct tug__http_request {
    const char *url;
    bool is_head;       /* HEAD instead of GET */
    const char *form;   /* POST this application/x-www-form-urlencoded text; NULL: GET or HEAD */
    bool allow_http;    /* http is allowed besides https */
    bool is_public;     /* refuse to connect to private addresses (url/address.h) */
    const char *accept; /* Accept header; NULL sends none */
    const char *range;  /* value of CURLOPT_RANGE, "first-last"; NULL asks for everything */
    /* About how long the body will be, to choose the buffer; 0: short, or nobody knows. */
    uint64_t body_bytes;
    const char *authorization;  /* value of the Authorization header; NULL: none */
    const char *const *headers; /* whole lines, "Name: value" */
    size_t header_count;
    const struct tug__http_tls *tls; /* NULL: all defaults */
    uint64_t connect_timeout_ms;     /* instead of the handle's; 0: that */
    uint64_t timeout_ms;             /* for the whole request; 0: none */
    bool is_body_secret;             /* never shown: tokens */
    /* Called once, when the final status and all headers have arrived. Any result but TUG_OK ends
     * the request with it, before any of the body is delivered. */
    enum tug_status (*on_response)(void *context, const struct tug__http_response *response,
                                   struct tug_error *err);
    /* Called for each piece of the body, at most 16 KiB. Any status but TUG_OK ends the request. */
    enum tug_status (*on_body)(void *context, const void *bytes, size_t length,
                               struct tug_error *err);
    void *context;
};

/* How a request failed below HTTP, for callers that can try something else. */
enum tug__http_failure {
    TUG__HTTP_FINE = 0,
    TUG__HTTP_NO_CONNECTION,   /* refused, unreachable, timed out */
    TUG__HTTP_NO_TLS,          /* the server speaks no TLS, or no version we accept */
    TUG__HTTP_BAD_CERTIFICATE, /* the certificate is not trusted: trying again is useless */
    TUG__HTTP_REFUSED,         /* refused by us: scheme, address, malformed URL */
    TUG__HTTP_BROKEN,          /* anything else: name lookup, reset, early end, stall */
};

/* An answer so far; complete when tug__http_perform returned TUG_OK. */
struct tug__http_response {
    int status;              /* final HTTP status; 0: none arrived */
    int64_t content_length;  /* announced length of the body; -1: none announced */
    uint64_t body_bytes;     /* body bytes delivered to on_body */
    uint64_t retry_after_ms; /* from Retry-After; 0: none */
    enum tug__http_failure failure;
    bool was_private;       /* the address connected to is a private one; no proxy was between */
    struct tug__http *http; /* for the functions below */
};

/* Create a handle.
 * settings: copied. out_http: owned by the caller. Errors: TUG_ERR_NO_MEMORY, TUG_ERR_INTERNAL. */
enum tug_status tug__http_create(const struct tug__http_settings *settings,
                                 struct tug__http **out_http, struct tug_error *err);
/* Close the connections and free the handle; NULL is allowed. */
void tug__http_destroy(struct tug__http *http);
/* Wake a sleeping request so that it checks should_stop. Threads: any. Blocks: no. */
void tug__http_wake(struct tug__http *http);

/* Perform a request until it has ended.
 * out_response: always filled, also on failure.
 * Errors: TUG_ERR_NETWORK (the message names host and reason), TUG_ERR_CONFIG (a client certificate
 * that does not work), TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY, and whatever a callback returned.
 * Blocks: until the answer is complete, bounded by connect_timeout_ms, then by twice
 * stall_timeout_ms for the head, then by the minimum rate of a body (stall_timeout_ms). */
enum tug_status tug__http_perform(struct tug__http *http, const struct tug__http_request *request,
                                  struct tug__http_response *out_response, struct tug_error *err);

/* The value of the first header of that name in the final answer; NULL when it is missing or empty.
 * Borrowed until the next request. Also valid inside on_response. */
const char *tug__http_header(const struct tug__http_response *response, const char *name);
/* The same for the index-th header of that name, from 0. */
const char *tug__http_header_at(const struct tug__http_response *response, const char *name,
                                size_t index);
/* Tell whether a status redirects a GET (301, 302, 303, 307, 308). */
bool tug__http_is_redirect(int status);
/* The absolute URL of a redirect, resolved by RFC 3986; NULL when the answer is not one. Borrowed
 * until the next request. */
const char *tug__http_redirect_url(const struct tug__http_response *response);

/* Where this libcurl looks for the system's certificates: a hashed directory and a bundle, either
 * of them NULL. Static text. */
void tug__http_system_ca(const char **out_directory, const char **out_file);

/* Initialise libcurl for this process, once per call of tug__http_global_release. Thread-safe.
 * Errors: TUG_ERR_INTERNAL. */
enum tug_status tug__http_global_acquire(struct tug_error *err);
void tug__http_global_release(void);

#endif

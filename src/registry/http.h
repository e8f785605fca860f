/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/1.1 requests over one libcurl easy handle: one connection per handle, kept alive.
 *
 * Redirects are not followed here (the caller must decide what to send along), ranges are not
 * checked here, and no answer is an error by its status: the caller looks at the status in
 * on_response, before the first body byte is handed over.
 *
 * Threads: a handle belongs to one thread at a time; tug__http_wake may come from any.
 */
#ifndef TUG_REGISTRY_HTTP_H
#define TUG_REGISTRY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

struct tug__http;
struct tug__http_response;

/* Settings for the life of a handle. */
struct tug__http_settings {
    uint64_t connect_timeout_ms; /* name lookup, connect and TLS together */
    uint64_t stall_timeout_ms;   /* longest time without a byte once connected */
    const char *user_agent;      /* borrowed, must outlive the handle */
    /* Asked whenever the handle wakes up; true ends the request with TUG_ERR_CANCELLED. */
    bool (*should_stop)(void *context);
    void *stop_context;
};

/* One request. Everything is borrowed for the call. */
struct tug__http_request {
    const char *url;
    bool is_head;       /* HEAD instead of GET */
    bool allow_http;    /* http is allowed besides https */
    bool bypass_proxy;  /* ignore proxy settings of the environment (loopback hosts) */
    const char *accept; /* Accept header; NULL sends none */
    const char *range;  /* value of CURLOPT_RANGE, "first-last"; NULL asks for everything */
    /* Called once, when the final status and all headers are there. Any status but TUG_OK ends the
     * request with it, before a body byte is delivered. */
    enum tug_status (*on_response)(void *context, const struct tug__http_response *response,
                                   struct tug_error *err);
    /* Called for each piece of the body, at most 16 KiB. Any status but TUG_OK ends the request. */
    enum tug_status (*on_body)(void *context, const void *bytes, size_t length,
                               struct tug_error *err);
    void *context;
};

/* How a request failed below HTTP, for those who may try something else. */
enum tug__http_failure {
    TUG__HTTP_FINE = 0,
    TUG__HTTP_NO_CONNECTION, /* refused, unreachable, timed out */
    TUG__HTTP_NO_TLS,        /* the other side does not speak TLS, or not one we accept */
    TUG__HTTP_BROKEN,        /* anything else: name lookup, reset, early end, stall */
};

/* What is known of an answer; complete when tug__http_perform returned TUG_OK. */
struct tug__http_response {
    int status;              /* final HTTP status; 0: none arrived */
    int64_t content_length;  /* announced length of the body; -1: none announced */
    uint64_t body_bytes;     /* body bytes delivered to on_body */
    uint64_t retry_after_ms; /* from Retry-After; 0: none */
    enum tug__http_failure failure;
    struct tug__http *http; /* for the functions below */
};

/* Create a handle.
 * settings: copied. out_http: owned by the caller. Errors: TUG_ERR_NO_MEMORY, TUG_ERR_INTERNAL. */
enum tug_status tug__http_create(const struct tug__http_settings *settings,
                                 struct tug__http **out_http, struct tug_error *err);
/* Close the connection and free the handle; NULL is allowed. */
void tug__http_destroy(struct tug__http *http);
/* Make a request that sleeps ask should_stop at once. Threads: any. Blocks: no. */
void tug__http_wake(struct tug__http *http);

/* Perform a request and wait for its end.
 * out_response: always filled, also on failure.
 * Errors: TUG_ERR_NETWORK (the message names host and reason), TUG_ERR_CANCELLED,
 * TUG_ERR_NO_MEMORY, and whatever a callback returned. Blocks: until the answer is complete,
 * bounded by connect_timeout_ms and then by stall_timeout_ms between any two bytes. */
enum tug_status tug__http_perform(struct tug__http *http, const struct tug__http_request *request,
                                  struct tug__http_response *out_response, struct tug_error *err);

/* The value of the first header of that name in the final answer, NULL when there is none.
 * Borrowed until the next request. Also valid inside on_response. */
const char *tug__http_header(const struct tug__http_response *response, const char *name);
/* The absolute URL of a redirect (RFC 3986 resolution done), NULL when the answer is none.
 * Borrowed until the next request. */
const char *tug__http_redirect_url(const struct tug__http_response *response);

/* Initialise libcurl for this process, once per call of tug__http_global_release. Thread-safe.
 * Errors: TUG_ERR_INTERNAL. */
enum tug_status tug__http_global_acquire(struct tug_error *err);
void tug__http_global_release(void);

#endif

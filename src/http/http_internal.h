/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of an HTTP handle, shared by its files: http.c (the course of a request),
 * http_setup.c (libcurl's options), http_receive.c (libcurl's callbacks), http_log.c (lines of the
 * log).
 * Threads: the handle's owner.
 */
#ifndef TUG_HTTP_HTTP_INTERNAL_H
#define TUG_HTTP_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "http/http.h"

/* Sets of connections that differ in their TLS settings: the registry, what it redirects to, a
 * mirror and one more. */
#define TUG__HTTP_POOLS 4

/* Connections that are interchangeable. */
struct tug__http_pool {
    struct tug__http_tls tls; /* its texts are only compared by address */
    CURLM *multi;             /* NULL: unused */
    uint64_t used_ns;
};

/* A connection, for the log and for options of its socket. */
struct tug__http_connection {
    int local_port;  /* 0: unused */
    unsigned number; /* in the log */
    int socket;      /* libcurl's, which may have closed it; -1: not known */
};

/* When things happened, for the stall timer (tug__now_ns). */
struct tug__http_times {
    uint64_t active_ns;    /* the last byte came */
    uint64_t connected_ns; /* the request was sent */
    uint64_t response_ns;  /* the answer's head was complete */
    uint64_t window_ns;    /* the window began that window_bytes belong to */
    uint64_t window_bytes;
};

/* The request that is running; begins as zero. */
struct tug__http_run {
    const struct tug__http_request *request;
    struct tug__http_response *response;
    struct tug_error *error;
    struct tug__log_place place; /* connection 0: none yet */
    struct tug__http_times times;
    enum tug_status verdict; /* result of the callback that ended the request */
    size_t header_bytes;     /* interim answers and trailers included */
    bool has_proxy;
    bool has_tls_proxy; /* the connection to the proxy itself is TLS */
    bool has_refused;   /* an address was refused */
    bool is_connected;  /* the stall timer runs */
    int socket;         /* opened last for this request; -1: none, a kept connection is used */
    int used_socket;    /* of the connection that is used; -1: not known */
    bool is_far_told;   /* on_far was called, or is of no use */
    bool has_response;  /* on_response was called */
    bool is_unwanted;   /* the status says that the body is only an error message */
    bool is_cut_short;  /* such a body was longer than the limit */
};

struct tug__http {
    struct tug__http_settings settings;
    CURL *easy;
    struct tug__http_pool pools[TUG__HTTP_POOLS];
    int wake_fd; /* an eventfd: the one thing other threads touch */

    /* room for more than all pools keep */
    struct tug__http_connection connections[32];
    size_t next_connection;

    /* libcurl holds pointers to these, or these are its own */
    struct curl_slist *headers; /* of the present request */
    char reason[CURL_ERROR_SIZE];
    char *redirect_url; /* of the last answer; NULL: not asked for, or none */

    struct tug__http_run run;
};

/* Create libcurl's handle and set the options common to all requests.
 * Errors: TUG_ERR_NO_MEMORY, TUG_ERR_INTERNAL. */
enum tug_status tug__http_set_up(struct tug__http *http, struct tug_error *err);

/* Set the options of http->run.request; each is set every time, so that nothing is left of the last
 * one.
 * Returns: the multi handle whose connections it may use; NULL when out of memory. */
CURLM *tug__http_set_request(struct tug__http *http);

/* Find out which connection a request uses, once it is established. */
void tug__http_find_connection(struct tug__http *http, int local_port);
/* Tell whether the request opened a connection, or used a kept one. */
bool tug__http_has_connected(const struct tug__http *http);
/* Log the times of the request that has ended. */
void tug__http_log_timing(struct tug__http *http);
/* Callback: log heads. */
int tug__http_on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *context);

/* Callbacks: http_receive.c. */
int tug__http_on_connected(void *context, char *remote_ip, char *local_ip, int remote_port,
                           int local_port);
size_t tug__http_on_header(char *line, size_t size, size_t count, void *context);
size_t tug__http_on_body(char *bytes, size_t size, size_t count, void *context);

#endif

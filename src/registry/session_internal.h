/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a session, shared by its files: session.c and session_headers.c (the immutable
 * part) and session_memory.c (the rest).
 */
#ifndef TUG_REGISTRY_SESSION_INTERNAL_H
#define TUG_REGISTRY_SESSION_INTERNAL_H

#include <pthread.h>

#include "http/ca_places.h"
#include "registry/session.h"

/* Redirect targets remembered: twice the most workers. */
#define TUG__REDIRECTS_MAX 128
/* Repositories whose authorisation is remembered; the oldest makes room. */
#define TUG__KNOWN_AUTH_MAX 256
/* Most different warnings of a run. */
#define TUG__WARNINGS_MAX 64

struct tug__trust_item {
    struct tug__trust *trust;
    struct tug__trust_item *next;
};

/* The redirect target of a blob. */
struct tug__redirect_item {
    const struct tug__endpoint *endpoint;
    struct tug_digest digest;
    char *url; /* owned; NULL: unused */
    uint64_t expires_ns;
};

/* How a repository's requests are authorised. */
struct tug__auth_item {
    const struct tug__endpoint *endpoint;
    char *repository; /* owned; NULL: unused */
    struct tug__known_auth known;
};

/* What the user asked for. All text is owned. */
struct tug__session_config {
    bool plain_http;
    bool skip_verify;
    char *ca_file;
    char *certificate_file;
    char *key_file;
    char *hosts_dir;
    char *user_agent;                     /* NULL: our own */
    struct tug__endpoint_header *headers; /* of the program, see session_headers.c */
    size_t header_count;
};

/* What is learned on the way. */
struct tug__session_memory {
    pthread_mutex_t mutex; /* guards the rest, and the health of every endpoint */
    struct tug__redirect_item redirects[TUG__REDIRECTS_MAX];
    unsigned next_redirect;
    struct tug__auth_item auths[TUG__KNOWN_AUTH_MAX];
    unsigned next_auth;
    char *warnings[TUG__WARNINGS_MAX]; /* owned */
    unsigned warning_count;
    unsigned warnings_taken;
};

struct tug__session {
    /* set before clients start, then read-only */
    struct tug__session_config config;
    struct tug__log log;
    struct tug__proxies proxies;
    struct tug__http_tls tls; /* the common one */
    struct tug__ca_places ca_places;
    struct tug__trust_item *trusts;
    struct tug__registry *registries;

    /* shared; each locks itself */
    struct tug__log_numbers numbers;
    struct tug__credentials *credentials;
    struct tug__token_cache *tokens;
    struct tug__secrets *secrets;
    struct tug__session_memory memory;
};

/* Log the configuration in use, if that is asked for. Opens nothing. */
void tug__session_tell(const struct tug__session *session, bool is_hosts_dir_given);
/* Copy the headers that the program adds; tug__session_drop_headers frees them. Errors:
 * TUG_ERR_INVALID_ARGUMENT (see tug__header_split), TUG_ERR_NO_MEMORY. */
enum tug_status tug__session_keep_headers(struct tug__session *session,
                                          const struct tug__added *added, struct tug_error *err);
void tug__session_drop_headers(struct tug__session *session);
/* Choose the headers for an endpoint, whose config is set. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__session_set_headers(struct tug__session *session,
                                         struct tug__endpoint *endpoint, struct tug_error *err);

/* Free everything remembered. */
void tug__session_forget(struct tug__session *session);

#endif

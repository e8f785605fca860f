/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a session, shared by its two files: session.c (the immutable part) and
 * session_memory.c (the rest).
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

struct tug__session {
    /* set before clients start, then read-only */
    bool plain_http;
    bool skip_verify;
    char *ca_file;
    char *certificate_file;
    char *key_file;
    char *hosts_dir;
    struct tug__log log;
    struct tug__log_numbers numbers; /* locks itself */
    struct tug__proxies proxies;
    struct tug__http_tls tls; /* the common one */
    struct tug__ca_places ca_places;
    struct tug__trust_item *trusts;
    struct tug__registry *registries;
    struct tug__credentials *credentials; /* locks itself */
    struct tug__token_cache *tokens;      /* locks itself */
    struct tug__secrets *secrets;         /* locks itself */

    /* shared, under mutex: these and the health of every endpoint */
    pthread_mutex_t mutex;
    struct tug__redirect_item redirects[TUG__REDIRECTS_MAX];
    unsigned next_redirect;
    struct tug__auth_item auths[TUG__KNOWN_AUTH_MAX];
    unsigned next_auth;
    char *warnings[TUG__WARNINGS_MAX];
    unsigned warning_count;
    unsigned warnings_taken;
};

/* Free everything remembered. */
void tug__session_forget(struct tug__session *session);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * State shared by all clients of a run: which endpoints serve a registry, the scheme, health and
 * pause of each, which authorisation it asks for, and where it redirects to.
 *
 * Knows: hosts.toml, TLS settings, credentials, tokens. Does not know: curl, manifests, the store.
 * Threads: created and filled (tug__session_add) by one thread before others use it; then any. One
 * mutex, held for a few lines, never while anything waits.
 */
#ifndef TUG_REGISTRY_SESSION_H
#define TUG_REGISTRY_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>

#include "auth/challenge.h"
#include "auth/credential.h"
#include "auth/token.h"
#include "hosts/hosts.h"
#include "http/http.h"
#include "http/log.h"
#include "http/proxy.h"
#include "http/secrets.h"
#include "registry/registry.h"
#include "url/origin.h"

/* How long the target of a redirect is reused; presigned URLs live for minutes. */
#define TUG__REDIRECT_LIFE_MS 60000
/* Longest URL that a redirect may lead to. */
#define TUG__REDIRECT_URL_MAX 8192

/* Health of an endpoint. Guarded by the session's mutex. */
struct tug__health {
    enum tug__scheme scheme; /* UNKNOWN until the first answer of a loopback host */
    bool is_down;            /* failed since its last answer: tried last */
    uint64_t paused_ns;      /* no request before this time (tug__now_ns) */
    unsigned limited_count;  /* 429s in a row that named no time */
    bool is_private;         /* it was reached at a private address, or its name is private */
};

/* One endpoint of a registry. */
struct tug__endpoint {
    /* set before clients start, then read-only */
    const struct tug__endpoint_config *config; /* borrowed from the registry's file */
    const char *registry_host;                 /* as in references; borrowed */
    unsigned number;                           /* from 1 on, in the order of the file */
    struct tug__http_tls tls;                  /* for requests to the endpoint itself */
    struct tug__http_tls target_tls;           /* for its redirect targets: no client certificate,
                                                  no skip_verify */
    char **headers;                            /* owned "Name: value" lines, for its origin only */
    size_t header_count;
    bool has_authorization; /* one of them is an Authorization header */
    /* shared */
    struct tug__health health;
};

/* The endpoints of a registry host. Read-only except for their health. */
struct tug__registry {
    char *host; /* owned; as in references */
    struct tug__hosts_file *file;
    struct tug__endpoint *endpoints;
    size_t endpoint_count;
    struct tug__registry *next;
};

/* Make an empty session.
 * settings: copied. out_session: owned.
 * Errors: TUG_ERR_CONFIG (certificate files, hosts directory), TUG_ERR_INVALID_ARGUMENT (proxy,
 * user), TUG_ERR_NO_MEMORY. Blocks: on the disk. See registry.h for tug__session_add and destroy.
 */

/* The registry of a host that was added; NULL for any other. Borrowed. */
const struct tug__registry *tug__session_find(const struct tug__session *session, const char *host);

/* Immutable parts. Borrowed. */
const struct tug__proxies *tug__session_proxies(const struct tug__session *session);
const struct tug__log *tug__session_log(const struct tug__session *session);
const struct tug__http_tls *tug__session_tls(const struct tug__session *session);
const char *tug__session_user_agent(const struct tug__session *session);
struct tug__credentials *tug__session_credentials(const struct tug__session *session);
struct tug__token_cache *tug__session_tokens(const struct tug__session *session);
struct tug__secrets *tug__session_secrets(const struct tug__session *session); /* locks itself */

/* --- health of endpoints --- */

/* The order in which to try a registry's endpoints: those with all of the capabilities; the healthy
 * ones first, otherwise in the order of the file; avoid (a number, 0: none) last.
 * out_order: room for TUG__HOSTS_ENDPOINTS_MAX. Returns: how many. */
size_t tug__session_order(struct tug__session *session, const struct tug__registry *registry,
                          unsigned capabilities, unsigned avoid, struct tug__endpoint **out_order);
/* An endpoint's health at this moment. */
struct tug__health tug__session_health(struct tug__session *session,
                                       const struct tug__endpoint *endpoint);
/* Milliseconds until an endpoint may be asked again; 0: now. */
uint64_t tug__session_pause_rest_ms(struct tug__session *session,
                                    const struct tug__endpoint *endpoint);
/* Pause an endpoint for all clients. retry_after_ms: the wait it asked for; 0: unspecified, which
 * is one second, doubled each time in a row. Returns: the wait. */
uint64_t tug__session_pause(struct tug__session *session, struct tug__endpoint *endpoint,
                            uint64_t retry_after_ms);
/* Note that an endpoint answered (with any status that does not ask for a pause). */
void tug__session_note_answer(struct tug__session *session, struct tug__endpoint *endpoint,
                              enum tug__scheme scheme, bool is_private);
/* Note that an endpoint did not answer, broke off or failed: it is tried last until it answers
 * again. */
void tug__session_note_failure(struct tug__session *session, struct tug__endpoint *endpoint);

/* --- authorisation --- */

/* How to authorise requests for a repository, from the last 401. */
struct tug__known_auth {
    enum tug__auth_scheme scheme;
    char *realm_url; /* BEARER: resolved */
    char *service;
    char *scope;
};

/* Free what it owns. */
void tug__known_auth_fini(struct tug__known_auth *known);
/* Look it up. out_known: owned copy; scheme NONE when nothing is known.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__session_known_auth(struct tug__session *session,
                                        const struct tug__endpoint *endpoint,
                                        const char *repository, struct tug__known_auth *out_known,
                                        struct tug_error *err);
/* Remember it (copied). Without memory it is forgotten, which costs a request each time. */
void tug__session_learn_auth(struct tug__session *session, const struct tug__endpoint *endpoint,
                             const char *repository, const struct tug__known_auth *known);

/* --- redirect targets --- */

/* The URL that an endpoint last redirected to for a blob, if recent enough. Owned; NULL: none. */
char *tug__session_redirect(struct tug__session *session, const struct tug__endpoint *endpoint,
                            const struct tug_digest *digest);
/* Remember the URL, or forget it (NULL). */
void tug__session_set_redirect(struct tug__session *session, const struct tug__endpoint *endpoint,
                               const struct tug_digest *digest, const char *url);

/* --- warnings --- */

/* Queue a warning, unless it was seen before. about: a registry's host, or a file. text:
 * foreign. */
void tug__session_add_warning(struct tug__session *session, const char *about, const char *text);

#endif

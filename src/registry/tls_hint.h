/* SPDX-License-Identifier: Apache-2.0
 *
 * What the user can do about a failure that has to do with TLS.
 *
 * Knows: the error texts of OpenSSL, libcurl and common servers. Does not know: curl, OpenSSL,
 * HTTP.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_REGISTRY_TLS_HINT_H
#define TUG_REGISTRY_TLS_HINT_H

#include <stdbool.h>
#include <stddef.h>

enum tug__tls_trouble {
    TUG__TLS_FINE = 0,     /* nothing that an option would mend */
    TUG__TLS_SPEAKS_HTTP,  /* http is spoken where we spoke TLS */
    TUG__TLS_IS_SPOKEN,    /* the other way around */
    TUG__TLS_WANTS_CLIENT, /* no client certificate was shown, or not the right one */
    TUG__TLS_ISSUER,       /* an authority that we do not trust */
    TUG__TLS_TIME,         /* the certificate is not good any more, or not yet */
    TUG__TLS_NAME,         /* it is another host's */
};

/* Whom the failure came from. */
struct tug__tls_party {
    bool is_registry;  /* the registry itself, which options are for; else a mirror */
    bool is_elsewhere; /* neither, but where it sent us: a redirect's target, a token server */
    bool has_scheme;   /* hosts.toml says http or https */
    bool has_client;   /* a client certificate was to be shown */
};

/* Recognise a failure by the reason that libcurl or OpenSSL gives; text may be around it. */
enum tug__tls_trouble tug__tls_trouble_of(const char *reason);
/* Recognise it by a server's answer. body: length bytes, may be NULL when there are none. */
enum tug__tls_trouble tug__tls_trouble_of_answer(int status, const char *body, size_t length);

/* What to do. Returns: static text; NULL: nothing is known to help. */
const char *tug__tls_advice(enum tug__tls_trouble trouble, const struct tug__tls_party *party);

#endif

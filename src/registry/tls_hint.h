/* SPDX-License-Identifier: Apache-2.0
 *
 * Advice about failures of TLS.
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
    TUG__TLS_FINE = 0,     /* nothing that an option would fix */
    TUG__TLS_SPEAKS_HTTP,  /* the server speaks http, we spoke TLS */
    TUG__TLS_IS_SPOKEN,    /* the other way around */
    TUG__TLS_WANTS_CLIENT, /* no client certificate was shown, or not the right one */
    TUG__TLS_ISSUER,       /* an authority that we do not trust */
    TUG__TLS_TIME,         /* the certificate has expired, or is not valid yet */
    TUG__TLS_NAME,         /* the certificate is another host's */
};

/* The server that the failure came from. */
struct tug__tls_party {
    bool is_registry;  /* the registry itself, which options apply to; else a mirror */
    bool is_elsewhere; /* neither, but the target of its redirect or its token server */
    bool has_scheme;   /* hosts.toml says http or https */
    bool has_client;   /* a client certificate was to be shown */
};

/* Recognise a failure by the reason from libcurl or OpenSSL, which may be part of a longer text. */
enum tug__tls_trouble tug__tls_trouble_of(const char *reason);
/* Recognise it by a server's answer. body: length bytes, may be NULL when there are none. */
enum tug__tls_trouble tug__tls_trouble_of_answer(int status, const char *body, size_t length);

/* Advice on a failure. Returns: static text; NULL: none. */
const char *tug__tls_advice(enum tug__tls_trouble trouble, const struct tug__tls_party *party);

#endif

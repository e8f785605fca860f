/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates that TLS connections trust: one set for all threads, read once; and the client
 * certificate they show.
 *
 * The system's certificates are looked up in their hashed directory when they are needed. Reading a
 * bundle costs 30 to 60 ms, so that is done only when the directory is incomplete
 * (http/ca_places.h), and not before the first TLS connection.
 */
#ifndef TUG_HTTP_TLS_H
#define TUG_HTTP_TLS_H

#include <stddef.h>

#include <tug/error.h>

#include "url/client_pair.h"

struct tug__ca_places;

/* A set of trusted certificates, the same for all connections; any number of threads may use it. */
struct tug__trust;

/* Create a set of the system's certificates and those in some PEM files. system: copied; its
 * directory is searched and its bundle read when needed. files: borrowed; read now.
 * out_trust: owned.
 * Errors: TUG_ERR_CONFIG (a file cannot be read or has no certificate), TUG_ERR_NO_MEMORY.
 * Blocks: on the disk. */
enum tug_status tug__trust_create(const struct tug__ca_places *system, const char *const *files,
                                  size_t file_count, struct tug__trust **out_trust,
                                  struct tug_error *err);
/* Free a set; connections that use it keep what they need. NULL is allowed. */
void tug__trust_destroy(struct tug__trust *trust);

/* Make a connection being established trust this set only. The first call reads the system's
 * bundle; the others wait for it and have the same result. ssl_context: OpenSSL's SSL_CTX, as
 * libcurl hands it out. err: not NULL. Errors: TUG_ERR_CONFIG (the bundle cannot be read or has no
 * certificate). Threads: any. Blocks: on the disk. */
enum tug_status tug__trust_apply(struct tug__trust *trust, void *ssl_context,
                                 struct tug_error *err);

/* Client certificates to choose from. Borrowed. */
struct tug__client_choice {
    const struct tug__client_pair *pairs; /* checked with tug__tls_check_client */
    size_t count;
    const char *host; /* host they are for, with or without a port */
};

/* Make a connection being established show one of several client certificates when the server asks
 * for one: the first with an issuer among the authorities that the server names, else the first.
 * choice: must outlive the connection. has_tls_proxy: libcurl also passes the settings of the
 * connection to the proxy, which differ in the name of the server only; a server without a name (an
 * address) is shown no certificate then (T-11). ssl_context: as in tug__trust_apply.
 * Threads: any. Blocks: no; the handshake reads the files. */
void tug__client_choice_apply(const struct tug__client_choice *choice, bool has_tls_proxy,
                              void *ssl_context);

/* Check that a client certificate and its key can be read, belong together and need no passphrase.
 * key_file: NULL: the key is in certificate_file.
 * Errors: TUG_ERR_CONFIG (the message names the file), TUG_ERR_NO_MEMORY. Blocks: on the disk. */
enum tug_status tug__tls_check_client(const char *certificate_file, const char *key_file,
                                      struct tug_error *err);

#endif

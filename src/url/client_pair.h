/* SPDX-License-Identifier: Apache-2.0
 *
 * The client certificate shown to an origin that asks for one: named by hosts (configuration), used
 * by http.
 */
#ifndef TUG_URL_CLIENT_PAIR_H
#define TUG_URL_CLIENT_PAIR_H

/* A client certificate: PEM files that could be read when the configuration was loaded. */
struct tug__client_pair {
    char *certificate_file;
    char *key_file; /* NULL: the key is in certificate_file */
};

#endif

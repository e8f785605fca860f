/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the system keeps its CA certificates: a directory in which OpenSSL looks one up by the hash
 * of its name when it is needed, and a bundle, which is read as a whole (30 to 60 ms).
 *
 * Knows: where operating systems keep them. Does not know: OpenSSL, libcurl, HTTP.
 * Threads: any.
 */
#ifndef TUG_HTTP_CA_PLACES_H
#define TUG_HTTP_CA_PLACES_H

/* A directory with this many hashed names is complete: no bundle is read beside it. One with fewer
 * may only hold additions to a bundle. */
#define TUG__CA_NAMES_ENOUGH 16

/* Texts are borrowed. */
struct tug__ca_places {
    const char *directory; /* hashed; perhaps several, separated by colons; NULL: none */
    const char *bundle;    /* PEM; NULL: none, or none is needed */
};

/* Find the CA certificates.
 * named_directory, named_file: SSL_CERT_DIR and SSL_CERT_FILE. When either is set (not empty), only
 *   what they name counts, both together; a missing file or directory is left out.
 * curl_directory, curl_file: asked before the usual places; NULL: none.
 * out_places: the first directory with hashed names, and the first bundle that can be read and is
 * not empty. Blocks: on the disk. */
void tug__ca_places_find(const char *named_directory, const char *named_file,
                         const char *curl_directory, const char *curl_file,
                         struct tug__ca_places *out_places);

#endif

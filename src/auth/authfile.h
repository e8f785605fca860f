/* SPDX-License-Identifier: Apache-2.0
 *
 * One file of registry credentials: docker's config.json, Podman's auth.json, ~/.dockercfg.
 * Does not know: credential helpers, HTTP, registries.
 * Threads: immutable after the parse: any. Blocks: tug__authfile_read on the disk.
 */
#ifndef TUG_AUTH_AUTHFILE_H
#define TUG_AUTH_AUTHFILE_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>

#include "auth/credential.h"

/* Largest file, and most entries in each of its maps. */
#define TUG__AUTHFILE_BYTES_MAX ((size_t)1024 * 1024)
/* The key that docker and its helpers use for Docker Hub. */
#define TUG__HUB_KEY "https://index.docker.io/v1/"
/* Longest host with port that is compared, NUL included. */
#define TUG__AUTH_HOST_MAX 262

enum tug__authfile_kind {
    TUG__AUTHFILE_FULL =
        0,                /* config.json, auth.json: auths, credHelpers, credsStore, HttpHeaders */
    TUG__AUTHFILE_AUTHS,  /* only its "auths" counts ($DOCKER_AUTH_CONFIG) */
    TUG__AUTHFILE_LEGACY, /* ~/.dockercfg: the top object is the "auths" */
};

struct tug__authfile;

/* The text of a file. Borrowed for the call. */
struct tug__authfile_text {
    const char *text; /* length bytes */
    size_t length;
    const char *name; /* used in messages; copied */
    enum tug__authfile_kind kind;
};

/* Parse the text of a file.
 * out_file: owned, untouched on failure.
 * Errors: TUG_ERR_CONFIG (not strict JSON, wrong types, too large), TUG_ERR_NO_MEMORY. */
enum tug_status tug__authfile_parse(const struct tug__authfile_text *input,
                                    struct tug__authfile **out_file, struct tug_error *err);
/* Read and parse a file; links are followed, anything but a regular file is refused.
 * Errors: as tug__authfile_parse; a missing file is TUG_ERR_CONFIG with os_errno ENOENT or
 * ENOTDIR. */
enum tug_status tug__authfile_read(const char *path, const char *name, enum tug__authfile_kind kind,
                                   struct tug__authfile **out_file, struct tug_error *err);
/* Wipe and free; NULL is allowed. */
void tug__authfile_destroy(struct tug__authfile *file);

/* Tell whether the file holds secrets and can be read by users other than its owner (T-14). */
bool tug__authfile_is_exposed(const struct tug__authfile *file);

/* The file's name for messages. Borrowed. */
const char *tug__authfile_name(const struct tug__authfile *file);

/* The helper that knows the credentials of a host, by credHelpers, else by credsStore.
 * host: normalised by tug__auth_host. out_key: the server to ask the helper about (borrowed from
 * file, or from host, or static).
 * Returns: the helper's name, unchecked, borrowed; NULL when the file names none for it. */
const char *tug__authfile_helper(const struct tug__authfile *file, const char *host,
                                 const char **out_key);

/* Look a host up in "auths". The longest match wins, by whole components of the path:
 * host/namespace/repository, host/namespace, host. Entries without a secret do not count.
 * host: normalised by tug__auth_host. repository: NULL allowed.
 * out_credential: TUG__CREDENTIAL_NONE when there is no entry; owned; untouched on failure.
 * Errors: TUG_ERR_CONFIG (the entry is malformed; names file and key), TUG_ERR_NO_MEMORY. */
enum tug_status tug__authfile_find(const struct tug__authfile *file, const char *host,
                                   const char *repository, struct tug__credential *out_credential,
                                   struct tug_error *err);

/* "Name: value" of each of the file's HttpHeaders that may be sent. Borrowed from file. */
const char *const *tug__authfile_headers(const struct tug__authfile *file, size_t *out_count);

/* Normalise a host for comparing: lower case, the names of Docker Hub become "docker.io".
 * Returns: false, with out_host empty, for text that cannot be a host (empty, too long, other
 * characters). */
bool tug__auth_host(const char *host, char out_host[TUG__AUTH_HOST_MAX]);

#endif

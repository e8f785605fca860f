/* SPDX-License-Identifier: Apache-2.0
 *
 * Look hosts up in files of registry credentials.
 *
 * Knows: how docker and Podman write their keys. Does not know: JSON, HTTP, registries.
 * Threads: a file is immutable after the parse.
 */
#include "auth/authfile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/authfile_internal.h"
#include "base/error.h"
#include "base/str.h"

bool tug__auth_host(const char *host, char out_host[TUG__AUTH_HOST_MAX])
{
    const size_t length = strlen(host);

    out_host[0] = '\0';
    if (length == 0 || length >= TUG__AUTH_HOST_MAX) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        const char c = host[i];

        if (c <= ' ' || c > '~' || strchr("/?#@\\", c) != NULL) {
            out_host[0] = '\0';
            return false;
        }
        out_host[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    out_host[length] = '\0';
    if (strcmp(out_host, "index.docker.io") == 0 || strcmp(out_host, "registry-1.docker.io") == 0) {
        (void)strcpy(out_host, "docker.io");
    }
    return true;
}

/* Paths after a host that stand for the whole registry. */
static bool is_root_path(const char *path, bool has_scheme)
{
    static const char *const always[] = {"", "/", "/v1/", "/v2/"};

    for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
        if (strcmp(path, always[i]) == 0) {
            return true;
        }
    }
    /* without a scheme these may be Podman's key of a namespace */
    return has_scheme && (strcmp(path, "/v1") == 0 || strcmp(path, "/v2") == 0);
}

/* Split a key of "auths" into host and namespace or repository (borrowed from key, empty for the
 * whole registry). Returns: false when its host is not a usable one. */
static bool split_key(const char *key, char out_host[TUG__AUTH_HOST_MAX], const char **out_path)
{
    const bool is_https = strncasecmp(key, "https://", 8) == 0;
    const bool has_scheme = is_https || strncasecmp(key, "http://", 7) == 0;
    const char *const start = has_scheme ? key + (is_https ? 8 : 7) : key;
    const size_t length = strcspn(start, "/");
    char host[TUG__AUTH_HOST_MAX];

    if (length >= sizeof host) {
        return false;
    }
    memcpy(host, start, length);
    host[length] = '\0';
    if (!tug__auth_host(host, out_host)) {
        return false;
    }
    if (is_root_path(start + length, has_scheme)) {
        *out_path = start + strlen(start);
        return true;
    }
    *out_path = start + length + 1;
    return !has_scheme;
}

/* Score of a key: 0 for no match; a longer key scores higher, and of equals the usual spelling. */
static size_t score_key(const char *key, const char *host, const char *repository)
{
    char key_host[TUG__AUTH_HOST_MAX];
    const char *path;
    size_t length;
    bool is_usual;

    if (!split_key(key, key_host, &path) || strcmp(key_host, host) != 0) {
        return 0;
    }
    length = strlen(path);
    if (length > 0 && (repository == NULL || strncmp(repository, path, length) != 0 ||
                       (repository[length] != '/' && repository[length] != '\0'))) {
        return 0;
    }
    is_usual = strcmp(key, TUG__HUB_KEY) == 0 || strcmp(key, host) == 0 || length > 0;
    return 2 * length + (is_usual ? 2 : 1);
}

static bool has_secret(const struct tug__auth_entry *entry)
{
    return entry->auth != NULL || entry->identity_token != NULL || entry->registry_token != NULL ||
           (entry->username != NULL && entry->password != NULL);
}

/* Decode the "auth" of an entry, "user:password" in sloppy base64.
 * out_text: owned (tug__wipe_free), NUL-terminated. */
static enum tug_status decode_auth(const char *auth, char **out_text, struct tug_error *err)
{
    const size_t capacity = strlen(auth) + 4;
    char *const strict = malloc(capacity);
    uint8_t *bytes = NULL;
    size_t decoded = 0;
    size_t length = 0;
    enum tug_status status;

    if (strict == NULL) {
        return tug__fail_memory(err);
    }
    for (const char *c = auth; *c != '\0'; c++) {
        if (strchr(" \t\r\n", *c) == NULL) {
            strict[length++] = *c;
        }
    }
    while (length > 0 && strict[length - 1] == '=') {
        length--;
    }
    while (length % 4 != 0) {
        strict[length++] = '=';
    }
    status = tug__base64_decode(strict, length, &bytes, &decoded, err);
    tug__wipe(strict, capacity);
    free(strict);
    if (status != TUG_OK) {
        return status;
    }
    while (decoded > 0 && bytes[decoded - 1] == '\0') {
        decoded--;
    }
    *out_text = NULL;
    if (memchr(bytes, '\0', decoded) == NULL) {
        *out_text = tug__strndup((const char *)bytes, decoded);
        status = *out_text == NULL ? tug__fail_memory(err) : TUG_OK;
    } else {
        status = tug__fail(err, TUG_ERR_CONTENT, "a NUL byte in 'auth'");
    }
    tug__wipe(bytes, decoded);
    free(bytes);
    return status;
}

/* Build a credential from "auth". */
static enum tug_status make_from_auth(const char *auth, struct tug__credential *borrowed,
                                      struct tug__credential *out_credential, struct tug_error *err)
{
    char *text = NULL;
    char *colon;
    enum tug_status status = decode_auth(auth, &text, err);

    if (status != TUG_OK) {
        return status;
    }
    colon = strchr(text, ':');
    if (colon == NULL) {
        status = tug__fail(err, TUG_ERR_CONTENT, "'auth' is not user:password");
    } else {
        const size_t length = strlen(text);

        *colon = '\0';
        borrowed->username = text;
        borrowed->secret = colon + 1;
        status = tug__credential_make(borrowed, out_credential, err);
        tug__wipe(text, length);
    }
    tug__wipe_free(text);
    return status;
}

static enum tug_status make_credential(const struct tug__authfile *file,
                                       const struct tug__auth_entry *entry,
                                       struct tug__credential *out_credential,
                                       struct tug_error *err)
{
    struct tug__credential borrowed = {
        .kind = TUG__CREDENTIAL_PASSWORD,
        .username = entry->username,
        .secret = entry->password,
        .source = file->name,
    };

    if (entry->registry_token != NULL) {
        borrowed.kind = TUG__CREDENTIAL_BEARER;
        borrowed.secret = entry->registry_token;
    } else if (entry->identity_token != NULL) {
        borrowed.kind = TUG__CREDENTIAL_IDENTITY;
        borrowed.secret = entry->identity_token;
    } else if (entry->auth != NULL) {
        return make_from_auth(entry->auth, &borrowed, out_credential, err);
    }
    return tug__credential_make(&borrowed, out_credential, err);
}

enum tug_status tug__authfile_find(const struct tug__authfile *file, const char *host,
                                   const char *repository, struct tug__credential *out_credential,
                                   struct tug_error *err)
{
    const struct tug__auth_entry *best = NULL;
    size_t best_score = 0;
    enum tug_status status;

    for (size_t i = 0; i < file->entry_count; i++) {
        const struct tug__auth_entry *const entry = &file->entries[i];
        const size_t score = has_secret(entry) ? score_key(entry->key, host, repository) : 0;

        if (score > best_score) {
            best_score = score;
            best = entry;
        }
    }
    if (best == NULL) {
        *out_credential = (struct tug__credential){.kind = TUG__CREDENTIAL_NONE};
        return TUG_OK;
    }
    status = make_credential(file, best, out_credential, err);
    if (status == TUG_ERR_CONTENT) {
        status = TUG_ERR_CONFIG;
        (void)tug__wrap(err, status, "%s: auths: '%s'", file->name, best->key);
        if (err != NULL) {
            err->code = status;
        }
    }
    return status;
}

static const struct tug__auth_helper *find_helper(const struct tug__authfile *file, const char *key)
{
    for (size_t i = 0; i < file->helper_count; i++) {
        if (strcasecmp(file->helpers[i].key, key) == 0) {
            return &file->helpers[i];
        }
    }
    return NULL;
}

const char *tug__authfile_helper(const struct tug__authfile *file, const char *host,
                                 const char **out_key)
{
    static const char *const hub[] = {TUG__HUB_KEY, "index.docker.io", "docker.io",
                                      "registry-1.docker.io"};
    const bool is_hub = strcmp(host, "docker.io") == 0;
    const struct tug__auth_helper *helper = NULL;

    if (!is_hub) {
        helper = find_helper(file, host);
    }
    for (size_t i = 0; is_hub && helper == NULL && i < sizeof hub / sizeof *hub; i++) {
        helper = find_helper(file, hub[i]);
    }
    if (helper != NULL) {
        *out_key = helper->key;
        /* Empty: "auths" applies, whatever credsStore says. */
        return helper->name[0] != '\0' ? helper->name : NULL;
    }
    *out_key = is_hub ? TUG__HUB_KEY : host;
    return file->store;
}

bool tug__authfile_is_exposed(const struct tug__authfile *file)
{
    for (size_t i = 0; file->is_readable_by_others && i < file->entry_count; i++) {
        if (has_secret(&file->entries[i])) {
            return true;
        }
    }
    return false;
}

const char *tug__authfile_name(const struct tug__authfile *file)
{
    return file->name;
}

const char *const *tug__authfile_headers(const struct tug__authfile *file, size_t *out_count)
{
    *out_count = file->header_count;
    return (const char *const *)file->headers;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Find the secrets in a login, a header, a URL.
 *
 * Knows: Basic, query strings. Does not know: credentials, tokens, HTTP, libcurl.
 * Threads: any.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/str.h"
#include "http/secrets.h"

/* A query value this long may be a key, whatever its name. */
#define VALUE_MIN 8

enum tug_status tug__secrets_add_login(struct tug__secrets *secrets, const char *user,
                                       const char *password, struct tug_error *err)
{
    char *both = NULL;
    char *encoded;
    enum tug_status status;

    if (secrets == NULL || password == NULL || *password == '\0') {
        return TUG_OK;
    }
    status = tug__secrets_add(secrets, TUG__SECRET_CONFIGURED, password, err);
    if (status != TUG_OK) {
        return status;
    }
    if (asprintf(&both, "%s:%s", user != NULL ? user : "", password) < 0) {
        return tug__fail_memory(err);
    }
    encoded = tug__base64_encode(both, strlen(both));
    status = encoded != NULL ? tug__secrets_add(secrets, TUG__SECRET_CONFIGURED, both, err)
                             : tug__fail_memory(err);
    if (status == TUG_OK) { /* as text of its own, because the whole header may be encoded again */
        status = tug__secrets_add(secrets, TUG__SECRET_CONFIGURED, encoded, err);
    }
    tug__wipe_free(encoded);
    tug__wipe_free(both);
    return status;
}

/* Decode the base64 of a Basic header. */
static enum tug_status add_basic(struct tug__secrets *secrets, const char *encoded,
                                 struct tug_error *err)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    char *text;
    char *colon;
    enum tug_status status;

    if (tug__base64_decode(encoded, strlen(encoded), &bytes, &length, NULL) != TUG_OK) {
        return TUG_OK; /* not valid for the scheme: the text was added as a whole */
    }
    text = tug__strndup((const char *)bytes, length);
    tug__wipe(bytes, length);
    free(bytes);
    if (text == NULL) {
        return tug__fail_memory(err);
    }
    colon = strchr(text, ':');
    if (colon != NULL) {
        *colon = '\0';
    }
    status = tug__secrets_add_login(secrets, text, colon != NULL ? colon + 1 : text, err);
    tug__wipe(text, length);
    free(text);
    return status;
}

enum tug_status tug__secrets_add_header(struct tug__secrets *secrets, const char *name,
                                        const char *value, struct tug_error *err)
{
    const char *behind = strchr(value, ' ');
    enum tug_status status = TUG_OK;

    if (strlen(value) >= TUG__SECRET_SHORT) {
        status = tug__secrets_add(secrets, TUG__SECRET_CONFIGURED, value, err);
    }
    if (status != TUG_OK || behind == NULL || strcasecmp(name, "Authorization") != 0) {
        return status;
    }
    behind += strspn(behind, " ");
    status = tug__secrets_add(secrets, TUG__SECRET_CONFIGURED, behind, err);
    if (status == TUG_OK && strncasecmp(value, "Basic ", 6) == 0) {
        status = add_basic(secrets, behind, err);
    }
    return status;
}

static bool has_part(const char *name, size_t length, const char *part)
{
    const size_t part_length = strlen(part);

    for (size_t i = 0; i + part_length <= length; i++) {
        if (strncasecmp(name + i, part, part_length) == 0) {
            return true;
        }
    }
    return false;
}

/* Parameters with names and types, which messages need. */
static bool is_plain(const char *name, size_t length)
{
    static const char *const names[] = {"ns",
                                        "scope",
                                        "service",
                                        "X-Amz-Algorithm",
                                        "response-content-type",
                                        "response-content-encoding"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == length && strncasecmp(name, names[i], length) == 0) {
            return true;
        }
    }
    return false;
}

/* Tell whether a parameter may be a key. */
static bool is_key(const char *name, size_t name_length, size_t value_length)
{
    static const char *const parts[] = {"signature", "token", "key",  "secret",
                                        "passw",     "cred",  "auth", "session"};

    if (value_length < TUG__SECRET_SHORT || is_plain(name, name_length)) {
        return false;
    }
    if (value_length >= VALUE_MIN || (name_length == 3 && strncasecmp(name, "sig", 3) == 0)) {
        return true;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (has_part(name, name_length, parts[i])) {
            return true;
        }
    }
    return false;
}

/* Undo percent escapes, in place: a text that is known unencoded is found in every encoding. */
static void decode(char *text)
{
    char *out = text;

    for (const char *in = text; *in != '\0'; in++) {
        unsigned value;

        if (*in == '%' && in[1] != '\0' && in[2] != '\0' && strchr(" +-", in[1]) == NULL &&
            sscanf(in + 1, "%2x", &value) == 1 && value != 0) {
            *out++ = (char)value;
            in += 2;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
}

static enum tug_status add_value(struct tug__secrets *secrets, const char *value, size_t length,
                                 struct tug_error *err)
{
    char *const text = tug__strndup(value, length);
    enum tug_status status;

    if (text == NULL) {
        return tug__fail_memory(err);
    }
    decode(text);
    status = tug__secrets_add(secrets, TUG__SECRET_VALUE, text, err);
    tug__wipe(text, length);
    free(text);
    return status;
}

enum tug_status tug__secrets_add_url(struct tug__secrets *secrets, const char *url,
                                     struct tug_error *err)
{
    const char *at = strchr(url, '?');
    enum tug_status status = TUG_OK;

    while (secrets != NULL && status == TUG_OK && at != NULL && *at != '\0' && *at != '#') {
        const char *const name = at + 1;
        const size_t length = strcspn(name, "&;#");
        const char *const equals = memchr(name, '=', length);
        const size_t name_length = equals != NULL ? (size_t)(equals - name) : 0;
        const char *const value = equals != NULL ? equals + 1 : name;
        const size_t value_length = (size_t)(name + length - value);

        if (is_key(name, name_length, value_length)) {
            status = add_value(secrets, value, value_length, err);
        }
        at = name + length;
    }
    return status;
}

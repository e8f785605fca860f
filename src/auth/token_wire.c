/* SPDX-License-Identifier: Apache-2.0
 *
 * The protocol of token servers.
 *
 * Knows: distribution's token specification, OAuth2 as docker's token servers implement it. Does
 * not know: HTTP, registries, the store.
 * Threads: any.
 */
#include "auth/token_wire.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"

#define CLIENT_ID "tug"
#define LIFETIME_DEFAULT_S 60
#define LIFETIME_MAX_S 86400

/* Append text percent-encoded: all but RFC 3986's unreserved characters. */
static enum tug_status append_encoded(struct tug__buf *buf, const char *text, size_t length,
                                      struct tug_error *err)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    enum tug_status status = TUG_OK;

    for (size_t i = 0; i < length && status == TUG_OK;) {
        size_t run = 0;

        while (i + run < length && memchr(plain, text[i + run], sizeof plain - 1) != NULL) {
            run++;
        }
        if (run > 0) {
            status = tug__buf_append(buf, text + i, run, err);
            i += run;
        } else {
            status = tug__buf_printf(buf, err, "%%%02X", (unsigned char)text[i]);
            i++;
        }
    }
    return status;
}

/* Append "name=value" and the separator before it. */
static enum tug_status append_parameter(struct tug__buf *buf, const char *name, const char *value,
                                        size_t length, struct tug_error *err)
{
    const char last = buf->length > 0 ? buf->data[buf->length - 1] : '&';
    const char *const joint = last == '?' || last == '&' ? "" : "&";
    const enum tug_status status = tug__buf_printf(buf, err, "%s%s=", joint, name);

    return status == TUG_OK ? append_encoded(buf, value, length, err) : status;
}

/* The same, unless the value is missing or empty. */
static enum tug_status append_optional(struct tug__buf *buf, const char *name, const char *value,
                                       struct tug_error *err)
{
    return value != NULL && value[0] != '\0'
               ? append_parameter(buf, name, value, strlen(value), err)
               : TUG_OK;
}

static enum tug_status append_scopes(struct tug__buf *buf, const char *scopes,
                                     struct tug_error *err)
{
    const char *at = scopes != NULL ? scopes : "";
    enum tug_status status = TUG_OK;

    while (status == TUG_OK) {
        size_t length;

        at += strspn(at, " ");
        length = strcspn(at, " ");
        if (length == 0) {
            break;
        }
        status = append_parameter(buf, "scope", at, length, err);
        at += length;
    }
    return status;
}

enum tug_status tug__token_get_url(const struct tug__token_query *query, struct tug__buf *url,
                                   struct tug_error *err)
{
    enum tug_status status = tug__buf_append(url, query->url, strlen(query->url), err);

    if (status == TUG_OK && strchr(query->url, '?') == NULL) {
        status = tug__buf_append(url, "?", 1, err);
    }
    if (status == TUG_OK) {
        status = append_optional(url, "service", query->service, err);
    }
    if (status == TUG_OK) {
        status = append_scopes(url, query->scope, err);
    }
    if (status == TUG_OK) {
        status = append_optional(url, "client_id", CLIENT_ID, err);
    }
    return status == TUG_OK ? append_optional(url, "account", query->account, err) : status;
}

static enum tug_status append_grant(const struct tug__credential *credential, struct tug__buf *form,
                                    struct tug_error *err)
{
    enum tug_status status;

    if (credential->kind == TUG__CREDENTIAL_IDENTITY) {
        status = append_optional(form, "grant_type", "refresh_token", err);
        return status == TUG_OK ? append_parameter(form, "refresh_token", credential->secret,
                                                   strlen(credential->secret), err)
                                : status;
    }
    if (credential->kind != TUG__CREDENTIAL_PASSWORD || credential->username == NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "not a credential for a token server");
    }
    status = append_optional(form, "grant_type", "password", err);
    if (status == TUG_OK) {
        status = append_parameter(form, "username", credential->username,
                                  strlen(credential->username), err);
    }
    return status == TUG_OK ? append_parameter(form, "password", credential->secret,
                                               strlen(credential->secret), err)
                            : status;
}

enum tug_status tug__token_post_form(const struct tug__token_query *query,
                                     const struct tug__credential *credential,
                                     struct tug__buf *form, struct tug_error *err)
{
    enum tug_status status = append_grant(credential, form, err);

    if (status == TUG_OK) {
        status = append_optional(form, "service", query->service, err);
    }
    if (status == TUG_OK) {
        status = append_optional(form, "client_id", CLIENT_ID, err);
    }
    return status == TUG_OK ? append_optional(form, "scope", query->scope, err) : status;
}

bool tug__token_post_is_unsupported(int http_status)
{
    return http_status == 400 || http_status == 401 || http_status == 404 || http_status == 405;
}

bool tug__token_get_is_unsupported(int http_status)
{
    return http_status == 404 || http_status == 405 || http_status == 501;
}

enum tug_status tug__basic_authorization(const struct tug__credential *credential, char **out_value,
                                         struct tug_error *err)
{
    char *pair = NULL;
    char *encoded;
    int length;

    if (credential->kind != TUG__CREDENTIAL_PASSWORD || credential->username == NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "not a user name and password");
    }
    if (asprintf(&pair, "%s:%s", credential->username, credential->secret) < 0) {
        return tug__fail_memory(err);
    }
    encoded = tug__base64_encode(pair, strlen(pair));
    tug__wipe_free(pair);
    length = encoded != NULL ? asprintf(&pair, "Basic %s", encoded) : -1;
    tug__wipe_free(encoded);
    if (length < 0) {
        return tug__fail_memory(err);
    }
    *out_value = pair;
    return TUG_OK;
}

/* The token if it fits in a header line, else NULL. */
static const char *get_token(const struct tug__json_value *root, const char *key)
{
    const char *const text = tug__json_text(tug__json_get(root, key));

    if (text == NULL || text[0] == '\0' || strlen(text) > TUG__TOKEN_TEXT_MAX) {
        return NULL;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            return NULL;
        }
    }
    return text;
}

/* Lifetime in seconds that a reply announces. */
static uint64_t get_lifetime(const struct tug__json_value *root)
{
    const char *const text = tug__json_text(tug__json_get(root, "expires_in"));
    uint64_t lifetime_s = 0;

    if (text != NULL) {
        (void)tug__parse_u64(text, strlen(text), &lifetime_s);
    } else {
        (void)tug__json_get_size(root, "expires_in", &lifetime_s, NULL);
    }
    if (lifetime_s == 0) {
        return LIFETIME_DEFAULT_S;
    }
    return lifetime_s < LIFETIME_MAX_S ? lifetime_s : LIFETIME_MAX_S;
}

enum tug_status tug__token_reply_parse(const char *body, size_t length,
                                       struct tug__token_reply *out_reply, struct tug_error *err)
{
    const struct tug__json_limits limits = {TUG__TOKEN_REPLY_MAX, 16, 4096};
    struct tug__token_reply reply = {0};
    struct tug__json *json = NULL;
    const struct tug__json_value *root;
    const char *token;
    const char *refresh_token;
    enum tug_status status = tug__json_parse(body, length, &limits, &json, err);

    if (status != TUG_OK) {
        return status == TUG_ERR_NO_MEMORY
                   ? status
                   : tug__fail(err, TUG_ERR_AUTH, "the token server's answer is not usable JSON");
    }
    root = tug__json_root(json);
    token = get_token(root, "token");
    token = token != NULL ? token : get_token(root, "access_token");
    refresh_token = get_token(root, "refresh_token");
    if (token == NULL) {
        tug__json_destroy(json);
        return tug__fail(err, TUG_ERR_AUTH, "the token server's answer holds no usable token");
    }
    reply.lifetime_s = get_lifetime(root);
    if (!tug__text_copy(&reply.token, token) ||
        !tug__text_copy(&reply.refresh_token, refresh_token)) {
        status = tug__fail_memory(err);
        tug__token_reply_fini(&reply);
    } else {
        *out_reply = reply;
    }
    tug__json_destroy(json);
    return status;
}

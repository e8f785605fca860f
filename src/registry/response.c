/* SPDX-License-Identifier: Apache-2.0
 *
 * From HTTP status and error body to tug_error.
 *
 * Knows: the error format of distribution-spec 1.1.1. Does not know: curl, manifests, the store,
 * retries.
 * Threads: any.
 */
#include "registry/response.h"

#include "registry/client_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "http/log.h"

static enum tug_status code_of(int http_status)
{
    switch (http_status) {
    case 401:
    case 403:
        return TUG_ERR_AUTH;
    case 404:
    case 410:
        return TUG_ERR_NOT_FOUND;
    case 429:
        return TUG_ERR_RATE_LIMITED;
    default:
        return TUG_ERR_NETWORK;
    }
}

static const char *words_of(int http_status)
{
    switch (http_status) {
    case 401:
        return "401, authentication required";
    case 403:
        return "403, access denied";
    case 404:
        return "404, not found";
    case 429:
        return "429, too many requests";
    default:
        return NULL;
    }
}

/* Write the registry's own explanation, "CODE: message", or nothing. URLs in it may hold secrets:
 * registries quote those of their storage. */
static void explain(char *out_text, size_t capacity, const char *body, size_t length,
                    struct tug__secrets *secrets)
{
    const struct tug__json_limits limits = {TUG__ERROR_BODY_MAX, 16, 4096};
    const struct tug__json_value *first;
    struct tug__json *json = NULL;
    const char *code = NULL;
    const char *message = NULL;
    char clean_code[64];
    char clean_message[256];
    char text[sizeof clean_code + 2 + sizeof clean_message];

    out_text[0] = '\0';
    if (tug__json_parse(body != NULL ? body : "", length, &limits, &json, NULL) != TUG_OK) {
        return; /* HTML, text, nothing: not worth showing */
    }
    first = tug__json_at(tug__json_get(tug__json_root(json), "errors"), 0);
    if (tug__json_get_string(first, "code", &code, NULL) == TUG_OK &&
        tug__json_get_string(first, "message", &message, NULL) == TUG_OK && code != NULL) {
        const char *const words = message != NULL ? message : "";
        const struct tug__raw_text raw_code = {.bytes = code, .length = strlen(code)};
        const struct tug__raw_text raw_message = {.bytes = words, .length = strlen(words)};
        int found;

        /* before they are shortened: a partial secret is not found */
        (void)tug__secrets_cut(secrets, clean_code, sizeof clean_code, &raw_code);
        (void)tug__secrets_cut(secrets, clean_message, sizeof clean_message, &raw_message);
        found = snprintf(text, sizeof text, "%s%s%s", clean_code, message != NULL ? ": " : "",
                         clean_message);
        (void)tug__log_redact(out_text, capacity, text, (size_t)found);
    }
    tug__json_destroy(json);
}

/* Write the limits that a 429 reports, each preceded by ", ", or nothing. What is foreign in it is
 * shortened and without secrets. */
static void tell_limits(char *out_text, size_t capacity, const struct tug__response_limits *limits)
{
    const struct {
        const char *words;
        const char *text; /* NULL: not reported */
    } parts[] = {
        {"limit", limits->limit},
        {"remaining", limits->remaining},
        {"counted for", limits->source},
    };
    char clean[65];
    int at = 0;

    out_text[0] = '\0';
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].text != NULL) {
            const struct tug__raw_text raw = {.bytes = parts[i].text,
                                              .length = strlen(parts[i].text)};

            (void)tug__secrets_cut(limits->secrets, clean, sizeof clean, &raw);
            at += snprintf(out_text + at, capacity - (size_t)at, ", %s %s", parts[i].words, clean);
        }
    }
    if (limits->retry_after_ms > 0) {
        (void)snprintf(out_text + at, capacity - (size_t)at, ", try again in %" PRIu64 " s",
                       (limits->retry_after_ms + 999) / 1000);
    }
}

enum tug_status tug__response_fail(int http_status, const char *body, size_t length,
                                   const struct tug__response_limits *limits, struct tug_error *err)
{
    const enum tug_status code = code_of(http_status);
    const char *const words = words_of(http_status);
    char details[384];
    char limit_text[320] = "";
    char number[32];

    explain(details, sizeof details, body, length, limits != NULL ? limits->secrets : NULL);
    if (http_status == 429 && limits != NULL) {
        tell_limits(limit_text, sizeof limit_text, limits);
    }
    (void)snprintf(number, sizeof number, "status %d", http_status);
    (void)tug__fail(err, code, "the registry answered %s%s%s%s%s", words != NULL ? words : number,
                    details[0] != '\0' ? " (" : "", details, details[0] != '\0' ? ")" : "",
                    limit_text);
    if (err != NULL) {
        err->http_status = http_status;
    }
    return code;
}

enum tug_status tug__ask_fail(struct tug__client *client, struct tug__ask *ask,
                              const struct tug__http_response *response, struct tug_error *err)
{
    const struct tug__response_limits limits = {
        .limit = tug__http_header(response, "ratelimit-limit"),
        .remaining = tug__http_header(response, "ratelimit-remaining"),
        .source = tug__http_header(response, "docker-ratelimit-source"),
        .retry_after_ms = response->retry_after_ms,
        .secrets = tug__session_secrets(client->session),
    };

    return tug__response_fail(response->status, ask->error_body.data, ask->error_body.length,
                              &limits, err);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz tug__challenge_add and tug__realm_resolve: values end, hold no control characters, and a
 * token URL that is allowed is an absolute one of an allowed scheme.
 * Input: WWW-Authenticate headers, one a line.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/challenge.h"
#include "url/origin.h"

/* Past the longest header. */
#define INPUT_MAX (TUG__CHALLENGE_HEADER_MAX + 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_text(const char *text, size_t capacity)
{
    require(memchr(text, '\0', capacity) != NULL);
    for (; *text != '\0'; text++) {
        require((unsigned char)*text >= ' ' && *text != 0x7F);
    }
}

static void check_realm(const char *request, const char *realm)
{
    struct tug__origin registry;
    struct tug__origin server;
    struct tug_error err = {0};
    char url[TUG__TOKEN_URL_MAX];
    char again[TUG__TOKEN_URL_MAX];

    if (tug__realm_resolve(request, realm, url, &err) != TUG_OK) {
        require(err.code == TUG_ERR_AUTH && err.message[0] != '\0');
        return;
    }
    require(tug__origin_parse(request, &registry) && tug__origin_parse(url, &server));
    require(server.is_https || !registry.is_https);
    require(strchr(url, '#') == NULL);
    require(tug__realm_resolve(request, url, again, NULL) == TUG_OK && strcmp(url, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tug__challenge challenge;
    const char *at = (const char *)data;
    const char *const end = at + size;

    if (size > INPUT_MAX) {
        return 0;
    }
    tug__challenge_init(&challenge);
    while (at < end) {
        const char *const line_end = memchr(at, '\n', (size_t)(end - at));
        const size_t length = (size_t)((line_end != NULL ? line_end : end) - at);

        tug__challenge_add(&challenge, at, length);
        at += length + 1;
    }
    require(challenge.scheme != TUG__AUTH_BEARER || challenge.realm[0] != '\0');
    check_text(challenge.realm, sizeof challenge.realm);
    check_text(challenge.service, sizeof challenge.service);
    check_text(challenge.scope, sizeof challenge.scope);
    check_text(challenge.error, sizeof challenge.error);
    check_realm("https://r.example/v2/a/manifests/b", challenge.realm);
    check_realm("http://127.0.0.1:5000/v2/", challenge.realm);
    return 0;
}

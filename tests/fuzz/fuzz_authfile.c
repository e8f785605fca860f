/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz tug__authfile_parse and its lookups: what comes out can stand in a header.
 * Input: a host, a newline, a file.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/authfile.h"

/* Enough for all members several times; longer texts only slow the search down. */
#define INPUT_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_text(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        require((unsigned char)*text >= ' ' && *text != 0x7F);
    }
}

static void look_up(const struct tug__authfile *file, const char *host)
{
    struct tug__credential credential = {0};
    struct tug_error err = {0};
    const char *key = NULL;
    const enum tug_status status =
        tug__authfile_find(file, host, "library/nginx", &credential, &err);

    require(status == TUG_OK || (status == TUG_ERR_CONFIG && err.code == status));
    require((credential.kind == TUG__CREDENTIAL_NONE) == (credential.secret == NULL));
    check_text(credential.username);
    check_text(credential.secret);
    tug__credential_fini(&credential);
    require(tug__authfile_helper(file, host, &key) == NULL || key != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *const text = (const char *)data;
    const char *const line = size > 0 ? memchr(text, '\n', size) : NULL;
    const size_t length = line != NULL ? (size_t)(line - text) : 0;
    char name[TUG__AUTH_HOST_MAX] = "";
    char host[TUG__AUTH_HOST_MAX];

    if (line == NULL || length >= sizeof name || size > INPUT_MAX) {
        return 0;
    }
    memcpy(name, text, length);
    for (int kind = TUG__AUTHFILE_FULL; kind <= TUG__AUTHFILE_LEGACY; kind++) {
        const struct tug__authfile_text input = {line + 1, size - length - 1, "FILE",
                                                 (enum tug__authfile_kind)kind};
        struct tug__authfile *file = NULL;
        struct tug_error err = {0};
        size_t count = 0;

        if (tug__authfile_parse(&input, &file, &err) != TUG_OK) {
            require(err.code == TUG_ERR_CONFIG && file == NULL);
            continue;
        }
        for (const char *const *headers = tug__authfile_headers(file, &count); count > 0; count--) {
            check_text(headers[count - 1]);
        }
        look_up(file, "docker.io");
        if (tug__auth_host(name, host)) {
            look_up(file, host);
        }
        tug__authfile_destroy(file);
    }
    return 0;
}

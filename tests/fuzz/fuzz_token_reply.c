/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz tug__token_reply_parse: a token that comes out can stand in a header and has a life.
 * Input: a token server's answer.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token_wire.h"

/* Longer texts only slow the search down. */
#define INPUT_MAX ((size_t)256 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_text(const char *text)
{
    require(text[0] != '\0' && strlen(text) <= TUG__TOKEN_TEXT_MAX);
    for (; *text != '\0'; text++) {
        require(*text > ' ' && *text <= '~');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tug__token_reply reply = {0};
    struct tug_error err = {0};

    if (size > INPUT_MAX) {
        return 0;
    }
    if (tug__token_reply_parse((const char *)data, size, &reply, &err) != TUG_OK) {
        require(err.code == TUG_ERR_AUTH && reply.token == NULL);
        return 0;
    }
    check_text(reply.token);
    if (reply.refresh_token != NULL) {
        check_text(reply.refresh_token);
    }
    require(reply.lifetime_s >= 1 && reply.lifetime_s <= 86400);
    tug__token_reply_fini(&reply);
    return 0;
}

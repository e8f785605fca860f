/* SPDX-License-Identifier: Apache-2.0
 *
 * A credential as a value: create, copy, wipe.
 *
 * Knows: what may be part of one. Does not know: JSON, HTTP, tokens.
 * Threads: any.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/credential.h"
#include "base/error.h"
#include "base/str.h"

/* NULL, or text that fits in a header line. */
static bool is_clean(const char *text)
{
    size_t length = 0;

    if (text == NULL) {
        return true;
    }
    for (; text[length] != '\0'; length++) {
        if ((unsigned char)text[length] < ' ' || text[length] == 0x7F) {
            return false;
        }
    }
    return length <= TUG__CREDENTIAL_TEXT_MAX;
}

void tug__credential_fini(struct tug__credential *credential)
{
    tug__wipe_free(credential->username);
    tug__wipe_free(credential->secret);
    free(credential->source);
    *credential = (struct tug__credential){.kind = TUG__CREDENTIAL_NONE};
}

enum tug_status tug__credential_dup(const struct tug__credential *credential,
                                    struct tug__credential *out_copy, struct tug_error *err)
{
    struct tug__credential copy = {.kind = credential->kind};
    bool is_copied = tug__text_copy(&copy.username, credential->username);

    is_copied = tug__text_copy(&copy.secret, credential->secret) && is_copied;
    is_copied = tug__text_copy(&copy.source, credential->source) && is_copied;
    if (!is_copied) {
        tug__credential_fini(&copy);
        return tug__fail_memory(err);
    }
    *out_copy = copy;
    return TUG_OK;
}

enum tug_status tug__credential_make(const struct tug__credential *borrowed,
                                     struct tug__credential *out_credential, struct tug_error *err)
{
    if (!is_clean(borrowed->username)) {
        return tug__fail(err, TUG_ERR_CONTENT, "a user name with control characters or too long");
    }
    if (!is_clean(borrowed->secret)) {
        return tug__fail(err, TUG_ERR_CONTENT, "a secret with control characters or too long");
    }
    return tug__credential_dup(borrowed, out_credential, err);
}

enum tug_status tug__credential_build(const struct tug__login *login,
                                      struct tug__credential *out_credential, struct tug_error *err)
{
    union {
        const char *text;
        char *field;
    } user = {login->user}, secret = {login->secret}, source = {login->source}; /* only read */
    const struct tug__credential borrowed = {.kind = login->kind,
                                             .username = user.field,
                                             .secret = secret.field,
                                             .source = source.field};
    enum tug_status status;

    if (login->user != NULL && strchr(login->user, ':') != NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "a user name cannot contain a colon");
    }
    status = tug__credential_make(&borrowed, out_credential, err);
    return status == TUG_ERR_CONTENT
               ? tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                           "a user name or secret with control characters, or too long")
               : status;
}

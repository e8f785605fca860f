/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules for headers that are added to requests.
 *
 * Knows: the names that tug and HTTP use. Does not know: requests, who adds a header.
 * Threads: any.
 */
#include "auth/header.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/str.h"

bool tug__header_is_own(const char *name)
{
    static const char *const own[] = {
        "Accept",
        "Accept-Encoding",
        "Authorization",
        "Connection",
        "Content-Encoding",
        "Content-Length",
        "Content-Type",
        "Cookie",
        "Expect",
        "Host",
        "If-Range",
        "Keep-Alive",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Range",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "User-Agent",
    };

    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (strcasecmp(name, own[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool tug__header_is_valid(const char *name, const char *value)
{
    const size_t length = strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    if (length == 0 || name[length] != '\0' || value == NULL) {
        return false;
    }
    for (; *value != '\0'; value++) {
        if ((unsigned char)*value < ' ' || *value == 0x7F) {
            return false;
        }
    }
    return true;
}

enum tug_status tug__header_split(const char *line, char **out_name, char **out_value,
                                  struct tug_error *err)
{
    const char *const colon = line != NULL ? strchr(line, ':') : NULL;
    const char *const value = colon != NULL ? colon + 1 + strspn(colon + 1, " ") : "";
    char *name;
    char *copy;
    enum tug_status status = TUG_OK;

    if (*value == '\0') {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "a header that is not 'Name: value'");
    }
    name = tug__strndup(line, (size_t)(colon - line));
    copy = strdup(value);
    if (name == NULL || copy == NULL) {
        status = tug__fail_memory(err);
    } else if (!tug__header_is_valid(name, copy)) {
        status = tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                           "a header whose name or value has characters that are not allowed");
    } else if (tug__header_is_own(name)) {
        status = tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "the header '%s' cannot be set", name);
    }
    if (status != TUG_OK) {
        free(name);
        tug__wipe_free(copy);
        return status;
    }
    *out_name = name;
    *out_value = copy;
    return TUG_OK;
}

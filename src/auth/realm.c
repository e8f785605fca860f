/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a token may be fetched.
 *
 * Knows: the rules for token servers. Does not know: HTTP, addresses, tokens.
 * Threads: any.
 */
#include <stdbool.h>
#include <string.h>

#include "auth/challenge.h"
#include "base/error.h"
#include "url/origin.h"
#include "url/resolve.h"
#include "url/url.h"

/* Tell whether a token server with this origin may be asked. */
static bool is_allowed(const struct tug__origin *registry, const struct tug__origin *server)
{
    if (server->is_https) {
        return true;
    }
    if (registry->is_https) {
        return false;
    }
    return tug__origin_equal(registry, server) ||
           (tug__url_is_loopback(registry->host) && tug__url_is_loopback(server->host));
}

enum tug_status tug__realm_resolve(const char *request_url, const char *realm,
                                   char out_url[TUG__TOKEN_URL_MAX], struct tug_error *err)
{
    struct tug__origin registry;
    struct tug__origin server;
    char url[TUG__TOKEN_URL_MAX];
    char shown[256];
    enum tug_status status = TUG_ERR_CONTENT;

    (void)tug__url_redact(shown, sizeof shown, realm);
    if (!tug__origin_parse(request_url, &registry)) {
        return tug__fail(err, TUG_ERR_INTERNAL, "a registry's URL is malformed");
    }
    if (realm[0] != '\0') {
        status = tug__url_resolve(url, sizeof url, request_url, realm, err);
    }
    if (status == TUG_ERR_NO_MEMORY) {
        return status;
    }
    if (status != TUG_OK || !tug__origin_parse(url, &server)) {
        return tug__fail(err, TUG_ERR_AUTH,
                         "token server '%s' refused: not a usable http or https URL", shown);
    }
    if (!is_allowed(&registry, &server)) {
        return tug__fail(err, TUG_ERR_AUTH,
                         "token server '%s' refused: tokens are not requested over plain http",
                         shown);
    }
    memcpy(out_url, url, strlen(url) + 1);
    return TUG_OK;
}

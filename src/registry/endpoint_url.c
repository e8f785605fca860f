/* SPDX-License-Identifier: Apache-2.0
 *
 * Build the URLs of an endpoint.
 *
 * Knows: the API paths of distribution-spec 1.1.1. Does not know: curl, manifests, the store.
 * Threads: any.
 */
#include "registry/endpoint_url.h"

#include <stdio.h>
#include <string.h>

/* Tell whether a query has a parameter ns already. */
static bool has_ns(const char *query)
{
    return strncmp(query, "ns=", 3) == 0 || strstr(query, "&ns=") != NULL;
}

bool tug__endpoint_url(char out_url[TUG__URL_MAX], const struct tug__endpoint *endpoint,
                       enum tug__scheme scheme, const struct tug__resource *resource)
{
    const struct tug__endpoint_config *const config = endpoint->config;
    const char *const query = resource->query != NULL ? resource->query : "";
    const int length = snprintf(out_url, TUG__URL_MAX, "%s://%s%s/%s/%s/%s%s%s",
                                scheme == TUG__SCHEME_HTTP ? "http" : "https", config->host,
                                config->path, resource->repository, resource->kind,
                                resource->reference, *query != '\0' ? "?" : "", query);
    size_t at = length < 0 ? TUG__URL_MAX : (size_t)length;

    if (at >= TUG__URL_MAX || !config->needs_ns || has_ns(query)) {
        return at < TUG__URL_MAX;
    }
    at += (size_t)snprintf(out_url + at, TUG__URL_MAX - at, "%sns=", *query != '\0' ? "&" : "?");
    for (const char *c = endpoint->registry_host; at < TUG__URL_MAX && *c != '\0'; c++) {
        if (at + 4 > TUG__URL_MAX) {
            return false;
        }
        if (strchr(":[]", *c) != NULL) {
            at += (size_t)snprintf(out_url + at, TUG__URL_MAX - at, "%%%02X", (unsigned)*c);
        } else {
            out_url[at++] = *c;
        }
    }
    if (at >= TUG__URL_MAX) {
        return false;
    }
    out_url[at] = '\0';
    return true;
}

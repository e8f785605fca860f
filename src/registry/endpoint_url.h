/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs of the distribution API at an endpoint.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_REGISTRY_ENDPOINT_URL_H
#define TUG_REGISTRY_ENDPOINT_URL_H

#include <stdbool.h>

#include "registry/session.h"

/* Longest URL that is built, NUL included: host and API root are at most 255 each, host +
 * repository of a reference 255, a reference 135, the host in ns three times 255; and a query. */
#define TUG__URL_MAX (1536 + TUG__PAGE_QUERY_MAX)

/* What is asked for, below an API root. */
struct tug__resource {
    const char *repository;
    const char *kind;      /* "manifests", "blobs" or "tags" */
    const char *reference; /* tag or digest; "list" */
    const char *query;     /* of a page of a list; NULL or "": none */
};

/* Write scheme://host/path/repository/kind/reference?query, with ns= in the query if the endpoint
 * needs it and it is not there. All parts come from strict parsers, so only the host in ns needs
 * escaping. Returns: false when it does not fit. */
bool tug__endpoint_url(char out_url[TUG__URL_MAX], const struct tug__endpoint *endpoint,
                       enum tug__scheme scheme, const struct tug__resource *resource);

#endif

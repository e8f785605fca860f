/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs of the distribution API at an endpoint.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_REGISTRY_ENDPOINT_URL_H
#define TUG_REGISTRY_ENDPOINT_URL_H

#include <stdbool.h>

#include "registry/session.h"

/* Most characters of a URL we build: host and API root are at most 255 each, host + repository of a
 * reference 255, a reference 135, the host in ns three times 255. */
#define TUG__URL_MAX 1536

/* Write scheme://host/path/repository/kind/reference, with ?ns= where the endpoint wants it.
 * kind: "manifests" or "blobs". All parts come out of strict parsers, so nothing needs escaping but
 * the host in ns. Returns: false when it does not fit. */
bool tug__endpoint_url(char out_url[TUG__URL_MAX], const struct tug__endpoint *endpoint,
                       enum tug__scheme scheme, const char *repository, const char *kind,
                       const char *reference);

#endif

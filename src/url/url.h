/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs of the distribution API.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_URL_URL_H
#define TUG_URL_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "registry/session.h"

/* Most characters of a URL we build: host and API root are at most 255 each, host + repository of a
 * reference 255, a reference 135, the host in ns three times 255. */
#define TUG__URL_MAX 1536

/* Write scheme://host/path/repository/kind/reference, with ?ns= where the endpoint wants it.
 * kind: "manifests" or "blobs". All parts come out of strict parsers, so nothing needs escaping but
 * the host in ns. Returns: false when it does not fit. */
bool tug__url_format(char out_url[TUG__URL_MAX], const struct tug__endpoint *endpoint,
                     enum tug__scheme scheme, const char *repository, const char *kind,
                     const char *reference);

/* Tell whether a host (with or without port) is literally this machine: localhost, 127.0.0.0/8 or
 * [::1]. Names are not resolved. */
bool tug__url_is_loopback(const char *host);

/* Write a URL for people: without user information, with the values of its query replaced.
 * Returns: out_text, cut at the capacity. */
char *tug__url_redact(char *out_text, size_t capacity, const char *url);

#endif

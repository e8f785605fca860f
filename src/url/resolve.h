/* SPDX-License-Identifier: Apache-2.0
 *
 * Resolve a reference that a server sent against the URL it was sent for.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_URL_RESOLVE_H
#define TUG_URL_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>

/* Resolve by RFC 3986, section 5, and drop the fragment.
 * base: an absolute URL that tug__origin_parse takes. reference: foreign text; empty is base.
 * out_url: no part of the others; undefined on failure. Returns: false when the result does not fit
 * or is not a URL that tug__origin_parse takes. */
bool tug__url_resolve(char *out_url, size_t capacity, const char *base, const char *reference);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Resolve a reference that a server sent against the URL it was sent for.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_URL_RESOLVE_H
#define TUG_URL_RESOLVE_H

#include <stddef.h>

#include <tug/error.h>

/* Resolve by RFC 3986, section 5, and drop the fragment. A URL without a path gets "/".
 * base: an absolute URL that tug__origin_parse takes. reference: foreign text; empty is base.
 * out_url: untouched on failure.
 * Errors: TUG_ERR_CONTENT (the result does not fit, or is not a URL that tug__origin_parse takes;
 * the message quotes nothing of it), TUG_ERR_NO_MEMORY. */
enum tug_status tug__url_resolve(char *out_url, size_t capacity, const char *base,
                                 const char *reference, struct tug_error *err);

#endif

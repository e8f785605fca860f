/* SPDX-License-Identifier: Apache-2.0
 *
 * The Content-Encoding header (RFC 9110 section 8.4).
 * Threads: any. Blocks: never.
 */
#ifndef TUG_REGISTRY_CODING_H
#define TUG_REGISTRY_CODING_H

/* Find the first coding in a Content-Encoding header that changes bytes. Object stores put values
 * there that do not: identity, none, utf-8, aws-chunked.
 * text: NUL-terminated, NULL is allowed (a missing header).
 * Returns: its name, static text; NULL when there is no known one. */
const char *tug__coding_find(const char *text);

#endif

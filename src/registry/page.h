/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists in pages: where the next page is (the Link header, RFC 8288), and when there are too many
 * (T-19).
 *
 * Of a link only the query is used: the next page is asked for at the URL of the first one, so a
 * link can lead nowhere else, whatever it says.
 *
 * Threads: any; nothing is shared. Blocks: never.
 */
#ifndef TUG_REGISTRY_PAGE_H
#define TUG_REGISTRY_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

#include "registry/endpoint_url.h"

/* Find the next page in a Link header.
 * link: the header's value, foreign text; may have several links. url, resource: what was asked
 * for. out_query: untouched unless there is a link with the relation "next"; then its query.
 * Errors: TUG_ERR_CONTENT (malformed; another origin, path or repository; no query, or one over
 * TUG__PAGE_QUERY_MAX). */
enum tug_status tug__page_next(const char *link, const char *url,
                               const struct tug__resource *resource,
                               char out_query[TUG__PAGE_QUERY_MAX], struct tug_error *err);

/* The pages of one list so far. All zero but the limits is the beginning. */
struct tug__pages {
    size_t max_pages;
    size_t max_items;
    size_t max_barren; /* pages in a row without an item */

    size_t items;
    size_t barren;
    uint64_t *seen; /* owned: hashes of the queries that were taken */
    size_t count;   /* of seen: pages after the first one */
    size_t capacity;
};

/* Count a page, and decide whether to ask for the next one.
 * items: on this page. next: query of the next page; "": this is the last.
 * Errors: TUG_ERR_CONTENT (the query was taken before; too many pages without an item),
 * TUG_ERR_TOO_LARGE (pages, items), TUG_ERR_NO_MEMORY. */
enum tug_status tug__pages_take(struct tug__pages *pages, size_t items, const char *next,
                                struct tug_error *err);

/* Begin anew, with the same limits. */
void tug__pages_clear(struct tug__pages *pages);

#endif

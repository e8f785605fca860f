/* SPDX-License-Identifier: Apache-2.0
 *
 * The syntax of no_proxy.
 *
 * Entries are separated by commas or blanks, and match in any case:
 *   *                 every host
 *   DOMAIN .DOMAIN *.DOMAIN   the domain and all below it
 *   ADDRESS           IPv4 or IPv6, with or without brackets
 *   ADDRESS/BITS      a network
 * Each but the first and the last may end in :PORT (IPv6 then has brackets), and holds for that
 * port only.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_HTTP_NO_PROXY_H
#define TUG_HTTP_NO_PROXY_H

#include <stdbool.h>
#include <stddef.h>

/* Longest entry; a longer one matches nothing. */
#define TUG__NO_PROXY_ENTRY_MAX 280

/* Tell whether a list names a server. list: NULL is empty. host: IPv6 with or without brackets.
 * port: of the URL, or its scheme's. */
bool tug__no_proxy_has(const char *list, const char *host, unsigned port);

/* Find the next entry that cannot match any host. list: where to start; moved past that entry.
 * out_entry: receives it, cut at the capacity. Returns: false when there are no more. */
bool tug__no_proxy_next_bad(const char **list, char out_entry[TUG__NO_PROXY_ENTRY_MAX]);

#endif

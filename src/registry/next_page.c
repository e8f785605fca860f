/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a list goes on: the Link headers of an answer.
 *
 * Knows: pages. Does not know: documents, what is listed.
 * Threads: the client's owner.
 */
#include "registry/client_internal.h"
#include "registry/page.h"

enum tug_status tug__ask_next_page(const struct tug__ask *ask,
                                   const struct tug__http_response *response,
                                   char out_query[TUG__PAGE_QUERY_MAX], struct tug_error *err)
{
    enum tug_status status = TUG_OK;
    const char *link;

    for (size_t i = 0; status == TUG_OK && out_query[0] == '\0' &&
                       (link = tug__http_header_at(response, "Link", i)) != NULL;
         i++) {
        status = tug__page_next(link, ask->url, &ask->what, out_query, err);
    }
    return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Read all pages of a repository's tags: retries, limits, another endpoint.
 * Threads: the lister.
 */
#ifndef TUG_TAGS_PAGES_H
#define TUG_TAGS_PAGES_H

#include <stdint.h>

#include <tug/ref.h>

#include "base/cancel.h"
#include "base/queue.h"
#include "tags/set.h"
#include "registry/registry.h"
#include "registry/retry.h"

/* How one lister asks. All but random is set before it starts. */
struct tug__tag_pages {
    struct tug__client *client; /* owned by whoever made it */
    struct tug__bell *bell;     /* to sleep on between attempts; rung when stop is set */
    const struct tug__cancel *stop;
    const struct tug__tag_wish *wish;
    struct tug__retry_policy policy;
    uint32_t random; /* spreads delays */
};

/* Read the tags of a reference's repository. A page that fails is asked for again as the policy
 * says. When the endpoint that served the first pages fails for good, the list begins anew at
 * another one, once: a page belongs to the endpoint that named it.
 * out_set: empty before; what is wanted of the tags, not in order; on failure anything.
 * Errors: as tug__client_get_tags, the last attempt's; TUG_ERR_TOO_LARGE, TUG_ERR_CONTENT (as
 * tug__pages_take); TUG_ERR_CANCELLED. */
enum tug_status tug__tag_pages_read(struct tug__tag_pages *pages, const struct tug_ref *ref,
                                    struct tug__tag_set *out_set, struct tug_error *err);

#endif

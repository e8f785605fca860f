/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the tags room: list the tags of repositories.
 */
#ifndef TUG_TAGS_TAGS_H
#define TUG_TAGS_TAGS_H

#include "pipeline/pipeline.h"
#include "tags/set.h"

/* List the tags of each reference's repository; the contract is tug_fetch_list_tags' (tug/tags.h).
 * settings, wish: borrowed for the call; the store is not used. */
enum tug_status tug__tags_run(const struct tug__run_settings *settings,
                              const struct tug__tag_wish *wish, struct tug_error *err);

#endif

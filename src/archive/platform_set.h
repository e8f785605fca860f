/* SPDX-License-Identifier: Apache-2.0
 *
 * Which manifests of an index are there in full, as the text that its entry has
 * (index/annotations.h, TUG__INDEX_PLATFORMS). Threads: its owner's. Blocks: no.
 */
#ifndef TUG_ARCHIVE_PLATFORM_SET_H
#define TUG_ARCHIVE_PLATFORM_SET_H

#include <stdbool.h>

#include <tug/oci.h>

#include "base/buf.h"

/* Manifests that were looked at. Begin with is_all. */
struct tug__platform_set {
    bool is_all;  /* every one is there */
    bool has_any; /* one is there */
    struct tug__buf text;
};

/* Look at the next manifest of an index. platform: NULL: it has none. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__platform_set_add(struct tug__platform_set *set,
                                      const struct tug_platform *platform, bool is_complete,
                                      struct tug_error *err);

/* End. status: of what was done before: a failure is handed on. out_text: the platforms in the
 * order they came, or one of the words; owned; NULL: none of those that are there has a platform.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__platform_set_end(struct tug__platform_set *set, enum tug_status status,
                                      char **out_text, struct tug_error *err);

#endif

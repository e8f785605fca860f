/* SPDX-License-Identifier: Apache-2.0
 *
 * Which entries of an index an image needs: a pure function of the index and the wish.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_PIPELINE_PLAN_H
#define TUG_PIPELINE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>
#include <tug/fetch.h>
#include <tug/oci.h>

#include "oci/document.h"

/* How much of an entry is wanted. */
enum tug__want {
    TUG__WANT_NOTHING = 0,
    TUG__WANT_METADATA, /* the manifest and its config */
    TUG__WANT_ALL,      /* layers too */
};

struct tug__wish {
    const struct tug_platform
        *platforms; /* normalised; borrowed; at least one unless all_platforms */
    size_t platform_count;
    bool is_default;    /* platforms is this machine's, which nobody asked for */
    bool all_platforms; /* every entry, attestations included */
    bool all_metadata;  /* entries that are not chosen: their metadata */
    bool metadata_only; /* no layers at all */
};

/* The wish of one reference: the run's, with the reference's own options in its place. Metadata
 * alone is wanted of all platforms unless somebody asked for some.
 * own: NULL: none. What the result points to is the run's and own's. */
struct tug__wish tug__wish_of(const struct tug__wish *run, const struct tug_reference_options *own);

/* Choose among the entries of an index (those of nested indexes put in their place).
 * For each wanted platform the one entry that ranks best is chosen, the first of equals. Entries
 * without a platform cannot be judged and are always chosen; unknown/unknown (attestations) never
 * is, unless all_platforms. out_wants: count elements. out_best: platform_count elements, the entry
 * chosen for each wanted platform, or count when only entries without platform can serve it. Both
 * are written on success. Errors: TUG_ERR_NOT_FOUND: a wanted platform is not there; the message
 * lists those that are. */
enum tug_status tug__plan_select(const struct tug__wish *wish,
                                 const struct tug__descriptor *entries, size_t count,
                                 enum tug__want *out_wants, size_t *out_best,
                                 struct tug_error *err);

/* Room for the versions that tug__plan_passed_over lists. */
#define TUG__PLAN_VERSIONS_MAX 300

/* List the versions of the operating system that were passed over for a wanted platform: those of
 * entries that differ from the chosen one in nothing else and would have served, too, but are not
 * wanted for anything else.
 * wants, best: as tug__plan_select wrote them, best for this platform; count: nothing was chosen.
 * out_list: each once, separated by commas, cut with "..."; empty: none. Returns: whether there are
 * any. */
bool tug__plan_passed_over(const struct tug_platform *wanted, const struct tug__descriptor *entries,
                           size_t count, const enum tug__want *wants, size_t best,
                           char out_list[TUG__PLAN_VERSIONS_MAX]);

#endif

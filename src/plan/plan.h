/* SPDX-License-Identifier: Apache-2.0
 *
 * Which entries of an index an image needs: a pure function of the index and the wanted platforms.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_PLAN_PLAN_H
#define TUG_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>
#include <tug/fetch.h>
#include <tug/oci.h>

#include "oci/document.h"

/* How much of an entry is wanted. */
enum tug__want {
    TUG__WANT_NOTHING = 0,
    TUG__WANT_MANIFEST, /* the manifest alone */
    TUG__WANT_METADATA, /* the manifest and its config */
    TUG__WANT_ALL,      /* layers too */
};

struct tug__wish {
    const struct tug_platform
        *platforms; /* normalised; borrowed; at least one unless all_platforms */
    size_t platform_count;
    bool is_default;           /* platforms is this machine's and was not asked for */
    bool all_platforms;        /* every entry, attestations included */
    bool all_metadata;         /* also the metadata of entries that are not chosen */
    bool metadata_only;        /* no layers at all */
    bool platform_root;        /* index.json names the manifest chosen from an index */
    bool referrers;            /* also what refers to the image */
    const char *referrer_type; /* only of this artifact type; NULL: all; borrowed */
    bool signatures; /* of what refers to the image at least what may be a signature of it */
};

/* Determine the wish of one reference: the run's, overridden by the reference's own options. With
 * metadata_only all platforms are wanted, unless some are given. own: NULL: none. The result
 * borrows from the run's options and from own. */
struct tug__wish tug__wish_of(const struct tug__wish *run, const struct tug_reference_options *own);

/* Check that a wish makes sense: a platform as root is one platform. Errors:
 * TUG_ERR_INVALID_ARGUMENT. */
enum tug_status tug__wish_check(const struct tug__wish *wish, struct tug_error *err);

/* Tell whether an entry may be an index, which the choice of a platform has to wait for. */
bool tug__plan_may_be_index(const struct tug__descriptor *entry);

/* Tell whether an entry of an index has to be read. One without a type is taken for a manifest or
 * an index: indexes name nothing else without giving its type. */
bool tug__plan_is_document(const struct tug__descriptor *entry);

/* Choose among the entries of an index (nested indexes replaced by their entries). For each wanted
 * platform the entry with the best rank is chosen, the first among equals. Entries without a
 * platform cannot be ranked and are always chosen; unknown/unknown (attestations) is never chosen,
 * unless all_platforms. out_wants: count elements. out_best: platform_count elements, the entry
 * chosen for each wanted platform, or count when only entries without a platform may fit. Both are
 * written on success. Errors: TUG_ERR_NOT_FOUND: the index lacks a wanted platform; the message
 * lists those that it has. */
enum tug_status tug__plan_select(const struct tug__wish *wish,
                                 const struct tug__descriptor *entries, size_t count,
                                 enum tug__want *out_wants, size_t *out_best,
                                 struct tug_error *err);

/* Check that a single image fits every wanted platform. platform: its config's.
 * Errors: TUG_ERR_NOT_FOUND. */
enum tug_status tug__plan_check(const struct tug__wish *wish, const struct tug_platform *platform,
                                struct tug_error *err);

/* Capacity for the list by tug__plan_passed_over. */
#define TUG__PLAN_VERSIONS_MAX 300

/* List the operating system versions that were passed over for a wanted platform: those of entries
 * that differ from the chosen one only in version and would have fitted, too, but were not chosen
 * for anything else.
 * wants, best: as tug__plan_select wrote them, best for this platform; count: no entry was chosen.
 * out_list: each version once, separated by commas, truncated with "..."; empty: none. Returns:
 * whether there are any. */
bool tug__plan_passed_over(const struct tug_platform *wanted, const struct tug__descriptor *entries,
                           size_t count, const enum tug__want *wants, size_t best,
                           char out_list[TUG__PLAN_VERSIONS_MAX]);

#endif

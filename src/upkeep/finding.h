/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrong with a store, put into words.
 */
#ifndef TUG_UPKEEP_FINDING_H
#define TUG_UPKEEP_FINDING_H

#include <tug/upkeep.h>

#include "walk/walk.h"

/* Something wrong with one blob. */
struct tug__bad {
    struct tug_digest digest;
    enum tug_damage damage;
    uint64_t file_bytes; /* SIZE: of the file */
    int os_errno;        /* UNREADABLE */
};

/* Who is told, and the sums. */
struct tug__findings {
    const struct tug_verify_options *options; /* borrowed */
    struct tug_verify_result *result;         /* borrowed; findings are counted here */
};

/* What became of a blob that was wrong. */
enum tug__mending {
    TUG__MENDED_NOT = 0, /* nothing was tried */
    TUG__MENDED,         /* its content was fetched again */
    TUG__MENDED_REMOVED, /* nothing needs it, and it is gone */
    TUG__MENDED_FAILED,  /* error says why */
};

/* Tell of a blob. walk: as it was when the damage was found. error: MENDED_FAILED, else NULL.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__tell_bad(const struct tug__findings *findings, struct tug__walk *walk,
                              const struct tug__bad *bad, enum tug__mending mending,
                              const struct tug_error *error, struct tug_error *err);
/* Tell of a name that is no part of a store. path: below the root. */
void tug__tell_foreign(const struct tug__findings *findings, const char *path, bool is_dir);
/* Tell of the root of an image that is not signed. name: NULL: it has none. why: in words. */
void tug__tell_unsigned(const struct tug__findings *findings, const char *name,
                        const struct tug_digest *digest, const char *why);
/* Tell of index.json. error: what is wrong; is_repaired: it was put right, as text says. */
void tug__tell_index(const struct tug__findings *findings, const char *text, bool is_repaired);

#endif

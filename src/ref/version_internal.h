/* SPDX-License-Identifier: Apache-2.0
 *
 * What versions in tags and in ranges have in common.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_REF_VERSION_INTERNAL_H
#define TUG_REF_VERSION_INTERNAL_H

#include "ref/version.h"

/* A version as it is written. */
struct tug__version_text {
    struct tug__version version;
    size_t given;      /* numbers that are there */
    bool has_wildcard; /* after them is an 'x', 'X' or '*' */
};

/* Read a version from all of a text: length bytes.
 * is_pattern: wildcards may stand for numbers. Returns: false when it is none. */
bool tug__version_read(const char *text, size_t length, bool is_pattern,
                       struct tug__version_text *out_text);

#endif

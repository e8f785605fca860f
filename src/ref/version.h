/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags as versions: their order, and ranges of them.
 *
 * A tag is a version when it is one to four numbers joined by dots, with or without a 'v' in front,
 * followed by nothing, by '-' and a pre-release, or by '_' or '+' and build data (Helm writes '_',
 * because tags cannot have a '+'). Missing numbers are 0. Build data never counts.
 *
 * The order is that of Semantic Versioning 2.0.0, except that digits count as a number wherever
 * they are in a pre-release: rc2 comes before rc10.
 *
 * Threads: any. Blocks: never.
 */
#ifndef TUG_REF_VERSION_H
#define TUG_REF_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

/* Numbers of a version: semver has three, Windows and Java tags have four. */
#define TUG__VERSION_NUMBERS 4
/* Digits of a number: timestamps have up to 17, and any 18 fit, plus one, in 64 bits. */
#define TUG__VERSION_DIGITS_MAX 18
/* Length of a range, and comparisons in it: what people write has ten. */
#define TUG__RANGE_TEXT_MAX 1024
#define TUG__RANGE_TERMS_MAX 64

/* One version. Borrows from the text it was parsed from. */
struct tug__version {
    uint64_t numbers[TUG__VERSION_NUMBERS];
    const char *pre;   /* pre-release; not NUL-terminated */
    size_t pre_length; /* 0: it is a release */
};

/* Read a tag as a version. text: length bytes. out_version: untouched when it is none. */
bool tug__version_parse(const char *text, size_t length, struct tug__version *out_version);

/* Compare two versions. Returns: less than, equal to or greater than 0. */
int tug__version_compare(const struct tug__version *left, const struct tug__version *right);

/* One end of an interval. */
struct tug__version_bound {
    bool is_set;
    bool is_open; /* the version itself is outside */
    struct tug__version version;
};

/* One comparison: an interval, or everything else. */
struct tug__version_term {
    struct tug__version_bound low;
    struct tug__version_bound high;
    bool is_negated;         /* of "!=" */
    bool begins_alternative; /* the first one, or the first after "||" */
    bool names_pre;          /* it is written with a pre-release */
};

/* A range. All zero is not one. */
struct tug__version_range {
    struct tug__version_term terms[TUG__RANGE_TERMS_MAX];
    size_t count;
    char text[TUG__RANGE_TEXT_MAX]; /* which the terms borrow from: a range cannot be copied */
};

/* Parse a range: alternatives joined by "||", each of comparisons joined by commas or blanks, all
 * of which must hold. A comparison is an operator (>= > <= < = == != ^ ~ ~>, or none) and a version
 * whose last numbers may be missing or 'x', 'X' or '*'; or "LOW - HIGH". What is missing stands for
 * any number: "1.2", "=1.2" and "1.2.x" are every 1.2.z, "<=1.2" has them all, ">1.2" begins at
 * 1.3.0. ^ allows what keeps the leftmost number that is not 0, ~ what keeps the second one.
 * out_range: filled, or undefined on failure. Errors: TUG_ERR_INVALID_ARGUMENT. */
enum tug_status tug__version_range_parse(const char *text, struct tug__version_range *out_range,
                                         struct tug_error *err);

/* Tell whether a version is in a range. A pre-release is in an alternative only if that names one;
 * then it is ordered like any other, but an open end without pre-release ("<2") excludes those of
 * its own version, too. */
bool tug__version_in_range(const struct tug__version *version,
                           const struct tug__version_range *range);

#endif

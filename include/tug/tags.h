/* SPDX-License-Identifier: Apache-2.0
 *
 * List the tags of repositories: which there are, as full references, in the order of their
 * versions.
 *
 * Calling sequence: tug_fetch_create (without a store), tug_fetch_add for a reference of each
 * repository, tug_fetch_list_tags, tug_fetch_destroy (tug/fetch.h).
 */
#ifndef TUG_TAGS_H
#define TUG_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>
#include <tug/fetch.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Most tags of one repository; one that has more fails with TUG_ERR_TOO_LARGE. */
#define TUG_TAGS_MAX 1000000

/* One tag. Borrowed: valid during the callback only. All text is of the reference grammar. */
struct tug_tag {
    size_t position;        /* of the repository: 0 for the first reference added, and so on */
    const char *repository; /* HOST/NAME */
    const char *name;       /* the tag alone */
    const char *ref;        /* HOST/NAME:TAG */
    bool is_version;        /* see tug_tags_options.range */
};

/* Receives tags, on the thread that called tug_fetch_list_tags. It must not call any function on
 * the same fetch except tug_fetch_cancel. */
typedef void (*tug_tag_fn)(void *context, const struct tug_tag *tag);

/* Which tags, and who gets them. Start with `= TUG_TAGS_OPTIONS_INIT`: with zero, all of them. */
struct tug_tags_options {
    size_t size; /* of this struct: TUG_TAGS_OPTIONS_INIT sets it */
    /* Patterns of fnmatch(3), without flags: a tag has to match one of match, if there are any, and
     * none of exclude. */
    const char *const *match;
    size_t match_count;
    const char *const *exclude;
    size_t exclude_count;
    /* Versions in this range only; NULL: any tag. A tag is a version when it is one to four numbers
     * joined by dots, with or without a 'v' in front, followed by nothing, by '-' and a
     * pre-release, or by '_' and build data, which never counts. Missing numbers are 0.
     *
     * A range is alternatives joined by "||", each of comparisons joined by commas or blanks, all
     * of which must hold: >= > <= < = == != ^ ~ ~> or no operator, and a version, whose last
     * numbers may be missing, 'x' or '*' and then stand for any: "1.2" is every 1.2.z, ">1.2"
     * begins at 1.3.0. "1.2 - 2" has all from 1.2 to the last 2.y.z. ^ allows what keeps the
     * leftmost number that is not 0, ~ what keeps the second one.
     *
     * A pre-release is in an alternative only if that names one (">=1.2-0, <2"), and never in the
     * version that an upper end excludes: 2.0.0-rc1 is not below 2. */
    const char *range;
    size_t newest;     /* only so many of the highest versions of each repository; 0: all tags */
    tug_tag_fn on_tag; /* NULL: none */
    void *tag_context; /* passed to on_tag */
};

/* All tags. */
#define TUG_TAGS_OPTIONS_INIT TUG_SIZED(struct tug_tags_options)

/* Check patterns and range. Errors: TUG_ERR_INVALID_ARGUMENT (an empty pattern, a range that is
 * none; options.size is 0), TUG_ERR_UNSUPPORTED (as for tug_fetch_create). Threads: any. Blocks:
 * no. */
enum tug_status tug_tags_check(const struct tug_tags_options *options, struct tug_error *err);

/* List the tags of the repository of every reference that was added, instead of tug_fetch_run; tags
 * and digests of the references do not count.
 * Versions come first, from the lowest to the highest, as Semantic Versioning orders them, but
 * digits count as a number wherever they are in a pre-release (rc2 before rc10); then all other
 * tags in the order of their bytes. Each tag comes once. When all tags of a repository were passed
 * to on_tag, its result is reported as TUG_EVENT_IMAGE, whose ref is HOST/NAME; of one that fails,
 * no tag is. A registry's names that are no tags are left out, with a warning.
 * options: borrowed for the call; NULL: all tags.
 * Returns, errors and threads: as tug_fetch_resolve; also those of tug_tags_check; of a repository
 * TUG_ERR_TOO_LARGE (over TUG_TAGS_MAX), TUG_ERR_CONTENT (a list that is none, or whose pages lead
 * elsewhere or nowhere). */
enum tug_status tug_fetch_list_tags(struct tug_fetch *fetch, const struct tug_tags_options *options,
                                    struct tug_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

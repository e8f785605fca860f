/* SPDX-License-Identifier: Apache-2.0
 *
 * The public functions that list tags: check arguments, call the pipeline.
 *
 * Knows: the pipeline's interface, ranges of versions. Does not know: how tags are listed.
 * Threads: see tug/tags.h.
 */
#include <tug/tug.h>

#include <stddef.h>

#include "api/internal.h"
#include "base/error.h"
#include "base/options.h"
#include "oci/limits.h"
#include "tags/tags.h"

_Static_assert(sizeof(struct tug_tags_options) ==
                   offsetof(struct tug_tags_options, tag_context) + sizeof(void *),
               "tug_tags_options has no padding at its end");
_Static_assert(TUG_TAGS_MAX == TUG__TAGS_MAX, "the public header names the limit");

static enum tug_status check_patterns(const char *const *patterns, size_t count,
                                      struct tug_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (patterns[i] == NULL || patterns[i][0] == '\0') {
            return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "an empty pattern matches no tag");
        }
    }
    return TUG_OK;
}

/* Copy options, and parse the range if there is one. out_range: filled when options have one. */
static enum tug_status read_options(const struct tug_tags_options *options,
                                    struct tug_tags_options *out_own,
                                    struct tug__version_range *out_range, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    if (options != NULL) {
        status = tug__options_copy(out_own, sizeof *out_own, options, "tug_tags_options", err);
    }
    if (status == TUG_OK) {
        status = check_patterns(out_own->match, out_own->match_count, err);
    }
    if (status == TUG_OK) {
        status = check_patterns(out_own->exclude, out_own->exclude_count, err);
    }
    return status == TUG_OK && out_own->range != NULL
               ? tug__version_range_parse(out_own->range, out_range, err)
               : status;
}

enum tug_status tug_tags_check(const struct tug_tags_options *options, struct tug_error *err)
{
    struct tug_tags_options own = TUG_TAGS_OPTIONS_INIT;
    struct tug__version_range range;

    return read_options(options, &own, &range, err);
}

enum tug_status tug_fetch_list_tags(struct tug_fetch *fetch, const struct tug_tags_options *options,
                                    struct tug_error *err)
{
    struct tug_tags_options own = TUG_TAGS_OPTIONS_INIT;
    struct tug__version_range range;
    struct tug__run_settings settings;
    const struct tug__tag_wish wish = {.options = &own, .range = &range};
    const struct tug__tag_wish wish_without = {.options = &own};
    enum tug_status status = read_options(options, &own, &range, err);

    if (status == TUG_OK) {
        status = tug__fetch_begin(fetch, &settings, err);
    }
    return status == TUG_OK
               ? tug__tags_run(&settings, own.range != NULL ? &wish : &wish_without, err)
               : status;
}

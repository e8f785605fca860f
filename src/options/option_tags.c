/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tags the command line wants.
 *
 * Knows: the public options for tags. Does not know: what patterns and ranges mean.
 * Threads: main, before any other is started.
 */
#include "option_tags.h"

#include <stdio.h>
#include <stdlib.h>

#include "units.h"

static enum tug_status fail(struct tug_error *err, enum tug_status code, const char *why)
{
    err->code = code;
    (void)snprintf(err->message, sizeof err->message, "%s", why);
    return code;
}

/* Append a pattern to an array. */
static enum tug_status add_pattern(const char ***patterns, size_t *count, const char *value,
                                   struct tug_error *err)
{
    const char **grown;

    if (*value == '\0') {
        return fail(err, TUG_ERR_INVALID_ARGUMENT, "must not be empty");
    }
    grown = reallocarray(*patterns, *count + 1, sizeof *grown);
    if (grown == NULL) {
        return fail(err, TUG_ERR_NO_MEMORY, "out of memory");
    }
    grown[(*count)++] = value;
    *patterns = grown;
    return TUG_OK;
}

enum tug_status option_apply_match(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    struct tags_settings *const tags = &settings->tags;
    const enum tug_status status =
        add_pattern(&tags->match, &tags->options.match_count, value, err);

    tags->options.match = tags->match;
    return status;
}

enum tug_status option_apply_exclude(struct settings *settings, const char *value,
                                     struct tug_error *err)
{
    struct tags_settings *const tags = &settings->tags;
    const enum tug_status status =
        add_pattern(&tags->exclude, &tags->options.exclude_count, value, err);

    tags->options.exclude = tags->exclude;
    return status;
}

enum tug_status option_apply_semver(struct settings *settings, const char *value,
                                    struct tug_error *err)
{
    const struct tug_tags_options options = {.size = sizeof options, .range = value};

    settings->tags.options.range = value;
    return tug_tags_check(&options, err);
}

enum tug_status option_apply_newest(struct settings *settings, const char *value,
                                    struct tug_error *err)
{
    unsigned count;

    _Static_assert(TUG_TAGS_MAX == 1000000, "the text below names the limit");
    if (!units_parse_count(value, 1, TUG_TAGS_MAX, &count)) {
        return fail(err, TUG_ERR_INVALID_ARGUMENT, "not a number from 1 to 1000000");
    }
    settings->tags.options.newest = count;
    return TUG_OK;
}

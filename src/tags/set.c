/* SPDX-License-Identifier: Apache-2.0
 *
 * Choose tags and put them into order.
 *
 * Knows: patterns, versions, what a tag is. Does not know: registries.
 * Threads: any.
 */
#include "tags/set.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "ref/ref.h"

static bool matches_any(const char *const *patterns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (fnmatch(patterns[i], name, 0) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(const struct tug__tag_wish *wish, const struct tug__tag *tag)
{
    const struct tug_tags_options *const options = wish->options;

    if (options->match_count > 0 && !matches_any(options->match, options->match_count, tag->name)) {
        return false;
    }
    if (matches_any(options->exclude, options->exclude_count, tag->name)) {
        return false;
    }
    if (wish->range != NULL) {
        return tag->is_version && tug__version_in_range(&tag->version, wish->range);
    }
    return tag->is_version || options->newest == 0;
}

/* Count a name that no reference can have. */
static void note_foreign(struct tug__tag_set *set, const char *name)
{
    if (set->foreign_count++ == 0) {
        (void)snprintf(set->foreign, sizeof set->foreign, "%s", name);
    }
}

/* Make room for one more tag. */
static bool grow(struct tug__tag_set *set)
{
    const size_t capacity = set->capacity > 0 ? 2 * set->capacity : 64;
    struct tug__tag *grown;

    if (set->count < set->capacity) {
        return true;
    }
    grown = reallocarray(set->tags, capacity, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    set->tags = grown;
    set->capacity = capacity;
    return true;
}

static enum tug_status add(struct tug__tag_set *set, struct tug__tag tag, struct tug_error *err)
{
    char *const name = grow(set) ? strdup(tag.name) : NULL;

    if (name == NULL) {
        return tug__fail_memory(err);
    }
    if (tag.version.pre_length > 0) {
        tag.version.pre = name + (tag.version.pre - tag.name);
    }
    tag.name = name;
    set->tags[set->count++] = tag;
    return TUG_OK;
}

enum tug_status tug__tag_set_add(struct tug__tag_set *set, const struct tug__tag_wish *wish,
                                 const char *names, size_t length, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t at = 0; status == TUG_OK && at < length; at += strlen(names + at) + 1) {
        struct tug__tag tag = {.name = (char *)(uintptr_t)names + at};

        if (!tug__ref_is_tag(tag.name, strlen(tag.name))) {
            note_foreign(set, tag.name);
            continue;
        }
        tag.is_version = tug__version_parse(tag.name, strlen(tag.name), &tag.version);
        if (is_wanted(wish, &tag)) {
            status = add(set, tag, err);
        }
    }
    return status;
}

/* Versions in their order, then other tags in that of their bytes. */
static int compare(const void *left, const void *right)
{
    const struct tug__tag *const one = left;
    const struct tug__tag *const other = right;
    int order = 0;

    if (one->is_version != other->is_version) {
        return one->is_version ? -1 : 1;
    }
    if (one->is_version) {
        order = tug__version_compare(&one->version, &other->version);
    }
    return order != 0 ? order : strcmp(one->name, other->name);
}

/* Remove the first tags. */
static void drop_first(struct tug__tag_set *set, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(set->tags[i].name);
    }
    set->count -= count;
    memmove(set->tags, set->tags + count, set->count * sizeof *set->tags);
}

void tug__tag_set_finish(struct tug__tag_set *set, const struct tug__tag_wish *wish)
{
    const size_t newest = wish->options->newest;
    size_t kept = 0;

    if (set->count == 0) {
        return;
    }
    qsort(set->tags, set->count, sizeof *set->tags, compare);
    for (size_t i = 0; i < set->count; i++) {
        if (kept > 0 && strcmp(set->tags[kept - 1].name, set->tags[i].name) == 0) {
            free(set->tags[i].name);
        } else {
            set->tags[kept++] = set->tags[i];
        }
    }
    set->count = kept;
    if (newest > 0 && set->count > newest) {
        drop_first(set, set->count - newest);
    }
}

void tug__tag_set_fini(struct tug__tag_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->tags[i].name);
    }
    free(set->tags);
    *set = (struct tug__tag_set){0};
}

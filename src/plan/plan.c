/* SPDX-License-Identifier: Apache-2.0
 *
 * Platform selection.
 *
 * Knows: descriptors and the ladder of platforms. Does not know: the network, the store.
 * Threads: any.
 */
#include "plan/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "oci/platform.h"

/* Capacity for the list of platforms in an error. */
#define LIST_BYTES 400

struct tug__wish tug__wish_of(const struct tug__wish *run, const struct tug_reference_options *own)
{
    struct tug__wish wish = *run;

    if (own != NULL && own->all_platforms) {
        wish.all_platforms = true;
    } else if (own != NULL && own->platform_count > 0) {
        wish.all_platforms = false;
        wish.is_default = false;
        wish.platforms = own->platforms;
        wish.platform_count = own->platform_count;
    }
    if (own != NULL) {
        wish.all_metadata = wish.all_metadata || own->all_metadata;
        wish.metadata_only = wish.metadata_only || own->metadata_only;
        wish.platform_root = wish.platform_root || own->platform_root;
        wish.referrer_type = own->referrers ? own->referrer_type : wish.referrer_type;
        wish.referrers = wish.referrers || own->referrers;
    }
    wish.all_platforms = wish.all_platforms || (wish.metadata_only && wish.is_default);
    return wish;
}

enum tug_status tug__wish_check(const struct tug__wish *wish, struct tug_error *err)
{
    if (!wish->platform_root ||
        (!wish->all_platforms && wish->platform_count == 1 && !wish->all_metadata)) {
        return TUG_OK;
    }
    return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                     "a platform as root is one platform: give one, without the metadata of "
                     "others");
}

static bool is_document_kind(enum tug__media_kind kind)
{
    return kind == TUG__MEDIA_INDEX || kind == TUG__MEDIA_MANIFEST || kind == TUG__MEDIA_SCHEMA1;
}

bool tug__plan_is_document(const struct tug__descriptor *entry)
{
    return is_document_kind(entry->kind) || entry->media_type[0] == '\0';
}

bool tug__plan_may_be_index(const struct tug__descriptor *entry)
{
    return entry->kind == TUG__MEDIA_INDEX ||
           (entry->media_type[0] == '\0' && !entry->has_platform);
}

static bool is_attestation(const struct tug__descriptor *entry)
{
    return entry->has_platform && tug__platform_is_unknown(&entry->platform);
}

/* Find the best entry for one platform; count when none runs on it. */
static size_t find_best(const struct tug_platform *wanted, const struct tug__descriptor *entries,
                        size_t count)
{
    size_t best = count;
    int best_rank = TUG__PLATFORM_NO_MATCH;

    for (size_t i = 0; i < count; i++) {
        int rank;

        if (!entries[i].has_platform || is_attestation(&entries[i])) {
            continue;
        }
        rank = tug__platform_rank(wanted, &entries[i].platform);
        if (rank < best_rank) {
            best_rank = rank;
            best = i;
        }
    }
    return best;
}

/* Tell whether an entry before entry i has the same platform. */
static bool is_repeated(const struct tug__descriptor *entries, size_t i)
{
    for (size_t before = 0; before < i; before++) {
        if (entries[before].has_platform && memcmp(&entries[before].platform, &entries[i].platform,
                                                   sizeof entries[i].platform) == 0) {
            return true;
        }
    }
    return false;
}

static enum tug_status fail_missing(const struct tug_platform *wanted,
                                    const struct tug__descriptor *entries, size_t count,
                                    struct tug_error *err)
{
    char list[LIST_BYTES] = "";
    char name[TUG_PLATFORM_TEXT_MAX];
    size_t length = 0;
    /* Enough to fill the list; more would only take time. */
    const size_t shown = count < 1000 ? count : 1000;

    for (size_t i = 0; i < shown; i++) {
        if (!entries[i].has_platform || is_attestation(&entries[i]) || is_repeated(entries, i)) {
            continue;
        }
        (void)tug_platform_format(&entries[i].platform, name);
        if (length + strlen(name) + sizeof ", ..." > sizeof list) {
            (void)snprintf(list + length, sizeof list - length, "%s", ", ...");
            break;
        }
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%s",
                                   length > 0 ? ", " : "", name);
    }
    return tug__fail(err, TUG_ERR_NOT_FOUND, "platform %s not found; the index has %s",
                     tug_platform_format(wanted, name), list[0] != '\0' ? list : "none");
}

enum tug_status tug__plan_select(const struct tug__wish *wish,
                                 const struct tug__descriptor *entries, size_t count,
                                 enum tug__want *out_wants, size_t *out_best, struct tug_error *err)
{
    const enum tug__want chosen = wish->metadata_only ? TUG__WANT_METADATA : TUG__WANT_ALL;
    bool has_unplaced = false;

    for (size_t i = 0; i < count; i++) {
        const bool is_unplaced = !entries[i].has_platform;

        has_unplaced = has_unplaced || is_unplaced;
        if (wish->all_platforms || is_unplaced) {
            out_wants[i] = chosen;
        } else {
            out_wants[i] = wish->all_metadata ? TUG__WANT_METADATA : TUG__WANT_NOTHING;
        }
    }
    for (size_t i = 0; !wish->all_platforms && i < wish->platform_count; i++) {
        const size_t best = find_best(&wish->platforms[i], entries, count);

        if (best == count && !has_unplaced) {
            return fail_missing(&wish->platforms[i], entries, count, err);
        }
        if (best < count) {
            out_wants[best] = chosen;
        }
        out_best[i] = best;
    }
    return TUG_OK;
}

enum tug_status tug__plan_check(const struct tug__wish *wish, const struct tug_platform *platform,
                                struct tug_error *err)
{
    char text[TUG_PLATFORM_TEXT_MAX];
    char wanted[TUG_PLATFORM_TEXT_MAX];

    for (size_t i = 0; !wish->all_platforms && i < wish->platform_count; i++) {
        if (tug__platform_rank(&wish->platforms[i], platform) == TUG__PLATFORM_NO_MATCH) {
            return tug__fail(err, TUG_ERR_NOT_FOUND, "platform %s not found; the image is for %s",
                             tug_platform_format(&wish->platforms[i], wanted),
                             tug_platform_format(platform, text));
        }
    }
    return TUG_OK;
}

/* Tell whether an entry differs from another one only in its version. */
static bool is_other_version(const struct tug_platform *wanted,
                             const struct tug__descriptor *chosen,
                             const struct tug__descriptor *entry)
{
    return entry->has_platform &&
           strcmp(entry->platform.os_version, chosen->platform.os_version) != 0 &&
           strcmp(entry->platform.architecture, chosen->platform.architecture) == 0 &&
           strcmp(entry->platform.variant, chosen->platform.variant) == 0 &&
           tug__platform_rank(wanted, &entry->platform) != TUG__PLATFORM_NO_MATCH;
}

/* Tell whether a list of versions contains one. */
static bool has_version(const char *list, const char *version)
{
    const size_t length = strlen(version);

    for (const char *at = list; (at = strstr(at, version)) != NULL; at += length) {
        if ((at == list || at[-1] == ' ') && (at[length] == '\0' || at[length] == ',')) {
            return true;
        }
    }
    return false;
}

bool tug__plan_passed_over(const struct tug_platform *wanted, const struct tug__descriptor *entries,
                           size_t count, const enum tug__want *wants, size_t best,
                           char out_list[TUG__PLAN_VERSIONS_MAX])
{
    size_t length = 0;

    out_list[0] = '\0';
    for (size_t i = 0; best < count && i < count; i++) {
        const char *const version = entries[i].platform.os_version;

        if (wants[i] >= wants[best] || version[0] == '\0' ||
            !is_other_version(wanted, &entries[best], &entries[i]) ||
            has_version(out_list, version)) {
            continue;
        }
        if (length + strlen(version) + sizeof ", , ..." > TUG__PLAN_VERSIONS_MAX) {
            (void)strcpy(out_list + length, ", ...");
            break;
        }
        length += (size_t)snprintf(out_list + length, TUG__PLAN_VERSIONS_MAX - length, "%s%s",
                                   length > 0 ? ", " : "", version);
    }
    return out_list[0] != '\0';
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Which manifests of an index are there in full, as a text.
 *
 * Knows: the form of that text. Does not know: documents, HTTP. Threads: its owner's.
 */
#include "archive/platform_set.h"

#include <string.h>

#include "base/error.h"
#include "index/annotations.h"
#include "oci/platform.h"

/* Longer sets are not said: an index has no more platforms that differ. */
#define TEXT_BYTES_MAX ((size_t)4096)

enum tug_status tug__platform_set_add(struct tug__platform_set *set,
                                      const struct tug_platform *platform, bool is_complete,
                                      struct tug_error *err)
{
    char text[TUG_PLATFORM_TEXT_MAX];
    const char *blank;

    if (!is_complete) {
        set->is_all = false;
        return TUG_OK;
    }
    set->has_any = true;
    if (platform == NULL || tug__platform_is_unknown(platform) ||
        (set->text.length > 0 && tug__index_platforms_have(set->text.data, platform))) {
        return TUG_OK;
    }
    (void)tug_platform_format(platform, text);
    if (set->text.length + strlen(text) + 1 > TEXT_BYTES_MAX) {
        return TUG_OK;
    }
    blank = set->text.length > 0 ? " " : "";
    set->text.limit = TEXT_BYTES_MAX;
    return tug__buf_printf(&set->text, err, "%s%s", blank, text);
}

enum tug_status tug__platform_set_end(struct tug__platform_set *set, enum tug_status status,
                                      char **out_text, struct tug_error *err)
{
    const char *const word = set->is_all     ? TUG__PLATFORMS_ALL
                             : !set->has_any ? TUG__PLATFORMS_NONE
                                             : NULL;
    size_t length;

    *out_text = NULL;
    if (status == TUG_OK && word != NULL) {
        *out_text = strdup(word);
        status = *out_text != NULL ? TUG_OK : tug__fail_memory(err);
    } else if (status == TUG_OK) {
        *out_text = tug__buf_steal(&set->text, &length);
    }
    tug__buf_fini(&set->text);
    return status;
}

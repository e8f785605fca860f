/* SPDX-License-Identifier: Apache-2.0
 *
 * Say which platforms an export has of an image.
 *
 * Knows: the chosen manifests. Does not know: HTTP, archives, how they are chosen.
 * Threads: the calling one.
 */
#include "archive/leaves.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "index/annotations.h"
#include "oci/platform.h"

/* Of the text that says which platforms there are. */
#define PLATFORMS_BYTES_MAX 4096

/* Join the platforms of an index's manifests that are complete in the export. Returns: owned; NULL
 * without memory; "": of none is the platform known, or the text would be too long. */
static char *platform_list(const struct tug__leaves *leaves)
{
    char text[PLATFORMS_BYTES_MAX] = "";
    size_t length = 0;

    for (size_t i = 0; i < leaves->count; i++) {
        const struct tug__leaf *const leaf = &leaves->items[i];

        if (!leaf->is_selected || leaf->missing > 0 || leaf->platform == NULL ||
            tug__platform_is_unknown(leaf->platform)) {
            continue;
        }
        if (length + TUG_PLATFORM_TEXT_MAX + 1 > sizeof text) {
            return strdup("");
        }
        if (length > 0) {
            text[length++] = ' ';
        }
        length += strlen(tug_platform_format(leaf->platform, text + length));
    }
    return strdup(text);
}

enum tug_status tug__leaves_describe(const struct tug__choice *choice, uint32_t image,
                                     const struct tug__leaves *leaves, char **out_text,
                                     struct tug_error *err)
{
    const struct tug__walk_image *const entry = tug__walk_image(choice->walk, image);
    const bool is_index = tug__walk_blob(choice->walk, entry->root)->kind == TUG__MEDIA_INDEX;
    size_t complete = 0;
    char *text;

    *out_text = NULL;
    for (size_t i = 0; i < leaves->count; i++) {
        complete += leaves->items[i].is_selected && leaves->items[i].missing == 0;
    }
    if (!is_index && complete > 0) {
        return TUG_OK;
    }
    if (complete == 0) {
        text = strdup(TUG__PLATFORMS_NONE);
    } else {
        text = complete == leaves->count ? strdup(TUG__PLATFORMS_ALL) : platform_list(leaves);
    }
    if (text == NULL) {
        return tug__fail_memory(err);
    }
    if (text[0] == '\0') {
        free(text);
        return TUG_OK;
    }
    *out_text = text;
    return TUG_OK;
}

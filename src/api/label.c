/* SPDX-License-Identifier: Apache-2.0
 *
 * What a label may be.
 *
 * Knows: annotations that are tug's own. Does not know: the store.
 * Threads: any.
 */
#include <tug/fetch.h>

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

enum tug_status tug_label_check(const char *label, struct tug_error *err)
{
    const char *const equals = strchr(label, '=');

    if (equals == NULL || equals == label) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "label '%.80s' is not KEY=VALUE", label);
    }
    if (!tug__is_utf8(label, strlen(label))) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "label '%.80s' is not UTF-8", label);
    }
    if (starts_with(label, "org.opencontainers.image.ref.name=") ||
        starts_with(label, "io.containerd.image.name=") || starts_with(label, "tug.left-out=") ||
        starts_with(label, "tug.platforms=") || starts_with(label, "tug.index=") ||
        starts_with(label, "tug.converted-from=") || starts_with(label, "tug.refers-to=") ||
        starts_with(label, "tug.source=") || starts_with(label, "tug.name=") ||
        starts_with(label, "containerd.io/distribution.source.")) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "label '%.*s' is written by tug itself",
                         (int)(equals - label), label);
    }
    return TUG_OK;
}

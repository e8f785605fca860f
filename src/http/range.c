/* SPDX-License-Identifier: Apache-2.0
 *
 * Parse Content-Range.
 *
 * Knows: RFC 9110. Does not know: libcurl, HTTP, registries.
 * Threads: any.
 */
#include "http/range.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

bool tug__content_range_parse(const char *text, struct tug__content_range *out_range)
{
    struct tug__content_range range = {0};
    const char *dash;
    const char *slash;

    if (text == NULL || strncasecmp(text, "bytes ", 6) != 0) {
        return false;
    }
    text += 6;
    dash = strchr(text, '-');
    slash = dash != NULL ? strchr(dash, '/') : NULL;
    if (slash == NULL || !tug__parse_u64(text, (size_t)(dash - text), &range.first) ||
        !tug__parse_u64(dash + 1, (size_t)(slash - dash - 1), &range.last) ||
        range.last < range.first) {
        return false;
    }
    if (strcmp(slash + 1, "*") != 0) {
        range.has_total = true;
        if (!tug__parse_u64(slash + 1, strlen(slash + 1), &range.total) ||
            range.total <= range.last) {
            return false;
        }
    }
    *out_range = range;
    return true;
}

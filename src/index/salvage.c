/* SPDX-License-Identifier: Apache-2.0
 *
 * How much of a damaged index.json is still an index.
 *
 * Knows: the form of an index. Does not know: files, what becomes of the rest.
 * Threads: any.
 */
#include "index/index.h"

/* Find the end of the object that a text begins with. Returns: 0: it has none. */
static size_t object_end(const char *text, size_t length)
{
    size_t depth = 0;
    bool is_string = false;

    for (size_t i = 0; i < length; i++) {
        const char c = text[i];

        if (is_string) {
            is_string = c != '"';
            i += c == '\\' ? 1 : 0;
        } else if (c == '"') {
            is_string = true;
        } else if (c == '{') {
            depth++;
        } else if (c == '}' && (depth == 0 || --depth == 0)) {
            return depth == 0 ? i + 1 : 0;
        }
    }
    return 0;
}

static enum tug_status accept_any(void *context, const struct tug__index_element *element,
                                  struct tug_error *err)
{
    (void)context;
    (void)element;
    (void)err;
    return TUG_OK;
}

bool tug__index_is_valid(const char *text, size_t length)
{
    struct tug__index_list list;

    return tug__index_scan(text, length, accept_any, NULL, &list, NULL) == TUG_OK;
}

size_t tug__index_salvage(const char *text, size_t length)
{
    const size_t end = object_end(text, length);

    return end > 0 && tug__index_is_valid(text, end) ? end : 0;
}

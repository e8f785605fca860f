/* SPDX-License-Identifier: Apache-2.0
 *
 * The platforms that were fetched for an entry, as a set in one text.
 *
 * Knows: the form of that text. Does not know: which platforms there are, documents.
 * Threads: any.
 */
#include "index/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "index/annotations.h"

/* Longer sets become "all": an index has no more platforms that differ. */
#define PLATFORMS_BYTES_MAX 4096

/* Tell whether a set has a word. */
static bool has_word(const char *set, const char *word, size_t length)
{
    while (*set != '\0') {
        const size_t found = strcspn(set, " ");

        if (found == length && strncmp(set, word, length) == 0) {
            return true;
        }
        set += found;
        set += strspn(set, " ");
    }
    return false;
}

bool tug__index_platforms_have(const char *set, const struct tug_platform *platform)
{
    char text[TUG_PLATFORM_TEXT_MAX];

    (void)tug_platform_format(platform, text);
    return has_word(set, text, strlen(text));
}

static bool is_word(const char *set, const char *word)
{
    return set != NULL && strcmp(set, word) == 0;
}

/* Add the words of a set that are not there yet. text: with room for them. */
static void add_words(char *text, const char *set)
{
    while (*set != '\0') {
        const size_t length = strcspn(set, " ");

        if (length > 0 && !has_word(text, set, length)) {
            char *end = text + strlen(text);

            if (end > text) {
                *end++ = ' ';
            }
            memcpy(end, set, length);
            end[length] = '\0';
        }
        set += length;
        set += strspn(set, " ");
    }
}

enum tug_status tug__index_platforms_join(const char *old, const char *new, char **out_text,
                                          struct tug_error *err)
{
    const char *whole = NULL; /* the answer, when it is one of the two */
    char *text;

    if (is_word(old, TUG__PLATFORMS_ALL) || is_word(new, TUG__PLATFORMS_ALL)) {
        whole = TUG__PLATFORMS_ALL;
    } else if (old == NULL || is_word(old, TUG__PLATFORMS_NONE)) {
        whole = new;
    } else if (new == NULL || is_word(new, TUG__PLATFORMS_NONE)) {
        whole = old;
    } else if (strlen(old) + strlen(new) >= PLATFORMS_BYTES_MAX) {
        whole = TUG__PLATFORMS_ALL;
    }
    *out_text = NULL;
    if (whole == NULL && (old == NULL || is_word(old, TUG__PLATFORMS_NONE))) {
        return TUG_OK;
    }
    text = whole != NULL ? strdup(whole) : calloc(1, strlen(old) + strlen(new) + 2);
    if (text == NULL) {
        return tug__fail_memory(err);
    }
    if (whole == NULL) {
        add_words(text, old);
        add_words(text, new);
    }
    *out_text = text;
    return TUG_OK;
}

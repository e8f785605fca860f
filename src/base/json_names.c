/* SPDX-License-Identifier: Apache-2.0
 *
 * Member names that other parsers confuse with known ones.
 *
 * Knows: how Go's encoding/json compares names. Does not know: json-c, OCI, HTTP.
 * Threads: any.
 */
#include "base/json.h"

#include <string.h>

#include "base/error.h"

/* The two letters beyond ASCII whose other case is an ASCII letter. */
#define LONG_S "\xC5\xBF"          /* U+017F, folds to 's' */
#define KELVIN_SIGN "\xE2\x84\xAA" /* U+212A, folds to 'k' */

/* The search for a name that means a known one. */
struct name_check {
    const char *const *names;
    const char *found; /* borrowed from the document */
    const char *meant; /* one of names */
};

static bool begins_with(const char *text, size_t length, const char *beginning)
{
    return length >= strlen(beginning) && memcmp(text, beginning, strlen(beginning)) == 0;
}

/* The first character without its case. Beyond ASCII: byte by byte. *length: length of the text
 * left; on return, of the character. */
static unsigned char fold(const char *text, size_t *length)
{
    const unsigned char byte = (unsigned char)*text;

    if (byte < 0x80) {
        *length = 1;
        return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte - 'A' + 'a') : byte;
    }
    if (begins_with(text, *length, LONG_S)) {
        *length = strlen(LONG_S);
        return 's';
    }
    if (begins_with(text, *length, KELVIN_SIGN)) {
        *length = strlen(KELVIN_SIGN);
        return 'k';
    }
    *length = 1;
    return byte;
}

bool tug__json_is_alias(const char *name, size_t length, const char *known)
{
    const size_t known_length = strlen(known);
    size_t left = 0;
    size_t right = 0;

    while (left < length && right < known_length) {
        size_t left_step = length - left;
        size_t right_step = known_length - right;

        if (fold(name + left, &left_step) != fold(known + right, &right_step)) {
            return false;
        }
        left += left_step;
        right += right_step;
    }
    return left == length && right == known_length &&
           (length != known_length || memcmp(name, known, length) != 0);
}

static bool check_member(void *context, const char *key, const struct tug__json_value *member)
{
    struct name_check *const check = context;

    (void)member;
    for (const char *const *known = check->names; *known != NULL; known++) {
        if (tug__json_is_alias(key, strlen(key), *known)) {
            check->found = key;
            check->meant = *known;
            return false;
        }
    }
    return true;
}

enum tug_status tug__json_check_names(const struct tug__json_value *value, const char *const *names,
                                      struct tug_error *err)
{
    struct name_check check = {.names = names};

    tug__json_each_member(value, check_member, &check);
    if (check.found == NULL) {
        return TUG_OK;
    }
    return tug__fail(err, TUG_ERR_CONTENT,
                     "'%.64s' differs from '%s' in case only: other tools would treat them as one",
                     check.found, check.meant);
}

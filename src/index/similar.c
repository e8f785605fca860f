/* SPDX-License-Identifier: Apache-2.0
 *
 * Report an image that was not found, with one that may have been meant.
 *
 * Knows: the form of references. Does not know: how to parse them, documents.
 * Threads: any.
 */
#include "index/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Similarity of a name to a wanted image. */
#define LIKE_REPOSITORY 1 /* another tag of the same repository */
#define LIKE_END 2        /* the same repository's last part and tag, elsewhere */
#define LIKE_TAIL 3       /* it ends with the typed text */
#define LIKE_SLIP 4       /* a typo */
#define LIKE_PINNED 5     /* the typed text is the name with a digest after it */

/* Most characters that a typo adds, drops or exchanges, in one place. */
#define SLIP_MAX 2

/* Fewest digits that look like a digest without its algorithm: as git shows them. */
#define BARE_DIGITS_MIN 7

/* Tell whether two texts differ by a typo in one place. */
static bool is_slip(const char *a, size_t a_length, const char *b, size_t b_length)
{
    const size_t shorter = a_length < b_length ? a_length : b_length;
    const size_t longer = a_length < b_length ? b_length : a_length;
    size_t same = 0;

    if (longer > shorter + SLIP_MAX || shorter <= SLIP_MAX) {
        return false;
    }
    while (same < shorter && a[same] == b[same]) {
        same++;
    }
    for (size_t end = 0; same < shorter && a[a_length - 1 - end] == b[b_length - 1 - end]; end++) {
        same++;
    }
    return longer - same <= SLIP_MAX;
}

/* Length of the part before tag and digest. */
static size_t repository_length(const char *name, size_t length)
{
    const char *const at = memchr(name, '@', length);
    const size_t end = at != NULL ? (size_t)(at - name) : length;
    size_t i = end;

    while (i > 0 && name[i - 1] != ':' && name[i - 1] != '/') {
        i--;
    }
    return i > 0 && name[i - 1] == ':' ? i - 1 : end;
}

/* Find the start of the last component. */
static size_t last_component(const char *name, size_t length)
{
    size_t i = length;

    while (i > 0 && name[i - 1] != '/') {
        i--;
    }
    return i;
}

static bool ends_with(const char *name, size_t length, const char *end, size_t end_length)
{
    return length > end_length && name[length - end_length - 1] == '/' &&
           memcmp(name + length - end_length, end, end_length) == 0;
}

static unsigned likeness_of(const char *text, const char *name, size_t length)
{
    const size_t text_length = strlen(text);
    const size_t component = last_component(text, text_length);
    const size_t repository = repository_length(text, text_length);

    if (length < text_length && text[length] == '@' && memcmp(text, name, length) == 0) {
        return LIKE_PINNED;
    }
    if (is_slip(text, text_length, name, length)) {
        return LIKE_SLIP;
    }
    if (ends_with(name, length, text, text_length)) {
        return LIKE_TAIL;
    }
    if (component < text_length &&
        ends_with(name, length, text + component, text_length - component)) {
        return LIKE_END;
    }
    return repository > 0 && repository == repository_length(name, length) &&
                   memcmp(text, name, repository) == 0
               ? LIKE_REPOSITORY
               : 0;
}

unsigned tug__index_likeness(const struct tug__index_wanted *wanted, const char *name,
                             size_t length)
{
    const unsigned by_text = likeness_of(wanted->text, name, length);
    const unsigned by_full = wanted->full != NULL ? likeness_of(wanted->full, name, length) : 0;

    return by_text > by_full ? by_text : by_full;
}

/* A search for the name most similar to a wanted image. */
struct search {
    const struct tug__index_wanted *wanted;
    unsigned best;
    char *name;               /* owned */
    struct tug_digest digest; /* unset: it has no valid one */
};

static enum tug_status look_at(void *context, const struct tug__index_element *element,
                               struct tug_error *err)
{
    struct search *const search = context;
    const unsigned likeness =
        element->name != NULL
            ? tug__index_likeness(search->wanted, element->name, element->name_length)
            : 0;

    (void)err;
    if (likeness > 0 && likeness >= search->best) {
        free(search->name);
        search->name = strndup(element->name, element->name_length);
        search->best = likeness;
        search->digest = (struct tug_digest){0};
        (void)tug__index_element_digest(element, &search->digest);
    }
    return TUG_OK;
}

/* How much of a digest a text is. */
struct part {
    bool has_algorithm;
    size_t whole_digits; /* that it should have; 0: it is no part of a digest */
};

static struct part part_of_digest(const char *text)
{
    const bool is_sha512 = strncmp(text, "sha512:", 7) == 0;
    const bool has_algorithm = is_sha512 || strncmp(text, "sha256:", 7) == 0;
    const char *const digits = text + (has_algorithm ? 7 : 0);
    const size_t count = strspn(digits, "0123456789abcdef");
    const size_t least = has_algorithm ? 0 : BARE_DIGITS_MIN;
    const size_t whole = is_sha512 ? 128 : 64;
    const size_t most = has_algorithm ? whole - 1 : whole;
    const bool is_part = digits[count] == '\0' && count >= least && count <= most;

    return (struct part){has_algorithm, is_part ? whole : 0};
}

/* Add what the user may have meant. */
static void advise(const struct search *search, struct part part, struct tug_error *err)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    if (search->best == LIKE_PINNED && search->digest.algorithm != TUG_DIGEST_NONE) {
        (void)tug__advise(err, TUG_ERR_NOT_FOUND, "'%.300s' has the digest %s", search->name,
                          tug_digest_format(&search->digest, digest));
    } else if (search->name != NULL) {
        (void)tug__advise(err, TUG_ERR_NOT_FOUND, "did you mean '%.300s'?", search->name);
    } else if (part.whole_digits > 0) {
        (void)tug__advise(err, TUG_ERR_NOT_FOUND, "for a digest, give sha256: and all %zu digits",
                          part.whole_digits);
    }
}

static enum tug_status refuse_missing(const struct tug__index_wanted *wanted, const char *text,
                                      size_t length, struct tug_error *err)
{
    struct search search = {.wanted = wanted};
    const struct part part = part_of_digest(wanted->text);
    struct tug__index_list list;

    if (part.has_algorithm && part.whole_digits > 0) {
        return tug__fail(err, TUG_ERR_NOT_FOUND,
                         "'%.300s' is not a whole digest: give all %zu digits", wanted->text,
                         part.whole_digits);
    }
    (void)tug__index_scan(text, length, look_at, &search, &list, NULL);
    (void)tug__fail(err, TUG_ERR_NOT_FOUND, "the store has no image '%.300s'", wanted->text);
    advise(&search, part, err);
    free(search.name);
    return TUG_ERR_NOT_FOUND;
}

enum tug_status tug__index_selection_check(const struct tug__index_selection *selection,
                                           const char *text, size_t length, bool is_exact,
                                           struct tug_error *err)
{
    for (size_t i = 0; i < selection->count; i++) {
        const struct tug__index_pick *const pick = &selection->picks[i];

        if (pick->fit == TUG__INDEX_FIT_NONE) {
            return refuse_missing(&selection->wanted[i], text, length, err);
        }
        if (is_exact && pick->other_name != NULL) {
            return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                             "'%.140s' has several names, '%.200s' and '%.200s' among them: give "
                             "the name",
                             selection->wanted[i].text, pick->other_name, pick->name);
        }
    }
    return TUG_OK;
}

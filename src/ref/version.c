/* SPDX-License-Identifier: Apache-2.0
 *
 * Read and compare versions.
 *
 * Knows: Semantic Versioning, how tags differ from it. Does not know: references, ranges.
 * Threads: any.
 */
#include "ref/version.h"

#include <string.h>

#include "ref/version_internal.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_wildcard(char c)
{
    return c == 'x' || c == 'X' || c == '*';
}

/* --- reading --- */

/* Read a number at *at, which is moved behind it. Returns: false when there is none, or it has too
 * many digits. */
static bool read_number(const char *text, size_t length, size_t *at, uint64_t *out_number)
{
    const size_t begin = *at;
    uint64_t number = 0;

    while (*at < length && is_digit(text[*at])) {
        if (*at - begin == TUG__VERSION_DIGITS_MAX) {
            return false;
        }
        number = number * 10 + (uint64_t)(text[(*at)++] - '0');
    }
    *out_number = number;
    return *at > begin;
}

/* Read what is joined by dots. Returns: false when a part is neither a number nor, in a pattern, a
 * wildcard, or a number follows a wildcard. */
static bool read_numbers(const char *text, size_t length, bool is_pattern, size_t *at,
                         struct tug__version_text *out)
{
    for (size_t part = 0; part < TUG__VERSION_NUMBERS; part++) {
        if (is_pattern && *at < length && is_wildcard(text[*at])) {
            out->has_wildcard = true;
            (*at)++;
        } else if (out->has_wildcard ||
                   !read_number(text, length, at, &out->version.numbers[part])) {
            return false;
        } else {
            out->given++;
        }
        if (*at == length || text[*at] != '.') {
            return true;
        }
        (*at)++;
    }
    return false;
}

/* The length of a pre-release at the beginning of a text: identifiers joined by dots; 0 when one of
 * them is empty. */
static size_t pre_length(const char *text, size_t length)
{
    size_t identifier = 0;
    size_t at = 0;

    for (; at < length; at++) {
        if (is_digit(text[at]) || is_letter(text[at]) || text[at] == '-') {
            identifier++;
        } else if (text[at] == '.' && identifier > 0) {
            identifier = 0;
        } else {
            break;
        }
    }
    return identifier > 0 ? at : 0;
}

/* Tell whether a text is build data with what begins it. */
static bool is_build(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '_' && text[i] != '+' &&
            (i == 0 ||
             (!is_digit(text[i]) && !is_letter(text[i]) && text[i] != '.' && text[i] != '-'))) {
            return false;
        }
    }
    return length > 1;
}

bool tug__version_read(const char *text, size_t length, bool is_pattern,
                       struct tug__version_text *out_text)
{
    struct tug__version_text out = {0};
    size_t at = length > 0 && text[0] == 'v' ? 1 : 0;

    if (!read_numbers(text, length, is_pattern, &at, &out)) {
        return false;
    }
    if (at < length && text[at] == '-' && !out.has_wildcard) {
        out.version.pre = text + at + 1;
        out.version.pre_length = pre_length(text + at + 1, length - at - 1);
        at += 1 + out.version.pre_length;
        if (out.version.pre_length == 0) {
            return false;
        }
    }
    if (at < length && !is_build(text + at, length - at)) {
        return false;
    }
    *out_text = out;
    return true;
}

bool tug__version_parse(const char *text, size_t length, struct tug__version *out_version)
{
    struct tug__version_text read;

    if (!tug__version_read(text, length, false, &read)) {
        return false;
    }
    *out_version = read.version;
    return true;
}

/* --- comparing --- */

/* A part of a pre-release. */
struct slice {
    const char *text;
    size_t length;
};

static int sign(size_t left, size_t right)
{
    return left < right ? -1 : left > right;
}

static size_t digits(struct slice slice)
{
    size_t count = 0;

    while (count < slice.length && is_digit(slice.text[count])) {
        count++;
    }
    return count;
}

static struct slice skip(struct slice slice, size_t length)
{
    return (struct slice){slice.text + length, slice.length - length};
}

/* Compare texts of digits as numbers, of any length. */
static int compare_digits(struct slice left, struct slice right)
{
    while (left.length > 0 && *left.text == '0') {
        left = skip(left, 1);
    }
    while (right.length > 0 && *right.text == '0') {
        right = skip(right, 1);
    }
    if (left.length != right.length) {
        return sign(left.length, right.length);
    }
    return left.length > 0 ? memcmp(left.text, right.text, left.length) : 0;
}

/* Compare identifiers of which at least one is not a number: character by character, numbers within
 * as numbers. */
static int compare_words(struct slice left, struct slice right)
{
    while (left.length > 0 && right.length > 0) {
        const size_t left_digits = digits(left);
        const size_t right_digits = digits(right);
        int order;

        if (left_digits > 0 && right_digits > 0) {
            order = compare_digits((struct slice){left.text, left_digits},
                                   (struct slice){right.text, right_digits});
        } else {
            order = (unsigned char)*left.text - (unsigned char)*right.text;
        }
        if (order != 0) {
            return order;
        }
        left = skip(left, left_digits > 0 ? left_digits : 1);
        right = skip(right, right_digits > 0 ? right_digits : 1);
    }
    return sign(left.length, right.length);
}

static int compare_identifiers(struct slice left, struct slice right)
{
    const bool left_is_number = digits(left) == left.length;
    const bool right_is_number = digits(right) == right.length;

    if (left_is_number != right_is_number) {
        return left_is_number ? -1 : 1;
    }
    return left_is_number ? compare_digits(left, right) : compare_words(left, right);
}

/* Cut the first identifier off. */
static struct slice cut_identifier(struct slice *rest)
{
    const char *const dot = memchr(rest->text, '.', rest->length);
    const size_t length = dot != NULL ? (size_t)(dot - rest->text) : rest->length;
    const struct slice identifier = {rest->text, length};

    *rest = skip(*rest, dot != NULL ? length + 1 : length);
    return identifier;
}

static int compare_pre(struct slice left, struct slice right)
{
    while (left.length > 0 && right.length > 0) {
        const struct slice left_identifier = cut_identifier(&left);
        const struct slice right_identifier = cut_identifier(&right);
        const int order = compare_identifiers(left_identifier, right_identifier);

        if (order != 0) {
            return order;
        }
    }
    return sign(left.length, right.length);
}

int tug__version_compare(const struct tug__version *left, const struct tug__version *right)
{
    for (size_t i = 0; i < TUG__VERSION_NUMBERS; i++) {
        if (left->numbers[i] != right->numbers[i]) {
            return left->numbers[i] < right->numbers[i] ? -1 : 1;
        }
    }
    if (left->pre_length == 0 || right->pre_length == 0) {
        return (left->pre_length == 0) - (right->pre_length == 0); /* a release is the last */
    }
    return compare_pre((struct slice){left->pre, left->pre_length},
                       (struct slice){right->pre, right->pre_length});
}

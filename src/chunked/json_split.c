/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of an object, cut into members, and its array `entries` into elements, without the rest
 * in memory.
 *
 * Knows: brackets and strings of JSON; each item is checked by its reader. Does not know:
 * documents, files, what entries mean.
 * Threads: any.
 */
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "base/json_scan.h"
#include "chunked/internal.h"
#include "oci/limits.h"

/* Deepest nesting; the reader of an item has a limit of its own. */
#define DEPTH_MAX 64

static const char entries_name[] = "\"entries\":";

void tug__json_split_init(struct tug__json_split *split)
{
    tug__buf_init(&split->item, TUG__TOC_ENTRY_BYTES_MAX);
}

void tug__json_split_fini(struct tug__json_split *split)
{
    tug__buf_fini(&split->item);
}

static enum tug_status refuse(struct tug_error *err)
{
    return tug__fail(err, TUG_ERR_CONTENT, "not a table of contents in JSON");
}

/* The number of brackets around an item. */
static unsigned item_depth(const struct tug__json_split *split)
{
    return split->is_inside ? 2 : 1;
}

/* The current item is complete. is_last: no comma follows. */
static enum tug_status end_item(struct tug__json_split *split, bool is_last, struct tug_error *err)
{
    const size_t length = split->item.length;
    const bool is_empty = length == 0;
    enum tug_status status = TUG_OK;

    if (split->is_taken) {
        split->is_taken = false;
        split->needs_item = !is_last;
        return is_empty ? TUG_OK : refuse(err);
    }
    if (is_empty && (split->needs_item || !is_last)) {
        return refuse(err);
    }
    if (!is_empty) {
        status = (split->is_inside ? split->on_element : split->on_member)(
            split->context, split->item.data, length, err);
    }
    split->needs_item = !is_last;
    tug__buf_clear(&split->item);
    return status;
}

/* A bracket opens. Returns: true with *out_status when it is not part of an item. */
static bool open_bracket(struct tug__json_split *split, char bracket, enum tug_status *out_status,
                         struct tug_error *err)
{
    *out_status = TUG_OK;
    if (split->is_ended || split->depth == DEPTH_MAX || (split->depth == 0 && bracket != '{')) {
        *out_status = refuse(err);
        return true;
    }
    if (split->depth++ == 0) {
        return true;
    }
    if (bracket == '[' && !split->is_inside && split->depth == 2 &&
        split->item.length == strlen(entries_name) &&
        memcmp(split->item.data, entries_name, split->item.length) == 0) {
        if (split->has_entries) {
            *out_status = refuse(err);
            return true;
        }
        split->is_inside = true;
        split->has_entries = true;
        split->needs_item = false;
        tug__buf_clear(&split->item);
        return true;
    }
    return false;
}

/* A bracket closes. Returns: as open_bracket. */
static bool close_bracket(struct tug__json_split *split, char bracket, enum tug_status *out_status,
                          struct tug_error *err)
{
    *out_status = TUG_OK;
    if (split->depth == 0) {
        *out_status = refuse(err);
        return true;
    }
    if (split->depth-- != item_depth(split)) {
        return false;
    }
    *out_status = end_item(split, true, err);
    if (*out_status == TUG_OK && bracket != (split->is_inside ? ']' : '}')) {
        *out_status = refuse(err);
    }
    if (split->is_inside) {
        split->is_inside = false;
        split->is_after_array = true;
    } else {
        split->is_ended = true;
    }
    return true;
}

/* Handle one byte outside of strings. Returns: false when it belongs to the item. */
static bool handle_mark(struct tug__json_split *split, char mark, enum tug_status *out_status,
                        struct tug_error *err)
{
    *out_status = TUG_OK;
    if (mark == ' ' || mark == '\n' || mark == '\r' || mark == '\t') {
        return true;
    }
    if (split->is_after_array) {
        split->is_after_array = false;
        split->needs_item = mark == ',';
        if (mark != '}') {
            *out_status = mark == ',' ? TUG_OK : refuse(err);
            return true;
        }
    }
    if (mark == '{' || mark == '[') {
        return open_bracket(split, mark, out_status, err);
    }
    if (mark == '}' || mark == ']') {
        return close_bracket(split, mark, out_status, err);
    }
    if (mark == ',' && split->depth == item_depth(split)) {
        *out_status = end_item(split, false, err);
        return true;
    }
    if (split->depth == 0) {
        *out_status = refuse(err);
        return true;
    }
    return false;
}

/* Handle the beginning of a text that is within a string. Returns: bytes of it. */
static size_t pass_string(struct tug__json_split *split, const char *text, size_t length)
{
    size_t at;

    if (split->is_escaped) {
        split->is_escaped = false;
        return 1;
    }
    at = tug__json_plain_length(text, length);
    if (at < length) {
        split->is_escaped = text[at] == '\\';
        split->is_in_string = text[at] != '"';
        at++;
    }
    return at;
}

/* Length of the part of a value at the beginning of text, which is outside of strings, up to and
 * with the quote that begins one. */
static size_t pass_value(struct tug__json_split *split, const char *text, size_t length)
{
    static const bool is_mark[UCHAR_MAX + 1] = {
        [' '] = true, ['\n'] = true, ['\r'] = true, ['\t'] = true, [','] = true,
        ['{'] = true, ['}'] = true,  ['['] = true,  [']'] = true,
    };
    size_t at = 0;

    if (split->depth == 0 || split->is_after_array) {
        return 0;
    }
    while (at < length && !is_mark[(unsigned char)text[at]]) {
        if (text[at++] == '"') {
            split->is_in_string = true;
            break;
        }
    }
    return at;
}

/* Take an element as a whole, if one begins here. Returns: its length; 0: it is not that simple. */
static size_t take_element(struct tug__json_split *split, const char *text, size_t length,
                           enum tug_status *out_status, struct tug_error *err)
{
    size_t taken;

    *out_status = TUG_OK;
    if (*text != '{' || split->take_element == NULL || !split->is_inside || split->depth != 2 ||
        split->item.length > 0 || split->is_taken) {
        return 0;
    }
    taken = split->take_element(split->context, text, length, out_status, err);
    split->is_taken = taken > 0;
    return taken;
}

enum tug_status tug__json_split_add(struct tug__json_split *split, const char *text, size_t length,
                                    struct tug_error *err)
{
    size_t begin = 0; /* of what belongs to the item, and is not appended yet */

    for (size_t at = 0; at < length;) {
        const size_t passed = split->is_in_string ? pass_string(split, text + at, length - at)
                                                  : pass_value(split, text + at, length - at);
        enum tug_status status;

        if (passed > 0) {
            at += passed;
            continue;
        }
        status = tug__buf_append(&split->item, text + begin, at - begin, err);
        if (status != TUG_OK) {
            return status;
        }
        begin = at;
        at += take_element(split, text + at, length - at, &status, err);
        if (at > begin || handle_mark(split, text[at++], &status, err)) {
            begin = at;
        }
        if (status != TUG_OK) {
            return status;
        }
    }
    return tug__buf_append(&split->item, text + begin, length - begin, err);
}

enum tug_status tug__json_split_end(const struct tug__json_split *split, struct tug_error *err)
{
    return split->is_ended && split->has_entries ? TUG_OK : refuse(err);
}

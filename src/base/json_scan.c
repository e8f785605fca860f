/* SPDX-License-Identifier: Apache-2.0
 *
 * A validating scanner for JSON that builds nothing and does not recurse.
 *
 * Knows: RFC 8259. Does not know: json-c, OCI, HTTP.
 * Threads: any.
 */
#include "base/json_scan.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

/* Deepest nesting that a limit may allow. */
#define DEPTH_MAX 256

/* What may come next. */
enum expectation {
    VALUE,
    VALUE_OR_END, /* right after '[' */
    KEY,
    KEY_OR_END, /* right after '{' */
    COLON,
    COMMA_OR_END,
    NOTHING, /* the top value is complete */
};

struct level {
    bool is_object;
    size_t begin; /* of the array or object */
    size_t key_offset, key_length;
};

struct scan {
    const char *text;
    size_t length;
    size_t at;
    char top; /* how the top value begins: '{' or '[' */
    const struct tug__json_limits *limits;
    tug__json_place_fn on_place;
    void *context;
    struct tug_error *err;
    struct tug__json_counts counts;
    size_t values;
    size_t depth;
    struct level *levels;          /* DEPTH_MAX of them, filled up to depth */
    size_t key_offset, key_length; /* of the member whose value comes next */
};

static enum tug_status refuse(const struct scan *scan, const char *what)
{
    return tug__fail(scan->err, TUG_ERR_CONTENT, "not valid JSON: %s at byte %zu", what, scan->at);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->length && is_space(scan->text[scan->at])) {
        scan->at++;
    }
}

/* The value of four hexadecimal digits at an offset; UINT32_MAX: there are none. */
static uint32_t hex4(const struct scan *scan, size_t at)
{
    uint32_t value = 0;

    if (scan->length - at < 4) {
        return UINT32_MAX;
    }
    for (size_t i = 0; i < 4; i++) {
        const char digit = scan->text[at + i];

        if (digit >= '0' && digit <= '9') {
            value = value * 16 + (uint32_t)(digit - '0');
        } else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f') {
            value = value * 16 + (uint32_t)((digit | 0x20) - 'a') + 10;
        } else {
            return UINT32_MAX;
        }
    }
    return value;
}

/* An escape; at is behind the backslash. */
static enum tug_status scan_escape(struct scan *scan)
{
    const char kind = scan->at < scan->length ? scan->text[scan->at] : '\0';
    uint32_t code;
    uint32_t low;

    scan->at++;
    if (kind != 'u') {
        return kind != '\0' && strchr("\"\\/bfnrt", kind) != NULL ? TUG_OK
                                                                  : refuse(scan, "a bad escape");
    }
    if (scan->at > scan->length) {
        return refuse(scan, "a bad escape");
    }
    code = hex4(scan, scan->at);
    if (code == UINT32_MAX || code == 0) {
        return refuse(scan, "a bad escape");
    }
    scan->at += 4;
    if (code < 0xD800 || code > 0xDFFF) {
        return TUG_OK;
    }
    if (code > 0xDBFF || scan->length - scan->at < 6 || scan->text[scan->at] != '\\' ||
        scan->text[scan->at + 1] != 'u') {
        return refuse(scan, "a lone surrogate");
    }
    low = hex4(scan, scan->at + 2);
    if (low < 0xDC00 || low > 0xDFFF) {
        return refuse(scan, "a lone surrogate");
    }
    scan->at += 6;
    return TUG_OK;
}

/* Find what ends the plain text of a string among eight bytes, the first of them the lowest.
 * Returns: the top bit of the first such byte, and perhaps bits above it; 0: there is none. */
static uint64_t find_special(uint64_t word)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    const uint64_t quotes = word ^ each * '"';
    const uint64_t backslashes = word ^ each * '\\';

    /* Subtracting borrows into the top bit of a byte that is smaller than the number; bytes whose
     * top bit was set are masked out. The borrow may mark bytes above the first one, too. */
    return (((word - each * 0x20) & ~word) | ((quotes - each) & ~quotes) |
            ((backslashes - each) & ~backslashes)) &
           each * 0x80;
}

/* Most of a document passes here. */
size_t tug__json_plain_length(const char *text, size_t length)
{
    for (size_t at = 0; at < length; at += sizeof(uint64_t)) {
        const size_t rest = length - at;
        uint64_t word = 0; /* behind the end come zeros, which are special */
        uint64_t special;

        if (rest >= sizeof word) {
            memcpy(&word, text + at, sizeof word);
        } else {
            memcpy(&word, text + at, rest);
        }
        special = find_special(le64toh(word));
        if (special != 0) {
            return at + (size_t)__builtin_ctzll(special) / 8;
        }
    }
    return length;
}

/* A string; at is on its opening quote. */
static enum tug_status scan_string(struct scan *scan)
{
    enum tug_status status = TUG_OK;

    scan->at++;
    for (;;) {
        scan->at += tug__json_plain_length(scan->text + scan->at, scan->length - scan->at);
        if (scan->at == scan->length) {
            return refuse(scan, "an unterminated string");
        }
        if ((unsigned char)scan->text[scan->at] < 0x20) {
            return refuse(scan, "a control character in a string");
        }
        if (scan->text[scan->at++] == '"') {
            return TUG_OK;
        }
        status = scan_escape(scan);
        if (status != TUG_OK) {
            return status;
        }
    }
}

static size_t skip_digits(struct scan *scan)
{
    const size_t begin = scan->at;

    while (scan->at < scan->length && scan->text[scan->at] >= '0' && scan->text[scan->at] <= '9') {
        scan->at++;
    }
    return scan->at - begin;
}

static bool skip_char(struct scan *scan, const char *any_of)
{
    while (*any_of != '\0' && (scan->at == scan->length || scan->text[scan->at] != *any_of)) {
        any_of++;
    }
    scan->at += *any_of != '\0';
    return *any_of != '\0';
}

static enum tug_status scan_number(struct scan *scan)
{
    size_t first;
    size_t digits;

    (void)skip_char(scan, "-");
    first = scan->at;
    digits = skip_digits(scan);
    if (digits == 0 || (digits > 1 && scan->text[first] == '0')) {
        return refuse(scan, "a bad number");
    }
    if (skip_char(scan, ".") && skip_digits(scan) == 0) {
        return refuse(scan, "a bad number");
    }
    if (skip_char(scan, "eE")) {
        (void)skip_char(scan, "+-");
        if (skip_digits(scan) == 0) {
            return refuse(scan, "a bad number");
        }
    }
    return TUG_OK;
}

static enum tug_status scan_word(struct scan *scan)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t length = strlen(words[i]);

        if (scan->length - scan->at >= length &&
            memcmp(scan->text + scan->at, words[i], length) == 0) {
            scan->at += length;
            return TUG_OK;
        }
    }
    return refuse(scan, "no value");
}

/* Report a value that ends at the present position. */
static enum tug_status report(const struct scan *scan, size_t begin, size_t end, size_t key_offset,
                              size_t key_length)
{
    const struct tug__json_value_place place = {
        .begin = begin,
        .end = end,
        .depth = scan->depth,
        .key_offset = key_offset,
        .key_length = key_length,
    };

    return scan->on_place != NULL ? scan->on_place(scan->context, &place, scan->err) : TUG_OK;
}

/* What may come after a complete value. */
static enum expectation after_value(const struct scan *scan)
{
    return scan->depth == 0 ? NOTHING : COMMA_OR_END;
}

static enum tug_status open_level(struct scan *scan, bool is_object)
{
    if (scan->depth == scan->limits->max_depth || scan->depth == DEPTH_MAX) {
        return tug__fail(scan->err, TUG_ERR_TOO_LARGE, "JSON nested over the limit of %zu levels",
                         scan->depth);
    }
    scan->levels[scan->depth++] = (struct level){
        .is_object = is_object,
        .begin = scan->at,
        .key_offset = scan->key_offset,
        .key_length = scan->key_length,
    };
    scan->at++;
    return TUG_OK;
}

static enum tug_status close_level(struct scan *scan, enum expectation *out_next)
{
    const struct level *const level = &scan->levels[--scan->depth];

    scan->at++;
    *out_next = after_value(scan);
    return report(scan, level->begin, scan->at, level->key_offset, level->key_length);
}

/* A value begins at the present position. */
static enum tug_status scan_value(struct scan *scan, enum expectation *out_next)
{
    const char first = scan->text[scan->at];
    const size_t begin = scan->at;
    enum tug_status status;

    if (++scan->values > scan->limits->max_values) {
        return tug__fail(scan->err, TUG_ERR_TOO_LARGE, "JSON over the limit of %zu values",
                         scan->limits->max_values);
    }
    if (scan->depth > 0 && !scan->levels[scan->depth - 1].is_object) {
        scan->counts.elements++;
        scan->key_length = 0;
    }
    if (scan->depth == 0 && first != scan->top) {
        return refuse(scan, scan->top == '[' ? "no array" : "no object");
    }
    status = report(scan, begin, 0, scan->key_offset, scan->key_length);
    if (status != TUG_OK) {
        return status;
    }
    if (first == '{' || first == '[') {
        *out_next = first == '{' ? KEY_OR_END : VALUE_OR_END;
        return open_level(scan, first == '{');
    }
    if (first == '"') {
        status = scan_string(scan);
    } else if (first == '-' || (first >= '0' && first <= '9')) {
        status = scan_number(scan);
    } else {
        status = scan_word(scan);
    }
    *out_next = after_value(scan);
    return status == TUG_OK ? report(scan, begin, scan->at, scan->key_offset, scan->key_length)
                            : status;
}

static enum tug_status scan_key(struct scan *scan)
{
    const size_t begin = scan->at + 1;
    const enum tug_status status = scan_string(scan);

    scan->counts.members++;
    scan->key_offset = begin;
    scan->key_length = scan->at - 1 - begin;
    return status;
}

/* Consume the next token; at is not on a space. */
static enum tug_status step(struct scan *scan, enum expectation *next)
{
    const char first = scan->text[scan->at];
    const struct level *const level = scan->depth > 0 ? &scan->levels[scan->depth - 1] : NULL;

    switch (*next) {
    case VALUE_OR_END:
        return first == ']' ? close_level(scan, next) : scan_value(scan, next);
    case VALUE:
        return scan_value(scan, next);
    case KEY_OR_END:
    case KEY:
        if (first == '}' && *next == KEY_OR_END) {
            return close_level(scan, next);
        }
        *next = COLON;
        return first == '"' ? scan_key(scan) : refuse(scan, "no member name");
    case COLON:
        *next = VALUE;
        scan->at++;
        return first == ':' ? TUG_OK : refuse(scan, "no colon");
    case COMMA_OR_END:
        if (level != NULL && first == (level->is_object ? '}' : ']')) {
            return close_level(scan, next);
        }
        *next = level != NULL && level->is_object ? KEY : VALUE;
        scan->at++;
        return first == ',' ? TUG_OK : refuse(scan, "no comma");
    case NOTHING:
    default:
        return refuse(scan, "text after the value");
    }
}

/* Scan to the end. */
static enum tug_status scan_text(struct scan *scan, struct tug__json_counts *out_counts)
{
    const struct tug__json_limits *const limits = scan->limits;
    struct tug_error *const err = scan->err;
    struct level levels[DEPTH_MAX];
    enum expectation next = VALUE;

    scan->levels = levels;
    if (scan->length > limits->max_bytes) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "JSON of %zu bytes, over the limit of %zu",
                         scan->length, limits->max_bytes);
    }
    if (tug__mark_length(scan->text, scan->length) > 0) {
        return tug__fail(err, TUG_ERR_CONTENT, "not valid JSON: it begins with a byte order mark");
    }
    if (!tug__is_utf8(scan->text, scan->length)) {
        return tug__fail(err, TUG_ERR_CONTENT, "not valid JSON: not UTF-8");
    }
    skip_space(scan);
    for (; scan->at < scan->length; skip_space(scan)) {
        const enum tug_status status = step(scan, &next);

        if (status != TUG_OK) {
            return status;
        }
    }
    if (next != NOTHING) {
        return refuse(scan, "an early end");
    }
    *out_counts = scan->counts;
    return TUG_OK;
}

/* Where to begin. top: the bracket that the text must open with. */
static struct scan begin(const struct tug__json_input *input, char top, struct tug_error *err)
{
    return (struct scan){
        .text = input->text,
        .length = input->length,
        .top = top,
        .limits = input->limits,
        .err = err,
    };
}

enum tug_status tug__json_scan(const struct tug__json_input *input, tug__json_place_fn on_place,
                               void *context, struct tug__json_counts *out_counts,
                               struct tug_error *err)
{
    struct scan scan = begin(input, '{', err);

    scan.on_place = on_place;
    scan.context = context;
    return scan_text(&scan, out_counts);
}

size_t tug__json_scan_first(const struct tug__json_input *input, tug__json_place_fn on_place,
                            void *context)
{
    struct tug_error error = {0};
    struct scan scan = begin(input, '{', &error);
    struct level levels[DEPTH_MAX];
    enum expectation next = VALUE;

    scan.on_place = on_place;
    scan.context = context;
    scan.levels = levels;
    if (scan.length > scan.limits->max_bytes) {
        scan.length = scan.limits->max_bytes;
    }
    for (skip_space(&scan); next != NOTHING; skip_space(&scan)) {
        if (scan.at == scan.length || step(&scan, &next) != TUG_OK) {
            return 0;
        }
    }
    return tug__is_utf8(scan.text, scan.at) ? scan.at : 0;
}

enum tug_status tug__json_scan_array(const struct tug__json_input *input,
                                     tug__json_place_fn on_place, void *context,
                                     struct tug__json_counts *out_counts, struct tug_error *err)
{
    struct scan scan = begin(input, '[', err);

    scan.on_place = on_place;
    scan.context = context;
    return scan_text(&scan, out_counts);
}

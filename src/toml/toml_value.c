/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML values and "key = value".
 *
 * Knows: the grammar of values, which keys may not be given twice. Does not know: files, JSON,
 * HTTP.
 * Threads: any.
 */
#include "toml/toml_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Longest number or word; int64 in base 2 with underscores is 131. */
#define WORD_MAX 160

static enum tug_status scan_value(struct tug__toml_scan *scan, struct tug__toml_value *value,
                                  size_t depth);

/* A whole number: every underscore between two digits, no leading zero in base 10.
 * Returns: false, with *out_value untouched, for anything else and for one that does not fit. */
static bool parse_integer(const char *word, int64_t *out_value)
{
    const bool is_signed = *word == '+' || *word == '-';
    const char *digits = word + is_signed;
    char plain[WORD_MAX];
    size_t length = 0;
    int base = 10;
    uint64_t magnitude = 0;
    const uint64_t limit = (uint64_t)INT64_MAX + (*word == '-');

    if (digits[0] == '0' && digits[1] != '\0') {
        base = digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : digits[1] == 'b' ? 2 : 0;
        digits += 2;
        if (base == 0 || is_signed) {
            return false;
        }
    }
    for (const char *c = digits; *c != '\0'; c++) {
        const bool is_separator =
            *c == '_' && c > digits && c[-1] != '_' && c[1] != '\0' && c[1] != '_';

        if (!is_separator) {
            plain[length++] = *c;
        }
    }
    plain[length] = '\0';
    for (size_t i = 0; i < length; i++) {
        const int c = tolower((unsigned char)plain[i]);
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;

        if (digit >= base || magnitude > (limit - (uint64_t)digit) / (uint64_t)base) {
            return false;
        }
        magnitude = magnitude * (uint64_t)base + (uint64_t)digit;
    }
    if (length == 0) {
        return false;
    }
    *out_value = *word == '-' ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* Describe a word that is not a value we accept without showing it: it may be a key or a password
 * whose quotes were forgotten. */
static enum tug_status refuse_word(const struct tug__toml_scan *scan, const char *word)
{
    const char *const digits = word + (*word == '+' || *word == '-');
    const size_t leading = strspn(digits, "0123456789");

    if (leading > 0 && (digits[leading] == ':' || (leading == 4 && digits[leading] == '-'))) {
        return tug__toml_refuse(scan, "dates and times are not supported");
    }
    if (strcmp(digits, "inf") == 0 || strcmp(digits, "nan") == 0 ||
        (leading > 0 && strchr(".eE", digits[leading]) != NULL && digits[leading] != '\0')) {
        return tug__toml_refuse(scan, "fractions are not supported");
    }
    if (leading > 0) {
        return tug__toml_refuse(scan, "not a whole number of 64 bits");
    }
    return tug__toml_refuse(scan, "not a value (strings must be quoted)");
}

/* A number, true or false. */
static enum tug_status scan_word(struct tug__toml_scan *scan, struct tug__toml_value *value)
{
    char word[WORD_MAX];
    size_t length = 0;

    while (length < sizeof word - 1 && tug__toml_peek(scan) != '\0' &&
           (isalnum((unsigned char)*scan->at) || strchr("+-_.:", *scan->at) != NULL)) {
        word[length++] = *scan->at++;
    }
    word[length] = '\0';
    if (length == 0) {
        return tug__toml_refuse(scan, "expected a value");
    }
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
        value->type = TUG__TOML_BOOLEAN;
        value->boolean = *word == 't';
        return TUG_OK;
    }
    if (!parse_integer(word, &value->integer)) {
        return refuse_word(scan, word);
    }
    value->type = TUG__TOML_INTEGER;
    return TUG_OK;
}

/* An array; at is just past its bracket. */
static enum tug_status scan_array(struct tug__toml_scan *scan, struct tug__toml_value *array,
                                  size_t depth)
{
    const unsigned line = scan->line;

    array->type = TUG__TOML_ARRAY;
    for (tug__toml_skip_lines(scan); tug__toml_peek(scan) != ']'; tug__toml_skip_lines(scan)) {
        struct tug__toml_value *element;
        enum tug_status status = TUG_OK;

        if (scan->at == scan->end) {
            return tug__toml_refuse_at(scan, line, "an unterminated array");
        }
        status = tug__toml_add(scan, array, NULL, depth, &element);
        if (status == TUG_OK) {
            status = scan_value(scan, element, depth + 1);
        }
        if (status != TUG_OK) {
            return status;
        }
        tug__toml_skip_lines(scan);
        if (tug__toml_peek(scan) == ',') {
            scan->at++;
        } else if (tug__toml_peek(scan) != ']' && scan->at < scan->end) {
            return tug__toml_refuse(scan, "expected ',' or ']' in an array");
        }
    }
    scan->at++;
    return TUG_OK;
}

/* An inline table; at is just past its brace. One line, no comma before the brace that ends it. */
static enum tug_status scan_inline_table(struct tug__toml_scan *scan, struct tug__toml_value *table,
                                         size_t depth)
{
    bool is_open;

    table->type = TUG__TOML_TABLE;
    tug__toml_skip_blanks(scan);
    is_open = tug__toml_peek(scan) != '}';
    while (is_open) {
        const enum tug_status status = tug__toml_scan_pair(scan, table, depth);

        if (status != TUG_OK) {
            return status;
        }
        tug__toml_skip_blanks(scan);
        is_open = tug__toml_peek(scan) == ',';
        if (!is_open && tug__toml_peek(scan) != '}') {
            return tug__toml_refuse(scan, "expected ',' or '}' in an inline table");
        }
        if (is_open) {
            scan->at++;
            tug__toml_skip_blanks(scan);
        }
    }
    scan->at++;
    return TUG_OK;
}

/* Read a value at the given depth. */
static enum tug_status scan_value(struct tug__toml_scan *scan, struct tug__toml_value *value,
                                  size_t depth)
{
    switch (tug__toml_peek(scan)) {
    case '"':
    case '\'':
        value->type = TUG__TOML_STRING;
        return tug__toml_scan_string(scan, &value->text);
    case '[':
        scan->at++;
        return scan_array(scan, value, depth);
    case '{':
        scan->at++;
        return scan_inline_table(scan, value, depth);
    default:
        return scan_word(scan, value);
    }
}

/* Enter the table that a dotted key names. key: owned by this function. */
static enum tug_status enter_dotted(struct tug__toml_scan *scan, struct tug__toml_value *table,
                                    char *key, size_t depth, struct tug__toml_value **out_table)
{
    struct tug__toml_value *found = tug__toml_find(table, key);
    enum tug_status status = TUG_OK;

    if (found == NULL) {
        status = tug__toml_add(scan, table, key, depth, &found);
        if (status != TUG_OK) {
            return status;
        }
        found->type = TUG__TOML_TABLE;
        found->state = TUG__TOML_DOTTED;
        *out_table = found;
        return TUG_OK;
    }
    if (found->state != (unsigned char)TUG__TOML_DOTTED) {
        status = tug__toml_refuse(scan, "'%s' was defined before, on line %u", key, found->line);
    }
    free(key);
    *out_table = found;
    return status;
}

/* The value of the last part of a key. key: owned by this function. */
static enum tug_status scan_assignment(struct tug__toml_scan *scan, struct tug__toml_value *table,
                                       char *key, size_t depth)
{
    const struct tug__toml_value *const found = tug__toml_find(table, key);
    struct tug__toml_value *value;
    enum tug_status status;

    if (found != NULL) {
        status = tug__toml_refuse(scan, "'%s' was defined before, on line %u", key, found->line);
        free(key);
        return status;
    }
    if (tug__toml_peek(scan) != '=') {
        status = tug__toml_refuse(scan, "expected '=' after the key '%s'", key);
        free(key);
        return status;
    }
    status = tug__toml_add(scan, table, key, depth, &value);
    if (status != TUG_OK) {
        return status;
    }
    scan->at++;
    tug__toml_skip_blanks(scan);
    return scan_value(scan, value, depth + 1);
}

enum tug_status tug__toml_scan_pair(struct tug__toml_scan *scan, struct tug__toml_value *table,
                                    size_t depth)
{
    for (;; depth++) {
        char *key;
        enum tug_status status = tug__toml_scan_key(scan, &key);

        if (status != TUG_OK) {
            return status;
        }
        tug__toml_skip_blanks(scan);
        if (tug__toml_peek(scan) != '.') {
            return scan_assignment(scan, table, key, depth);
        }
        scan->at++;
        tug__toml_skip_blanks(scan);
        status = enter_dotted(scan, table, key, depth, &table);
        if (status != TUG_OK) {
            return status;
        }
    }
}

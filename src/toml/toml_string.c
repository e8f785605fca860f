/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML strings, of one line and of several, and keys.
 *
 * Knows: that control characters and bad UTF-8 were refused before. Does not know: files, JSON,
 * HTTP.
 * Threads: any.
 */
#include "toml/toml_internal.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

/* A string being read. */
struct string {
    char quote;
    bool is_literal;    /* in single quotes: no escapes */
    bool is_multi_line; /* in three quotes */
    unsigned line;      /* where it begins */
    struct tug__buf buf;
};

static enum tug_status append(struct tug__toml_scan *scan, struct string *string, const char *text,
                              size_t length)
{
    return tug__buf_append(&string->buf, text, length, scan->err);
}

/* Write a code point as UTF-8; returns its length. */
static size_t encode(uint32_t code, char out_text[4])
{
    if (code < 0x80) {
        out_text[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out_text[0] = (char)(0xC0 | code >> 6);
        out_text[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out_text[0] = (char)(0xE0 | code >> 12);
        out_text[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out_text[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out_text[0] = (char)(0xF0 | code >> 18);
    out_text[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out_text[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out_text[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* The value of a hexadecimal digit; 16 for any other character. */
static uint32_t digit_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char lower = digit >= 'A' && digit <= 'F' ? (char)(digit | 0x20) : digit;
    const char *const found = lower != '\0' ? strchr(digits, lower) : NULL;

    return found != NULL ? (uint32_t)(found - digits) : 16;
}

/* \uXXXX or \UXXXXXXXX; at is just past the letter. */
static enum tug_status scan_code_point(struct tug__toml_scan *scan, struct string *string,
                                       size_t digits)
{
    uint32_t code = 0;
    char text[4];

    for (size_t i = 0; i < digits; i++, scan->at++) {
        const uint32_t digit = digit_value(tug__toml_peek(scan));

        if (digit == 16) {
            return tug__toml_refuse(scan, "an escape with fewer than %zu hexadecimal digits",
                                    digits);
        }
        code = code << 4 | digit;
    }
    if (code == 0 || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) {
        return tug__toml_refuse(scan, "an escape for an invalid character (U+%04X)",
                                (unsigned)code);
    }
    return append(scan, string, text, encode(code, text));
}

/* A backslash at the end of a line, with blanks allowed between: everything up to the next visible
 * character is dropped. Returns: false, with nothing consumed, for any other backslash. */
static bool skip_line_ending_backslash(struct tug__toml_scan *scan)
{
    struct tug__toml_scan ahead = *scan;

    tug__toml_skip_blanks(&ahead);
    if (tug__toml_peek(&ahead) != '\r' && tug__toml_peek(&ahead) != '\n') {
        return false;
    }
    for (; ahead.at < ahead.end && strchr(" \t\r\n", *ahead.at) != NULL; ahead.at++) {
        ahead.line += *ahead.at == '\n';
    }
    *scan = ahead;
    return true;
}

/* An escape; at is just past the backslash. */
static enum tug_status scan_escape(struct tug__toml_scan *scan, struct string *string)
{
    static const char letters[] = "btnfr\"\\";
    static const char meanings[] = "\b\t\n\f\r\"\\";
    const char letter = tug__toml_peek(scan);
    const char *const found = letter != '\0' ? strchr(letters, letter) : NULL;

    if (found != NULL) {
        scan->at++;
        return append(scan, string, &meanings[found - letters], 1);
    }
    if (letter == 'u' || letter == 'U') {
        scan->at++;
        return scan_code_point(scan, string, letter == 'u' ? 4 : 8);
    }
    if (string->is_multi_line && skip_line_ending_backslash(scan)) {
        return TUG_OK;
    }
    return tug__toml_refuse(scan, "an unknown escape in a string (a backslash is written \\\\)");
}

/* Step over the closing quotes when at is on them. Up to two quotes may be content right before
 * three that close. */
static enum tug_status scan_close(struct tug__toml_scan *scan, struct string *string,
                                  bool *out_closed)
{
    size_t quotes = 0;

    while (quotes < 5 && scan->at + quotes < scan->end && scan->at[quotes] == string->quote) {
        quotes++;
    }
    if (!string->is_multi_line) {
        scan->at++;
        *out_closed = true;
        return TUG_OK;
    }
    scan->at += quotes;
    *out_closed = quotes >= 3;
    return append(scan, string, scan->at - quotes, quotes >= 3 ? quotes - 3 : quotes);
}

/* Copy the characters up to the next special one. */
static enum tug_status scan_plain(struct tug__toml_scan *scan, struct string *string)
{
    const char *const begin = scan->at;

    while (scan->at < scan->end && *scan->at != string->quote && *scan->at != '\n' &&
           *scan->at != '\r' && (string->is_literal || *scan->at != '\\')) {
        scan->at++;
    }
    return append(scan, string, begin, (size_t)(scan->at - begin));
}

static enum tug_status scan_line_end(struct tug__toml_scan *scan, struct string *string)
{
    if (!string->is_multi_line) {
        return tug__toml_refuse(scan, "an unterminated string");
    }
    scan->at += *scan->at == '\r' ? 2 : 1; /* a CR stands before an LF only */
    scan->line++;
    return append(scan, string, "\n", 1);
}

static enum tug_status scan_content(struct tug__toml_scan *scan, struct string *string)
{
    bool is_closed = false;
    enum tug_status status = TUG_OK;

    while (!is_closed && status == TUG_OK) {
        status = scan_plain(scan, string);
        if (status != TUG_OK) {
            return status;
        }
        if (scan->at == scan->end) {
            return tug__toml_refuse_at(scan, string->line, "an unterminated string");
        }
        if (*scan->at == string->quote) {
            status = scan_close(scan, string, &is_closed);
        } else if (*scan->at == '\\') {
            scan->at++;
            status = scan_escape(scan, string);
        } else {
            status = scan_line_end(scan, string);
        }
    }
    return status;
}

enum tug_status tug__toml_scan_string(struct tug__toml_scan *scan, char **out_text)
{
    struct string string = {.quote = *scan->at, .line = scan->line};
    enum tug_status status;

    string.is_literal = string.quote == '\'';
    string.is_multi_line = tug__toml_sees(scan, string.is_literal ? "'''" : "\"\"\"");
    scan->at += string.is_multi_line ? 3 : 1;
    if (string.is_multi_line && (tug__toml_sees(scan, "\n") || tug__toml_sees(scan, "\r\n"))) {
        scan->at += *scan->at == '\r' ? 2 : 1; /* the first line end is not content */
        scan->line++;
    }
    tug__buf_init(&string.buf, TUG__TOML_BYTES_MAX);
    status = scan_content(scan, &string);
    if (status == TUG_OK) {
        size_t length;
        char *const text = tug__buf_steal(&string.buf, &length);

        *out_text = text != NULL ? text : tug__strndup("", 0);
        status = *out_text != NULL ? TUG_OK : tug__fail_memory(scan->err);
    }
    tug__buf_fini(&string.buf);
    return status;
}

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

enum tug_status tug__toml_scan_key(struct tug__toml_scan *scan, char **out_key)
{
    const char *const begin = scan->at;

    if (tug__toml_sees(scan, "\"\"\"") || tug__toml_sees(scan, "'''")) {
        return tug__toml_refuse(scan, "a key in three quotes");
    }
    if (tug__toml_peek(scan) == '"' || tug__toml_peek(scan) == '\'') {
        return tug__toml_scan_string(scan, out_key);
    }
    while (is_bare(tug__toml_peek(scan))) {
        scan->at++;
    }
    if (scan->at == begin) {
        return tug__toml_refuse(scan, "expected a key (letters, digits, '_', '-', or in quotes)");
    }
    *out_key = tug__strndup(begin, (size_t)(scan->at - begin));
    return *out_key != NULL ? TUG_OK : tug__fail_memory(scan->err);
}

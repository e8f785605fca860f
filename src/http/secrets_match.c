/* SPDX-License-Identifier: Apache-2.0
 *
 * Compare a secret with a place in a text, through the escapes that servers write.
 *
 * Knows: percent-encoding, escapes of JSON, HTML and tug_text_escape. Does not know: credentials,
 * tokens, HTTP, libcurl.
 * Threads: any.
 */
#include <string.h>
#include <strings.h>

#include "http/secrets.h"
#include "http/secrets_internal.h"

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Parse hexadecimal digits. Returns: -1 when one is not. */
static int hex_number(const char *text, size_t digits)
{
    int value = 0;

    for (size_t i = 0; i < digits; i++) {
        const char c = text[i];

        if (c >= '0' && c <= '9') {
            value = value * 16 + (c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            value = value * 16 + ((c | 0x20) - 'a' + 10);
        } else {
            return -1;
        }
    }
    return value;
}

/* "%XX". Returns: its length; 0: it is none. */
static size_t percent_escape(const char *text, size_t rest, unsigned char *out_byte)
{
    const int value = rest >= 3 ? hex_number(text + 1, 2) : -1;

    *out_byte = (unsigned char)(value & 0xFF);
    return value >= 0 ? 3 : 0;
}

/* "\xXX", "\u00XX", "\c". */
static size_t backslash_escape(const char *text, size_t rest, unsigned char *out_byte)
{
    int value = -1;

    if (rest < 2) {
        return 0;
    }
    if (text[1] == 'x' && rest >= 4 && (value = hex_number(text + 2, 2)) >= 0) {
        *out_byte = (unsigned char)value;
        return 4;
    }
    if (text[1] == 'u' && rest >= 6 && (value = hex_number(text + 2, 4)) >= 0 && value < 0x80) {
        *out_byte = (unsigned char)value;
        return 6;
    }
    *out_byte = (unsigned char)text[1];
    return strchr("\\\"/'", text[1]) != NULL && text[1] != '\0' ? 2 : 0;
}

/* "&amp;" and the like, "&#39;" and "&#x27;". */
static size_t entity(const char *text, size_t rest, unsigned char *out_byte)
{
    static const struct {
        const char *name;
        unsigned char byte;
    } names[] = {{"&amp;", '&'},   {"&lt;", '<'},   {"&gt;", '>'},  {"&quot;", '"'},
                 {"&apos;", '\''}, {"&#39;", '\''}, {"&#34;", '"'}, {"&#038;", '&'},
                 {"&#38;", '&'},   {"&#60;", '<'},  {"&#62;", '>'}, {"&#x27;", '\''},
                 {"&#x2f;", '/'},  {"&#47;", '/'},  {"&#43;", '+'}, {"&#x2b;", '+'}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t length = strlen(names[i].name);

        if (length <= rest && strncasecmp(text, names[i].name, length) == 0) {
            *out_byte = names[i].byte;
            return length;
        }
    }
    return 0;
}

/* Undo the escape at the start of a text. Returns: its length; 0: there is none. */
static size_t escape_at(const char *text, size_t rest, unsigned char *out_byte)
{
    switch (text[0]) {
    case '%':
        return percent_escape(text, rest, out_byte);
    case '\\':
        return backslash_escape(text, rest, out_byte);
    case '&':
        return entity(text, rest, out_byte);
    case '+':
        *out_byte = ' ';
        return 1;
    default:
        return 0;
    }
}

/* The letter of base64's first alphabet. */
static char base64_letter(char c)
{
    return (char)(c == '-' ? '+' : c == '_' ? '/' : c);
}

size_t tug__secret_first_bytes(const struct tug__secret_text *text, size_t at,
                               unsigned char out_bytes[3])
{
    const char raw = text->bytes[at];
    unsigned char byte;
    size_t count = 0;

    out_bytes[count++] = (unsigned char)raw;
    if (escape_at(text->bytes + at, text->length - at, &byte) > 0 && (char)byte != raw) {
        out_bytes[count++] = byte;
    }
    if (base64_letter(raw) != raw) {
        out_bytes[count++] = (unsigned char)base64_letter(raw);
    }
    return count;
}

/* Characters that may continue a secret of which only the beginning is known. */
static bool goes_on(const struct tug__secret_form *form, char c)
{
    if (is_alphanumeric(c) || strchr("+/=-_%", c) != NULL) {
        return c != '\0';
    }
    return !form->is_base64 && form->is_cut && (unsigned char)c > ' ' &&
           strchr("\"'<>,;", c) == NULL;
}

/* Where the rest of a matched form ends: base64 has more characters than the secret alone
 * determines. */
static size_t end_of(const struct tug__secret_form *form, const struct tug__secret_text *text,
                     size_t at)
{
    if (form->is_base64 || form->is_cut) {
        while (at < text->length && goes_on(form, text->bytes[at])) {
            at++;
        }
    }
    return at;
}

static bool is_word(const struct tug__secret_text *text, size_t at, size_t end)
{
    return (at == 0 || !is_alphanumeric(text->bytes[at - 1])) &&
           (end == text->length || !is_alphanumeric(text->bytes[end]));
}

/* Compare, with escapes undone or verbatim. Returns: as tug__secret_match. */
static size_t compare(const struct tug__secret_form *form, const struct tug__secret_text *text,
                      size_t at, bool has_escapes)
{
    size_t end = at;
    size_t same = 0;

    while (same < form->length && end < text->length) {
        const char *const here = text->bytes + end;
        unsigned char byte = (unsigned char)*here;
        size_t length = has_escapes ? escape_at(here, text->length - end, &byte) : 0;

        if (length == 0) {
            byte = (unsigned char)(form->is_base64 ? base64_letter(*here) : *here);
            length = 1;
        } else if (byte == ' ' && form->text[same] == '+') {
            byte = '+'; /* it is one, and no blank */
        }
        if ((char)byte != form->text[same]) {
            break;
        }
        same++;
        end += length;
    }
    if (form->is_word) {
        return same == form->length && is_word(text, at, end) ? end - at : 0;
    }
    if (same == form->length) {
        return end_of(form, text, end) - at;
    }
    if (same >= TUG__SECRET_PREFIX_MIN || (end == text->length && same >= text->prefix_at_end)) {
        return end - at;
    }
    return 0;
}

size_t tug__secret_match(const struct tug__secret_form *form, const struct tug__secret_text *text,
                         size_t at)
{
    const size_t as_it_is = compare(form, text, at, false);
    const size_t decoded = compare(form, text, at, true);

    return as_it_is > decoded ? as_it_is : decoded;
}

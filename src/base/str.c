/* SPDX-License-Identifier: Apache-2.0
 *
 * Text helpers, and the one filter between foreign text and terminals.
 *
 * Knows: UTF-8. Does not know: where text comes from.
 * Threads: any.
 */
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/error.h"

/* Longest escape, "\u{10FFFF}". */
#define ESCAPE_MAX 12

/* Length and code point of the UTF-8 character at text; 0: it is not well-formed. */
static size_t decode_utf8(const unsigned char *text, size_t length, uint32_t *out_code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code = text[0];
    size_t count;

    if (code < 0x80) {
        *out_code = code;
        return 1;
    }
    count = code >= 0xF0 ? 4 : code >= 0xE0 ? 3 : 2;
    if (code < 0xC2 || code > 0xF4 || count > length) {
        return 0;
    }
    code &= 0x7FU >> count;
    for (size_t i = 1; i < count; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
        code = code << 6 | (text[i] & 0x3FU);
    }
    if (code < smallest[count] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        return 0;
    }
    *out_code = code;
    return count;
}

/* Characters beyond ASCII that are not seen, look like nothing or a blank, or change how others are
 * seen: Unicode's controls (Cc, Cf), separators (Zs, Zl, Zp) and Default_Ignorable_Code_Point, and
 * the empty Braille pattern. In order. */
static const uint32_t unseen[][2] = {
    {0x80, 0xA0},       {0xAD, 0xAD},       {0x34F, 0x34F},     {0x600, 0x605},
    {0x61C, 0x61C},     {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},
    {0x8E2, 0x8E2},     {0x115F, 0x1160},   {0x1680, 0x1680},   {0x17B4, 0x17B5},
    {0x180B, 0x180F},   {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F},
    {0x2800, 0x2800},   {0x3000, 0x3000},   {0x3164, 0x3164},   {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},   {0x110BD, 0x110BD},
    {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF},
};

/* Characters that change what a terminal or a reader sees around them, or hide from it. */
static bool is_harmful(uint32_t code)
{
    if (code < 0x80) {
        return code < 0x20 || code == 0x7F;
    }
    for (size_t i = 0; i < sizeof unseen / sizeof unseen[0] && code >= unseen[i][0]; i++) {
        if (code <= unseen[i][1]) {
            return true;
        }
    }
    return false;
}

size_t tug_text_escape(char *dst, size_t capacity, const char *src, size_t length)
{
    const unsigned char *const text = (const unsigned char *)src;
    size_t at = 0;

    for (size_t i = 0; i < length;) {
        char piece[ESCAPE_MAX];
        uint32_t code = 0;
        const size_t count = decode_utf8(text + i, length - i, &code);
        int written;

        if (count == 0) {
            written = snprintf(piece, sizeof piece, "\\x%02x", text[i]);
        } else if (code == '\\') {
            written = snprintf(piece, sizeof piece, "\\\\");
        } else if (is_harmful(code)) {
            written = snprintf(piece, sizeof piece, code < 0xA0 ? "\\x%02x" : "\\u{%x}", code);
        } else {
            memcpy(piece, text + i, count);
            written = (int)count;
        }
        if ((size_t)written > capacity - 1 - at) {
            break;
        }
        memcpy(dst + at, piece, (size_t)written);
        at += (size_t)written;
        i += count > 0 ? count : 1;
    }
    dst[at] = '\0';
    return at;
}

bool tug__parse_u64(const char *text, size_t length, uint64_t *out_value)
{
    uint64_t value = 0;

    if (length == 0) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        const unsigned digit = (unsigned char)text[i] - (unsigned)'0';

        if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out_value = value;
    return true;
}

char *tug__strndup(const char *text, size_t length)
{
    char *const copy = malloc(length + 1);

    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

/* Length of the ASCII text at the beginning, in whole words. */
static size_t ascii_length(const unsigned char *bytes, size_t length)
{
    uint64_t word;
    size_t at = 0;

    for (; length - at >= sizeof word; at += sizeof word) {
        memcpy(&word, bytes + at, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
    }
    return at;
}

bool tug__is_utf8(const char *text, size_t length)
{
    const unsigned char *const bytes = (const unsigned char *)text;
    uint32_t code;
    size_t count;

    for (size_t i = ascii_length(bytes, length); i < length; i += count) {
        if (bytes[i] < 0x80) {
            count = 1 + ascii_length(bytes + i + 1, length - i - 1);
            continue;
        }
        count = decode_utf8(bytes + i, length - i, &code);
        if (count == 0) {
            return false;
        }
    }
    return true;
}

size_t tug__mark_length(const char *text, size_t length)
{
    return length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

enum tug_status tug__base64_decode(const char *text, size_t length, uint8_t **out_bytes,
                                   size_t *out_length, struct tug_error *err)
{
    size_t padding = 0;
    uint8_t *bytes;
    int decoded;

    while (padding < 2 && padding < length && text[length - 1 - padding] == '=') {
        padding++;
    }
    /* EVP_DecodeBlock also takes white space at the ends, which strict base64 has not. */
    for (size_t i = 0; i + padding < length; i++) {
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", text[i]) ==
                NULL ||
            text[i] == '\0') {
            return tug__fail(err, TUG_ERR_CONTENT, "not base64");
        }
    }
    if (length % 4 != 0 || length > INT32_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "not base64");
    }
    bytes = malloc(length / 4 * 3 + 1);
    if (bytes == NULL) {
        return tug__fail_memory(err);
    }
    decoded = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
    if (decoded < 0) {
        free(bytes);
        return tug__fail(err, TUG_ERR_CONTENT, "not base64");
    }
    *out_bytes = bytes;
    *out_length = (size_t)decoded - padding;
    return TUG_OK;
}

char *tug__base64_encode(const void *bytes, size_t length)
{
    char *text;

    if (length > INT32_MAX / 2) {
        return NULL;
    }
    text = malloc((length + 2) / 3 * 4 + 1);
    if (text != NULL) {
        (void)EVP_EncodeBlock((unsigned char *)text, bytes, (int)length);
    }
    return text;
}

void tug__wipe(void *bytes, size_t length)
{
    if (length > 0) {
        OPENSSL_cleanse(bytes, length);
    }
}

void tug__wipe_free(char *text)
{
    if (text != NULL) {
        tug__wipe(text, strlen(text));
        free(text);
    }
}

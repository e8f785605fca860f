/* SPDX-License-Identifier: Apache-2.0
 *
 * tug_text_escape: the only filter between foreign text and a terminal.
 *
 * Knows: UTF-8. Does not know: JSON, the store, HTTP.
 * Threads: any.
 */
#include <tug/error.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Longest escape, "\u{10FFFF}". */
#define ESCAPE_MAX 12

/* Characters beyond ASCII that are invisible, look like a blank, or change how others are
 * displayed: Unicode's controls (Cc, Cf), separators (Zs, Zl, Zp) and Default_Ignorable_Code_Point,
 * and the empty Braille pattern. In order. */
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

/* Characters that are invisible or change how a terminal shows those around them. */
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
    size_t at = 0;

    for (size_t i = 0; i < length;) {
        char piece[ESCAPE_MAX];
        uint32_t code = 0;
        const size_t count = tug__utf8_decode(src + i, length - i, &code);
        int written;

        if (count == 0) {
            written = snprintf(piece, sizeof piece, "\\x%02x", (unsigned char)src[i]);
        } else if (code == '\\') {
            written = snprintf(piece, sizeof piece, "\\\\");
        } else if (is_harmful(code)) {
            written = snprintf(piece, sizeof piece, code < 0xA0 ? "\\x%02x" : "\\u{%x}", code);
        } else {
            memcpy(piece, src + i, count);
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

/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict UTF-8.
 *
 * Knows: RFC 3629. Does not know: JSON, the store, HTTP.
 * Threads: any.
 */
#include "base/utf8.h"

#include <string.h>

size_t tug__utf8_decode(const char *bytes, size_t length, uint32_t *out_code)
{
    const unsigned char *const text = (const unsigned char *)bytes;
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
        count = tug__utf8_decode(text + i, length - i, &code);
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

void tug__trim_torn(char *text)
{
    size_t length = strlen(text);

    for (int i = 0; i < 3 && length > 0 && !tug__is_utf8(text, length); i++) {
        text[--length] = '\0';
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Write JSON strings.
 *
 * Knows: RFC 8259 strings, UTF-8. Does not know: which objects they are part of.
 * Threads: the caller's.
 */
#include "json_write.h"

#include <stdbool.h>
#include <stdint.h>

/* Measure the UTF-8 sequence at bytes (NUL-terminated). Returns: 1 to 4, 0 when it is not valid. */
static size_t sequence_length(const unsigned char *bytes, uint32_t *out_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t length = bytes[0] < 0x80             ? 1
                          : (bytes[0] & 0xe0) == 0xc0 ? 2
                          : (bytes[0] & 0xf0) == 0xe0 ? 3
                          : (bytes[0] & 0xf8) == 0xf0 ? 4
                                                      : 0;
    uint32_t point = length > 1 ? bytes[0] & (0x7fU >> length) : bytes[0];

    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) { /* also the NUL at the end */
            return 0;
        }
        point = point << 6 | (bytes[i] & 0x3fU);
    }
    if (length == 0 || point < least[length] || point > 0x10ffff ||
        (point >= 0xd800 && point <= 0xdfff)) {
        return 0;
    }
    *out_point = point;
    return length;
}

/* Tell whether a terminal would obey a character instead of showing it: control characters, and
 * those that change the direction of text or have no width. */
static bool is_obeyed(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x61c ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x2069) || point == 0xfeff;
}

void json_string(struct text *text, const char *string)
{
    const unsigned char *bytes = (const unsigned char *)string;

    if (string == NULL) {
        text_puts(text, "null");
        return;
    }
    text_puts(text, "\"");
    while (*bytes != '\0') {
        uint32_t point = 0;
        const size_t length = sequence_length(bytes, &point);

        if (length == 0) {
            text_puts(text, "\xef\xbf\xbd");
        } else if (*bytes == '"' || *bytes == '\\') {
            text_printf(text, "\\%c", *bytes);
        } else if (is_obeyed(point)) {
            text_printf(text, "\\u%04x", (unsigned)point);
        } else {
            text_append(text, (const char *)bytes, length);
        }
        bytes += length > 0 ? length : 1;
    }
    text_puts(text, "\"");
}

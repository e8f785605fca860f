/* SPDX-License-Identifier: Apache-2.0
 *
 * Parse the Warning header.
 *
 * Knows: RFC 7234 section 5.5. Does not know: libcurl, HTTP, registries.
 * Threads: any.
 */
#include "http/warning.h"

#include <string.h>

#include "http/log.h"

bool tug__warning_parse(const char *value, char *out_text, size_t capacity)
{
    static const char start[] = "299 - \"";
    char text[TUG__WARNING_MAX];
    size_t length = 0;

    if (strncmp(value, start, sizeof start - 1) != 0) {
        return false;
    }
    for (value += sizeof start - 1; *value != '"'; value++) {
        if (*value == '\\' && value[1] != '\0') {
            value++;
        }
        if (*value == '\0') {
            return false; /* the quote never ends */
        }
        if (length < sizeof text) {
            text[length++] = *value;
        }
    }
    (void)tug__log_redact(out_text, capacity, text, length);
    return length > 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Read Content-Encoding.
 *
 * Knows: RFC 9110, the registered codings. Does not know: HTTP, curl, the store.
 * Threads: any.
 */
#include "registry/coding.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *const codings[] = {"gzip",    "x-gzip",    "br",         "zstd",
                                      "deflate", "compress",  "x-compress", "dcb",
                                      "dcz",     "aes128gcm", "exi",        "pack200-gzip"};

static const char *find_name(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
        if (strlen(codings[i]) == length && strncasecmp(codings[i], word, length) == 0) {
            return codings[i];
        }
    }
    return NULL;
}

const char *tug__coding_find(const char *text)
{
    const char *found = NULL;

    while (text != NULL && found == NULL && *text != '\0') {
        const size_t length = strcspn(text, ", \t");

        found = find_name(text, length);
        text += length;
        text += strspn(text, ", \t");
    }
    return found;
}

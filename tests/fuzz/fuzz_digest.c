/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz tug_digest_parse: what it accepts must print as itself and hold no path.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/digest.h"

/* Past any digest and any grammar worth exploring. */
#define INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tug_digest digest = {0};
    struct tug_error err = {0};
    char text[TUG_DIGEST_TEXT_MAX];
    char hex[TUG_DIGEST_TEXT_MAX];

    if (size > INPUT_MAX) {
        return 0;
    }
    if (tug_digest_parse((const char *)data, size, &digest, &err) != TUG_OK) {
        if (err.message[0] == '\0' || digest.algorithm != TUG_DIGEST_NONE) {
            abort();
        }
        return 0;
    }
    (void)tug_digest_format(&digest, text);
    if (strlen(text) != size || memcmp(text, data, size) != 0 || strchr(text, '/') != NULL ||
        strlen(tug__digest_hex(&digest, hex)) != 2 * tug__digest_length(digest.algorithm)) {
        abort();
    }
    return 0;
}

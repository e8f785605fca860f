/* SPDX-License-Identifier: Apache-2.0
 *
 * What index.json says of blobs that an image lacks.
 *
 * Knows: digests. Does not know: images, why they lack anything.
 * Threads: any.
 */
#include "plan/left_out.h"

#include <stdlib.h>
#include <string.h>

#include "oci/digest.h"

/* Most digests in the annotation; "..." stands for the rest. Containerd accepts labels up to 4096
 * bytes. */
#define NAMED_MAX 24

char *tug__left_out_text(struct tug_digest *digests, size_t count)
{
    const size_t named = count < NAMED_MAX ? count : NAMED_MAX;
    char *const text = malloc(named * (TUG_DIGEST_TEXT_MAX + 1) + sizeof ",...");
    char *at = text;

    if (text == NULL) {
        return NULL;
    }
    qsort(digests, count, sizeof *digests, tug__digest_compare);
    *at = '\0';
    for (size_t i = 0; i < named; i++) {
        if (i > 0) {
            *at++ = ',';
        }
        (void)tug_digest_format(&digests[i], at);
        at += strlen(at);
    }
    if (named < count) {
        (void)strcpy(at, ",...");
    }
    return text;
}

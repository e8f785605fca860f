/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions that every form of display needs to write a line.
 *
 * Knows: standard error, digests. Does not know: any form.
 * Threads: main.
 */
#include <string.h>
#include <unistd.h>

#include "ui_backend.h"

/* Hex digits of a digest in a short label. */
#define SHORT_DIGITS 12
void ui_write_line(const char *line)
{
    struct text text = {0};

    text_printf(&text, "%s\n", line);
    (void)text_write_all(STDERR_FILENO, text.data, text.length);
    text_fini(&text);
}

char *ui_short_digest(const struct tug_digest *digest, char out_text[TUG_DIGEST_TEXT_MAX])
{
    char *const colon = strchr(tug_digest_format(digest, out_text), ':');

    if (colon != NULL) {
        colon[1 + SHORT_DIGITS] = '\0';
    }
    return out_text;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The output line for a changed image.
 *
 * Knows: both formats. Does not know: what was done to the image.
 * Threads: main.
 */
#include "image_line.h"

#include <stdlib.h>
#include <string.h>

#include "json_write.h"

/* Add raw text so that it stays on its line. */
static void add_escaped(struct text *text, const char *raw)
{
    const size_t length = strlen(raw);
    const size_t capacity = 4 * length + 1; /* the most that escaping needs per byte */
    char *const shown = malloc(capacity);

    if (shown == NULL) {
        text->has_failed = true;
        return;
    }
    text_append(text, shown, tug_text_escape(shown, capacity, raw, length));
    free(shown);
}

void image_line_print(struct store_run *run, const char *name, const struct tug_digest *digest)
{
    const bool has_digest = digest->algorithm != TUG_DIGEST_NONE;
    char digest_text[TUG_DIGEST_TEXT_MAX];
    struct text text = {0};

    (void)tug_digest_format(digest, digest_text);
    if (run->settings->common.format == FORMAT_JSON) {
        text_puts(&text, "{\"name\":");
        json_string(&text, name);
        text_puts(&text, ",\"digest\":");
        json_string(&text, has_digest ? digest_text : NULL);
        text_puts(&text, "}\n");
    } else {
        add_escaped(&text, name != NULL ? name : "-");
        text_printf(&text, " %s\n", has_digest ? digest_text : "-");
    }
    store_run_print(run, &text);
    text_fini(&text);
}

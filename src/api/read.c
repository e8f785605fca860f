/* SPDX-License-Identifier: Apache-2.0
 *
 * tug_fetch_read: check arguments, call the pipeline, hand over what it read.
 *
 * Knows: the pipeline's interface. Does not know: how anything is fetched.
 * Threads: see tug/fetch.h.
 */
#include <tug/tug.h>

#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/error.h"
#include "base/options.h"
#include "lookup/memory.h"

_Static_assert(sizeof(struct tug_content) ==
                   offsetof(struct tug_content, media_type) + sizeof(char *),
               "tug_content has no padding at its end");

enum tug_status tug_fetch_read(struct tug_fetch *fetch, uint64_t max_bytes,
                               struct tug_content *out_content, struct tug_error *err)
{
    struct tug_content content = TUG_CONTENT_INIT;
    struct tug__run_settings settings;
    struct tug__memory memory = {0};
    const size_t size = out_content->size;
    enum tug_status status =
        tug__options_copy(&content, sizeof content, out_content, "tug_content", err);

    if (status == TUG_OK && fetch->ref_count != 1) {
        status = tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                           "one reference can be read at a time, not %zu", fetch->ref_count);
    }
    if (status == TUG_OK) {
        status = tug__fetch_begin(fetch, &settings, err);
    }
    if (status == TUG_OK) {
        status = tug__memory_read(&settings, max_bytes, &memory, err);
    }
    if (status == TUG_OK) {
        content = (struct tug_content){.size = size,
                                       .bytes = memory.bytes,
                                       .length = memory.length,
                                       .digest = memory.digest,
                                       .media_type = memory.media_type};
        memcpy(out_content, &content, size < sizeof content ? size : sizeof content);
    }
    return status;
}

void tug_content_fini(struct tug_content *content)
{
    free(content->bytes);
    free(content->media_type);
    *content = (struct tug_content)TUG_CONTENT_INIT;
}

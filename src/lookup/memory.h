/* SPDX-License-Identifier: Apache-2.0
 *
 * Read the content of one reference into memory.
 */
#ifndef TUG_LOOKUP_MEMORY_H
#define TUG_LOOKUP_MEMORY_H

#include <stddef.h>

#include "pipeline/pipeline.h"

/* What was read. */
struct tug__memory {
    struct tug_digest digest;
    char *media_type; /* owned; "": unknown */
    char *bytes;      /* owned; NULL: none */
    size_t length;
};

/* Read a manifest, index or blob; the contract is tug_fetch_read's (tug/fetch.h).
 * settings: borrowed for the call, with one reference; the store is not used. max_bytes: 0: none.
 * out_memory: untouched on failure. */
enum tug_status tug__memory_read(const struct tug__run_settings *settings, uint64_t max_bytes,
                                 struct tug__memory *out_memory, struct tug_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Read the compressed bytes of a part.
 *
 * Knows: sources, hashes. Does not know: zstd, zlib, files.
 * Threads: any.
 */
#include "chunked/internal.h"

enum tug_status tug__part_read(const struct tug__part_stream *unpacking, uint64_t at, void *buffer,
                               size_t *out_length, struct tug_error *err)
{
    const struct tug__packed *const part = &unpacking->part;
    const uint64_t rest = part->length - at;
    const size_t length = rest < TUG__PART_BYTES ? (size_t)rest : TUG__PART_BYTES;
    const enum tug_status status =
        unpacking->source->read(unpacking->source->context, part->offset + at, buffer, length, err);

    *out_length = length;
    return status == TUG_OK && unpacking->packed_hash != NULL
               ? tug__hash_update(unpacking->packed_hash, buffer, length, err)
               : status;
}

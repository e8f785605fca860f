/* SPDX-License-Identifier: Apache-2.0
 *
 * FNV-1a, 64 bits: a quick hash for tables and check sums, with no defence against collisions made
 * on purpose.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_BASE_FNV_H
#define TUG_BASE_FNV_H

#include <stddef.h>
#include <stdint.h>

/* The hash of no bytes. */
#define TUG__FNV_START UINT64_C(0xcbf29ce484222325)

/* Continue a hash, which begins as TUG__FNV_START. Returns: the hash with these bytes added. */
static inline uint64_t tug__fnv_add(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *const at = (const uint8_t *)bytes;

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x00000100000001b3);
    }
    return hash;
}

#endif

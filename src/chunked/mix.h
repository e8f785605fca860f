/* SPDX-License-Identifier: Apache-2.0
 *
 * A quick hash of 128 bits for identities of frames. Who makes two of them collide on purpose only
 * has a layer fetched that might have been copied.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_CHUNKED_MIX_H
#define TUG_CHUNKED_MIX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct tug__mix {
    uint64_t a, b;
};

/* The hash of nothing, and of a kind: hashes of different kinds differ. */
static inline struct tug__mix tug__mix_start(uint64_t kind)
{
    return (struct tug__mix){UINT64_C(0x9e3779b97f4a7c15) ^ kind,
                             UINT64_C(0xc2b2ae3d27d4eb4f) + kind};
}

/* Add a number. */
static inline void tug__mix_number(struct tug__mix *mix, uint64_t value)
{
    mix->a = (mix->a ^ value) * UINT64_C(0xff51afd7ed558ccd);
    mix->a ^= mix->a >> 32;
    mix->b = (mix->b + value) * UINT64_C(0xc4ceb9fe1a85ec53) + mix->a;
    mix->b ^= mix->b >> 29;
}

/* Add bytes whose number is not part of what was added: the same bytes in other portions give
 * another hash. */
static inline void tug__mix_bytes(struct tug__mix *mix, const void *bytes, size_t length)
{
    const uint8_t *const at = (const uint8_t *)bytes;
    uint64_t word = 0;
    size_t i = 0;

    for (; length - i >= sizeof word; i += sizeof word) {
        memcpy(&word, at + i, sizeof word);
        tug__mix_number(mix, word);
    }
    if (i < length && length >= sizeof word) { /* the last ones, some of them once more */
        memcpy(&word, at + length - sizeof word, sizeof word);
        tug__mix_number(mix, word);
    } else if (i < length) {
        word = 0;
        memcpy(&word, at, length);
        tug__mix_number(mix, word);
    }
    tug__mix_number(mix, length);
}

#endif

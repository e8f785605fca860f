/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections for blobs, one by one to the blob that takes longest.
 *
 * Knows: numbers. Does not know: jobs, clocks.
 * Threads: any.
 */
#include "engine/deal.h"

#include <stdbool.h>

static uint64_t bytes_each(const struct tug__deal_blob *blob)
{
    return blob->rest_bytes / (blob->connections + blob->more);
}

static bool is_worth_one_more(const struct tug__deal_blob *blob, uint64_t share_bytes)
{
    return blob->rest_bytes / (blob->connections + blob->more + 1) >= share_bytes;
}

unsigned tug__deal(struct tug__deal_blob *blobs, size_t blob_count, unsigned connections,
                   uint64_t share_bytes)
{
    unsigned dealt;

    for (size_t i = 0; i < blob_count; i++) {
        blobs[i].more = 0;
    }
    for (dealt = 0; dealt < connections; dealt++) {
        struct tug__deal_blob *longest = NULL;

        for (size_t i = 0; i < blob_count; i++) {
            if (is_worth_one_more(&blobs[i], share_bytes) &&
                (longest == NULL || bytes_each(&blobs[i]) > bytes_each(longest))) {
                longest = &blobs[i];
            }
        }
        if (longest == NULL) {
            break;
        }
        longest->more++;
    }
    return dealt;
}

uint64_t tug__deal_longest(const struct tug__deal_blob *blobs, size_t blob_count)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < blob_count; i++) {
        bytes = bytes_each(&blobs[i]) > bytes ? bytes_each(&blobs[i]) : bytes;
    }
    return bytes;
}

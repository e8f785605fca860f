/* SPDX-License-Identifier: Apache-2.0
 *
 * Content that the store has already, in whole or in part.
 *
 * Knows: nodes, the store's content. Does not know: images, who waits.
 * Threads: the resolver.
 */
#include "engine/state.h"

#include <stdlib.h>

#include "oci/digest.h"
#include "oci/limits.h"

bool tug__stored_document(struct tug_store *store, const struct tug_digest *digest,
                          struct tug__buf *buf)
{
    struct tug_digest found;

    return tug__store_read(store, digest, buf, NULL) == TUG_OK &&
           tug__digest_of(digest->algorithm, buf->data, buf->length, &found, NULL) == TUG_OK &&
           tug_digest_equal(digest, &found);
}

uint64_t tug__stored_missing_bytes(struct tug_store *store, const struct tug_digest *digest,
                                   uint64_t size_bytes)
{
    uint64_t stored_bytes = 0;
    bool is_present = false;
    uint64_t held_bytes;

    if (tug_store_stat(store, digest, &is_present, &stored_bytes, NULL) == TUG_OK && is_present &&
        stored_bytes == size_bytes) {
        return 0;
    }
    held_bytes = tug__store_partial_bytes(store, digest);
    return held_bytes < size_bytes ? size_bytes - held_bytes : 0;
}

/* Use a document from the store. Returns: false when the store does not have it intact. */
static bool find_document(struct tug__engine *engine, struct tug__node *node,
                          const struct tug_digest *digest)
{
    struct tug__buf buf;
    bool is_there;

    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    is_there = tug__stored_document(engine->settings.store, digest, &buf) &&
               (!node->wanted.has_size || buf.length == node->wanted.size_bytes);
    if (is_there) {
        size_t length = 0;

        free(node->wanted.data);
        node->wanted.data = (uint8_t *)tug__buf_steal(&buf, &length);
        node->outcome.size_bytes = length;
    }
    tug__buf_fini(&buf);
    return is_there;
}

bool tug__node_find_in_store(struct tug__engine *engine, struct tug__node *node,
                             const struct tug_digest *digest)
{
    struct tug_error error = {0};
    bool is_present = false;
    uint64_t size_bytes = 0;

    if (engine->settings.store == NULL) {
        return false;
    }
    if (tug_store_stat(engine->settings.store, digest, &is_present, &size_bytes, &error) !=
        TUG_OK) {
        tug__node_fail(engine, node, &error);
        return true;
    }
    if (!is_present) {
        return false;
    }
    if (node->wanted.is_document) {
        if (!find_document(engine, node, digest)) {
            return false;
        }
    } else if (size_bytes != node->wanted.size_bytes) {
        return false;
    } else if (engine->settings.recheck) {
        node->job_kind = TUG__JOB_RECHECK;
        return false;
    } else {
        node->outcome.size_bytes = size_bytes;
    }
    node->outcome.digest = *digest;
    tug__node_settle(engine, node, TUG__SETTLED_REUSED);
    return true;
}

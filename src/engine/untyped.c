/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests of unknown kind: a manifest, or else a blob of unknown size; and blobs of unknown size.
 *
 * Knows: nodes. Does not know: images, who waits, what documents mean.
 * Threads: the resolver.
 *
 * A digest of unknown kind is requested as a manifest. When a source has none, a HEAD checks
 * whether it has a blob, and its length; then the node is a blob like any other. A layer of a
 * schema 1 manifest, which gives no sizes, starts with that HEAD.
 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "oci/content_kind.h"
#include "oci/limits.h"
#include "engine/state.h"

/* Check that a blob may have the length that its registry reports. */
static enum tug_status check_size(const struct tug__wanted *wanted, uint64_t size_bytes,
                                  struct tug_error *err)
{
    const uint64_t limit = wanted->max_bytes > 0 && wanted->max_bytes < TUG__BLOB_BYTES_MAX
                               ? wanted->max_bytes
                               : TUG__BLOB_BYTES_MAX;

    return size_bytes <= limit
               ? TUG_OK
               : tug__fail(err, TUG_ERR_TOO_LARGE,
                           "it has %" PRIu64 " bytes, the limit is %" PRIu64, size_bytes, limit);
}

void tug__node_use_blob_head(struct tug__engine *engine, struct tug__node *node,
                             const struct tug__job *job)
{
    struct tug__wanted *const wanted = &node->wanted;
    char type[TUG__MEDIA_TYPE_MAX];
    struct tug_error error = {0};

    if (check_size(wanted, job->result.reply.size_bytes, &error) != TUG_OK) {
        tug__node_fail(engine, node, &error);
        return;
    }
    if (wanted->media_type == NULL) {
        tug__content_type_of_blob(job->result.reply.media_type, type);
        wanted->media_type = strdup(type); /* when out of memory the type stays unknown */
    }
    wanted->is_document = false;
    wanted->has_size = true;
    wanted->size_bytes = job->result.reply.size_bytes;
    node->job_kind = wanted->size_bytes > 0 ? TUG__JOB_BLOB : TUG__JOB_INLINE;
    tug__node_count(node);
    if (tug__node_find_in_store(engine, node, &wanted->digest)) {
        return;
    }
    if (engine->settings.is_dry && node->job_kind != TUG__JOB_RECHECK) {
        node->outcome.digest = wanted->digest;
        node->outcome.size_bytes = wanted->size_bytes;
        tug__node_settle(engine, node, TUG__SETTLED_DONE); /* it would be fetched */
    } else {
        tug__node_enqueue(engine, node);
    }
}

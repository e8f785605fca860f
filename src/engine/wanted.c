/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests: create or join nodes, forget waiters.
 *
 * Knows: nodes, edges. Does not know: images, whose turn it is, results of jobs.
 * Threads: the resolver.
 */
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum tug__job_kind tug__content_job(const struct tug__engine *engine,
                                    const struct tug__wanted *wanted)
{
    if (wanted->inquiry == TUG__INQUIRY_REFERRERS) {
        return TUG__JOB_REFERRERS;
    }
    if (wanted->is_document) {
        return TUG__JOB_MANIFEST;
    }
    if (!wanted->has_size && !wanted->is_lookup) {
        return TUG__JOB_BLOB_HEAD;
    }
    return engine->settings.store != NULL ? TUG__JOB_BLOB : TUG__JOB_BLOB_BODY;
}

/* Choose the kind of the first job. */
static enum tug__job_kind choose_job(const struct tug__engine *engine,
                                     const struct tug__wanted *wanted)
{
    if (wanted->is_recheck) {
        return TUG__JOB_RECHECK;
    }
    if (wanted->data != NULL || (wanted->has_size && wanted->size_bytes == 0)) {
        return TUG__JOB_INLINE; /* no request needed: the content is known */
    }
    if (wanted->asks_digest_first) {
        return TUG__JOB_RESOLVE;
    }
    return wanted->inquiry == TUG__INQUIRY_UNPACKED ? TUG__JOB_UNPACK
                                                    : tug__content_job(engine, wanted);
}

/* Copy text that may be NULL. Returns: false when out of memory. */
static bool copy_text(char **out_copy, const char *text)
{
    *out_copy = text != NULL ? strdup(text) : NULL;
    return *out_copy != NULL || text == NULL;
}

/* Create a node for a new request. */
static enum tug_status make_node(struct tug__engine *engine, const struct tug__wanted *wanted,
                                 struct tug__node **out_node, struct tug_error *err)
{
    struct tug__node *node = NULL;
    const bool has_data = wanted->data != NULL && wanted->size_bytes > 0;
    const enum tug_status status =
        tug__graph_add(&engine->graph, wanted->tag == NULL ? &wanted->digest : NULL, &node, err);

    if (status != TUG_OK) {
        return status;
    }
    node->wanted = *wanted;
    node->wanted.data = has_data ? malloc(wanted->size_bytes) : NULL;
    node->job_kind = choose_job(engine, wanted);
    tug__delta_create(engine, node, wanted);
    /* copy all before any check, so that the node owns each */
    if ((int)copy_text(&node->wanted.tag, wanted->tag) +
                (int)copy_text(&node->wanted.media_type, wanted->media_type) +
                (int)copy_text(&node->wanted.layer.urls, wanted->layer.urls) <
            3 ||
        (has_data && node->wanted.data == NULL)) {
        tug__graph_remove(&engine->graph, node);
        return tug__fail_memory(err);
    }
    if (has_data) {
        memcpy(node->wanted.data, wanted->data, wanted->size_bytes);
    }
    *out_node = node;
    return TUG_OK;
}

/* Join the node of an earlier request for the same digest, unless this source has failed to deliver
 * it and no other is being tried. */
static enum tug_status join_node(struct tug__engine *engine, struct tug__node *node,
                                 const struct tug__edge *edge, struct tug_error *err)
{
    const bool was_needed = tug__node_is_needed(node);
    const struct tug_error *const refused =
        tug__node_refused(node, edge->source, edge->has_size, edge->size_bytes);
    enum tug_status status;

    if (refused != NULL && !was_needed) {
        *err = *refused;
        return err->code;
    }
    status = tug__node_add_edge(node, edge, err);
    if (status != TUG_OK || was_needed) {
        return status;
    }
    if (node->state == TUG__NODE_DROPPING) {
        tug__node_ask_for(node, edge); /* once it is dropped */
    } else if (node->state == TUG__NODE_FAILED) {
        tug__node_ask_for(node, edge);
        tug__node_enqueue(engine, node);
    }
    return TUG_OK;
}

enum tug_status tug__engine_start(struct tug__engine *engine, const struct tug__wanted *wanted,
                                  struct tug__waiter *waiter, unsigned number,
                                  struct tug_error *err)
{
    const struct tug__edge edge = {
        .waiter = waiter,
        .number = number,
        .source = wanted->source,
        .has_size = wanted->has_size,
        .size_bytes = wanted->size_bytes,
    };
    struct tug__node *node =
        wanted->tag == NULL ? tug__graph_find(&engine->graph, &wanted->digest) : NULL;
    enum tug_status status;

    if (node != NULL) {
        return join_node(engine, node, &edge, err);
    }
    status = make_node(engine, wanted, &node, err);
    if (status != TUG_OK) {
        return status;
    }
    status = tug__node_add_edge(node, &edge, err);
    if (status != TUG_OK) {
        tug__graph_remove(&engine->graph, node);
        return status;
    }
    tug__node_enqueue(engine, node);
    return TUG_OK;
}

void tug__engine_forget(struct tug__engine *engine, struct tug__waiter *waiter)
{
    struct tug__node *node;

    while ((node = tug__waiter_leave(waiter)) != NULL) {
        if (!tug__node_is_needed(node)) {
            tug__node_cancel_jobs(engine, node);
        }
    }
}

bool tug__engine_knows(struct tug__engine *engine, const struct tug_digest *digest)
{
    return tug__graph_find(&engine->graph, digest) != NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Which repository a node's content is requested from: one after the other, of its waiters.
 *
 * Knows: nodes, references. Does not know: images, jobs' meaning, what documents mean.
 * Threads: the resolver.
 *
 * A digest may be wanted from several registries. If one does not deliver it, or delivers something
 * else, waiters with another source are not affected: the node goes on with a repository (and the
 * size promised there) that was not tried yet, and fails when there is none.
 */
#include "engine/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Describe the subject of an error, for its message. */
void tug__node_add_subject(const struct tug__node *node, struct tug_error *error)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    if (node->wanted.inquiry == TUG__INQUIRY_UNPACKED) {
        (void)tug__wrap(error, error->code, "layer %s", node->wanted.tag);
        return;
    }
    if (node->wanted.is_lookup || node->wanted.inquiry == TUG__INQUIRY_REFERRERS ||
        (node->wanted.tag != NULL && error->code != TUG_ERR_CONTENT)) {
        return; /* the reference or the error says it already */
    }
    if (node->wanted.tag != NULL) {
        (void)tug__wrap(error, error->code, "manifest");
        return;
    }
    (void)tug__wrap(error, error->code, "%s %s", node->wanted.is_document ? "manifest" : "blob",
                    tug_digest_format(&node->wanted.digest, digest));
}

void tug__node_tell_second_try(struct tug__engine *engine, struct tug__node *node,
                               const struct tug_error *error)
{
    struct tug_error shown = *error;
    struct tug_event event = {.kind = TUG_EVENT_RETRY,
                              .ref = tug_ref_name(node->wanted.source),
                              .digest = node->wanted.digest,
                              .error = &shown,
                              .attempt = 1,
                              .attempts_max = 2};

    tug__node_add_subject(node, &shown);
    tug__engine_emit(engine, &event);
}

/* Tell whether an error is about the source and its content, not about this machine. */
static bool is_of_source(enum tug_status status)
{
    return status != TUG_ERR_STORE && status != TUG_ERR_NO_MEMORY && status != TUG_ERR_CANCELLED &&
           status != TUG_ERR_TIMEOUT;
}

static bool is_same_source(const struct tug_ref *left, const struct tug_ref *right)
{
    return strcmp(tug_ref_host(left), tug_ref_host(right)) == 0 &&
           strcmp(tug_ref_repository(left), tug_ref_repository(right)) == 0;
}

const struct tug_error *tug__node_refused(const struct tug__node *node,
                                          const struct tug_ref *source, bool has_size,
                                          uint64_t size_bytes)
{
    for (const struct tug__refusal *refusal = node->refusals; refusal != NULL;
         refusal = refusal->next) {
        if (refusal->source == NULL ||
            (is_same_source(refusal->source, source) &&
             (refusal->error.code != TUG_ERR_CONTENT ||
              (refusal->has_size == has_size && refusal->size_bytes == size_bytes)))) {
            return &refusal->error;
        }
    }
    return NULL;
}

/* Record a failure. Returns: false when out of memory. */
static bool add_refusal(struct tug__node *node, const struct tug_error *error)
{
    struct tug__refusal *const refusal = malloc(sizeof *refusal);

    if (refusal == NULL) {
        return false;
    }
    *refusal = (struct tug__refusal){
        .source = is_of_source(error->code) ? node->wanted.source : NULL,
        .has_size = node->wanted.has_size,
        .size_bytes = node->wanted.size_bytes,
        .error = *error,
        .next = node->refusals,
    };
    node->refusals = refusal;
    return true;
}

static const struct tug_error *edge_refused(const struct tug__edge *edge)
{
    return tug__node_refused(edge->node, edge->source, edge->has_size, edge->size_bytes);
}

/* Find the first waiter with an untried source; NULL: none. */
static const struct tug__edge *find_other(const struct tug__node *node)
{
    const struct tug__edge *edge = node->edges;

    while (edge != NULL && (edge->waiter == NULL || edge_refused(edge) != NULL)) {
        edge = edge->next;
    }
    return edge;
}

void tug__node_ask_for(struct tug__node *node, const struct tug__edge *edge)
{
    node->wanted.source = edge->source;
    node->wanted.has_size = edge->has_size;
    node->wanted.size_bytes = edge->size_bytes;
    if (node->wanted.may_be_blob) { /* the next source tells which it is */
        node->wanted.is_document = true;
        node->job_kind = TUG__JOB_MANIFEST;
    } else if (node->job_kind == TUG__JOB_BLOB || node->job_kind == TUG__JOB_BLOB_HEAD) {
        node->job_kind = edge->has_size ? TUG__JOB_BLOB : TUG__JOB_BLOB_HEAD;
    }
    tug__node_count(node);
    node->attempt.failures = 0;
    node->attempt.mark_bytes = 0;
    node->attempt.is_at_urls = false;
    node->attempt.served_by = 0; /* endpoints are numbered by registry */
    node->attempt.avoid = 0;
    node->attempt.coding = NULL;
    node->attempt.is_second_try = false;
    node->outcome.kind = TUG__SETTLED_NOT;
}

/* Drop its transfer, whose size or content may be wrong; a good partial file stays on disk. */
static void drop_for(struct tug__engine *engine, struct tug__node *node, enum tug_status why)
{
    const bool is_empty = tug__ranges_done(&node->transfer->ranges) == 0;
    const bool is_useless = why == TUG_ERR_CONTENT || (why == TUG_ERR_NOT_FOUND && is_empty);

    tug__node_drop_transfer(engine, node, is_useless ? TUG__DROP_REMOVE : TUG__DROP_KEEP);
}

bool tug__node_ask_elsewhere(struct tug__engine *engine, struct tug__node *node)
{
    const struct tug__edge *const other =
        engine->is_stopping || node->outcome.is_unrecorded ? NULL : find_other(node);
    struct tug_event event = {.kind = TUG_EVENT_RETRY,
                              .ref = tug_ref_name(node->wanted.source),
                              .digest = node->wanted.digest};
    struct tug_error shown;

    if (other == NULL) {
        return false;
    }
    shown = node->refusals->error; /* the last one */
    event.error = &shown;
    tug__engine_emit(engine, &event);
    tug__node_ask_for(node, other);
    if (node->transfer == NULL) {
        tug__node_enqueue(engine, node);
    } /* otherwise once it is dropped */
    return true;
}

/* The registry does not have a foreign layer: try its URLs, if the user allows that. Returns: false
 * when that is not possible. */
static bool ask_urls(struct tug__engine *engine, struct tug__node *node,
                     const struct tug_error *error)
{
    if (error->code != TUG_ERR_NOT_FOUND || node->wanted.layer.urls == NULL ||
        node->attempt.is_at_urls || node->drop != TUG__DROP_NOT || engine->is_stopping) {
        return false;
    }
    node->attempt.is_at_urls = true;
    node->attempt.failures = 0;
    tug__node_enqueue(engine, node);
    return true;
}

void tug__node_fail(struct tug__engine *engine, struct tug__node *node,
                    const struct tug_error *error)
{
    struct tug_error shown = *error;

    if (tug__delta_fall_back(engine, node, error) || ask_urls(engine, node, error) ||
        tug__node_ask_as_blob(engine, node, error)) {
        return;
    }
    tug__node_add_subject(node, &shown);
    node->outcome.digest = node->wanted.digest;
    node->outcome.is_unrecorded = !add_refusal(node, &shown);
    node->state = TUG__NODE_FAILED;
    if (node->transfer != NULL) {
        drop_for(engine, node, error->code);
    }
    tug__node_settle(engine, node, TUG__SETTLED_FAILED);
}

bool tug__settled_refusal(const struct tug__settled *settled, const struct tug__edge *edge,
                          struct tug_error *out_error)
{
    const struct tug__node *const node = edge->node;
    const struct tug_error *error;

    *out_error = (struct tug_error){0};
    if (settled->kind != TUG__SETTLED_FAILED) {
        if (!edge->has_size || edge->size_bytes == settled->size_bytes) {
            return false;
        }
        (void)tug__fail(out_error, TUG_ERR_CONTENT, "it has %" PRIu64 " bytes, not %" PRIu64,
                        settled->size_bytes, edge->size_bytes);
        tug__node_add_subject(node, out_error);
        return true;
    }
    if (node->outcome.is_unrecorded) {
        (void)tug__fail_memory(out_error);
        tug__node_add_subject(node, out_error);
        return true;
    }
    error = edge_refused(edge);
    *out_error = error != NULL ? *error : node->refusals->error;
    return true;
}

bool tug__node_ask_as_blob(struct tug__engine *engine, struct tug__node *node,
                           const struct tug_error *error)
{
    /* docker-registry 2 returns 500 for a blob that is requested as a manifest */
    if ((error->code != TUG_ERR_NOT_FOUND && error->http_status != 500) ||
        !node->wanted.may_be_blob || engine->is_stopping ||
        (node->job_kind != TUG__JOB_MANIFEST && node->job_kind != TUG__JOB_RESOLVE)) {
        return false;
    }
    node->job_kind = TUG__JOB_BLOB_HEAD;
    node->attempt.failures = 0;
    tug__node_enqueue(engine, node);
    return true;
}

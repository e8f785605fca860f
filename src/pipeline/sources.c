/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a node's content is asked for: one repository after the other, of those whose images need
 * it.
 *
 * Knows: nodes, references. Does not know: jobs' meaning, what documents mean.
 * Threads: the resolver.
 *
 * A digest may be wanted by images of several registries. A registry that does not give it, or
 * gives something else, spoils no image of another one: the node goes on with a repository (and a
 * size, as its manifest tells it) that was not tried yet, and fails when there is none.
 */
#include "pipeline/resolver.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* What an error is about, for its message. */
void tug__node_add_subject(const struct tug__node *node, struct tug_error *error)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    (void)tug__wrap(error, error->code, "%s %s", node->is_document ? "manifest" : "blob",
                    node->tag != NULL ? node->tag : tug_digest_format(&node->digest, digest));
}

/* Tell whether an error is about what was asked, not about this machine. */
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

/* Remember a failure. Returns: false without memory. */
static bool add_refusal(struct tug__node *node, const struct tug_error *error)
{
    struct tug__refusal *const refusal = malloc(sizeof *refusal);

    if (refusal == NULL) {
        return false;
    }
    *refusal = (struct tug__refusal){
        .source = is_of_source(error->code) ? node->source : NULL,
        .has_size = node->has_size,
        .size_bytes = node->size_bytes,
        .error = *error,
        .next = node->refusals,
    };
    node->refusals = refusal;
    return true;
}

static const struct tug_error *edge_refused(const struct tug__edge *edge)
{
    return tug__node_refused(edge->node, edge->image->ref, edge->has_size, edge->size_bytes);
}

/* The first that waits and may know better; NULL: none. */
static const struct tug__edge *find_other(const struct tug__node *node)
{
    const struct tug__edge *edge = node->edges;

    while (edge != NULL && (edge->image == NULL || edge_refused(edge) != NULL)) {
        edge = edge->next;
    }
    return edge;
}

void tug__node_ask_for(struct tug__node *node, const struct tug__edge *edge)
{
    node->source = edge->image->ref;
    node->has_size = edge->has_size;
    node->size_bytes = edge->size_bytes;
    tug__node_count(node);
    node->failures = 0;
    node->mark_bytes = 0;
    node->is_at_urls = false;
    node->served_by = 0; /* endpoints are numbered by registry */
    node->avoid = 0;
    node->coding = NULL;
    node->is_second_try = false;
}

/* Its transfer's size or content may be wrong; what is right stays on the disk. */
static void drop_for(struct tug__resolver *resolver, struct tug__node *node, enum tug_status why)
{
    const bool is_empty = tug__ranges_done(&node->transfer->ranges) == 0;
    const bool is_useless = why == TUG_ERR_CONTENT || (why == TUG_ERR_NOT_FOUND && is_empty);

    tug__node_drop_transfer(resolver, node, is_useless ? TUG__DROP_REMOVE : TUG__DROP_KEEP);
}

/* Go on with another repository. */
static void ask_elsewhere(struct tug__resolver *resolver, struct tug__node *node,
                          const struct tug__edge *other, const struct tug_error *error)
{
    struct tug_error shown = *error;
    struct tug_event event = {.kind = TUG_EVENT_RETRY,
                              .ref = tug_ref_name(node->source),
                              .digest = node->digest,
                              .error = &shown};

    tug__emit(resolver, &event);
    tug__node_ask_for(node, other);
    if (node->transfer != NULL) {
        drop_for(resolver, node, error->code);
    } else {
        tug__node_enqueue(resolver, node);
    }
}

/* The registry does not have a foreign layer: ask the URLs it names, if the user wants that.
 * Returns: false when that is no way out. */
static bool ask_urls(struct tug__resolver *resolver, struct tug__node *node,
                     const struct tug_error *error)
{
    if (error->code != TUG_ERR_NOT_FOUND || node->urls == NULL || node->is_at_urls ||
        node->drop != TUG__DROP_NOT || resolver->is_stopping) {
        return false;
    }
    node->is_at_urls = true;
    node->failures = 0;
    tug__node_enqueue(resolver, node);
    return true;
}

/* An image does not get what it waits for: it fails, or does without. */
static void fail_edge(struct tug__resolver *resolver, struct tug__edge *edge,
                      const struct tug_error *error)
{
    struct tug__image *const image = edge->image;
    struct tug_error memory_error = {0};

    if (!edge->is_optional || error->code != TUG_ERR_NOT_FOUND) {
        tug__image_fail(resolver, image, error);
        return;
    }
    tug__edge_leave(edge);
    if (tug__image_leave_out(resolver, image, &edge->node->digest, edge->size_bytes,
                             &memory_error) != TUG_OK) {
        tug__image_fail(resolver, image, &memory_error);
    }
    tug__image_settle(resolver, image);
}

void tug__node_fail(struct tug__resolver *resolver, struct tug__node *node,
                    const struct tug_error *error)
{
    struct tug_error shown = *error;
    const struct tug__edge *other;

    if (ask_urls(resolver, node, error)) {
        return;
    }
    tug__node_add_subject(node, &shown);
    other = add_refusal(node, &shown) ? find_other(node) : NULL;
    if (other != NULL && !resolver->is_stopping) {
        ask_elsewhere(resolver, node, other, &shown);
        return;
    }
    node->state = TUG__NODE_FAILED;
    if (node->transfer != NULL) {
        drop_for(resolver, node, error->code);
    }
    for (struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        if (edge->image != NULL) {
            const struct tug_error *const own = edge_refused(edge);

            fail_edge(resolver, edge, own != NULL ? own : &shown);
        }
    }
    if (node->tag != NULL && node->job_count == 0) {
        tug__graph_remove(&resolver->graph, node); /* nobody can ask for it again */
    }
}

void tug__node_check_sizes(struct tug__resolver *resolver, struct tug__node *node,
                           uint64_t size_bytes)
{
    for (struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        if (edge->image != NULL && edge->has_size && edge->size_bytes != size_bytes) {
            struct tug_error error = {0};

            (void)tug__fail(&error, TUG_ERR_CONTENT, "it has %" PRIu64 " bytes, not %" PRIu64,
                            size_bytes, edge->size_bytes);
            tug__node_add_subject(node, &error);
            tug__image_fail(resolver, edge->image, &error);
        }
    }
}

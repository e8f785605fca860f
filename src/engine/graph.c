/* SPDX-License-Identifier: Apache-2.0
 *
 * The graph's data structures.
 *
 * Knows: digests, descriptors. Does not know: images, jobs' meaning, queues.
 * Threads: the resolver.
 */
#include "engine/graph.h"

#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/delta.h"

/* Digests are compared as bytes: unused ones are zero. The digest is the first member of a node. */
static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct tug_digest));
}

_Static_assert(offsetof(struct tug__node, wanted.digest) == 0,
               "a node is found by its first member");

struct tug__node *tug__graph_find(struct tug__graph *graph, const struct tug_digest *digest)
{
    struct tug__node *const *const found = tfind(digest, &graph->nodes_by_digest, compare_digests);

    return found != NULL ? *found : NULL;
}

/* Make room for one more waiting node, so that adding it cannot fail. */
static bool grow_waiting(struct tug__graph *graph)
{
    const size_t capacity = graph->waiting_capacity > 0 ? graph->waiting_capacity * 2 : 64;
    struct tug__waiting *grown;

    if (graph->node_count < graph->waiting_capacity) {
        return true;
    }
    grown = reallocarray(graph->waiting, capacity, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    graph->waiting = grown;
    graph->waiting_capacity = capacity;
    return true;
}

/* A graph without nodes owns nothing. */
static void free_waiting_when_empty(struct tug__graph *graph)
{
    if (graph->node_count == 0) {
        free(graph->waiting);
        graph->waiting = NULL;
        graph->waiting_capacity = 0;
    }
}

void tug__node_count(struct tug__node *node)
{
    struct tug__graph *const graph = node->graph;
    const bool is_counted =
        node->wanted.has_size && !node->wanted.is_document && node->needed_by > 0;
    const uint64_t room = TUG__WANTED_BYTES_MAX - (graph->wanted_bytes - node->counted_bytes);

    graph->wanted_bytes -= node->counted_bytes;
    node->counted_bytes = !is_counted                      ? 0
                          : node->wanted.size_bytes < room ? node->wanted.size_bytes
                                                           : room;
    graph->wanted_bytes += node->counted_bytes;
}

enum tug_status tug__graph_add(struct tug__graph *graph, const struct tug_digest *digest,
                               struct tug__node **out_node, struct tug_error *err)
{
    struct tug__node *const node = grow_waiting(graph) ? calloc(1, sizeof *node) : NULL;

    if (node == NULL) {
        free_waiting_when_empty(graph);
        return tug__fail_memory(err);
    }
    node->graph = graph;
    if (digest != NULL) {
        node->wanted.digest = *digest;
        if (tsearch(node, &graph->nodes_by_digest, compare_digests) == NULL) {
            free(node);
            free_waiting_when_empty(graph);
            return tug__fail_memory(err);
        }
    }
    node->links.next = graph->nodes;
    if (node->links.next != NULL) {
        node->links.next->links.previous = node;
    }
    graph->nodes = node;
    graph->node_count++;
    *out_node = node;
    return TUG_OK;
}

static void unlink_from_waiter(struct tug__edge *edge)
{
    *edge->link_of_waiter = edge->next_of_waiter;
    if (edge->next_of_waiter != NULL) {
        edge->next_of_waiter->link_of_waiter = edge->link_of_waiter;
    }
    edge->waiter = NULL;
}

void tug__graph_hide(struct tug__graph *graph, struct tug__node *node)
{
    if (tug__graph_find(graph, &node->wanted.digest) == node) {
        (void)tdelete(node, &graph->nodes_by_digest, compare_digests);
        node->wanted.digest = (struct tug_digest){0};
    }
}

void tug__graph_remove(struct tug__graph *graph, struct tug__node *node)
{
    tug__graph_hide(graph, node);
    if (node->links.previous != NULL) {
        node->links.previous->links.next = node->links.next;
    } else {
        graph->nodes = node->links.next;
    }
    if (node->links.next != NULL) {
        node->links.next->links.previous = node->links.previous;
    }
    graph->node_count--;
    tug__graph_remove_waiting(graph, node);
    free_waiting_when_empty(graph);
    node->needed_by = 0;
    tug__node_count(node);
    while (node->edges != NULL) {
        struct tug__edge *const edge = node->edges;

        node->edges = edge->next;
        if (edge->waiter != NULL) {
            unlink_from_waiter(edge);
        }
        free(edge);
    }
    free(node->wanted.tag);
    free(node->wanted.media_type);
    free(node->wanted.data);
    free(node->wanted.layer.urls);
    tug__delta_free(node->attempt.delta);
    tug__job_free(node->outcome.answer);
    while (node->refusals != NULL) {
        struct tug__refusal *const refusal = node->refusals;

        node->refusals = refusal->next;
        free(refusal);
    }
    free(node);
}

enum tug_status tug__node_add_edge(struct tug__node *node, const struct tug__edge *like,
                                   struct tug_error *err)
{
    struct tug__waiter *const waiter = like->waiter;
    struct tug__edge *const edge = malloc(sizeof *edge);

    if (edge == NULL) {
        return tug__fail_memory(err);
    }
    *edge = *like;
    edge->node = node;
    edge->next = NULL;
    edge->next_of_waiter = waiter->edges;
    edge->link_of_waiter = &waiter->edges;
    if (node->edges != NULL) {
        node->last_edge->next = edge;
    } else {
        node->edges = edge;
    }
    node->last_edge = edge;
    node->needed_by++;
    tug__node_count(node);
    if (waiter->edges != NULL) {
        waiter->edges->link_of_waiter = &edge->next_of_waiter;
    }
    waiter->edges = edge;
    return TUG_OK;
}

const char *tug__node_ref(const struct tug__node *node)
{
    const struct tug__edge *edge = node->edges;

    while (edge != NULL && edge->waiter == NULL) {
        edge = edge->next;
    }
    return tug_ref_name(edge != NULL ? edge->source : node->wanted.source);
}

bool tug__node_is_needed(const struct tug__node *node)
{
    return node->needed_by > 0;
}

void tug__edge_leave(struct tug__edge *edge)
{
    unlink_from_waiter(edge);
    edge->node->needed_by--;
    tug__node_count(edge->node);
}

struct tug__node *tug__waiter_leave(struct tug__waiter *waiter)
{
    struct tug__edge *const edge = waiter->edges;

    if (edge == NULL) {
        return NULL;
    }
    tug__edge_leave(edge);
    return edge->node;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The graph's data structures.
 *
 * Knows: digests, descriptors. Does not know: jobs' meaning, queues, the store.
 * Threads: the resolver.
 */
#include "pipeline/graph.h"

#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Digests are compared as bytes: unused ones are zero. In both trees the digest is the first member
 * of what is stored. */
static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct tug_digest));
}

_Static_assert(offsetof(struct tug__node, digest) == 0, "a node is found by its first member");
_Static_assert(offsetof(struct tug__need, digest) == 0, "a need is found by its first member");

struct tug__node *tug__graph_find(struct tug__graph *graph, const struct tug_digest *digest)
{
    struct tug__node *const *const found = tfind(digest, &graph->nodes_by_digest, compare_digests);

    return found != NULL ? *found : NULL;
}

/* Make room for one more node to wait: that itself cannot fail then. */
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
    const bool is_counted = node->has_size && !node->is_document && node->needed_by > 0;
    const uint64_t room = TUG__WANTED_BYTES_MAX - (graph->wanted_bytes - node->counted_bytes);

    graph->wanted_bytes -= node->counted_bytes;
    node->counted_bytes = !is_counted ? 0 : node->size_bytes < room ? node->size_bytes : room;
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
        node->digest = *digest;
        if (tsearch(node, &graph->nodes_by_digest, compare_digests) == NULL) {
            free(node);
            free_waiting_when_empty(graph);
            return tug__fail_memory(err);
        }
    }
    node->next = graph->nodes;
    if (node->next != NULL) {
        node->next->previous = node;
    }
    graph->nodes = node;
    graph->node_count++;
    *out_node = node;
    return TUG_OK;
}

static void unlink_from_image(struct tug__edge *edge)
{
    *edge->link_of_image = edge->next_of_image;
    if (edge->next_of_image != NULL) {
        edge->next_of_image->link_of_image = edge->link_of_image;
    }
    edge->image = NULL;
}

void tug__graph_remove(struct tug__graph *graph, struct tug__node *node)
{
    if (node->digest.algorithm != TUG_DIGEST_NONE) {
        (void)tdelete(node, &graph->nodes_by_digest, compare_digests);
    }
    if (node->previous != NULL) {
        node->previous->next = node->next;
    } else {
        graph->nodes = node->next;
    }
    if (node->next != NULL) {
        node->next->previous = node->previous;
    }
    graph->node_count--;
    tug__graph_remove_waiting(graph, node);
    free_waiting_when_empty(graph);
    node->needed_by = 0;
    tug__node_count(node);
    while (node->edges != NULL) {
        struct tug__edge *const edge = node->edges;

        node->edges = edge->next;
        if (edge->image != NULL) {
            unlink_from_image(edge);
        }
        free(edge);
    }
    free(node->tag);
    free(node->media_type);
    free(node->data);
    free(node->urls);
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
    struct tug__image *const image = like->image;
    struct tug__edge *const edge = malloc(sizeof *edge);

    if (edge == NULL) {
        return tug__fail_memory(err);
    }
    *edge = *like;
    edge->node = node;
    edge->next = NULL;
    edge->next_of_image = image->edges;
    edge->link_of_image = &image->edges;
    if (node->edges != NULL) {
        node->last_edge->next = edge;
    } else {
        node->edges = edge;
    }
    node->last_edge = edge;
    node->needed_by++;
    tug__node_count(node);
    if (image->edges != NULL) {
        image->edges->link_of_image = &edge->next_of_image;
    }
    image->edges = edge;
    image->pending++;
    return TUG_OK;
}

const char *tug__node_ref(const struct tug__node *node)
{
    const struct tug__edge *edge = node->edges;

    while (edge != NULL && edge->image == NULL) {
        edge = edge->next;
    }
    return edge != NULL ? edge->image->result.ref : tug_ref_name(node->source);
}

bool tug__node_is_needed(const struct tug__node *node)
{
    return node->needed_by > 0;
}

void tug__edge_leave(struct tug__edge *edge)
{
    unlink_from_image(edge);
    edge->node->needed_by--;
    tug__node_count(edge->node);
}

struct tug__node *tug__image_leave(struct tug__image *image)
{
    struct tug__edge *const edge = image->edges;

    if (edge == NULL) {
        return NULL;
    }
    tug__edge_leave(edge);
    return edge->node;
}

enum tug_status tug__image_see(struct tug__image *image, const struct tug_digest *digest,
                               bool *out_is_new, struct tug_error *err)
{
    struct tug__need *need;

    *out_is_new = tug__image_need(image, digest) == NULL;
    if (!*out_is_new) {
        return TUG_OK;
    }
    need = calloc(1, sizeof *need);
    if (need == NULL) {
        return tug__fail_memory(err);
    }
    need->digest = *digest;
    if (tsearch(need, &image->needs, compare_digests) == NULL) {
        free(need);
        return tug__fail_memory(err);
    }
    return TUG_OK;
}

struct tug__need *tug__image_need(const struct tug__image *image, const struct tug_digest *digest)
{
    struct tug__need *const *const found = tfind(digest, &image->needs, compare_digests);

    return found != NULL ? *found : NULL;
}

static void free_need(void *argument)
{
    struct tug__need *const need = argument;

    free(need->urls);
    free(need);
}

void tug__image_unsee(struct tug__image *image, const struct tug_digest *digest)
{
    struct tug__need *const need = tug__image_need(image, digest);

    if (need != NULL) {
        (void)tdelete(need, &image->needs, compare_digests);
        free_need(need);
    }
}

enum tug_status tug__image_add_entry(struct tug__image *image, const struct tug__descriptor *entry,
                                     struct tug_error *err)
{
    struct tug__descriptor copy = *entry;

    if (image->entry_count == image->entry_capacity) {
        const size_t capacity = image->entry_capacity > 0 ? image->entry_capacity * 2 : 16;
        struct tug__descriptor *const grown = reallocarray(image->entries, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        image->entries = grown;
        image->entry_capacity = capacity;
    }
    copy.media_type = strdup(entry->media_type);
    copy.urls = NULL; /* no layer */
    copy.data = entry->data != NULL ? malloc(entry->size_bytes) : NULL;
    if (copy.media_type == NULL || (copy.data == NULL && entry->data != NULL)) {
        free(copy.media_type);
        free(copy.data);
        return tug__fail_memory(err);
    }
    if (entry->data != NULL) {
        memcpy(copy.data, entry->data, entry->size_bytes);
    }
    image->entries[image->entry_count++] = copy;
    return TUG_OK;
}

static int compare_entries(const void *a, const void *b)
{
    const struct tug__descriptor *const left = a;
    const struct tug__descriptor *const right = b;

    return compare_digests(&left->digest, &right->digest);
}

const struct tug__descriptor *tug__image_find_entries(struct tug__image *image,
                                                      const struct tug_digest *digest,
                                                      size_t *out_count)
{
    const struct tug__descriptor *const entries = image->entries;
    size_t first = 0;
    size_t end = image->entry_count;

    if (!image->has_ordered_entries && image->entry_count > 0) {
        qsort(image->entries, image->entry_count, sizeof *image->entries, compare_entries);
    }
    image->has_ordered_entries = true;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;

        if (compare_digests(&entries[middle].digest, digest) < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    while (end < image->entry_count && tug_digest_equal(&entries[end].digest, digest)) {
        end++;
    }
    *out_count = end - first;
    return entries + first;
}

enum tug_status tug__image_add_check(struct tug__image *image, const struct tug_digest *config,
                                     const struct tug_digest *manifest, struct tug_error *err)
{
    struct tug__config_check *const check = calloc(1, sizeof *check);

    if (check == NULL) {
        return tug__fail_memory(err);
    }
    check->digest = *config;
    check->is_entry = manifest != NULL;
    if (manifest != NULL) {
        check->manifest = *manifest;
    }
    check->next = image->checks;
    image->checks = check;
    return TUG_OK;
}

void tug__image_forget_checks(struct tug__image *image)
{
    while (image->checks != NULL) {
        struct tug__config_check *const check = image->checks;

        image->checks = check->next;
        free(check);
    }
}

void tug__image_release(struct tug__image *image)
{
    for (size_t i = 0; i < image->entry_count; i++) {
        free(image->entries[i].media_type);
        free(image->entries[i].data);
    }
    free(image->entries);
    image->entries = NULL;
    image->entry_count = 0;
    image->entry_capacity = 0;
    tug__image_forget_checks(image);
    tug__document_fini(&image->held);
}

void tug__image_fini(struct tug__image *image)
{
    tug__image_release(image);
    tdestroy(image->needs, free_need);
    image->needs = NULL;
    free(image->media_type);
    image->media_type = NULL;
    free(image->left_out);
    image->left_out = NULL;
    free(image->left_out_text);
    image->left_out_text = NULL;
}

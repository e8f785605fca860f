/* SPDX-License-Identifier: Apache-2.0
 *
 * Nodes that wait for a time: a binary heap, the earliest on top.
 *
 * Knows: nodes. Does not know: images, what they wait for.
 * Threads: the resolver.
 *
 * A registry determines how many nodes wait (it may let 35 000 layers fail), each with a time of
 * its own, so no operation on one of them may walk over all.
 */
#include "engine/graph.h"

static void put(struct tug__graph *graph, size_t at, struct tug__waiting entry)
{
    graph->waiting[at] = entry;
    entry.node->links.waiting_at = at + 1;
}

static void move_up(struct tug__graph *graph, size_t at)
{
    const struct tug__waiting entry = graph->waiting[at];

    while (at > 0 && graph->waiting[(at - 1) / 2].wake_ns > entry.wake_ns) {
        put(graph, at, graph->waiting[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(graph, at, entry);
}

static void move_down(struct tug__graph *graph, size_t at)
{
    const struct tug__waiting entry = graph->waiting[at];

    for (size_t child = 2 * at + 1; child < graph->waiting_count; child = 2 * at + 1) {
        if (child + 1 < graph->waiting_count &&
            graph->waiting[child + 1].wake_ns < graph->waiting[child].wake_ns) {
            child++;
        }
        if (graph->waiting[child].wake_ns >= entry.wake_ns) {
            break;
        }
        put(graph, at, graph->waiting[child]);
        at = child;
    }
    put(graph, at, entry);
}

void tug__graph_add_waiting(struct tug__graph *graph, struct tug__node *node)
{
    tug__graph_remove_waiting(graph, node);
    put(graph, graph->waiting_count++,
        (struct tug__waiting){.wake_ns = node->attempt.wake_ns, .node = node});
    move_up(graph, node->links.waiting_at - 1);
}

void tug__graph_remove_waiting(struct tug__graph *graph, struct tug__node *node)
{
    const size_t at = node->links.waiting_at - 1;
    struct tug__waiting last;

    if (node->links.waiting_at == 0) {
        return;
    }
    node->links.waiting_at = 0;
    last = graph->waiting[--graph->waiting_count];
    if (last.node != node) {
        put(graph, at, last);
        move_up(graph, at);
        move_down(graph, last.node->links.waiting_at - 1);
    }
}

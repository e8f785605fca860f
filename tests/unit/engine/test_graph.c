/* SPDX-License-Identifier: Apache-2.0
 *
 * The graph of a run: nodes by digest, edges, those that wait.
 */
#include "engine/graph.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct tug_digest digest_of(unsigned number)
{
    struct tug_digest digest = {.algorithm = TUG_DIGEST_SHA256};

    memcpy(digest.bytes, &number, sizeof number);
    return digest;
}

static struct tug__node *add(struct tug__graph *graph, unsigned number)
{
    const struct tug_digest digest = digest_of(number);
    struct tug__node *node = NULL;

    cr_assert_eq(tug__graph_add(graph, &digest, &node, NULL), TUG_OK);
    return node;
}

static struct tug__node *find(struct tug__graph *graph, unsigned number)
{
    const struct tug_digest digest = digest_of(number);

    return tug__graph_find(graph, &digest);
}

/* The list of all nodes must be sound in both directions. */
static void check_list(const struct tug__graph *graph)
{
    const struct tug__node *previous = NULL;
    size_t count = 0;

    for (const struct tug__node *node = graph->nodes; node != NULL; node = node->links.next) {
        cr_assert_eq(node->links.previous, previous);
        previous = node;
        count++;
    }
    cr_assert_eq(count, graph->node_count);
}

static enum tug_status add_edge(struct tug__node *node, struct tug__waiter *waiter, unsigned number)
{
    return tug__node_add_edge(node, &(struct tug__edge){.waiter = waiter, .number = number}, NULL);
}

Test(engine_graph, finds_nodes_by_digest)
{
    struct tug__graph graph = {0};
    struct tug__node *const one = add(&graph, 1);
    struct tug__node *const two = add(&graph, 2);
    struct tug_digest other = digest_of(1);

    cr_assert_eq(find(&graph, 1), one);
    cr_assert_eq(find(&graph, 2), two);
    cr_assert_null(find(&graph, 3));
    other.algorithm = TUG_DIGEST_SHA512;
    cr_assert_null(tug__graph_find(&graph, &other), "another algorithm is another digest");
    cr_assert_eq(one->state, TUG__NODE_QUEUED);
    cr_assert_null(one->edges);
    tug__graph_remove(&graph, one);
    cr_assert_null(find(&graph, 1));
    tug__graph_remove(&graph, two);
    cr_assert_null(graph.nodes);
    cr_assert_eq(graph.node_count, 0);
}

Test(engine_graph, nodes_of_tags_have_no_digest)
{
    struct tug__graph graph = {0};
    const struct tug_digest unset = {0};
    struct tug__node *first = NULL;
    struct tug__node *second = NULL;

    cr_assert_eq(tug__graph_add(&graph, NULL, &first, NULL), TUG_OK);
    cr_assert_eq(tug__graph_add(&graph, NULL, &second, NULL), TUG_OK);
    cr_assert_neq(first, second);
    cr_assert_null(tug__graph_find(&graph, &unset));
    first->wanted.tag = strdup("1.0");
    first->wanted.media_type = strdup("x/y");
    first->wanted.data = malloc(3);
    first->refusals = calloc(1, sizeof *first->refusals);
    tug__graph_remove(&graph, first);
    check_list(&graph);
    tug__graph_remove(&graph, second);
    cr_assert_eq(graph.node_count, 0);
}

Test(engine_graph, stays_sound_in_any_order)
{
    struct tug__graph graph = {0};

    for (unsigned i = 0; i < 1000; i++) {
        (void)add(&graph, i);
    }
    check_list(&graph);
    for (unsigned i = 0; i < 1000; i++) { /* 7 and 1000 have no common divisor: each once */
        const unsigned number = i * 7 % 1000;

        tug__graph_remove(&graph, find(&graph, number));
        cr_assert_null(find(&graph, number));
        if (i % 100 == 0) {
            check_list(&graph);
        }
    }
    cr_assert_null(graph.nodes);
    cr_assert_null(graph.nodes_by_digest);
}

Test(engine_graph, a_node_is_needed_by_those_that_wait)
{
    struct tug__graph graph = {0};
    struct tug__waiter first = {0};
    struct tug__waiter second = {0};
    struct tug__node *const node = add(&graph, 1);

    cr_assert_not(tug__node_is_needed(node));
    cr_assert_eq(add_edge(node, &first, 1), TUG_OK);
    cr_assert_eq(add_edge(node, &second, 2), TUG_OK);
    cr_assert_eq(first.edges, node->edges);
    cr_assert_eq(second.edges, node->edges->next);
    cr_assert_eq(node->edges->waiter, &first, "who asked first stands first");
    cr_assert_eq(node->edges->number, 1);
    cr_assert_eq(node->edges->next->waiter, &second);
    cr_assert_eq(node->edges->next->number, 2);
    cr_assert(tug__node_is_needed(node));
    cr_assert_eq(tug__waiter_leave(&first), node);
    cr_assert(tug__node_is_needed(node));
    cr_assert_null(node->edges->waiter);
    cr_assert_null(tug__waiter_leave(&first));
    cr_assert_eq(tug__waiter_leave(&second), node);
    cr_assert_not(tug__node_is_needed(node));
    tug__graph_remove(&graph, node);
}

Test(engine_graph, a_waiter_knows_what_it_waits_for)
{
    struct tug__graph graph = {0};
    struct tug__waiter waiter = {0};
    struct tug__node *nodes[3];

    for (unsigned i = 0; i < 3; i++) {
        nodes[i] = add(&graph, i);
        cr_assert_eq(add_edge(nodes[i], &waiter, 0), TUG_OK);
    }
    tug__graph_remove(&graph, nodes[1]);
    cr_assert_eq(tug__waiter_leave(&waiter), nodes[2]);
    cr_assert_eq(tug__waiter_leave(&waiter), nodes[0]);
    cr_assert_null(tug__waiter_leave(&waiter), "one that is gone is forgotten");
    tug__graph_remove(&graph, nodes[0]);
    tug__graph_remove(&graph, nodes[2]);
}

/* 35 000 layers that fail wait with a time of each one's own. */
Test(engine_graph, f12_the_first_to_wake_is_on_top, .timeout = 20)
{
    enum { COUNT = 35000 };
    struct tug__graph graph = {0};
    struct tug__node **const nodes = calloc(COUNT, sizeof *nodes);
    uint64_t last_ns = 0;
    size_t taken = 0;

    for (unsigned i = 0; i < COUNT; i++) {
        nodes[i] = add(&graph, i);
        nodes[i]->attempt.wake_ns = COUNT + (uint64_t)i * 7919 % 1000;
        tug__graph_add_waiting(&graph, nodes[i]);
    }
    for (unsigned i = 0; i < COUNT; i += 2) { /* another time, then all of them by it */
        nodes[i]->attempt.wake_ns = (uint64_t)i * 104729 % COUNT;
        tug__graph_add_waiting(&graph, nodes[i]);
    }
    for (unsigned i = 0; i < COUNT; i += 5) {
        tug__graph_remove_waiting(&graph, nodes[i]);
        tug__graph_remove_waiting(&graph, nodes[i]);
    }
    for (; graph.waiting_count > 0; taken++) {
        struct tug__node *const node = graph.waiting[0].node;

        cr_assert_eq(graph.waiting[0].wake_ns, node->attempt.wake_ns);
        cr_assert_geq(node->attempt.wake_ns, last_ns);
        last_ns = node->attempt.wake_ns;
        tug__graph_remove(&graph, node);
    }
    cr_assert_eq(taken, COUNT - COUNT / 5);
    for (unsigned i = 0; i < COUNT; i += 5) {
        tug__graph_remove(&graph, nodes[i]);
    }
    cr_assert_null(graph.nodes);
    free(nodes);
}

/* The sum that every manifest is admitted by, without a walk over all nodes. */
Test(engine_graph, f12_the_sum_of_what_is_wanted)
{
    struct tug__graph graph = {0};
    struct tug__waiter waiter = {0};
    struct tug__node *nodes[4];

    for (unsigned i = 0; i < 4; i++) {
        nodes[i] = add(&graph, i);
        nodes[i]->wanted.has_size = i != 2; /* one without a size, one document */
        nodes[i]->wanted.is_document = i == 3;
        nodes[i]->wanted.size_bytes = 100 + i;
        cr_assert_eq(add_edge(nodes[i], &waiter, 0), TUG_OK);
    }
    cr_assert_eq(graph.wanted_bytes, 201);
    cr_assert_eq(add_edge(nodes[0], &waiter, 0), TUG_OK);
    cr_assert_eq(graph.wanted_bytes, 201, "once, whoever needs it");
    nodes[0]->wanted.size_bytes = UINT64_MAX;
    tug__node_count(nodes[0]);
    cr_assert_eq(graph.wanted_bytes, TUG__WANTED_BYTES_MAX, "never more than fits");
    nodes[0]->wanted.size_bytes = 5;
    tug__node_count(nodes[0]);
    cr_assert_eq(graph.wanted_bytes, 106);
    tug__graph_remove(&graph, nodes[1]);
    cr_assert_eq(graph.wanted_bytes, 5);
    while (tug__waiter_leave(&waiter) != NULL) {
    }
    cr_assert_eq(graph.wanted_bytes, 0);
    tug__graph_remove(&graph, nodes[0]);
    tug__graph_remove(&graph, nodes[2]);
    tug__graph_remove(&graph, nodes[3]);
}

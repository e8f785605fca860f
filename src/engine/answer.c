/* SPDX-License-Identifier: Apache-2.0
 *
 * The settled list's end: results of nodes, in order, for their waiters. While the engine lives,
 * nodes are freed here and nowhere else.
 *
 * Knows: nodes. Does not know: images, what waiters do with the results, what documents mean.
 * Threads: the resolver.
 */
#include "engine/state.h"

#include "base/clock.h"

/* The waiters have received a node's result: free it, or keep it as a failed one. */
static void put_away(struct tug__engine *engine, struct tug__node *node)
{
    const bool has_failed = node->outcome.kind == TUG__SETTLED_FAILED;

    if (!has_failed || (node->wanted.tag != NULL && node->job_count == 0)) {
        tug__graph_remove(&engine->graph, node); /* a tag is never joined again */
        return;
    }
    node->outcome.kind = TUG__SETTLED_NOT;
    for (struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        if (edge->waiter != NULL) {
            tug__edge_leave(edge);
        }
    }
}

static void describe(const struct tug__node *node, struct tug__settled *out_settled)
{
    const struct tug__outcome *const outcome = &node->outcome;
    const struct tug__job *const answer = outcome->answer;
    const char *const served_type = answer != NULL ? answer->result.reply.media_type : "";
    const char *const announced_type = node->wanted.media_type;

    *out_settled = (struct tug__settled){
        .kind = outcome->kind,
        .ref = tug__node_ref(node),
        .digest = outcome->digest,
        .announced_type = announced_type,
        .media_type = announced_type != NULL ? announced_type : served_type,
        .size_bytes = outcome->size_bytes,
        .body = answer != NULL ? answer->result.reply.body : (const char *)node->wanted.data,
        .is_document = node->wanted.is_document,
        .is_referrers = node->wanted.inquiry == TUG__INQUIRY_REFERRERS,
        .is_pinned = node->wanted.tag == NULL || outcome->kind == TUG__SETTLED_REUSED,
        .unpacked = node->wanted.inquiry == TUG__INQUIRY_UNPACKED && answer != NULL
                        ? &answer->result.unpacked
                        : NULL,
        .was_present = outcome->was_present,
        .copied_bytes = outcome->copied_bytes,
        .is_rechecked = outcome->was_present && node->job_kind == TUG__JOB_RECHECK,
        .seconds = (double)(tug__now_ns() - node->attempt.started_ns) / (double)TUG__NS_PER_S,
        .edges = node->edges,
    };
}

bool tug__engine_next_settled(struct tug__engine *engine, struct tug__settled *out_settled)
{
    struct tug__node_list *const list = &engine->settled;

    if (engine->taken != NULL) {
        put_away(engine, engine->taken);
        engine->taken = NULL;
    }
    while (list->first != NULL) {
        struct tug__node *const node = list->first;

        list->first = node->outcome.next;
        list->last = list->first != NULL ? list->last : NULL;
        if (node->outcome.kind == TUG__SETTLED_FORGOTTEN) {
            tug__graph_remove(&engine->graph, node);
        } else if (node->outcome.kind !=
                       TUG__SETTLED_NOT && /* otherwise requested again meanwhile */
                   (node->outcome.kind != TUG__SETTLED_FAILED ||
                    !tug__node_ask_elsewhere(engine, node))) {
            engine->taken = node;
            describe(node, out_settled);
            return true;
        }
    }
    return false;
}

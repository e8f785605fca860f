/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports to the engine's caller: events at once, settled nodes by a list.
 *
 * Knows: nodes. Does not know: images, why anything happened.
 * Threads: the resolver.
 */
#include "engine/state.h"

void tug__engine_emit(struct tug__engine *engine, struct tug_event *event)
{
    engine->settings.on_event(engine->settings.event_context, event);
}

void tug__node_settle(struct tug__engine *engine, struct tug__node *node,
                      enum tug__settled_kind kind)
{
    struct tug__node_list *const list = &engine->settled;

    node->outcome.kind = kind;
    node->outcome.next = NULL;
    if (list->last != NULL) {
        list->last->outcome.next = node;
    } else {
        list->first = node;
    }
    list->last = node;
    tug__delta_let_go(engine, node);
}

void tug__node_release(struct tug__engine *engine, struct tug__node *node)
{
    tug__graph_hide(&engine->graph, node);
    tug__node_settle(engine, node, TUG__SETTLED_FORGOTTEN);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whose plan is made first, and how much of plans and copies there is at once. */
#include <criterion/criterion.h>

#include "engine/delta_internal.h"

#define MB UINT64_C(1048576)

Test(delta_state, the_largest_layer_is_planned_first)
{
    static const uint64_t sizes[] = {5, 9, 1, 9, 7};
    static const size_t order[] = {1, 3, 4, 0, 2}; /* of equal ones the first */
    struct tug__node *const nodes = calloc(5, sizeof *nodes);
    struct tug__node *plans = NULL;

    for (size_t i = 0; i < 5; i++) {
        nodes[i].wanted.size_bytes = sizes[i];
        tug__plans_add(&plans, &nodes[i]);
    }
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(plans, &nodes[order[i]], "place %zu", i);
        cr_assert_eq(plans->job_kind, TUG__JOB_PLAN);
        plans = plans->links.next_queued;
    }
    cr_assert_null(plans);
    free(nodes);
}

Test(delta_state, plans_at_once)
{
    struct tug__delta_state state = {0};

    cr_assert(tug__plan_may_begin(&state, 1000 * MB, 2), "one may read as much as it needs");
    state.plans_out = 1;
    state.plan_bytes = 10 * MB;
    cr_assert(tug__plan_may_begin(&state, 6 * MB, 2));
    cr_assert_not(tug__plan_may_begin(&state, 6 * MB + 1, 2));
    cr_assert_not(tug__plan_may_begin(&state, 0, 1));
    state.plans_out = 2;
    cr_assert_not(tug__plan_may_begin(&state, 0, 2));
    cr_assert(tug__plan_may_begin(&state, 0, 4));
}

Test(delta_state, copies_beside_plans)
{
    struct tug__delta_state state = {0};

    cr_assert(tug__copy_may_begin(&state, 2, 8, 2));
    cr_assert_not(tug__copy_may_begin(&state, 3, 8, 2), "of eight connections three");
    state.copies_out = 20;
    cr_assert(tug__copy_may_begin(&state, 0, 8, 2), "of another layer");
    state.plans_out = 1;
    cr_assert_not(tug__copy_may_begin(&state, 0, 8, 2));
    state.copies_out = 1;
    cr_assert_not(tug__copy_may_begin(&state, 0, 8, 2));
    cr_assert(tug__copy_may_begin(&state, 0, 8, 4));
    state.copies_out = 0;
    state.plans_out = 4;
    cr_assert(tug__copy_may_begin(&state, 0, 8, 4), "one always: plans may come for a long time");
}

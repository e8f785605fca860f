/* SPDX-License-Identifier: Apache-2.0 */
/* When a blob gets more connections: simulated links, capped by connection or as a whole. */
#include <criterion/criterion.h>

#include "engine/spread.h"

#define STEP_NS UINT64_C(50000000)
#define MB UINT64_C(1000000)

/* A simulated download: each connection has so much, and all together no more than that. */
struct link {
    uint64_t per_connection; /* bytes/s */
    uint64_t whole;
    struct tug__spread spread;
    struct tug__spread_view view;
    unsigned workers;
    unsigned added, returned; /* how often advised */
    unsigned most;
};

static void start(struct link *link, uint64_t size_bytes, unsigned workers)
{
    link->spread = (struct tug__spread){0};
    link->view = (struct tug__spread_view){.now_ns = 1, .connections = 1, .rest_bytes = size_bytes};
    link->workers = workers;
    link->added = 0;
    link->returned = 0;
    link->most = 1;
}

static void step(struct link *link)
{
    struct tug__spread_view *const view = &link->view;
    const uint64_t sum = view->connections * link->per_connection;
    const uint64_t bytes = (sum < link->whole ? sum : link->whole) / 20;
    unsigned count = 0;

    view->now_ns += STEP_NS;
    view->received_bytes += bytes;
    view->rest_bytes = view->rest_bytes > bytes ? view->rest_bytes - bytes : 0;
    view->idle_workers = link->workers - view->connections;
    view->rest_connections = view->connections;
    switch (tug__spread_advise(&link->spread, view, &count)) {
    case TUG__SPREAD_ADD:
        cr_assert(count >= 1 && count <= view->idle_workers);
        view->connections += count;
        link->added++;
        break;
    case TUG__SPREAD_RETURN:
        cr_assert_lt(link->spread.connections_before, view->connections);
        view->connections = link->spread.connections_before;
        link->returned++;
        break;
    case TUG__SPREAD_STAY:
        break;
    }
    link->most = view->connections > link->most ? view->connections : link->most;
}

Test(spread, capped_connections_get_all_workers_soon)
{
    struct link link = {.per_connection = 20 * MB, .whole = 10000 * MB};

    start(&link, 1024 * MB, 8);
    for (int i = 0; i < 20; i++) {
        step(&link);
    }
    cr_assert_eq(link.view.connections, 8, "%u after a second", link.view.connections);
    cr_assert_eq(link.returned, 0);
}

Test(spread, a_full_link_gets_few_and_gives_them_back)
{
    struct link link = {.per_connection = 100 * MB, .whole = 100 * MB};

    start(&link, 10000 * MB, 8);
    for (int i = 0; i < 1200; i++) {
        step(&link);
    }
    cr_assert_leq(link.most, 3, "a step is two for one while much is left");
    cr_assert_eq(link.view.connections, 1);
    cr_assert_eq(link.added, link.returned);
    /* Pauses double up to half a minute. */
    cr_assert_leq(link.added, 8, "%u times in a minute", link.added);
    cr_assert_geq(link.added, 2, "it is tried again");
}

Test(spread, a_short_rest_is_left_alone)
{
    struct link link = {.per_connection = 20 * MB, .whole = 10000 * MB};

    start(&link, 28 * MB, 8);
    for (int i = 0; i < 30; i++) {
        step(&link);
    }
    cr_assert_eq(link.most, 1);
}

Test(spread, without_idle_workers_nothing_is_added)
{
    struct link link = {.per_connection = 20 * MB, .whole = 10000 * MB};

    start(&link, 1024 * MB, 1);
    for (int i = 0; i < 40; i++) {
        step(&link);
    }
    cr_assert_eq(link.added, 0);
}

/* An answer that does not come is waited for, but not for ever. */
Test(spread, an_addition_without_answer_is_judged_in_the_end)
{
    struct link link = {.per_connection = 20 * MB, .whole = 20 * MB};

    start(&link, 10000 * MB, 8);
    while (link.added == 0) {
        step(&link);
    }
    link.view.pending = 1;
    for (int i = 0; i < 20; i++) {
        step(&link);
    }
    cr_assert_eq(link.returned, 0, "too early");
    for (int i = 0; i < 20; i++) {
        step(&link);
    }
    cr_assert_eq(link.returned, 1);
}

/* Others that end meanwhile leave nothing to compare. */
Test(spread, fewer_connections_than_before_are_not_judged)
{
    struct link link = {.per_connection = 20 * MB, .whole = 10000 * MB};

    start(&link, 10000 * MB, 8);
    while (link.added == 0) {
        step(&link);
    }
    link.view.connections = 1;
    for (int i = 0; i < 6; i++) {
        link.workers = 1; /* nothing further */
        step(&link);
    }
    cr_assert_eq(link.returned, 0);
}

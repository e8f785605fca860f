/* SPDX-License-Identifier: Apache-2.0 */
/* When a blob gets more connections: simulated links, capped by connection or as a whole. */
#include <criterion/criterion.h>

#include "engine/deal.h"
#include "engine/spread.h"

#define STEP_NS UINT64_C(25000000)
#define STEPS_PER_S 40
#define MS UINT64_C(1000000)
#define MB UINT64_C(1000000)
#define SHARE_BYTES (UINT64_C(1) << 20)

/* A simulated download: each connection has so much, and all together no more than that. */
struct link {
    uint64_t per_connection; /* bytes/s */
    uint64_t whole;
    struct tug__spread spread;
    struct tug__spread_view view;
    unsigned workers;
    unsigned added, returned; /* how often advised */
    unsigned most;
    uint64_t added_ns; /* when first */
};

static void start(struct link *link, uint64_t size_bytes, unsigned workers)
{
    link->spread = (struct tug__spread){0};
    link->view = (struct tug__spread_view){
        .now_ns = 1, .connections = 1, .answer_ns = 1 * MS, .rest_bytes = size_bytes};
    link->workers = workers;
    link->added = 0;
    link->returned = 0;
    link->most = 1;
    link->added_ns = 0;
}

/* One blob has all connections. */
static void look(struct tug__spread_view *view, unsigned idle_workers)
{
    struct tug__deal_blob blob = {.rest_bytes = view->rest_bytes, .connections = view->connections};

    view->each_bytes = tug__deal_longest(&blob, 1);
    view->can_join = tug__deal(&blob, 1, idle_workers, SHARE_BYTES);
    view->each_bytes_after = tug__deal_longest(&blob, 1);
}

static void step(struct link *link)
{
    struct tug__spread_view *const view = &link->view;
    const uint64_t sum = view->connections * link->per_connection;
    const uint64_t bytes = (sum < link->whole ? sum : link->whole) / STEPS_PER_S;
    unsigned count = 0;

    view->now_ns += STEP_NS;
    view->received_bytes += bytes;
    view->rest_bytes = view->rest_bytes > bytes ? view->rest_bytes - bytes : 0;
    look(view, link->workers - view->connections);
    switch (tug__spread_advise(&link->spread, view, &count)) {
    case TUG__SPREAD_ADD:
        cr_assert(count >= 1 && count <= view->can_join);
        view->connections += count;
        link->added_ns = link->added++ == 0 ? view->now_ns : link->added_ns;
        break;
    case TUG__SPREAD_RETURN:
        cr_assert(count >= 1 && count < view->connections);
        view->connections -= count;
        link->returned++;
        break;
    case TUG__SPREAD_STAY:
        break;
    }
    link->most = view->connections > link->most ? view->connections : link->most;
}

static void run(struct link *link, unsigned ms)
{
    for (unsigned i = 0; i < ms * STEPS_PER_S / 1000; i++) {
        step(link);
    }
}

Test(spread, capped_connections_get_all_workers_at_once)
{
    struct link link = {.per_connection = 20 * MB, .whole = 10000 * MB};

    start(&link, 1024 * MB, 8);
    run(&link, 150);
    cr_assert_eq(link.view.connections, 8, "%u after a sample", link.view.connections);
    cr_assert_leq(link.added_ns, 126 * MS);
    run(&link, 1000);
    cr_assert_eq(link.view.connections, 8);
    cr_assert_eq(link.added, 1);
    cr_assert_eq(link.returned, 0);
}

Test(spread, layers_of_some_mib_are_worth_it)
{
    static const struct {
        uint64_t size_bytes;
        unsigned connections;
    } expected[] = {{64 * MB, 8}, {16 * MB, 8}, {8 * MB, 5}, {6 * MB, 3}, {3 * MB, 1}};

    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct link link = {.per_connection = 20 * MB, .whole = 10000 * MB};

        start(&link, expected[i].size_bytes, 8);
        run(&link, 150);
        cr_assert_eq(link.view.connections, expected[i].connections, "%u for %ju MB",
                     link.view.connections, (uintmax_t)(expected[i].size_bytes / MB));
    }
}

/* What an answer takes is more than what would be saved. */
Test(spread, a_long_way_is_not_gone_for_little)
{
    struct link link = {.per_connection = 20 * MB, .whole = 10000 * MB};

    start(&link, 8 * MB, 8);
    link.view.answer_ns = 150 * MS;
    run(&link, 400);
    cr_assert_eq(link.added, 0);
}

Test(spread, a_full_link_gives_them_back)
{
    struct link link = {.per_connection = 100 * MB, .whole = 100 * MB};

    start(&link, 10000 * MB, 8);
    run(&link, 300);
    cr_assert_eq(link.most, 8);
    cr_assert_eq(link.returned, 1, "as soon as it is known");
    run(&link, 59700);
    cr_assert_eq(link.view.connections, 1);
    cr_assert_eq(link.added, link.returned);
    /* Pauses double up to half a minute. */
    cr_assert_leq(link.added, 8, "%u times in a minute", link.added);
    cr_assert_geq(link.added, 2, "it is tried again");
}

/* Eight connections bring what three would: four are kept. */
Test(spread, what_does_not_pay_is_given_back)
{
    struct link link = {.per_connection = 20 * MB, .whole = 61 * MB};

    start(&link, 1000 * MB, 8);
    run(&link, 1000);
    cr_assert_eq(link.most, 8);
    cr_assert_eq(link.view.connections, 4);
}

Test(spread, a_fast_run_gets_few)
{
    struct link link = {.per_connection = 1000 * MB, .whole = 1000 * MB};

    start(&link, 1100 * MB, 8);
    run(&link, 1000);
    cr_assert_eq(link.added, 0, "it ends soon");
    start(&link, 10000 * MB, 8);
    run(&link, 9000);
    cr_assert_geq(link.added, 1);
    cr_assert_leq(link.most, 3, "a step is two for one while much is left");
}

/* New connections start slowly: they are not judged by their first moments. */
Test(spread, a_slow_start_is_waited_for)
{
    struct link link = {.per_connection = 20 * MB, .whole = 20 * MB};

    start(&link, 10000 * MB, 8);
    link.view.answer_ns = 100 * MS;
    run(&link, 500);
    cr_assert_eq(link.added, 1);
    cr_assert_eq(link.returned, 0, "they have just begun");
    link.whole = 10000 * MB;
    run(&link, 500);
    cr_assert_eq(link.returned, 0);
    cr_assert_eq(link.view.connections, 8);
}

/* Seven blobs, and one ends: another gets its connection at once, without a sample. */
Test(spread, a_connection_that_ends_is_replaced)
{
    struct link link = {.per_connection = 20 * MB, .whole = 10000 * MB};

    start(&link, 500 * MB, 7);
    link.view.connections = 7;
    run(&link, 200);
    cr_assert_eq(link.added, 0);
    link.view.connections = 6;
    step(&link);
    cr_assert_eq(link.added, 1);
    cr_assert_eq(link.view.connections, 7);
}

Test(spread, without_idle_workers_nothing_is_added)
{
    struct link link = {.per_connection = 20 * MB, .whole = 10000 * MB};

    start(&link, 1024 * MB, 1);
    run(&link, 2000);
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
    run(&link, 1000);
    cr_assert_eq(link.returned, 0, "too early");
    run(&link, 1000);
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
    link.workers = 1; /* nothing further */
    run(&link, 300);
    cr_assert_eq(link.returned, 0);
}

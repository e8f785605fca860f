/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of a trace: what is reported, joined and left out.
 */
#include "base/trace.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/clock.h"

#define SEEN_MAX 4096

/* What on_trace was told. */
struct seen {
    struct tug_trace_event events[SEEN_MAX];
    size_t count;
    char row_names[8][32];
    uint64_t spans, dropped;
    unsigned flushes;
};

static void on_trace(void *context, const struct tug_trace_event *event)
{
    struct seen *const seen = context;

    if (event->kind == TUG_TRACE_ROW) {
        (void)snprintf(seen->row_names[event->row], sizeof seen->row_names[0], "%s", event->name);
        return;
    }
    if (event->kind == TUG_TRACE_FLUSH) {
        seen->flushes++;
        return;
    }
    seen->spans += event->kind == TUG_TRACE_SPAN;
    seen->dropped += event->kind == TUG_TRACE_DROPPED ? event->value : 0;
    if (seen->count < SEEN_MAX) {
        seen->events[seen->count++] = *event;
    }
}

static struct tug__trace *make(struct seen *seen)
{
    struct tug__trace *trace = NULL;

    cr_assert_eq(tug__trace_create(on_trace, seen, &trace, NULL), TUG_OK);
    cr_assert_not_null(trace);
    return trace;
}

static void add(struct tug__trace_row *row, const char *name)
{
    tug__trace_end(row, tug__trace_begin(row), &(struct tug_trace_event){.name = name});
}

static struct tug_trace_event piece(uint8_t first_byte, uint64_t offset, uint64_t length)
{
    return (struct tug_trace_event){
        .name = "hash",
        .digest = {.algorithm = TUG_DIGEST_SHA256, .bytes = {first_byte}},
        .offset = offset,
        .length = length,
    };
}

static void add_piece(struct tug__trace_row *row, struct tug_trace_event span)
{
    tug__trace_end(row, tug__now_ns(), &span);
}

Test(base_trace, without_a_callback_there_is_nothing)
{
    struct tug__trace *trace = (struct tug__trace *)1;
    uint64_t last = 0;

    cr_assert_eq(tug__trace_create(NULL, NULL, &trace, NULL), TUG_OK);
    cr_assert_null(trace);
    cr_assert_null(tug__trace_row(trace, "worker", 0));
    cr_assert_eq(tug__trace_begin(NULL), 0);
    add(NULL, "x");
    cr_assert_null(tug__trace_keep(NULL, "x"));
    tug__trace_count(NULL, "x", 1, &last);
    cr_assert_eq(last, 0);
    cr_assert_eq(tug__trace_drain(NULL), TUG__NEVER_NS);
    tug__trace_destroy(NULL);
}

Test(base_trace, spans_of_each_row_in_order)
{
    struct seen seen = {0};
    struct tug__trace *const trace = make(&seen);
    struct tug__trace_row *const resolver = tug__trace_row(trace, "resolver", -1);
    struct tug__trace_row *const worker = tug__trace_row(trace, "worker", 3);
    const uint64_t before_ns = tug__now_ns();
    const uint64_t outer_ns = tug__trace_begin(worker);

    cr_assert_str_eq(seen.row_names[0], "resolver");
    cr_assert_str_eq(seen.row_names[1], "worker 3");
    cr_assert_eq(tug__trace_row(trace, "worker", 3), worker, "a second row of that name");
    add(worker, "inner");
    tug__trace_end(worker, outer_ns,
                   &(struct tug_trace_event){.name = "outer", .status = TUG_ERR_NETWORK});
    add(resolver, "decide");
    cr_assert_eq(seen.count, 0, "reported before the drain");
    cr_assert_gt(tug__trace_drain(trace), before_ns);
    cr_assert_eq(seen.count, 3);
    cr_assert_eq(seen.flushes, 1);
    (void)tug__trace_drain(trace);
    cr_assert_eq(seen.flushes, 1, "nothing new, and yet a flush");
    cr_assert_str_eq(seen.events[0].name, "decide");
    cr_assert_eq(seen.events[0].row, 0);
    cr_assert_str_eq(seen.events[1].name, "inner");
    cr_assert_eq(seen.events[1].kind, TUG_TRACE_SPAN);
    cr_assert_eq(seen.events[1].row, 1);
    cr_assert_str_eq(seen.events[2].name, "outer");
    cr_assert_eq(seen.events[2].status, TUG_ERR_NETWORK);
    cr_assert_geq(seen.events[2].begin_ns, before_ns);
    cr_assert_leq(seen.events[2].begin_ns, seen.events[1].begin_ns);
    cr_assert_geq(seen.events[2].begin_ns + seen.events[2].duration_ns,
                  seen.events[1].begin_ns + seen.events[1].duration_ns);
    tug__trace_destroy(trace);
    cr_assert_eq(seen.count, 3, "told twice");
}

Test(base_trace, pieces_that_follow_each_other_are_one_span)
{
    struct seen seen = {0};
    struct tug__trace *const trace = make(&seen);
    struct tug__trace_row *const row = tug__trace_row(trace, "lane", 0);
    struct tug_trace_event failed = piece(1, 110, 10);
    const struct tug_trace_event first = piece(1, 0, 100), next = piece(1, 100, 10);
    const uint64_t began_ns = tug__trace_begin(row);
    uint64_t long_ago_ns;

    tug__trace_end(row, began_ns, &first);
    tug__trace_end(row, began_ns, &next); /* the same span: not late, however busy the machine */
    failed.status = TUG_ERR_STORE;
    add_piece(row, failed);
    add_piece(row, piece(2, 120, 10)); /* another blob */
    add_piece(row, piece(2, 140, 10)); /* a gap */
    add_piece(row, piece(2, 150, 0));  /* no bytes */
    long_ago_ns = tug__now_ns();
    while (tug__now_ns() - long_ago_ns <= TUG__NS_PER_MS) {
    }
    add_piece(row, piece(2, 150, 10)); /* later */
    tug__trace_destroy(trace);
    cr_assert_eq(seen.count, 6);
    cr_assert_eq(seen.events[0].length, 110);
    cr_assert_eq(seen.events[0].offset, 0);
    cr_assert_leq(seen.events[0].begin_ns + seen.events[0].duration_ns, seen.events[1].begin_ns);
    cr_assert_eq(seen.events[5].offset, 150);
}

Test(base_trace, what_does_not_fit_is_counted)
{
    struct seen seen = {0};
    struct tug__trace *const trace = make(&seen);
    struct tug__trace_row *const row = tug__trace_row(trace, "worker", 0);

    for (unsigned i = 0; i < TUG__TRACE_ROW_MAX + 5; i++) {
        add(row, "x");
    }
    (void)tug__trace_drain(trace);
    cr_assert_eq(seen.spans, TUG__TRACE_ROW_MAX);
    cr_assert_eq(seen.dropped, 5);
    add(row, "x");
    tug__trace_destroy(trace);
    cr_assert_eq(seen.spans, TUG__TRACE_ROW_MAX + 1);
    cr_assert_eq(seen.dropped, 5, "told twice");
}

static void ignore(void *context, const struct tug_trace_event *event)
{
    (void)context;
    (void)event;
}

Test(base_trace, too_many_rows_are_no_rows)
{
    struct tug__trace *trace = NULL;
    int count = 0;

    cr_assert_eq(tug__trace_create(ignore, NULL, &trace, NULL), TUG_OK);
    while (count <= TUG__TRACE_ROWS_MAX && tug__trace_row(trace, "worker", count) != NULL) {
        count++;
    }
    cr_assert_eq(count, TUG__TRACE_ROWS_MAX);
    tug__trace_destroy(trace);
}

Test(base_trace, texts_are_kept_once_and_bounded)
{
    struct seen seen = {0};
    struct tug__trace *const trace = make(&seen);
    struct tug__trace_row *const row = tug__trace_row(trace, "worker", 0);
    const char *const kept = tug__trace_keep(row, "registry.example:443");
    char text[TUG__TRACE_TEXT_MAX + 1];

    cr_assert_str_eq(kept, "registry.example:443");
    (void)snprintf(text, sizeof text, "registry.example:443");
    cr_assert_eq(tug__trace_keep(row, text), kept);
    memset(text, 'x', TUG__TRACE_TEXT_MAX);
    text[TUG__TRACE_TEXT_MAX] = '\0';
    cr_assert_null(tug__trace_keep(row, text), "too long");
    for (int i = 1; i < TUG__TRACE_TEXTS_MAX; i++) {
        (void)snprintf(text, sizeof text, "host-%d", i);
        cr_assert_not_null(tug__trace_keep(row, text));
    }
    cr_assert_null(tug__trace_keep(row, "one too many"));
    cr_assert_eq(tug__trace_keep(row, "registry.example:443"), kept);
    tug__trace_destroy(trace);
}

Test(base_trace, counters_are_reported_when_they_change)
{
    struct seen seen = {0};
    struct tug__trace *const trace = make(&seen);
    uint64_t last = 0;

    tug__trace_count(trace, "transfers", 0, &last);
    tug__trace_count(trace, "transfers", 2, &last);
    tug__trace_count(trace, "transfers", 2, &last);
    tug__trace_count(trace, "transfers", 0, &last);
    cr_assert_eq(seen.count, 2);
    cr_assert_eq(seen.events[0].kind, TUG_TRACE_COUNTER);
    cr_assert_str_eq(seen.events[0].name, "transfers");
    cr_assert_eq(seen.events[0].value, 2);
    cr_assert_eq(seen.events[1].value, 0);
    tug__trace_destroy(trace);
}

#define SPANS_EACH 50000

static void *add_many(void *row)
{
    for (unsigned i = 0; i < SPANS_EACH; i++) {
        add(row, "x");
    }
    return NULL;
}

/* Whatever the threads do, each span is reported or counted as left out. */
Test(base_trace, threads_add_while_the_owner_drains)
{
    struct seen seen = {0};
    struct tug__trace *const trace = make(&seen);
    pthread_t threads[2];

    for (int i = 0; i < 2; i++) {
        cr_assert_eq(
            pthread_create(&threads[i], NULL, add_many, tug__trace_row(trace, "worker", i)), 0);
    }
    for (unsigned i = 0; i < 2000; i++) {
        (void)tug__trace_drain(trace);
    }
    for (int i = 0; i < 2; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    tug__trace_destroy(trace);
    cr_assert_eq(seen.spans + seen.dropped, 2 * SPANS_EACH);
}

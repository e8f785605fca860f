/* SPDX-License-Identifier: Apache-2.0
 *
 * Traces of whole runs: every thread has a row, spans are nested or apart, and their bytes are
 * those that were fetched and hashed.
 *
 * Knows: what each thread does. Does not know: how long it takes.
 * Threads: criterion's, on which the library calls back.
 */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

TestSuite(trace, .timeout = 60);

#define ROWS_MAX 64
#define SPANS_MAX 20000
#define MIB (UINT64_C(1) << 20)

struct noted {
    char rows[ROWS_MAX][32];
    unsigned row_count;
    struct tug_trace_event *spans; /* owned; SPANS_MAX */
    size_t span_count;
    char hosts[64]; /* the last host of a transfer */
    struct tug_trace_event image;
    unsigned images, counters;
    uint64_t dropped;
    uint64_t most_transfers;
};

static void on_trace(void *context, const struct tug_trace_event *event)
{
    struct noted *const noted = context;

    switch (event->kind) {
    case TUG_TRACE_ROW:
        cr_assert_lt(event->row, ROWS_MAX);
        cr_assert_eq(event->row, noted->row_count);
        (void)snprintf(noted->rows[noted->row_count++], 32, "%s", event->name);
        break;
    case TUG_TRACE_SPAN:
        cr_assert_lt(event->row, noted->row_count, "a span before its row");
        cr_assert_lt(noted->span_count, SPANS_MAX);
        if (strcmp(event->name, "transfer") == 0 && event->text != NULL) {
            (void)snprintf(noted->hosts, sizeof noted->hosts, "%s", event->text);
        }
        noted->spans[noted->span_count++] = *event;
        break;
    case TUG_TRACE_IMAGE:
        noted->images++;
        noted->image = *event;
        break;
    case TUG_TRACE_COUNTER:
        noted->counters++;
        if (strcmp(event->name, "transfers") == 0 && event->value > noted->most_transfers) {
            noted->most_transfers = event->value;
        }
        break;
    case TUG_TRACE_DROPPED:
        noted->dropped += event->value;
        break;
    case TUG_TRACE_FLUSH:
        break;
    case TUG_TRACE_NONE:
    default:
        cr_assert_fail("an event of no kind");
    }
}

static void noted_init(struct noted *noted)
{
    *noted = (struct noted){.spans = calloc(SPANS_MAX, sizeof *noted->spans)};
    cr_assert_not_null(noted->spans);
}

/* Number of rows whose names begin so. */
static unsigned rows_of(const struct noted *noted, const char *prefix)
{
    unsigned count = 0;

    for (unsigned i = 0; i < noted->row_count; i++) {
        count += strncmp(noted->rows[i], prefix, strlen(prefix)) == 0;
    }
    return count;
}

static size_t count_of(const struct noted *noted, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < noted->span_count; i++) {
        count += strcmp(noted->spans[i].name, name) == 0;
    }
    return count;
}

/* Bytes of all spans of a name, of one blob ("sha256:…") or of all (NULL). */
static uint64_t bytes_of(const struct noted *noted, const char *name, const char *digest)
{
    char text[TUG_DIGEST_TEXT_MAX];
    uint64_t sum = 0;

    for (size_t i = 0; i < noted->span_count; i++) {
        const struct tug_trace_event *const span = &noted->spans[i];

        if (strcmp(span->name, name) == 0 &&
            (digest == NULL || strcmp(tug_digest_format(&span->digest, text), digest) == 0)) {
            sum += span->length;
        }
    }
    return sum;
}

/* Spans of a row come in the order of their ends: each ends before the next one does, and begins
 * after the previous one's end, or before its beginning. */
static void expect_nested(const struct noted *noted)
{
    for (unsigned row = 0; row < noted->row_count; row++) {
        const struct tug_trace_event *before = NULL;

        for (size_t i = 0; i < noted->span_count; i++) {
            const struct tug_trace_event *const span = &noted->spans[i];

            if (span->row != row) {
                continue;
            }
            if (before != NULL) {
                const uint64_t end_ns = before->begin_ns + before->duration_ns;

                cr_assert_leq(end_ns, span->begin_ns + span->duration_ns, "%s after %s", span->name,
                              before->name);
                cr_assert(span->begin_ns >= end_ns || span->begin_ns <= before->begin_ns,
                          "%s crosses %s on %s", span->name, before->name, noted->rows[row]);
            }
            before = span;
        }
    }
}

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void expect_between(const struct noted *noted, uint64_t began_ns, uint64_t ended_ns)
{
    for (size_t i = 0; i < noted->span_count; i++) {
        cr_assert_geq(noted->spans[i].begin_ns, began_ns, "%s", noted->spans[i].name);
        cr_assert_leq(noted->spans[i].begin_ns + noted->spans[i].duration_ns, ended_ns, "%s",
                      noted->spans[i].name);
    }
}

Test(trace, a_fetch_accounts_for_every_byte)
{
    static const uint64_t sizes[] = {3 * MIB, 700000, 20000};
    struct build_image_result built;
    struct noted noted;
    struct flow flow;
    uint64_t began_ns;

    noted_init(&noted);
    flow_open(&flow, NULL);
    build_image_add(
        flow.registry,
        &(struct build_image){.repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = 3},
        &built);
    flow.options.on_trace = on_trace;
    flow.options.trace_context = &noted;
    flow.options.max_concurrent_downloads = 3;
    began_ns = now_ns();
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    expect_between(&noted, began_ns, now_ns());
    expect_nested(&noted);
    cr_assert_eq(noted.dropped, 0);
    cr_assert_eq(rows_of(&noted, "resolver"), 1);
    cr_assert_eq(rows_of(&noted, "worker "), 3);
    cr_assert_geq(rows_of(&noted, "lane "), 1);
    cr_assert_eq(bytes_of(&noted, "transfer", NULL) + bytes_of(&noted, "manifest", NULL),
                 flow.seen.image.bytes_fetched);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(bytes_of(&noted, "transfer", built.layers[i].digest), sizes[i]);
        cr_assert_eq(bytes_of(&noted, "hash", built.layers[i].digest), sizes[i]);
        cr_assert_eq(bytes_of(&noted, "sync", built.layers[i].digest), sizes[i]);
    }
    cr_assert_eq(count_of(&noted, "request"), 4); /* with the config */
    cr_assert_eq(count_of(&noted, "index"), 1);
    cr_assert_eq(count_of(&noted, "publish"), 1);
    cr_assert_geq(count_of(&noted, "commit"), 1);
    cr_assert_geq(count_of(&noted, "wait"), 1);
    cr_assert_geq(count_of(&noted, "plan"), 1);
    cr_assert_eq(strncmp(noted.hosts, "127.0.0.1:", 10), 0, "%s", noted.hosts);
    cr_assert_eq(noted.images, 1);
    cr_assert_eq(noted.image.status, TUG_OK);
    free(noted.spans);
    flow_close(&flow);
}

/* A slow blob: several transfers of it beside each other, whose ranges are the whole. */
Test(trace, parts_of_a_blob_are_spans_of_their_own)
{
    static const uint64_t size = 6 * MIB;
    struct build_image_result built;
    struct noted noted;
    struct flow flow;

    noted_init(&noted);
    flow_open(&flow, &(struct fake_options){.rate_bytes_per_s = 1500000});
    build_image_add(
        flow.registry,
        &(struct build_image){.repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1},
        &built);
    flow.options.on_trace = on_trace;
    flow.options.trace_context = &noted;
    flow.options.max_concurrent_downloads = 4;
    flow.options.chunk_size_bytes = MIB;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(bytes_of(&noted, "transfer", built.layers[0].digest), size);
    cr_assert_geq(count_of(&noted, "transfer"), 3);
    cr_assert_geq(noted.most_transfers, 2);
    cr_assert_geq(noted.counters, 10);
    expect_nested(&noted);
    free(noted.spans);
    flow_close(&flow);
}

/* What failed is told as that, with no byte counted, and never with more than host and port. */
Test(trace, failures_are_marked)
{
    struct noted noted;
    struct flow flow;
    unsigned failed = 0;

    noted_init(&noted);
    flow_open(&flow, NULL);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, NULL);
    flow.options.on_trace = on_trace;
    flow.options.trace_context = &noted;
    cr_assert_eq(flow_fetch(&flow, "gone:1"), TUG_ERR_NOT_FOUND);
    for (size_t i = 0; i < noted.span_count; i++) {
        failed += noted.spans[i].status == TUG_ERR_NOT_FOUND;
    }
    cr_assert_eq(failed, 1);
    cr_assert_eq(noted.images, 1);
    cr_assert_eq(noted.image.status, TUG_ERR_NOT_FOUND);
    expect_nested(&noted);
    free(noted.spans);
    flow_close(&flow);
}

Test(trace, a_verification_accounts_for_every_byte)
{
    static const uint64_t sizes[] = {3 * MIB, 20000};
    struct tug_verify_options options = TUG_VERIFY_OPTIONS_INIT;
    struct tug_verify_result result = TUG_VERIFY_RESULT_INIT;
    struct build_image_result built;
    struct tug_store *store = NULL;
    struct noted noted;
    struct flow flow;

    noted_init(&noted);
    flow_open(&flow, NULL);
    build_image_add(
        flow.registry,
        &(struct build_image){.repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = 2},
        &built);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(tug_store_open(flow.store, NULL, &store, NULL), TUG_OK);
    options.on_trace = on_trace;
    options.trace_context = &noted;
    options.threads = 2;
    cr_assert_eq(tug_store_verify(store, &options, NULL, &result, NULL), TUG_OK);
    cr_assert_eq(rows_of(&noted, "verify"), 1);
    cr_assert_eq(rows_of(&noted, "hash "), 2);
    cr_assert_eq(bytes_of(&noted, "hash", NULL), result.bytes_hashed);
    cr_assert_eq(bytes_of(&noted, "hash", built.layers[0].digest), sizes[0]);
    cr_assert_eq(count_of(&noted, "walk"), 1);
    expect_nested(&noted);
    tug_store_close(store);
    free(noted.spans);
    flow_close(&flow);
}

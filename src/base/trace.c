/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of a trace.
 *
 * Knows: threads' spans as values. Does not know: what any thread does, files.
 * Threads: see trace.h. A row's mutex is held for a copy, the one of the texts for a search; never
 * both, never while on_trace runs.
 */
#include "base/trace.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

/* A span that begins at most so long after the last one may continue it. */
#define JOIN_NS (TUG__NS_PER_MS / 10)
/* Spans taken out of a row at a time. */
#define CHUNK 32

struct tug__trace_row {
    /* set at create, then read-only */
    struct tug__trace *trace;
    unsigned number;
    char name[32];
    /* shared, under lock: a ring. Writer: the row's thread; reader: the owner */
    pthread_mutex_t lock;
    struct tug_trace_event *spans; /* TUG__TRACE_ROW_MAX; owned */
    size_t first, count;
    uint64_t dropped;
};

struct tug__trace {
    /* set at create, then read-only */
    tug_trace_fn on_trace;
    void *context;
    /* owner only */
    struct tug__trace_row *rows[TUG__TRACE_ROWS_MAX];
    unsigned row_count;
    bool has_news; /* reports since the last FLUSH */
    /* shared, under text_lock */
    pthread_mutex_t text_lock;
    char texts[TUG__TRACE_TEXTS_MAX][TUG__TRACE_TEXT_MAX];
    size_t text_count;
};

enum tug_status tug__trace_create(tug_trace_fn on_trace, void *context,
                                  struct tug__trace **out_trace, struct tug_error *err)
{
    struct tug__trace *trace;

    if (on_trace == NULL) {
        *out_trace = NULL;
        return TUG_OK;
    }
    trace = calloc(1, sizeof *trace);
    if (trace == NULL) {
        return tug__fail_memory(err);
    }
    trace->on_trace = on_trace;
    trace->context = context;
    (void)pthread_mutex_init(&trace->text_lock, NULL);
    *out_trace = trace;
    return TUG_OK;
}

void tug__trace_destroy(struct tug__trace *trace)
{
    if (trace == NULL) {
        return;
    }
    (void)tug__trace_drain(trace);
    for (unsigned i = 0; i < trace->row_count; i++) {
        (void)pthread_mutex_destroy(&trace->rows[i]->lock);
        free(trace->rows[i]->spans);
        free(trace->rows[i]);
    }
    (void)pthread_mutex_destroy(&trace->text_lock);
    free(trace);
}

/* --- rows, for the owner --- */

static void report(struct tug__trace *trace, const struct tug_trace_event *event)
{
    trace->has_news = true;
    trace->on_trace(trace->context, event);
}

static struct tug__trace_row *create_row(struct tug__trace *trace, const char *name)
{
    struct tug__trace_row *const row = calloc(1, sizeof *row);

    if (row == NULL) {
        return NULL;
    }
    row->spans = calloc(TUG__TRACE_ROW_MAX, sizeof *row->spans);
    if (row->spans == NULL) {
        free(row);
        return NULL;
    }
    row->trace = trace;
    row->number = trace->row_count;
    (void)snprintf(row->name, sizeof row->name, "%s", name);
    (void)pthread_mutex_init(&row->lock, NULL);
    return row;
}

struct tug__trace_row *tug__trace_row(struct tug__trace *trace, const char *name, int number)
{
    struct tug_trace_event event = {.kind = TUG_TRACE_ROW};
    struct tug__trace_row *row;
    char full[sizeof row->name];

    if (trace == NULL) {
        return NULL;
    }
    if (number < 0) {
        (void)snprintf(full, sizeof full, "%s", name);
    } else {
        (void)snprintf(full, sizeof full, "%s %d", name, number);
    }
    for (unsigned i = 0; i < trace->row_count; i++) {
        if (strcmp(trace->rows[i]->name, full) == 0) {
            return trace->rows[i];
        }
    }
    row = trace->row_count < TUG__TRACE_ROWS_MAX ? create_row(trace, full) : NULL;
    if (row != NULL) {
        trace->rows[trace->row_count++] = row;
        event.row = row->number;
        event.name = row->name;
        report(trace, &event);
    }
    return row;
}

/* Take the oldest spans out of a row. Returns: their number. */
static size_t take(struct tug__trace_row *row, struct tug_trace_event out_spans[CHUNK],
                   uint64_t *out_dropped)
{
    size_t count;

    (void)pthread_mutex_lock(&row->lock);
    count = row->count < CHUNK ? row->count : CHUNK;
    for (size_t i = 0; i < count; i++) {
        out_spans[i] = row->spans[(row->first + i) % TUG__TRACE_ROW_MAX];
    }
    row->first = (row->first + count) % TUG__TRACE_ROW_MAX;
    row->count -= count;
    *out_dropped = row->dropped;
    row->dropped = 0;
    (void)pthread_mutex_unlock(&row->lock);
    return count;
}

/* Report what a row has now; what is added meanwhile waits for the next time. */
static void drain_row(struct tug__trace *trace, struct tug__trace_row *row)
{
    struct tug_trace_event spans[CHUNK];
    size_t left = TUG__TRACE_ROW_MAX;
    uint64_t dropped;
    size_t count;

    do {
        count = take(row, spans, &dropped);
        for (size_t i = 0; i < count; i++) {
            report(trace, &spans[i]);
        }
        if (dropped > 0) {
            report(trace, &(struct tug_trace_event){.kind = TUG_TRACE_DROPPED,
                                                    .row = row->number,
                                                    .begin_ns = tug__now_ns(),
                                                    .value = dropped});
        }
        left -= count;
    } while (count == CHUNK && left > 0);
}

uint64_t tug__trace_drain(struct tug__trace *trace)
{
    if (trace == NULL) {
        return TUG__NEVER_NS;
    }
    for (unsigned i = 0; i < trace->row_count; i++) {
        drain_row(trace, trace->rows[i]);
    }
    if (trace->has_news) {
        report(trace, &(struct tug_trace_event){.kind = TUG_TRACE_FLUSH});
        trace->has_news = false;
    }
    return tug__deadline_ns(TUG__TRACE_DRAIN_MS);
}

void tug__trace_count(struct tug__trace *trace, const char *name, uint64_t value, uint64_t *last)
{
    if (trace != NULL && value != *last) {
        *last = value;
        report(trace, &(struct tug_trace_event){.kind = TUG_TRACE_COUNTER,
                                                .name = name,
                                                .begin_ns = tug__now_ns(),
                                                .value = value});
    }
}

/* --- spans, for the row's thread --- */

uint64_t tug__trace_begin(const struct tug__trace_row *row)
{
    return row != NULL ? tug__now_ns() : 0;
}

/* Tell whether a span continues the one before it. */
static bool is_continued(const struct tug_trace_event *before, const struct tug_trace_event *span)
{
    return before->kind == TUG_TRACE_SPAN && span->kind == TUG_TRACE_SPAN && span->length > 0 &&
           before->name == span->name && before->text == span->text &&
           before->status == span->status && before->offset + before->length == span->offset &&
           memcmp(&before->digest, &span->digest, sizeof span->digest) == 0 &&
           span->begin_ns <= before->begin_ns + before->duration_ns + JOIN_NS;
}

void tug__trace_end(struct tug__trace_row *row, uint64_t began_ns,
                    const struct tug_trace_event *given)
{
    struct tug_trace_event span;
    struct tug_trace_event *last;

    if (row == NULL) {
        return;
    }
    span = *given;
    span.kind = given->kind != TUG_TRACE_NONE ? given->kind : TUG_TRACE_SPAN;
    span.row = row->number;
    span.begin_ns = began_ns;
    span.duration_ns = tug__now_ns() - began_ns;
    (void)pthread_mutex_lock(&row->lock);
    last = &row->spans[(row->first + row->count + TUG__TRACE_ROW_MAX - 1) % TUG__TRACE_ROW_MAX];
    if (row->count > 0 && is_continued(last, &span)) {
        last->length += span.length;
        last->duration_ns = span.begin_ns + span.duration_ns - last->begin_ns;
    } else if (row->count < TUG__TRACE_ROW_MAX) {
        row->spans[(row->first + row->count++) % TUG__TRACE_ROW_MAX] = span;
    } else {
        row->dropped++;
    }
    (void)pthread_mutex_unlock(&row->lock);
}

const char *tug__trace_keep(struct tug__trace_row *row, const char *text)
{
    struct tug__trace *const trace = row != NULL ? row->trace : NULL;
    const char *found = NULL;

    if (trace == NULL || strlen(text) >= TUG__TRACE_TEXT_MAX) {
        return NULL;
    }
    (void)pthread_mutex_lock(&trace->text_lock);
    for (size_t i = 0; found == NULL && i < trace->text_count; i++) {
        found = strcmp(trace->texts[i], text) == 0 ? trace->texts[i] : NULL;
    }
    if (found == NULL && trace->text_count < TUG__TRACE_TEXTS_MAX) {
        found = strcpy(trace->texts[trace->text_count++], text);
    }
    (void)pthread_mutex_unlock(&trace->text_lock);
    return found;
}

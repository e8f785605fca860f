/* SPDX-License-Identifier: Apache-2.0
 *
 * The feed that requests a range of a blob from a registry.
 *
 * Knows: the registry's interface, the rate limit. Does not know: files, retries.
 * Threads: each worker's own.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "pool/internal.h"

/* A request in progress. */
struct asking {
    struct tug__worker *worker;
    struct tug__piece *piece;
    struct tug__blob_request request;
    uint64_t asked_ns; /* when the request was made */
    bool has_bytes;    /* the first byte has arrived */
    /* for the trace */
    uint64_t began_ns;
    char server[TUG__SERVER_TEXT_MAX];
};

/* Note a span of this request, up to now: "request" until the first byte, then "transfer". */
static void end_span(struct asking *asking, const char *name, uint64_t length,
                     enum tug_status status)
{
    struct tug__trace_row *const row = asking->worker->row;

    if (row == NULL) {
        return;
    }
    tug__trace_end(row, asking->began_ns,
                   &(struct tug_trace_event){
                       .name = name,
                       .digest = *asking->request.digest,
                       .offset = asking->request.first_byte,
                       .length = length,
                       .status = status,
                       .text = tug__trace_keep(row, asking->server),
                   });
    asking->began_ns = tug__trace_begin(row);
}

static enum tug_status receive(void *context, const void *bytes, size_t length,
                               struct tug_error *err)
{
    struct asking *const asking = context;
    struct tug__worker *const worker = asking->worker;
    enum tug_status status;

    if (!asking->has_bytes) {
        asking->has_bytes = true;
        asking->piece->job->result.answer_ns = tug__now_ns() - asking->asked_ns;
        tug__counter_set(&worker->phase, TUG__WORKER_RECEIVING);
        end_span(asking, "request", 0, TUG_OK);
    }
    tug__counter_add(&worker->received, length);
    status = tug__piece_add(asking->piece, bytes, length, err);
    asking->request.is_enough = asking->piece->is_enough;
    if (status == TUG_OK &&
        !tug__budget_spend(&worker->pool->budget, length, tug__worker_should_stop, worker)) {
        status = tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
    }
    return status;
}

enum tug_status tug__feed_registry(void *context, struct tug__piece *piece, struct tug_error *err)
{
    struct tug__worker *const worker = context;
    struct tug__job *const job = piece->job;
    struct asking asking = {
        .worker = worker,
        .piece = piece,
        .asked_ns = tug__now_ns(),
        .request = {.digest = &job->transfer->digest,
                    .size_bytes = job->transfer->size_bytes,
                    .first_byte = job->result.next_byte,
                    .end_byte = piece->end_byte,
                    .needs_range = job->request.is_beside,
                    .avoid = job->request.avoid,
                    .on_data = receive},
    };
    enum tug_status status;

    asking.request.context = &asking;
    if (worker->row != NULL) {
        (void)snprintf(asking.server, sizeof asking.server, "%s", job->request.source.host);
        asking.request.out_server = asking.server;
        asking.began_ns = tug__trace_begin(worker->row);
    }
    status = tug__client_get_blob(worker->client, &job->request.source, &asking.request, err);
    job->result.call = asking.request.result;
    if (asking.has_bytes) {
        end_span(&asking, "transfer", tug__piece_position(piece) - asking.request.first_byte,
                 status);
    } else {
        end_span(&asking, "request", 0, status);
    }
    return status;
}

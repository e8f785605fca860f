/* SPDX-License-Identifier: Apache-2.0
 *
 * The blobs that are under way, as the events tell of them, and rates.
 * Threads: main. Times are seconds since the start of the run (tug_totals.seconds).
 */
#ifndef TUG_CLI_ACTIVE_H
#define TUG_CLI_ACTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/fetch.h>

/* Most blobs kept; downloads are limited to 64, the others wait or are being verified. */
#define ACTIVE_MAX 256

/* A rate as a moving average over about three seconds. All zero is ready to use. */
struct rate {
    double seconds; /* of the last sample */
    uint64_t bytes; /* at the last sample */
    double bytes_per_s;
    bool has_sample;
    bool has_rate;
};

/* Take the bytes counted so far. A count that falls starts the measurement anew. */
void rate_sample(struct rate *rate, double seconds, uint64_t bytes);

/* What a blob is doing. */
enum active_state {
    ACTIVE_DOWNLOADING,
    ACTIVE_VERIFYING, /* all bytes are there */
    ACTIVE_RETRYING,  /* until retry_seconds */
    ACTIVE_WAITING,   /* for another process */
};

struct active_blob {
    struct tug_digest digest;
    uint64_t size_bytes;
    uint64_t done_bytes;
    uint64_t resumed_bytes; /* there before this run */
    enum active_state state;
    double seen_seconds;  /* when an event told of it last */
    double retry_seconds; /* when the next attempt follows */
    struct rate rate;
};

/* The blobs under way, oldest first. All zero is the empty list. */
struct active {
    struct active_blob *blobs; /* owned */
    size_t count;
    size_t capacity;
};

/* Bring the list up to date with an event; kinds that do not concern it change nothing. A blob that
 * is committed or reused leaves the list. */
void active_on_event(struct active *active, const struct tug_event *event);

/* Find a blob. Returns: borrowed until the next event, or NULL. */
const struct active_blob *active_find(const struct active *active, const struct tug_digest *digest);

/* Free a list; it is empty afterwards. */
void active_fini(struct active *active);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Active images and blobs as reported by events, rates, and the last retry.
 * Threads: main. Times are seconds since the start of the run (tug_totals.seconds).
 */
#ifndef TUG_DISPLAY_ACTIVE_H
#define TUG_DISPLAY_ACTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/fetch.h>

/* Most blobs kept: downloads are limited to 64; the others wait, are being verified, or are done.
 * Also the most images kept. */
#define ACTIVE_MAX 256
/* A download without a byte for this long is shown as stalled. */
#define ACTIVE_STALL_SECONDS 3.0

/* A rate as a moving average over about three seconds. All zero is ready to use. */
struct rate {
    double seconds; /* of the last sample */
    uint64_t bytes; /* at the last sample */
    double bytes_per_s;
    bool has_sample;
    bool has_rate;
};

/* Add a sample: the bytes counted so far. A count that falls restarts the measurement. */
void rate_sample(struct rate *rate, double seconds, uint64_t bytes);

/* State of a blob. */
enum active_state {
    ACTIVE_DOWNLOADING,
    ACTIVE_VERIFYING, /* all bytes were received */
    ACTIVE_RETRYING,  /* until retry_seconds */
    ACTIVE_WAITING,   /* for another process */
    ACTIVE_QUEUED,    /* started; goes on when its turn comes or the registry allows it */
    ACTIVE_DONE,      /* in the store; shown until its image is complete */
    ACTIVE_EXISTS,    /* was in the store; shown likewise */
};

struct active_blob {
    struct tug_digest digest;
    char *ref;           /* owned; of the image it is shown with, NULL unknown */
    uint64_t size_bytes; /* 0: unknown, or empty */
    uint64_t done_bytes;
    uint64_t resumed_bytes; /* received by an earlier run */
    enum active_state state;
    double seen_seconds;  /* of its last event */
    double moved_seconds; /* when done_bytes changed last */
    double retry_seconds; /* when the next attempt follows */
    struct rate rate;
};

struct active_image {
    size_t position; /* of the reference */
    char *ref;       /* owned */
    bool is_resolved;
    bool has_blobs; /* a manifest was read: the bytes known are not those of an index alone */
    uint64_t blobs, blobs_done;
    uint64_t bytes_known, bytes_done;
    double seen_seconds;  /* of its first event */
    double retry_seconds; /* when its manifest is requested again; in the past: no wait */
};

/* The last failed attempt of anything. */
struct active_retry {
    char *ref;                      /* owned; NULL: there was none */
    char *text;                     /* owned; the error */
    unsigned attempt, attempts_max; /* as in struct tug_event */
    double retry_seconds;           /* when the next one follows */
    uint64_t received_bytes;        /* totals at that moment */
    uint64_t blobs_done;
    uint64_t count; /* retries so far */
};

/* Active images and blobs, oldest first. All zero is empty. */
struct active {
    struct active_blob *blobs; /* owned */
    size_t count;
    size_t capacity;
    struct active_image *images; /* owned */
    size_t image_count;
    size_t image_capacity;
    struct active_retry retry;
};

/* Update the lists from an event; unrelated kinds change nothing. Blobs and the image they are
 * shown with leave together when the image is complete or failed. */
void active_on_event(struct active *active, const struct tug_event *event);

/* Find a blob. Returns: borrowed until the next event, or NULL. */
const struct active_blob *active_find(const struct active *active, const struct tug_digest *digest);

/* Tell whether a blob is still to be fetched: neither done nor reused. */
bool active_is_live(const struct active_blob *blob);

/* Return how long a running download has received no byte; 0: it is not stalled, or not long enough
 * to show. now_seconds: of the run. */
double active_stalled_seconds(const struct active_blob *blob, double now_seconds);

/* Tell whether the last retry is still worth showing: until a byte arrives after the next attempt
 * has begun, and at least three seconds, so that it can be read. */
bool active_has_retry(const struct active *active, const struct tug_totals *totals);

/* Fraction of an image, or of the whole run, that is done, 0 to 1; negative: not known yet. Until
 * all references have been resolved, the run's is derived from its images. */
double active_image_part(const struct active_image *image);
double active_total_part(const struct active *active, const struct tug_totals *totals);

/* Estimate the seconds until the run is over; negative: unknown.
 * rate: bytes received per second at present. */
double active_eta_seconds(const struct active *active, const struct tug_totals *totals,
                          const struct rate *rate);

/* Free the lists; they are empty afterwards. */
void active_fini(struct active *active);

#endif

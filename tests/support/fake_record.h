/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of the fake registry: every request it received and what it sent back.
 *
 * method NULL means any; path as in fake_rule.h, NULL means any. Requests are in the order in
 * which their headers were complete and their rules were picked: rules that are added or removed
 * once a request is seen here do not change its answer. Waiting functions return as soon as the
 * thing happened. Threads: any. Blocks: only the wait functions, at most timeout_ms.
 */
#ifndef FAKE_RECORD_H
#define FAKE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_registry;

/* One request, as far as its answer has got; the text is borrowed until destroy. */
struct fake_request {
    unsigned connection; /* from 1 on, in the order of accept */
    const char *method;
    const char *path;    /* the request target as sent, query included */
    const char *range;   /* value of the Range header, "" without one */
    const char *headers; /* "Name: value\r\n" lines, the first 16 KiB */
    const char *body;    /* the request's body (a form), the first 16 KiB */
    int rule;            /* number of the rule applied, 0: none */
    int status;          /* status sent; 0: not yet, or never */
    uint64_t body_bytes; /* content bytes sent so far, without chunk framing */
    uint64_t start_ns;   /* CLOCK_MONOTONIC when the headers were complete */
    uint64_t finish_ns;  /* when the answer was over; 0: not yet */
};

/* Sums since the start or the last fake_record_mark(). */
struct fake_totals {
    uint64_t requests;
    uint64_t body_bytes; /* of all answers */
    uint64_t blob_bytes; /* of answers to …/blobs/… with a status below 300 */
    unsigned connections_accepted;
    unsigned connections_open;     /* now */
    unsigned connections_open_max; /* most open at once */
};

/* Number of requests that match. */
size_t fake_record_count(struct fake_registry *registry, const char *method, const char *path);

/*
 * Copy the nth (from 0) of the matching requests.
 * Returns: false when there are not that many, *out_request untouched.
 */
bool fake_record_get(struct fake_registry *registry, const char *method, const char *path,
                     size_t nth, struct fake_request *out_request);

/*
 * Find a header of a request, any case; the first of that name.
 * buf: receives the value, cut to size bytes with NUL.
 * Returns: whether it is there.
 */
bool fake_request_header(const struct fake_request *request, const char *name, char *buf,
                         size_t size);

/* All sums at one moment. */
struct fake_totals fake_record_totals(struct fake_registry *registry);

/*
 * Start counting anew: requests before this moment are no longer found, sums begin at zero (the
 * open connections stay counted). Text lent before stays valid.
 */
void fake_record_mark(struct fake_registry *registry);

/* Wait until count matching requests were received. Returns: whether they were. */
bool fake_record_wait_count(struct fake_registry *registry, const char *method, const char *path,
                            size_t count, unsigned timeout_ms);

/* Wait until at least body_bytes of content were sent, in all answers. Returns: whether so. */
bool fake_record_wait_bytes(struct fake_registry *registry, uint64_t body_bytes,
                            unsigned timeout_ms);

/* Wait until no request is being answered. Returns: whether so. */
bool fake_record_wait_idle(struct fake_registry *registry, unsigned timeout_ms);

/* Wait until every connection is closed. Returns: whether so. */
bool fake_record_wait_closed(struct fake_registry *registry, unsigned timeout_ms);

#endif

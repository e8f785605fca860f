/* SPDX-License-Identifier: Apache-2.0
 *
 * When to retry, and when to give up: the only place that decides it.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_REGISTRY_RETRY_H
#define TUG_REGISTRY_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include <tug/error.h>

/* A failed attempt that brought this many bytes counts as progress. A lower bound would let a
 * server keep us busy forever, a few bytes at a time. */
#define TUG__PROGRESS_BYTES ((uint64_t)64 * 1024)

struct tug__retry_policy {
    unsigned retries;     /* failed attempts in a row after the first; 0: never retry */
    uint64_t max_wait_ms; /* longest single wait */
};

/* Tell whether an error is transient: TUG_ERR_NETWORK unless it is a 4xx other than 408 and 425,
 * and TUG_ERR_RATE_LIMITED; nothing that is_permanent. */
bool tug__retry_may_pass(const struct tug_error *error);

/* Count an attempt that failed.
 * failures: attempts in a row that failed without progress, before this one. progress_bytes:
 * content that this one brought; 0 for documents, which start over each time. Returns: the new
 * count, for tug__retry_decide: 0 from TUG__PROGRESS_BYTES on. */
unsigned tug__retry_count(unsigned failures, uint64_t progress_bytes);

/* Tell whether to follow a failed HEAD by a GET at once: the registry may not support HEAD, or not
 * here. error, retry_after_ms: of the HEAD. is_last: it will not be retried. True for a 4xx, unless
 * it is about credentials or time, and a 501; for another 5xx at the last attempt, unless the
 * server asked for a pause. */
bool tug__retry_by_get(const struct tug_error *error, uint64_t retry_after_ms, bool is_last);

/* An attempt that failed. */
struct tug__failed_attempt {
    const struct tug_error *error;
    unsigned failures; /* attempts without progress so far, this one included; 0: this one made
                          progress */
    uint64_t retry_after_ms; /* wait requested by the server; 0: none */
};

/* Decide whether to retry a failed attempt, and after what delay.
 * random: any 32 random bits; they spread the delays of many clients (jitter).
 * Returns: true and *out_delay_ms (0 to max_wait_ms); false: the error is final. Transient errors
 * are retried, unless the server asks for more than max_wait_ms. */
bool tug__retry_decide(const struct tug__retry_policy *policy,
                       const struct tug__failed_attempt *attempt, uint32_t random,
                       uint64_t *out_delay_ms);

#endif

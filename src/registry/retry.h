/* SPDX-License-Identifier: Apache-2.0
 *
 * When to try again, and when to stop. A pure function: the only place that decides it.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_REGISTRY_RETRY_H
#define TUG_REGISTRY_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include <tug/error.h>

/* Bytes that make a failed attempt count as progress. With fewer a server could keep us busy for
 * ever, a few bytes at a time. */
#define TUG__PROGRESS_BYTES ((uint64_t)64 * 1024)

struct tug__retry_policy {
    unsigned retries;     /* failed attempts in a row after the first; 0: never try again */
    uint64_t max_wait_ms; /* longest single wait */
};

/* Tell whether an error is of a kind that may pass: TUG_ERR_NETWORK unless it is a 4xx other than
 * 408 and 425, and TUG_ERR_RATE_LIMITED; nothing that is_permanent. */
bool tug__retry_may_pass(const struct tug_error *error);

/* Count an attempt that failed.
 * failures: attempts in a row that failed without progress, before this one. progress_bytes:
 * content that this one brought; of documents, which begin anew each time, 0. Returns: the same
 * with this one, for tug__retry_decide: 0 from TUG__PROGRESS_BYTES on. */
unsigned tug__retry_count(unsigned failures, uint64_t progress_bytes);

/* Tell whether a failed HEAD is worth a GET at once: the registry may know no HEAD, or not for
 * this. error, retry_after_ms: of the HEAD. is_last: it is not tried again. So is a 4xx, unless it
 * is about credentials or time, and a 501; another 5xx at last, unless the server told us to wait.
 */
bool tug__retry_by_get(const struct tug_error *error, uint64_t retry_after_ms, bool is_last);

/* Tell whether a failed attempt is worth another one, and after what wait.
 * error: of the attempt. failures: attempts without progress so far, this one included (0 when this
 * one made progress). retry_after_ms: what the server asked for, 0 for nothing.
 * random: any 32 random bits; they spread the waits of many clients (jitter).
 * Returns: true and *out_delay_ms (0 to max_wait_ms); false: the error is final.
 * Retried: what may pass, unless the server asks for more than max_wait_ms. */
bool tug__retry_decide(const struct tug__retry_policy *policy, const struct tug_error *error,
                       unsigned failures, uint64_t retry_after_ms, uint32_t random,
                       uint64_t *out_delay_ms);

#endif

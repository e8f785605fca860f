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

struct tug__retry_policy {
    unsigned retries;     /* attempts after the first that may fail without progress */
    uint64_t max_wait_ms; /* longest single wait */
};

/* Tell whether an error is of a kind that may pass: TUG_ERR_NETWORK unless it is a 4xx other than
 * 408 and 425, and TUG_ERR_RATE_LIMITED; nothing that is_permanent. */
bool tug__retry_may_pass(const struct tug_error *error);

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

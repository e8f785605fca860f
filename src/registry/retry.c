/* SPDX-License-Identifier: Apache-2.0
 *
 * The retry policy: exponential backoff with jitter.
 *
 * Knows: error codes. Does not know: clocks, HTTP, the store.
 * Threads: any.
 */
#include "registry/retry.h"

#include <errno.h>
#include <limits.h>

/* First delay; it doubles with each failure. */
#define BACKOFF_START_MS UINT64_C(200)
/* Doublings after which the delay no longer grows: 200 ms * 2^9 = 102 s. */
#define BACKOFF_STEPS_MAX 9

bool tug__retry_may_pass(const struct tug_error *error)
{
    const int status = error->http_status;

    if (error->is_permanent) {
        return false;
    }
    if (error->code == TUG_ERR_RATE_LIMITED ||
        (error->code == TUG_ERR_STORE &&
         (error->os_errno == EMFILE || error->os_errno == ENFILE))) {
        return true; /* other files are closed as their blobs are done */
    }
    return error->code == TUG_ERR_NETWORK &&
           (status < 400 || status >= 500 || status == 408 || status == 425);
}

unsigned tug__retry_count(unsigned failures, uint64_t progress_bytes)
{
    if (progress_bytes >= TUG__PROGRESS_BYTES) {
        return 0;
    }
    return failures < UINT_MAX ? failures + 1 : failures;
}

bool tug__retry_by_get(const struct tug_error *error, uint64_t retry_after_ms, bool is_last)
{
    const int status = error->http_status;

    if (status == 401 || status == 408 || status == 425 || status == 429) {
        return false;
    }
    return (status >= 400 && status < 500) || status == 501 ||
           (status >= 500 && is_last && retry_after_ms == 0);
}

bool tug__retry_decide(const struct tug__retry_policy *policy,
                       const struct tug__failed_attempt *attempt, uint32_t random,
                       uint64_t *out_delay_ms)
{
    const unsigned failures = attempt->failures;
    const unsigned steps = failures < 1 ? 0 : failures - 1;
    uint64_t delay_ms;

    if (!tug__retry_may_pass(attempt->error) || policy->retries == 0 ||
        failures > policy->retries || attempt->retry_after_ms > policy->max_wait_ms) {
        return false;
    }
    delay_ms = BACKOFF_START_MS << (steps < BACKOFF_STEPS_MAX ? steps : BACKOFF_STEPS_MAX);
    delay_ms += delay_ms * (random % 256) / 512; /* up to half as long again */
    if (failures == 0) {
        delay_ms = 0; /* there was progress: continue at once */
    }
    if (delay_ms < attempt->retry_after_ms) {
        delay_ms = attempt->retry_after_ms;
    }
    *out_delay_ms = delay_ms < policy->max_wait_ms ? delay_ms : policy->max_wait_ms;
    return true;
}

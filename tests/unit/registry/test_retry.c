/* SPDX-License-Identifier: Apache-2.0
 *
 * The retry policy.
 */
#include "registry/retry.h"

#include <errno.h>
#include <stddef.h>

#include <criterion/criterion.h>

static const struct tug__retry_policy policy = {.retries = 5, .max_wait_ms = 60000};

static bool decide(const struct tug__retry_policy *with, const struct tug_error *error,
                   unsigned failures, uint64_t retry_after_ms, uint64_t *out_delay_ms)
{
    const struct tug__failed_attempt attempt = {error, failures, retry_after_ms};

    return tug__retry_decide(with, &attempt, 0, out_delay_ms);
}

/* The same with the random bits that delay most. */
static bool decide_most(const struct tug__retry_policy *with, const struct tug_error *error,
                        unsigned failures, uint64_t retry_after_ms, uint64_t *out_delay_ms)
{
    const struct tug__failed_attempt attempt = {error, failures, retry_after_ms};

    return tug__retry_decide(with, &attempt, UINT32_MAX, out_delay_ms);
}

static bool retries(enum tug_status code, int http_status)
{
    const struct tug_error error = {.code = code, .http_status = http_status};
    uint64_t delay_ms = 0;

    return decide(&policy, &error, 1, 0, &delay_ms);
}

Test(registry_retry, only_what_may_pass_is_tried_again)
{
    static const int again[] = {0, 200, 206, 408, 425, 500, 502, 503, 504};
    static const int final[] = {400, 405, 406, 409, 413, 416, 418, 451, 499};

    for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
        cr_assert(retries(TUG_ERR_NETWORK, again[i]), "%d", again[i]);
    }
    for (size_t i = 0; i < sizeof final / sizeof *final; i++) {
        cr_assert_not(retries(TUG_ERR_NETWORK, final[i]), "%d", final[i]);
    }
    cr_assert(retries(TUG_ERR_RATE_LIMITED, 429));
    for (int code = TUG_OK; code <= TUG_ERR_INTERNAL; code++) {
        if (code != TUG_ERR_NETWORK && code != TUG_ERR_RATE_LIMITED) {
            cr_assert_not(retries((enum tug_status)code, 503), "%d", code);
        }
    }
}

/* Too many open files is a reason to wait for those that are open, not to fail at once. */
Test(registry_retry, f30_a_lack_of_descriptors_passes)
{
    struct tug_error error = {.code = TUG_ERR_STORE, .os_errno = EMFILE};
    uint64_t delay_ms = 0;

    cr_assert(decide(&policy, &error, 1, 0, &delay_ms));
    cr_assert_not(decide(&policy, &error, policy.retries + 1, 0, &delay_ms));
    error.os_errno = ENFILE;
    cr_assert(decide(&policy, &error, 1, 0, &delay_ms));
    error.os_errno = ENOSPC;
    cr_assert_not(decide(&policy, &error, 1, 0, &delay_ms));
}

Test(registry_retry, attempts_without_progress_are_counted)
{
    const struct tug_error error = {.code = TUG_ERR_NETWORK};
    uint64_t delay_ms = 0;

    for (unsigned failures = 0; failures <= policy.retries; failures++) {
        cr_assert(decide(&policy, &error, failures, 0, &delay_ms), "%u", failures);
    }
    delay_ms = 4711;
    cr_assert_not(decide(&policy, &error, policy.retries + 1, 0, &delay_ms));
    cr_assert(delay_ms == 4711);
}

Test(registry_retry, no_retries_means_none)
{
    const struct tug__retry_policy none = {.retries = 0, .max_wait_ms = 1000};
    const struct tug_error error = {.code = TUG_ERR_NETWORK};
    uint64_t delay_ms = 0;

    cr_assert_not(decide(&none, &error, 1, 0, &delay_ms));
    cr_assert_not(decide(&none, &error, 0, 0, &delay_ms), "not after progress");
}

/* The wait grows, is spread by at most half, and never passes its limit, however many failures. */
Test(registry_retry, waits_grow_up_to_the_limit)
{
    const struct tug__retry_policy patient = {.retries = UINT32_MAX, .max_wait_ms = 60000};
    const struct tug_error error = {.code = TUG_ERR_NETWORK};
    uint64_t last_ms = 0;

    for (unsigned failures = 1; failures < 100; failures++) {
        uint64_t least_ms = 0;
        uint64_t most_ms = 0;

        cr_assert(decide(&patient, &error, failures, 0, &least_ms));
        cr_assert(decide_most(&patient, &error, failures, 0, &most_ms));
        cr_assert(least_ms > 0 && least_ms <= most_ms);
        cr_assert(most_ms <= least_ms + least_ms / 2 || most_ms == patient.max_wait_ms);
        cr_assert(least_ms >= last_ms && most_ms <= patient.max_wait_ms, "%u failures", failures);
        last_ms = least_ms;
    }
    cr_assert(last_ms == patient.max_wait_ms);
}

Test(registry_retry, progress_goes_on_at_once)
{
    const struct tug_error error = {.code = TUG_ERR_NETWORK};
    uint64_t delay_ms = 4711;

    cr_assert(decide_most(&policy, &error, 0, 0, &delay_ms));
    cr_assert(delay_ms == 0);
}

Test(registry_retry, the_servers_wish_is_kept)
{
    const struct tug_error error = {.code = TUG_ERR_RATE_LIMITED, .http_status = 429};
    uint64_t delay_ms = 0;

    cr_assert(decide(&policy, &error, 1, 5000, &delay_ms));
    cr_assert(delay_ms == 5000);
    cr_assert(decide(&policy, &error, 0, 5000, &delay_ms));
    cr_assert(delay_ms == 5000);
    cr_assert(decide(&policy, &error, 1, 60000, &delay_ms));
    cr_assert(delay_ms == 60000);
    cr_assert_not(decide(&policy, &error, 1, 60001, &delay_ms));
    cr_assert_not(decide(&policy, &error, 1, UINT64_MAX, &delay_ms));
}

/* Less than 64 KiB is a failed attempt like any other, however often it comes. */
Test(registry_retry, f02_progress_has_a_measure)
{
    cr_assert_eq(tug__retry_count(0, 0), 1);
    cr_assert_eq(tug__retry_count(4, 1), 5);
    cr_assert_eq(tug__retry_count(4, 64 * 1024 - 1), 5);
    cr_assert_eq(tug__retry_count(4, 64 * 1024), 0);
    cr_assert_eq(tug__retry_count(4, UINT64_MAX), 0);
    cr_assert_eq(tug__retry_count(UINT32_MAX, 0), UINT32_MAX);
}

static bool by_get(int http_status, uint64_t retry_after_ms, bool is_last)
{
    const struct tug_error error = {.code = TUG_ERR_NETWORK, .http_status = http_status};

    return tug__retry_by_get(&error, retry_after_ms, is_last);
}

Test(registry_retry, f09_when_a_get_may_do_better_than_a_head)
{
    static const int at_once[] = {400, 403, 404, 405, 406, 501};
    static const int at_last[] = {500, 502, 503, 504};
    static const int never[] = {0, 200, 301, 401, 408, 425, 429};

    for (size_t i = 0; i < sizeof at_once / sizeof *at_once; i++) {
        cr_assert(by_get(at_once[i], 0, false), "%d", at_once[i]);
    }
    for (size_t i = 0; i < sizeof at_last / sizeof *at_last; i++) {
        cr_assert_not(by_get(at_last[i], 0, false), "%d", at_last[i]);
        cr_assert(by_get(at_last[i], 0, true), "%d", at_last[i]);
    }
    cr_assert_not(by_get(503, 1000, true), "it wants to be left alone");
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        cr_assert_not(by_get(never[i], 0, true), "%d", never[i]);
    }
}

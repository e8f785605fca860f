/* SPDX-License-Identifier: Apache-2.0
 *
 * The monotonic clock and deadlines.
 */
#include "base/clock.h"

#include <criterion/criterion.h>

Test(base_clock, never_goes_back)
{
    uint64_t last_ns = tug__now_ns();

    cr_assert(last_ns > 0);
    for (int i = 0; i < 100000; i++) {
        const uint64_t now_ns = tug__now_ns();

        cr_assert(now_ns >= last_ns);
        last_ns = now_ns;
    }
}

Test(base_clock, a_deadline_is_its_span_away)
{
    const uint64_t before_ns = tug__now_ns();
    const uint64_t deadline_ns = tug__deadline_ns(1500);
    const uint64_t after_ns = tug__now_ns();

    cr_assert(deadline_ns >= before_ns + 1500 * TUG__NS_PER_MS);
    cr_assert(deadline_ns <= after_ns + 1500 * TUG__NS_PER_MS);
    cr_assert(tug__deadline_ns(0) >= after_ns);
    cr_assert(tug__deadline_ns(0) < TUG__NEVER_NS);
}

Test(base_clock, an_overflow_is_never)
{
    cr_assert(tug__deadline_ns(UINT64_MAX) == TUG__NEVER_NS);
    cr_assert(tug__deadline_ns(UINT64_MAX / TUG__NS_PER_MS) == TUG__NEVER_NS);
    cr_assert(tug__deadline_ns(UINT64_MAX / TUG__NS_PER_MS / 2) < TUG__NEVER_NS);
}

Test(base_clock, a_timespec_is_the_same_time)
{
    const struct timespec time = tug__timespec(3 * TUG__NS_PER_S + 7);

    cr_assert(time.tv_sec == 3);
    cr_assert(time.tv_nsec == 7);
}

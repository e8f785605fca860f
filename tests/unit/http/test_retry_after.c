/* SPDX-License-Identifier: Apache-2.0
 *
 * Retry-After in every form (T-48).
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "http/retry_after.h"

/* 2026-11-25 12:00:00 UTC */
#define NOW_S INT64_C(1795608000)

struct form {
    char text[64];
    uint64_t ms;
};

ParameterizedTestParameters(retry_after, t48_forms)
{
    static struct form forms[] = {
        {"0", 0},
        {"2", 2000},
        {" 120 ", 120000},
        {"1.5", 1500},
        {"999999999", TUG__RETRY_AFTER_MAX_MS},
        {"99999999999999999999999999999999999", TUG__RETRY_AFTER_MAX_MS},
        {"-5", 0},
        {"880.092\xc2\xb5s", 1},
        {"880.092us", 1},
        {"1m30s", 90000},
        {"1h0.5s", 3600500},
        {"250ms", 250},
        {"1m30", 0},
        {"s", 0},
        {"", 0},
        {"soon", 0},
        {"1e3", 0},
        {"0x10", 0},
        {"inf", 0},
        {"nan", 0},
        {"Wed, 25 Nov 2026 12:00:30 GMT", 30000},
        {"Wednesday, 25-Nov-26 12:00:30 GMT", 30000},
        {"Wed Nov 25 12:00:30 2026", 30000},
        {"Wed, 25 Nov 2026 11:59:30 GMT", 0},
        {"Wed, 25 Nov 2036 12:00:30 GMT", TUG__RETRY_AFTER_MAX_MS},
        {"Wed, 25 Foo 2026 12:00:30 GMT", 0},
        {"Wed, 25 Nov 2026 12:00:30 GMT x", 0},
    };

    return cr_make_param_array(struct form, forms, sizeof forms / sizeof forms[0]);
}

ParameterizedTest(struct form *form, retry_after, t48_forms)
{
    cr_assert_eq(tug__retry_after_parse(form->text, NOW_S), form->ms, "'%s': %lu, not %lu",
                 form->text, (unsigned long)tug__retry_after_parse(form->text, NOW_S),
                 (unsigned long)form->ms);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * FNV-1a.
 */
#include "base/fnv.h"

#include <criterion/criterion.h>

/* Values of the authors' test suite. */
Test(base_fnv, known_values)
{
    const uint64_t foo = tug__fnv_add(TUG__FNV_START, "foo", 3);

    cr_assert(tug__fnv_add(TUG__FNV_START, "", 0) == TUG__FNV_START);
    cr_assert(tug__fnv_add(TUG__FNV_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    cr_assert(tug__fnv_add(foo, "bar", 3) == UINT64_C(0x85944171f73967e8));
}

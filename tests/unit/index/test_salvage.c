/* SPDX-License-Identifier: Apache-2.0
 *
 * What is saved of a damaged index.
 */
#include "index/index.h"

#include <string.h>

#include <criterion/criterion.h>

#define INDEX "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"}\\\"{\"}]}"

static size_t salvage(const char *text)
{
    return tug__index_salvage(text, strlen(text));
}

Test(index_salvage, the_beginning_counts_if_it_is_an_index)
{
    cr_assert_eq(salvage(INDEX), strlen(INDEX));
    cr_assert_eq(salvage(INDEX INDEX), strlen(INDEX));
    cr_assert_eq(salvage(INDEX "garbage"), strlen(INDEX));
    cr_assert_eq(salvage("{}" INDEX), 0);
    cr_assert_eq(salvage("garbage" INDEX), 0);
    cr_assert_eq(salvage("}" INDEX), 0);
    cr_assert_eq(salvage(""), 0);
    for (size_t length = 0; length < strlen(INDEX); length++) {
        cr_assert_eq(tug__index_salvage(INDEX, length), 0, "%zu", length);
    }
}

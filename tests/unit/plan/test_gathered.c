/* SPDX-License-Identifier: Apache-2.0
 *
 * What documents of an image said: entries and checks, copied and found again.
 */
#include "plan/gathered.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct tug_digest digest_of(unsigned number)
{
    struct tug_digest digest = {.algorithm = TUG_DIGEST_SHA256};

    memcpy(digest.bytes, &number, sizeof number);
    return digest;
}

/* Each config of an index is compared with the entries of its manifest. */
Test(pipeline_gathered, f12_entries_are_found_by_digest, .timeout = 20)
{
    enum { COUNT = 20000 };
    struct tug__gathered gathered = {0};
    char type[] = "a/b";
    size_t found = 0;

    for (unsigned i = 0; i < 2 * COUNT; i++) {
        const struct tug__descriptor entry = {.digest = digest_of(i * 7919 % COUNT + 1),
                                              .media_type = type};

        cr_assert_eq(tug__gathered_add_entry(&gathered, &entry, NULL), TUG_OK);
    }
    for (unsigned i = 0; i < COUNT + 2; i++) {
        const struct tug_digest digest = digest_of(i);
        const struct tug__descriptor *const entries =
            tug__gathered_find_entries(&gathered, &digest, &found);

        cr_assert_eq(found, i > 0 && i <= COUNT ? 2 : 0, "%u", i);
        cr_assert(found == 0 || tug_digest_equal(&entries[1].digest, &digest));
    }
    tug__gathered_fini(&gathered);
    cr_assert_eq(tug__gathered_find_entries(&gathered, &(struct tug_digest){0}, &found),
                 gathered.entries);
    cr_assert_eq(found, 0);
}

Test(pipeline_gathered, keeps_copies_of_entries)
{
    struct tug__gathered gathered = {0};
    char media_type[] = "a/b";
    uint8_t data[] = {1, 2, 3};

    for (unsigned i = 0; i < 40; i++) {
        const struct tug__descriptor entry = {.digest = digest_of(i),
                                              .size_bytes = 3,
                                              .media_type = media_type,
                                              .data = i % 2 == 0 ? data : NULL};

        cr_assert_eq(tug__gathered_add_entry(&gathered, &entry, NULL), TUG_OK);
    }
    memset(media_type, 'x', 3);
    memset(data, 9, 3);
    cr_assert_eq(gathered.entry_count, 40);
    for (unsigned i = 0; i < 40; i++) {
        const struct tug_digest digest = digest_of(i);

        cr_assert(tug_digest_equal(&gathered.entries[i].digest, &digest));
        cr_assert_str_eq(gathered.entries[i].media_type, "a/b");
        cr_assert_eq(gathered.entries[i].data != NULL, i % 2 == 0);
        cr_assert(i % 2 != 0 || memcmp(gathered.entries[i].data, "\1\2\3", 3) == 0);
    }
    tug__gathered_fini(&gathered);
    cr_assert_eq(gathered.entry_count, 0);
    cr_assert_null(gathered.entries);
    tug__gathered_fini(&gathered);
}

Test(pipeline_gathered, keeps_checks)
{
    const struct tug_digest digest = digest_of(1);
    const struct tug_digest manifest = digest_of(2);
    struct tug__gathered gathered = {0};

    cr_assert_eq(tug__gathered_add_check(&gathered, &digest, NULL, NULL), TUG_OK);
    cr_assert_eq(tug__gathered_add_check(&gathered, &digest, &manifest, NULL), TUG_OK);
    cr_assert(gathered.checks->is_entry);
    cr_assert(tug_digest_equal(&gathered.checks->manifest, &manifest));
    cr_assert_not(gathered.checks->next->is_entry);
    tug__gathered_fini(&gathered);
    cr_assert_null(gathered.checks);
}

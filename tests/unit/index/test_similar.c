/* SPDX-License-Identifier: Apache-2.0
 *
 * How much the name of an image looks like what a user typed.
 */
#include "unit/store/index_place.h"

static unsigned likeness(const char *text, const char *full, const char *name)
{
    const struct tug__index_wanted wanted = {.text = text, .full = full};

    return tug__index_likeness(&wanted, name, strlen(name));
}

Test(index_similar, in_this_order)
{
    static const char *const names[] = {"r.io/team/app:1.1", "r.io/team/app:latest",
                                        "other.io/deep/app:1.0", "r.io/lib/x", "x"};
    const unsigned slip = likeness("r.io/team/app:1.0", "r.io/team/app:1.0", names[0]);
    const unsigned tail = likeness("app:1.0", "docker.io/library/app:1.0", names[2]);
    const unsigned end = likeness("r.io/team/app:1.0", "r.io/team/app:1.0", names[2]);
    const unsigned tag = likeness("r.io/team/app:1.0", "r.io/team/app:1.0", names[1]);

    cr_assert(slip > tail && tail > end && end > tag && tag > 0);
    cr_assert_eq(likeness("r.io/team/app:1.0", "r.io/team/app:1.0", names[3]), 0);
    cr_assert_eq(likeness("r.io/team/app:1.0", "r.io/team/app:1.0", names[4]), 0);
}

Test(index_similar, slips)
{
    static const char *const near[] = {"nginz:1", "ngin:1", "nginxx:1", "ngnix:1", "nginx:12"};
    static const char *const far[] = {"redis:1", "", "n:1", "nginx:latest"};

    for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
        cr_assert_gt(likeness(near[i], NULL, "nginx:1"), 1, "%s", near[i]);
    }
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        cr_assert_leq(likeness(far[i], NULL, "nginx:1"), 1, "%s", far[i]);
    }
    cr_assert_eq(likeness("", NULL, ""), 0);
    cr_assert_eq(likeness("a", NULL, "b"), 0, "all of a short name is no slip");
}

Test(index_similar, another_tag_or_digest_of_the_repository)
{
    cr_assert_gt(likeness("h:5000/a:1", NULL, "h:5000/a:stable"), 0);
    cr_assert_gt(likeness("h:5000/a", "h:5000/a:latest", "h:5000/a@sha256:00"), 0);
    cr_assert_eq(likeness("h:5000/a", NULL, "h:5000/bcde"), 0);
}

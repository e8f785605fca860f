/* SPDX-License-Identifier: Apache-2.0
 *
 * Which process holds a lock.
 */
#include "store/internal.h"

#include <stdio.h>
#include <sys/file.h>

#include "base/clock.h"
#include "unit/store/store_place.h"

Test(store_holder, f32_lines_of_proc_locks)
{
    long pid = 7;

    cr_assert(
        tug__holder_parse("1: FLOCK  ADVISORY  WRITE 4711 08:1f:42 0 EOF\n", 8, 31, 42, &pid));
    cr_assert_eq(pid, 4711);
    cr_assert(tug__holder_parse("9: FLOCK  ADVISORY  READ 0 00:00:1 0 EOF", 0, 0, 1, &pid));
    cr_assert_eq(pid, 0, "in another container");
    pid = 7;
    cr_assert_not(tug__holder_parse("1: POSIX  ADVISORY  WRITE 1 08:1f:42 0 EOF", 8, 31, 42, &pid));
    cr_assert_not(
        tug__holder_parse("1: -> FLOCK ADVISORY WRITE 1 08:1f:42 0 EOF", 8, 31, 42, &pid));
    cr_assert_not(tug__holder_parse("1: FLOCK  ADVISORY  WRITE 1 08:1f:43 0 EOF", 8, 31, 42, &pid));
    cr_assert_not(tug__holder_parse("1: FLOCK  ADVISORY  WRITE 1 09:1f:42 0 EOF", 8, 31, 42, &pid));
    cr_assert_not(tug__holder_parse("1: FLOCK", 8, 31, 42, &pid));
    cr_assert_not(tug__holder_parse("", 0, 0, 0, &pid));
    cr_assert_eq(pid, 7);
}

/* What a wait was told, and how often it was asked since. */
struct wait {
    char text[TUG_ERROR_MESSAGE_MAX];
    unsigned told;
};

static void take_text(void *context, const char *text)
{
    struct wait *const wait = context;

    wait->told++;
    (void)snprintf(wait->text, sizeof wait->text, "%s", text);
}

static bool was_told(void *context)
{
    return ((const struct wait *)context)->told > 0;
}

Test(store_holder, f32_a_wait_says_for_whom_after_a_second, .timeout = 20)
{
    struct place place = place_create();
    struct wait wait = {0};
    const struct tug__lock_wait settings = {
        .should_give_up = was_told,
        .on_busy = take_text,
        .context = &wait,
    };
    const uint64_t began_ns = tug__now_ns();
    char holder[320];
    int first = -1;
    int second = -1;

    place_open(&place);
    cr_assert_eq(tug__store_lock(place.store, NULL, &first, NULL), TUG_OK);
    cr_assert_eq(tug__store_lock(place.store, &settings, &second, NULL), TUG_ERR_CANCELLED);
    cr_assert_geq(tug__now_ns() - began_ns, TUG__NS_PER_S);
    cr_assert_eq(wait.told, 1);
    cr_assert_not_null(strstr(wait.text, "waiting for "), "%s", wait.text);
    cr_assert_not_null(strstr(wait.text, "store/lock'"), "%s", wait.text);
    tug__holder_describe(first, holder, sizeof holder);
    cr_assert_not_null(strstr(wait.text, holder), "%s, not %s", wait.text, holder);
    tug__store_unlock(first);
    place_remove(&place);
}

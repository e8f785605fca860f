/* SPDX-License-Identifier: Apache-2.0
 *
 * A caller's watch: progress is not told too often, stops are asked for.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "store/watch.h"

TestSuite(watch, .timeout = 60);

struct seen {
    unsigned told;
    unsigned warned;
    struct tug_work_progress last;
    bool stop;
};

static void on_progress(void *context, const struct tug_work_progress *progress)
{
    struct seen *const seen = context;

    seen->told++;
    seen->last = *progress;
}

static bool should_stop(void *context)
{
    const struct seen *const seen = context;

    return seen->stop;
}

static void on_text(void *context, const char *text)
{
    struct seen *const seen = context;

    (void)text;
    seen->warned++;
}

static struct tug__watch begin(struct seen *seen)
{
    struct tug_watch given = TUG_WATCH_INIT;
    struct tug__watch watch;

    given.on_progress = on_progress;
    given.should_stop = should_stop;
    given.on_wait = on_text;
    given.on_warning = on_text;
    given.context = seen;
    cr_assert_eq(tug__watch_begin(&watch, &given, NULL), TUG_OK);
    return watch;
}

Test(watch, nobody_watches)
{
    struct tug_work_progress progress = {0};
    struct tug__watch watch;

    cr_assert_eq(tug__watch_begin(&watch, NULL, NULL), TUG_OK);
    cr_assert_not(tug__watch_should_stop(&watch));
    cr_assert_not(tug__watch_should_stop(NULL));
    cr_assert_eq(tug__watch_check(&watch, NULL), TUG_OK);
    tug__watch_tell(&watch, &progress, true);
    tug__watch_warn(&watch, "nobody reads this");
    tug__watch_warn(NULL, "nor this");
}

Test(watch, progress_is_told_at_most_ten_times_a_second)
{
    struct tug_work_progress progress = {.items_total = 1000};
    struct seen seen = {0};
    struct tug__watch watch = begin(&seen);

    for (progress.items_done = 0; progress.items_done < 1000; progress.items_done++) {
        tug__watch_tell(&watch, &progress, false);
    }
    cr_assert_geq(seen.told, 1);
    cr_assert_leq(seen.told, 1 + (unsigned)(seen.last.seconds * 10 + 1));
    tug__watch_tell(&watch, &progress, true);
    cr_assert_eq(seen.last.items_done, 1000);
    cr_assert_geq(seen.last.seconds, 0);
}

Test(watch, stop_is_an_error)
{
    struct seen seen = {.stop = true};
    struct tug__watch watch = begin(&seen);
    struct tug_error error = {0};

    cr_assert_eq(tug__watch_check(&watch, &error), TUG_ERR_CANCELLED);
    cr_assert_str_eq(error.message, "interrupted");
}

Test(watch, waits_for_locks)
{
    struct seen seen = {.stop = true};
    struct tug__watch watch = begin(&seen);
    const struct tug__lock_wait wait = tug__watch_lock_wait(&watch);

    cr_assert(wait.should_give_up(wait.context));
    wait.on_busy(wait.context, "waiting");
    cr_assert_eq(seen.warned, 1);
}

Test(watch, without_a_size_it_is_refused)
{
    const struct tug_watch given = {0};
    struct tug__watch watch;
    struct tug_error error = {0};

    cr_assert_eq(tug__watch_begin(&watch, &given, &error), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_not_null(strstr(error.message, "tug_watch"));
}

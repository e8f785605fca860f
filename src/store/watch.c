/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress, warnings and stops of a long call on a store.
 *
 * Knows: tug_watch, the clock. Does not know: documents, the network, what the call does.
 * Threads: one at a time.
 */
#include "store/watch.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/options.h"

#define INTERVAL_NS (100 * TUG__NS_PER_MS)

/* Later versions append members; none may end up in padding that an older program leaves unset. */
_Static_assert(sizeof(struct tug_watch) == offsetof(struct tug_watch, context) + sizeof(void *),
               "tug_watch has no padding at its end");

enum tug_status tug__watch_begin(struct tug__watch *out_watch, const struct tug_watch *watch,
                                 struct tug_error *err)
{
    struct tug__watch own = {.start_ns = tug__now_ns()};
    enum tug_status status = TUG_OK;

    if (watch != NULL) {
        status = tug__options_copy(&own.given, sizeof own.given, watch, "tug_watch", err);
    }
    if (status == TUG_OK) {
        *out_watch = own;
    }
    return status;
}

bool tug__watch_should_stop(void *watch)
{
    const struct tug__watch *const own = watch;

    return own != NULL && own->given.should_stop != NULL &&
           own->given.should_stop(own->given.context);
}

enum tug_status tug__watch_check(struct tug__watch *watch, struct tug_error *err)
{
    return tug__watch_should_stop(watch) ? tug__fail(err, TUG_ERR_CANCELLED, "interrupted")
                                         : TUG_OK;
}

void tug__watch_tell(struct tug__watch *watch, struct tug_work_progress *progress, bool is_end)
{
    uint64_t now_ns;

    if (watch == NULL || watch->given.on_progress == NULL) {
        return;
    }
    now_ns = tug__now_ns();
    if (!is_end && now_ns < watch->next_ns) {
        return;
    }
    watch->next_ns = now_ns + INTERVAL_NS;
    progress->seconds = (double)(now_ns - watch->start_ns) / (double)TUG__NS_PER_S;
    watch->given.on_progress(watch->given.context, progress);
}

void tug__watch_warn(struct tug__watch *watch, const char *text)
{
    if (watch != NULL && watch->given.on_warning != NULL) {
        watch->given.on_warning(watch->given.context, text);
    }
}

static void on_busy(void *context, const char *text)
{
    const struct tug__watch *const watch = context;

    if (watch->given.on_wait != NULL) {
        watch->given.on_wait(watch->given.context, text);
    }
}

struct tug__lock_wait tug__watch_lock_wait(struct tug__watch *watch)
{
    return (struct tug__lock_wait){
        .should_give_up = tug__watch_should_stop,
        .on_busy = on_busy,
        .context = watch,
    };
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Hold the store while a run adds content, so that no process deletes what the run relies on.
 *
 * Knows: the store's lock, the run's time and its cancel flag. Does not know: requests.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include "base/clock.h"
#include "base/error.h"

struct use {
    struct tug__resolver *resolver;
    uint64_t end_ns;
};

static bool should_give_up(void *context)
{
    const struct use *const use = context;

    return tug__cancel_is_set(use->resolver->settings->cancel) || tug__now_ns() >= use->end_ns;
}

static void on_busy(void *context, const char *text)
{
    const struct use *const use = context;

    tug__emit_notice(use->resolver, text);
}

enum tug_status tug__run_use_store(struct tug__resolver *resolver, uint64_t end_ns, int *out_fd,
                                   struct tug_error *err)
{
    struct use use = {.resolver = resolver, .end_ns = end_ns};
    const struct tug__lock_wait wait = {
        .should_give_up = should_give_up,
        .on_busy = on_busy,
        .context = &use,
    };
    enum tug_status status;

    *out_fd = -1;
    if (resolver->settings->options.dry_run) {
        return TUG_OK;
    }
    status = tug__store_use(resolver->settings->store, &wait, out_fd, err);
    if (status != TUG_ERR_CANCELLED) {
        return status;
    }
    if (err != NULL) {
        *err = (struct tug_error){0};
    }
    resolver->ending.is_stopping = true;
    return TUG_OK;
}

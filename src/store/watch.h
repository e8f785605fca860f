/* SPDX-License-Identifier: Apache-2.0
 *
 * A caller's tug_watch, for long calls on a store: reports progress at most ten times a second, and
 * checks whether to stop.
 * Threads: one at a time.
 */
#ifndef TUG_STORE_WATCH_H
#define TUG_STORE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <tug/store.h>

#include "store/store.h"

/* One call's watch. Fields are private to watch.c. All zero: reports nothing, never stops. */
struct tug__watch {
    struct tug_watch given;
    uint64_t start_ns;
    uint64_t next_ns; /* when progress is due again */
};

/* Start watching a call that begins now. watch: the caller's, NULL is allowed.
 * Errors: as tug__options_copy. */
enum tug_status tug__watch_begin(struct tug__watch *out_watch, const struct tug_watch *watch,
                                 struct tug_error *err);
/* Tell whether the call has to stop. watch: a struct tug__watch, NULL is allowed; the type fits
 * should_stop of other structs. */
bool tug__watch_should_stop(void *watch);
/* The same as an error. watch: NULL is allowed. Errors: TUG_ERR_CANCELLED. */
enum tug_status tug__watch_check(struct tug__watch *watch, struct tug_error *err);
/* Report progress, if it is due. progress: seconds is filled in here. is_end: the call ends, so
 * report in any case. */
void tug__watch_tell(struct tug__watch *watch, struct tug_work_progress *progress, bool is_end);
/* Report a warning. text: one line, escaped. */
void tug__watch_warn(struct tug__watch *watch, const char *text);
/* How this call waits for other processes. Borrows watch. */
struct tug__lock_wait tug__watch_lock_wait(struct tug__watch *watch);

#endif

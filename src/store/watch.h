/* SPDX-License-Identifier: Apache-2.0
 *
 * A caller's tug_watch, as long calls on a store use it: told of progress at most ten times a
 * second, asked whether to stop.
 * Threads: one at a time.
 */
#ifndef TUG_STORE_WATCH_H
#define TUG_STORE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <tug/store.h>

#include "store/store.h"

/* One call's watch. Fields are private to watch.c. All zero: tells nobody, never stops. */
struct tug__watch {
    struct tug_watch given;
    uint64_t start_ns;
    uint64_t next_ns; /* progress is told from then on */
};

/* Take a caller's watch; the call begins now. watch: NULL is allowed.
 * Errors: as tug__options_copy. */
enum tug_status tug__watch_begin(struct tug__watch *out_watch, const struct tug_watch *watch,
                                 struct tug_error *err);
/* Tell whether the call is to stop. watch: a struct tug__watch, NULL is allowed; the type fits
 * should_stop of other structs. */
bool tug__watch_should_stop(void *watch);
/* The same as an error. watch: NULL is allowed. Errors: TUG_ERR_CANCELLED. */
enum tug_status tug__watch_check(struct tug__watch *watch, struct tug_error *err);
/* Tell the progress, if it is time to. progress: seconds is filled in here. is_end: the call ends,
 * and this is told in any case. */
void tug__watch_tell(struct tug__watch *watch, struct tug_work_progress *progress, bool is_end);
/* Tell what the user should know. text: one line, escaped. */
void tug__watch_warn(struct tug__watch *watch, const char *text);
/* How this call waits for other processes. Borrows watch. */
struct tug__lock_wait tug__watch_lock_wait(struct tug__watch *watch);

#endif

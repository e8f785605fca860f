/* SPDX-License-Identifier: Apache-2.0
 *
 * One command on a store that is there: opens it, lets signals stop the work, reports how it ended.
 *
 * Calling sequence: store_run_begin; library calls with run.store and run.watch; store_run_end.
 * Threads: main; signals.c adds one of its own meanwhile.
 */
#ifndef TUG_CLI_STORE_RUN_H
#define TUG_CLI_STORE_RUN_H

#include <stdatomic.h>
#include <stdbool.h>

#include <tug/store.h>

#include "options.h"
#include "signals.h"

/* How the store is opened. */
enum store_need {
    STORE_MUST_EXIST, /* a path that is no store is an error */
    STORE_MAY_BEGIN,  /* one that is not there is made */
};

/* One command at work. Fields other than store and watch are private to store_run.c. */
struct store_run {
    struct tug_store *store; /* owned */
    struct tug_watch watch;  /* stops on a signal, warns on standard error unless --quiet; a caller
                                may set on_progress, context stays */
    const struct settings *settings;
    struct signals signals;
    atomic_bool is_stopped;
};

/* Find and open the store, and take signals from now on.
 * command: its name, for messages. durability: for what writes.
 * Returns: 0, and store_run_end is due; or the exit status after the failure was reported. */
int store_run_begin(struct store_run *run, const struct settings *settings, const char *command,
                    enum store_need need);

/* Close the store and give signals their meaning back.
 * status, error: how the work ended; a failure is reported as one line, unless is_reported.
 * Returns: the exit status, 128 + N after signal N when the work was cancelled. */
int store_run_end(struct store_run *run, enum tug_status status, const struct tug_error *error,
                  bool is_reported);

#endif

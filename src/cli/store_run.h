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

#include "meter.h"
#include "options.h"
#include "signals.h"
#include "text.h"

/* How the store is opened. */
enum store_need {
    STORE_IS_READ,    /* it must exist, and nothing is made in it, not even what is missing */
    STORE_MUST_EXIST, /* a path that is no store is an error */
    STORE_MAY_BEGIN,  /* one that is not there is made */
};

/* One command at work. Fields other than store, watch and meter are private to store_run.c. */
struct store_run {
    struct tug_store *store; /* owned */
    struct tug_watch watch;  /* stops on a signal; warns and shows progress on standard error,
                                unless --quiet */
    struct meter meter;      /* a caller may set its verb */
    int output_errno;        /* of the first write to standard output that failed */
    const struct settings *settings;
    struct signals signals;
    atomic_bool is_stopped;
};

/* Find and open the store, and take signals from now on.
 * command: its name, for messages. durability: for what writes.
 * Returns: 0, and store_run_end is due; or the exit status after the failure was reported. */
int store_run_begin(struct store_run *run, const struct settings *settings, const char *command,
                    enum store_need need);

/* Print a text on standard output, empty it, and remember a failure. The command goes on with
 * store_run_has_reader. */
void store_run_print(struct store_run *run, struct text *text);
/* Tell whether what is printed still arrives. */
bool store_run_has_reader(const struct store_run *run);

/* Close the store and give signals their meaning back.
 * status, error: how the work ended; a failure is reported as one line, and one to print, too,
 * unless it is a pipe that nobody reads any more.
 * Returns: the exit status, 128 + N after signal N when the work was cancelled. */
int store_run_end(struct store_run *run, enum tug_status status, const struct tug_error *error);

#endif

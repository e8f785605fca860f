/* SPDX-License-Identifier: Apache-2.0
 *
 * SIGINT, SIGTERM and SIGHUP during a fetch: the first one cancels it, another one ends the
 * process at once.
 */
#ifndef TUG_CLI_SIGNALS_H
#define TUG_CLI_SIGNALS_H

#include <pthread.h>
#include <signal.h>

#include <tug/fetch.h>

/* How long a cancelled fetch may take to return before the process ends without it. */
#define SIGNALS_GRACE_MS 850

/* A signal this soon after the first one is a duplicate: timeout(1), for one, signals its child and
 * then the whole process group. */
#define SIGNALS_ECHO_MS 100

/* The signals of one run. Fields are private to signals.c. */
struct signals {
    /* set at start, then read-only */
    struct tug_fetch *fetch;
    sigset_t taken;
    sigset_t previous_mask;
    int signal_fd;
    int end_fd;
    pthread_t thread;
    /* signal thread only, main after the join */
    int received;
};

/* Block the signals in this thread, and so in all it starts from now on, and start the thread that
 * takes them. A signal that is ignored stays ignored (nohup).
 * fetch: borrowed until signals_stop; it is cancelled from the other thread.
 * Returns: 0, or an errno; then nothing has changed.
 * Threads: main, before tug_fetch_run. Blocks: no. */
int signals_start(struct signals *signals, struct tug_fetch *fetch);

/* End the thread and give the signals their meaning back.
 * Returns: the signal that cancelled the fetch, 0 when none did.
 * Threads: main, once after signals_start succeeded. Blocks: until the thread has ended, at once.
 */
int signals_stop(struct signals *signals);

#endif

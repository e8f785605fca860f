/* SPDX-License-Identifier: Apache-2.0
 *
 * SIGINT, SIGTERM and SIGHUP during a command: the first one cancels it, another one ends the
 * process at once.
 */
#ifndef TUG_CLI_SIGNALS_H
#define TUG_CLI_SIGNALS_H

#include <pthread.h>
#include <signal.h>
#include <stdint.h>

/* How long a cancelled command may take to return before the process ends without it. */
#define SIGNALS_GRACE_MS 850

/* A signal this soon after the first one is a duplicate: timeout(1), for one, signals its child and
 * then the whole process group. */
#define SIGNALS_ECHO_MS 100

/* The signals of one run. Fields are private to signals.c. */
struct signals {
    /* set at start, then read-only */
    void (*cancel)(void *context);
    void *context;
    sigset_t taken;
    sigset_t previous_mask;
    int signal_fd;
    int end_fd;
    pthread_t thread;
    /* signal thread only, main after the join */
    int received;
    int64_t first_ms; /* when that came */
};

/* Block the signals in this thread, and so in all it starts from now on, and start the thread that
 * takes them. A signal that is ignored stays ignored (nohup).
 * cancel: called once, with context, by the other thread when the first signal comes; context is
 * borrowed until signals_stop.
 * Returns: 0, or an errno; then nothing has changed.
 * Threads: main, before others are started. Blocks: no. */
int signals_start(struct signals *signals, void (*cancel)(void *context), void *context);

/* End the thread and give the signals their meaning back.
 * Returns: the signal that cancelled the command, 0 when none did.
 * Threads: main, once after signals_start succeeded. Blocks: until the thread has
 * ended, at once, and after a signal until no duplicate of it can come, SIGNALS_ECHO_MS. */
int signals_stop(struct signals *signals);

#endif

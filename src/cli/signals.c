/* SPDX-License-Identifier: Apache-2.0
 *
 * A thread that receives the signals that end a run.
 *
 * Knows: signals, the function that stops the work. Does not know: the library, results, progress.
 * Threads: main starts and stops; take_signals is the signal thread. Signals are read from a
 * descriptor, so no code of ours ever runs in a signal handler.
 */
#include "signals.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "now.h"
#include "report.h"

/* Exit immediately. The store is valid after a crash at any point, and the display leaves the
 * terminal in a sane state after each write, so there is nothing to restore. */
static void leave(int signal_number)
{
    report_error(NULL, "interrupted again, or too slow to stop: exiting immediately");
    _exit(128 + signal_number);
}

static void *take_signals(void *argument)
{
    struct signals *const signals = argument;

    for (;;) {
        struct pollfd fds[2] = {
            {.fd = signals->end_fd, .events = POLLIN},
            {.fd = signals->signal_fd, .events = POLLIN},
        };
        const int64_t left_ms =
            signals->received != 0 ? signals->first_ms + SIGNALS_GRACE_MS - now_ms() : -1;
        struct signalfd_siginfo info;

        if (signals->received != 0 && left_ms <= 0) {
            leave(signals->received);
        }
        (void)poll(fds, 2, (int)left_ms);
        if ((fds[0].revents & POLLIN) != 0) {
            return NULL;
        }
        if ((fds[1].revents & POLLIN) == 0 ||
            read(signals->signal_fd, &info, sizeof info) != (ssize_t)sizeof info) {
            continue;
        }
        if (signals->received != 0) {
            if (now_ms() - signals->first_ms >= SIGNALS_ECHO_MS) {
                leave((int)info.ssi_signo);
            }
            continue;
        }
        signals->received = (int)info.ssi_signo;
        signals->first_ms = now_ms();
        signals->cancel(signals->context);
    }
}

/* Take the duplicates of the first signal. With its meaning back, one of them would end the process
 * before it has told how the run ended. */
static void take_echo(const struct signals *signals)
{
    struct pollfd fd = {.fd = signals->signal_fd, .events = POLLIN};
    int64_t left_ms;

    while ((left_ms = signals->first_ms + SIGNALS_ECHO_MS - now_ms()) > 0) {
        struct signalfd_siginfo info;

        if (poll(&fd, 1, (int)left_ms) > 0) {
            (void)!read(signals->signal_fd, &info, sizeof info);
        }
    }
}

/* Choose the signals to handle: all that are not ignored. */
static void choose_signals(sigset_t *out_taken)
{
    static const int candidates[] = {SIGINT, SIGTERM, SIGHUP};

    (void)sigemptyset(out_taken);
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        struct sigaction action;

        if (sigaction(candidates[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN) {
            (void)sigaddset(out_taken, candidates[i]);
        }
    }
}

static void release(struct signals *signals)
{
    if (signals->signal_fd >= 0) {
        (void)close(signals->signal_fd);
    }
    if (signals->end_fd >= 0) {
        (void)close(signals->end_fd);
    }
    (void)pthread_sigmask(SIG_SETMASK, &signals->previous_mask, NULL);
}

int signals_start(struct signals *signals, void (*cancel)(void *context), void *context)
{
    int os_errno = 0;

    *signals =
        (struct signals){.cancel = cancel, .context = context, .signal_fd = -1, .end_fd = -1};
    choose_signals(&signals->taken);
    (void)pthread_sigmask(SIG_BLOCK, &signals->taken, &signals->previous_mask);
    signals->signal_fd = signalfd(-1, &signals->taken, SFD_CLOEXEC | SFD_NONBLOCK);
    signals->end_fd = signals->signal_fd >= 0 ? eventfd(0, EFD_CLOEXEC) : -1;
    if (signals->signal_fd < 0 || signals->end_fd < 0) {
        os_errno = errno;
    } else {
        os_errno = pthread_create(&signals->thread, NULL, take_signals, signals);
    }
    if (os_errno != 0) {
        release(signals);
    }
    return os_errno;
}

int signals_stop(struct signals *signals)
{
    const uint64_t one = 1;

    while (write(signals->end_fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
    (void)pthread_join(signals->thread, NULL);
    if (signals->received != 0) {
        take_echo(signals);
    }
    release(signals);
    return signals->received;
}

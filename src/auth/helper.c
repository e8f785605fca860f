/* SPDX-License-Identifier: Apache-2.0
 *
 * Run a credential helper.
 *
 * Knows: processes. Does not know: HTTP, tokens, registries; what a helper answers.
 * Threads: any.
 *
 * The child is a process group of its own and is waited for by its id; if another part of the
 * program reaps it (a wait for any child, SIGCHLD ignored), its output alone decides.
 */
#include "auth/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/helper_answer.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/portable.h"
#include "base/str.h"

#define POLL_MS 50
#define SERVER_BYTES_MAX 4096
/* Bytes kept of its standard error; the rest is read and dropped. */
#define COMPLAINT_MAX 1024

extern char **environ;

/* A running helper. */
struct child {
    pid_t pid;
    int output;                    /* read end of its standard output, not blocking */
    int errors;                    /* the same of its standard error */
    int process;                   /* pidfd; -1 on kernels without it */
    char complaint[COMPLAINT_MAX]; /* the beginning of its standard error */
    size_t complaint_length;
    bool has_ended;
    struct tug__helper_end end;
};

/* How a run ended. */
enum ending {
    ENDING_DONE,
    ENDING_TIMEOUT,
    ENDING_CANCELLED,
    ENDING_TOO_MUCH,
    ENDING_BROKEN, /* memory or a system call; err is filled */
};

static bool is_name(const char *name)
{
    const size_t length = strlen(name);

    return length > 0 && length < TUG__HELPER_NAME_MAX &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
               length;
}

/* A pipe that already holds the whole input, so that nothing has to be written while the child
 * runs. */
static enum tug_status fill_input(const char *server, int *out_fd, struct tug_error *err)
{
    const size_t length = strlen(server);
    int ends[2];
    ssize_t written;

    if (length > SERVER_BYTES_MAX) {
        return tug__fail(err, TUG_ERR_AUTH, "the registry's name is over the limit of %d bytes",
                         SERVER_BYTES_MAX);
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return tug__fail_errno(err, TUG_ERR_AUTH, errno, "cannot create a pipe");
    }
    do { /* less than PIPE_BUF into an empty pipe that we also read: all of it, at once */
        written = write(ends[1], server, length);
    } while (written < 0 && errno == EINTR);
    (void)close(ends[1]);
    if (written != (ssize_t)length) {
        (void)close(ends[0]);
        return tug__fail_errno(err, TUG_ERR_AUTH, errno, "cannot write to a pipe");
    }
    *out_fd = ends[0];
    return TUG_OK;
}

/* Set up what the child inherits. Returns: 0 or an error number. */
static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int input,
                   int output, int errors)
{
    sigset_t all;
    sigset_t none;
    int failure = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);

    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    failure =
        failure != 0 ? failure : posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
    failure =
        failure != 0 ? failure : posix_spawn_file_actions_adddup2(actions, errors, STDERR_FILENO);
    failure = failure != 0 ? failure : tug__spawn_closes_from(actions, STDERR_FILENO + 1);
    failure = failure != 0 ? failure : posix_spawnattr_setsigdefault(attributes, &all);
    failure = failure != 0 ? failure : posix_spawnattr_setsigmask(attributes, &none);
    failure = failure != 0 ? failure : posix_spawnattr_setpgroup(attributes, 0);
    return failure != 0 ? failure
                        : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP |
                                                                   POSIX_SPAWN_SETSIGDEF |
                                                                   POSIX_SPAWN_SETSIGMASK);
}

/* Start the program. Returns: 0 or an error number. */
static int spawn(char *program, int input, int output, int errors, pid_t *out_pid)
{
    char action[] = "get";
    char *const argv[] = {program, action, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);

    if (failure != 0) {
        return failure;
    }
    failure = posix_spawnattr_init(&attributes);
    if (failure == 0) {
        failure = prepare(&actions, &attributes, input, output, errors);
        if (failure == 0) {
            failure = posix_spawnp(out_pid, program, &actions, &attributes, argv, environ);
        }
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return failure;
}

/* Move a descriptor out of the range of the child's standard ones, which dup2 replaces. */
static int move_up(int fd)
{
    const int moved = fd > STDERR_FILENO ? fd : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    if (moved != fd) {
        (void)close(fd);
    }
    return moved;
}

/* A pipe that we read without blocking and the child writes to. Returns: 0 or an error number. */
static int make_pipe(int *out_read, int *out_write)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return errno;
    }
    *out_read = ends[0];
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *out_write = move_up(ends[1]);
    return *out_write < 0 ? EMFILE : 0;
}

static void close_pipes(const struct child *child)
{
    if (child->output >= 0) {
        (void)close(child->output);
    }
    if (child->errors >= 0) {
        (void)close(child->errors);
    }
}

static enum tug_status start(char *program, const char *server, struct child *child,
                             struct tug_error *err)
{
    TUG__AUTO_FD int input = -1;
    TUG__AUTO_FD int output = -1;
    TUG__AUTO_FD int errors = -1;
    int failure;
    enum tug_status status = fill_input(server, &input, err);

    if (status != TUG_OK) {
        return status;
    }
    failure = make_pipe(&child->output, &output);
    if (failure == 0) {
        failure = make_pipe(&child->errors, &errors);
    }
    if (failure == 0) {
        input = move_up(input);
        failure = input < 0 ? EMFILE : spawn(program, input, output, errors, &child->pid);
    }
    if (failure != 0) {
        close_pipes(child);
        return tug__fail_errno(err, TUG_ERR_AUTH, failure, "cannot run it");
    }
    child->process = (int)syscall(SYS_pidfd_open, child->pid, 0);
    return TUG_OK;
}

/* Check whether the child has ended, or wait for it. */
static void reap(struct child *child, int options)
{
    pid_t pid;

    if (child->has_ended) {
        return;
    }
    do {
        pid = waitpid(child->pid, &child->end.status, options);
    } while (pid < 0 && errno == EINTR);
    child->has_ended = pid != 0;
    child->end.is_known = pid == child->pid;
}

/* Read the available output. Returns: ENDING_DONE when there is no more for now; *out_end tells
 * whether that is final. */
static enum ending drain(struct child *child, struct tug__buf *output, bool *out_end,
                         struct tug_error *err)
{
    char piece[4096];

    for (;;) {
        const ssize_t count = read(child->output, piece, sizeof piece);
        enum tug_status status;

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            *out_end = count == 0 || errno != EAGAIN;
            return ENDING_DONE;
        }
        status = tug__buf_append(output, piece, (size_t)count, err);
        tug__wipe(piece, (size_t)count);
        if (status != TUG_OK) {
            return status == TUG_ERR_TOO_LARGE ? ENDING_TOO_MUCH : ENDING_BROKEN;
        }
    }
}

/* Read its available standard error and keep the beginning. Returns: whether more may come. */
static bool drain_errors(struct child *child)
{
    char piece[4096];

    for (;;) {
        const ssize_t count = read(child->errors, piece, sizeof piece);
        const size_t room = sizeof child->complaint - 1 - child->complaint_length;

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count < 0 && errno == EAGAIN;
        }
        memcpy(child->complaint + child->complaint_length, piece,
               (size_t)count < room ? (size_t)count : room);
        child->complaint_length += (size_t)count < room ? (size_t)count : room;
    }
}

/* Collect the child's output until it has ended. Background processes that keep its output open are
 * not waited for. */
static enum ending watch(const struct tug__helper_request *request, const char *program,
                         struct child *child, struct tug__buf *output, struct tug_error *err)
{
    const uint64_t deadline_ns = tug__deadline_ns(request->timeout_ms);
    const uint64_t slow_ns = tug__deadline_ns(TUG__HELPER_SLOW_MS);
    bool is_output_over = false;
    bool has_errors = true;
    bool is_told = request->on_slow == NULL;

    while (!child->has_ended) {
        struct pollfd fds[] = {{.fd = is_output_over ? -1 : child->output, .events = POLLIN},
                               {.fd = has_errors ? child->errors : -1, .events = POLLIN},
                               {.fd = child->process, .events = POLLIN}};
        enum ending ending;

        (void)poll(fds, 3, POLL_MS);
        if (!is_told && tug__now_ns() >= slow_ns) {
            request->on_slow(request->slow_context, program);
            is_told = true;
        }
        if (request->should_stop != NULL && request->should_stop(request->stop_context)) {
            return ENDING_CANCELLED;
        }
        if (tug__now_ns() >= deadline_ns) {
            return ENDING_TIMEOUT;
        }
        reap(child, WNOHANG); /* before the last read of its output, which is complete then */
        has_errors = has_errors && drain_errors(child);
        if (!is_output_over) {
            ending = drain(child, output, &is_output_over, err);
            if (ending != ENDING_DONE) {
                return ending;
            }
        }
    }
    return ENDING_DONE;
}

/* Kill the child and its process group, and close its descriptors. */
static void finish(struct child *child)
{
    if (!child->has_ended) {
        /* not reaped yet, so the id cannot belong to another process */
        (void)kill(-child->pid, SIGKILL);
        reap(child, 0);
    }
    close_pipes(child);
    if (child->process >= 0) {
        (void)close(child->process);
    }
}

static enum tug_status run(const struct tug__helper_request *request, char *program,
                           struct tug__credential *out_credential, struct tug_error *err)
{
    struct child child = {.output = -1, .errors = -1, .process = -1};
    struct tug__buf output;
    enum tug_status status = start(program, request->server, &child, err);

    if (status != TUG_OK) {
        return status;
    }
    tug__buf_init(&output, TUG__HELPER_OUTPUT_MAX);
    switch (watch(request, program, &child, &output, err)) {
    case ENDING_DONE:
        finish(&child);
        status = tug__helper_judge(program, &child.end, &output, out_credential, err);
        break;
    case ENDING_TIMEOUT:
        finish(&child);
        status = tug__fail(err, TUG_ERR_AUTH, "killed: no answer within %" PRIu64 " ms",
                           request->timeout_ms);
        break;
    case ENDING_CANCELLED:
        finish(&child);
        status = tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
        break;
    case ENDING_TOO_MUCH:
        finish(&child);
        status = tug__fail(err, TUG_ERR_AUTH, "killed: its answer is over the limit of %zu bytes",
                           TUG__HELPER_OUTPUT_MAX);
        break;
    case ENDING_BROKEN:
        finish(&child);
        status = tug__fail_memory(err);
        break;
    }
    if (status == TUG_ERR_AUTH) {
        child.complaint[child.complaint_length] = '\0';
        status = tug__helper_add_complaint(child.complaint, err);
    }
    tug__wipe(output.data, output.capacity);
    tug__buf_fini(&output);
    return status;
}

enum tug_status tug__helper_get(const struct tug__helper_request *request,
                                struct tug__credential *out_credential, struct tug_error *err)
{
    char program[sizeof "docker-credential-" + TUG__HELPER_NAME_MAX];
    enum tug_status status;

    if (!is_name(request->name)) {
        return tug__fail(err, TUG_ERR_AUTH, "credential helper '%.*s' refused: not a helper's name",
                         TUG__HELPER_NAME_MAX, request->name);
    }
    (void)snprintf(program, sizeof program, "docker-credential-%s", request->name);
    status = run(request, program, out_credential, err);
    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "credential helper '%s'", program);
}

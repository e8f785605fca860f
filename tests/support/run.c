/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a program under a deadline, with its output captured.
 * Knows: posix_spawn, pipes, pidfds. Does not know: what is run.
 * Threads: one per running program feeds and empties its pipes and reaps it; run_start() and
 * run_wait() are called by one thread, the others by any.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000U
#define NS_PER_S 1000000000U
#define DEFAULT_TIMEOUT_MS 60000
#define DEFAULT_OUTPUT_BYTES ((size_t)4 * 1024 * 1024)

extern char **environ;

/* One captured stream. */
struct stream {
    int fd; /* reader thread only; -1: at its end */
    char *data;
    size_t len;
};

struct run_process {
    /* set at start, then read-only */
    pid_t pid;
    int pid_fd;
    uint64_t start_ns;
    uint64_t deadline_ns;
    size_t output_max_bytes;
    pthread_t reader;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* reader thread only */
    int input_fd; /* -1: all is written */
    char *input;
    size_t input_len;
    size_t input_done;
    /* under the lock: written by the reader thread */
    struct stream out;
    struct stream err;
    bool is_over;
    struct run_result result;
};

_Noreturn static void give_up(const char *what, const char *name, int error)
{
    fprintf(stderr, "test support: %s '%s': %s\n", what, name, strerror(error));
    abort();
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Is the variable of this environment entry set or removed by additions? */
static bool is_replaced(const char *entry, const char *const *additions)
{
    const size_t len = strcspn(entry, "=");
    for (size_t i = 0; additions != NULL && additions[i] != NULL; i++) {
        if (strcspn(additions[i], "=") == len && strncmp(additions[i], entry, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Returns: the environment with the additions; the array is owned, its strings are not. */
static const char **make_environment(const char *const *additions)
{
    size_t count = 1;
    for (size_t i = 0; environ[i] != NULL; i++) {
        count++;
    }
    for (size_t i = 0; additions != NULL && additions[i] != NULL; i++) {
        count++;
    }
    const char **const all = calloc(count, sizeof(*all));
    if (all == NULL) {
        give_up("no memory for", "the environment", ENOMEM);
    }
    size_t used = 0;
    for (size_t i = 0; environ[i] != NULL; i++) {
        if (!is_replaced(environ[i], additions)) {
            all[used++] = environ[i];
        }
    }
    for (size_t i = 0; additions != NULL && additions[i] != NULL; i++) {
        if (strchr(additions[i], '=') != NULL) {
            all[used++] = additions[i];
        }
    }
    return all;
}

static void make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0) {
        give_up("no", "pipe", errno);
    }
}

static pid_t spawn(const struct run_options *options, int in, int out, int err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, err, 2);
    if (options->directory != NULL) {
        posix_spawn_file_actions_addchdir_np(&actions, options->directory);
    }
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const char **const environment = make_environment(options->env);
    pid_t pid = -1;
    /* posix_spawnp() takes arrays of pointers to char but changes nothing. */
    union {
        const char *const *from;
        char *const *to;
    } argv = {.from = options->argv}, envp = {.from = environment};
    const int error = posix_spawnp(&pid, options->argv[0], &actions, &attributes, argv.to, envp.to);
    if (error != 0) {
        give_up("cannot run", options->argv[0], error);
    }
    free(environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

/* Keep what was read, up to the limit. */
static void keep(struct run_process *process, struct stream *stream, const char *data, size_t len)
{
    pthread_mutex_lock(&process->lock);
    const size_t room = process->output_max_bytes - stream->len;
    if (len > room) {
        process->result.truncated = true;
        len = room;
    }
    char *const larger = realloc(stream->data, stream->len + len + 1);
    if (larger == NULL) {
        give_up("no memory for", "output", ENOMEM);
    }
    memcpy(larger + stream->len, data, len);
    stream->data = larger;
    stream->len += len;
    stream->data[stream->len] = '\0';
    pthread_cond_broadcast(&process->changed);
    pthread_mutex_unlock(&process->lock);
}

static void close_end(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* Read what is there without waiting, at most 1 MiB (more than a pipe holds); notice the end. */
static void read_stream(struct run_process *process, struct stream *stream)
{
    char buf[65536];
    for (int i = 0; i < 16 && stream->fd >= 0; i++) {
        const ssize_t got = read(stream->fd, buf, sizeof(buf));
        if (got > 0) {
            keep(process, stream, buf, (size_t)got);
        } else if (got < 0 && errno == EAGAIN) {
            return;
        } else if (got == 0 || errno != EINTR) {
            close_end(&stream->fd);
        }
    }
}

static void write_input(struct run_process *process)
{
    const size_t left = process->input_len - process->input_done;
    const ssize_t done = write(process->input_fd, process->input + process->input_done, left);
    if (done > 0) {
        process->input_done += (size_t)done;
    }
    const bool is_broken = done < 0 && errno != EAGAIN && errno != EINTR;
    if (is_broken || process->input_done == process->input_len) {
        close_end(&process->input_fd);
    }
}

/* Returns: poll()'s timeout until the deadline; kills when it has passed. */
static int check_deadline(struct run_process *process)
{
    const uint64_t now = now_ns();
    if (process->result.timed_out) {
        return -1;
    }
    if (now < process->deadline_ns) {
        return (int)((process->deadline_ns - now) / NS_PER_MS) + 1;
    }
    pthread_mutex_lock(&process->lock);
    process->result.timed_out = true;
    pthread_mutex_unlock(&process->lock);
    kill(process->pid, SIGKILL);
    return -1;
}

/* Take the exit status; from now on the process id is not ours any more. */
static void reap(struct run_process *process)
{
    int status = 0;
    struct rusage usage;
    pthread_mutex_lock(&process->lock);
    if (wait4(process->pid, &status, 0, &usage) != process->pid) {
        give_up("cannot wait for", "a child", errno);
    }
    struct run_result *const result = &process->result;
    result->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result->wall_ns = now_ns() - process->start_ns;
    result->cpu_ns =
        ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * NS_PER_S +
        ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000U;
    result->rss_kib = (uint64_t)usage.ru_maxrss;
    process->is_over = true;
    pthread_cond_broadcast(&process->changed);
    pthread_mutex_unlock(&process->lock);
}

static void *run_reader(void *argument)
{
    struct run_process *const process = argument;
    for (;;) {
        const int timeout_ms = check_deadline(process);
        struct pollfd on[4] = {{.fd = process->pid_fd, .events = POLLIN},
                               {.fd = process->out.fd, .events = POLLIN},
                               {.fd = process->err.fd, .events = POLLIN},
                               {.fd = process->input_fd, .events = POLLOUT}};
        if (poll(on, 4, timeout_ms) < 0 && errno != EINTR) {
            give_up("cannot", "poll", errno);
        }
        /* Read after the end was seen, so that nothing written before it is missed. */
        read_stream(process, &process->out);
        read_stream(process, &process->err);
        if (on[0].revents != 0) {
            break;
        }
        if (on[3].revents != 0) {
            write_input(process);
        }
    }
    close_end(&process->out.fd);
    close_end(&process->err.fd);
    close_end(&process->input_fd);
    reap(process);
    return NULL;
}

static void set_nonblocking(int fd)
{
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        give_up("cannot set up a", "pipe", errno);
    }
}

static void take_input(struct run_process *process, const struct run_options *options)
{
    if (options->input == NULL) {
        close_end(&process->input_fd);
        return;
    }
    process->input_len = options->input_len > 0 ? options->input_len : strlen(options->input);
    process->input = malloc(process->input_len + 1);
    if (process->input == NULL) {
        give_up("no memory for", "input", ENOMEM);
    }
    memcpy(process->input, options->input, process->input_len);
    if (process->input_len == 0) {
        close_end(&process->input_fd);
    }
}

/* The reader takes no signals; SIGPIPE would come from writing to a program that has ended. */
static void start_reader(struct run_process *process)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&process->reader, NULL, run_reader, process);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        give_up("no", "thread", error);
    }
}

struct run_process *run_start(const struct run_options *options)
{
    struct run_process *const process = calloc(1, sizeof(*process));
    if (process == NULL) {
        give_up("no memory for", options->argv[0], ENOMEM);
    }
    int in[2];
    int out[2];
    int err[2];
    make_pipe(in);
    make_pipe(out);
    make_pipe(err);
    const uint64_t timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    process->output_max_bytes =
        options->output_max_bytes > 0 ? options->output_max_bytes : DEFAULT_OUTPUT_BYTES;
    process->start_ns = now_ns();
    process->deadline_ns = process->start_ns + timeout_ms * NS_PER_MS;
    process->pid = spawn(options, in[0], out[1], err[1]);
    close(in[0]);
    close(out[1]);
    close(err[1]);
    process->input_fd = in[1];
    process->out.fd = out[0];
    process->err.fd = err[0];
    set_nonblocking(in[1]);
    set_nonblocking(out[0]);
    set_nonblocking(err[0]);
    process->pid_fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (process->pid_fd < 0) {
        give_up("no pidfd for", options->argv[0], errno);
    }
    take_input(process, options);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&process->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&process->lock, NULL);
    start_reader(process);
    return process;
}

pid_t run_pid(const struct run_process *process)
{
    return process->pid;
}

void run_signal(struct run_process *process, int signal_number)
{
    pthread_mutex_lock(&process->lock);
    if (!process->is_over) {
        kill(process->pid, signal_number);
    }
    pthread_mutex_unlock(&process->lock);
}

bool run_is_over(struct run_process *process)
{
    pthread_mutex_lock(&process->lock);
    const bool is_over = process->is_over;
    pthread_mutex_unlock(&process->lock);
    return is_over;
}

static bool has_text(const struct stream *stream, const char *text)
{
    return stream->data != NULL && memmem(stream->data, stream->len, text, strlen(text)) != NULL;
}

bool run_wait_output(struct run_process *process, const char *text, unsigned timeout_ms)
{
    const uint64_t until_ns = now_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S),
                                   .tv_nsec = (long)(until_ns % NS_PER_S)};
    bool is_seen = false;
    int error = 0;
    pthread_mutex_lock(&process->lock);
    for (;;) {
        is_seen = has_text(&process->out, text) || has_text(&process->err, text);
        if (is_seen || process->is_over || error != 0) {
            break;
        }
        error = pthread_cond_timedwait(&process->changed, &process->lock, &until);
    }
    pthread_mutex_unlock(&process->lock);
    return is_seen;
}

/* Move a stream's text out; never NULL. */
static char *steal_text(struct stream *stream)
{
    char *const text = stream->data != NULL ? stream->data : calloc(1, 1);
    if (text == NULL) {
        give_up("no memory for", "output", ENOMEM);
    }
    stream->data = NULL;
    return text;
}

bool run_wait(struct run_process *process, struct run_result *out_result)
{
    pthread_join(process->reader, NULL);
    struct run_result result = process->result;
    result.out_len = process->out.len;
    result.err_len = process->err.len;
    result.out = steal_text(&process->out);
    result.err = steal_text(&process->err);
    close(process->pid_fd);
    pthread_cond_destroy(&process->changed);
    pthread_mutex_destroy(&process->lock);
    free(process->input);
    free(process);
    const bool is_ok = result.exit_status == 0;
    if (out_result != NULL) {
        *out_result = result;
    } else {
        run_result_fini(&result);
    }
    return is_ok;
}

bool run_command(const struct run_options *options, struct run_result *out_result)
{
    return run_wait(run_start(options), out_result);
}

void run_result_fini(struct run_result *result)
{
    if (result == NULL) {
        return;
    }
    free(result->out);
    free(result->err);
    result->out = NULL;
    result->err = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a program and see what it did: output, exit status, signal, memory; never for longer than
 * its deadline.
 * Errors: when the program cannot be started at all, one line on stderr and abort().
 */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What to run; zero fields are the defaults. All is borrowed for the call. */
struct run_options {
    const char *const *argv; /* NULL-terminated; argv[0] is looked for in PATH */
    const char *const *env;  /* NULL-terminated "NAME=VALUE" set, "NAME" removed; NULL: none */
    const char *directory;   /* working directory; NULL: this one */
    const void *input;       /* bytes for stdin; NULL: stdin is empty */
    size_t input_len;        /* 0: strlen(input) */
    unsigned timeout_ms;     /* SIGKILL after so long; 0: 60 s */
    size_t output_max_bytes; /* kept of stdout and of stderr, the rest dropped; 0: 4 MiB */
};

/* What it did. */
struct run_result {
    int exit_status; /* 0 to 255; -1: ended by a signal */
    int signal;      /* the signal that ended it; 0: none */
    bool timed_out;  /* killed at the deadline */
    bool truncated;  /* more output than output_max_bytes */
    char *out;       /* stdout and a NUL */
    size_t out_len;
    char *err; /* stderr and a NUL */
    size_t err_len;
    uint64_t wall_ns;
    uint64_t cpu_ns;  /* user and system */
    uint64_t rss_kib; /* most memory resident at once, KiB; never less than the starter's own */
};

/* A program under way. */
struct run_process;

/*
 * Run a program to its end.
 * out_result: filled; free with run_result_fini().
 * Returns: whether it exited with status 0.
 * Blocks: until it ended, at most its timeout.
 */
bool run_command(const struct run_options *options, struct run_result *out_result);

/* Free the output; NULL and all-zero are allowed. */
void run_result_fini(struct run_result *result);

/*
 * Start a program and come back.
 * Returns: owned; give it to run_wait().
 * Blocks: no.
 */
struct run_process *run_start(const struct run_options *options);

/* Its process id. */
pid_t run_pid(const struct run_process *process);

/* Send it a signal; does nothing when it has ended. Threads: any. */
void run_signal(struct run_process *process, int signal_number);

/* Tell whether it has ended. Threads: any. */
bool run_is_over(struct run_process *process);

/*
 * Wait until text was seen on its stdout or stderr (either), or it ended.
 * Returns: whether the text is there. Blocks: at most timeout_ms.
 */
bool run_wait_output(struct run_process *process, const char *text, unsigned timeout_ms);

/*
 * Wait for its end and free it.
 * out_result: as for run_command(); NULL: not wanted.
 * Returns: whether it exited with status 0. Blocks: at most its timeout.
 */
bool run_wait(struct run_process *process, struct run_result *out_result);

#endif

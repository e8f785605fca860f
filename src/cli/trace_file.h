/* SPDX-License-Identifier: Apache-2.0
 *
 * The file of --trace: what each thread of a run did, as Chrome trace events.
 *
 * The file is a JSON array with one event a line, written as the run goes on. A run that is killed
 * leaves it without its closing bracket, which readers of the format do not need.
 *
 * Calling sequence: trace_file_open; trace_file_take as on_trace of the run; trace_file_close.
 * Threads: main.
 */
#ifndef TUG_CLI_TRACE_FILE_H
#define TUG_CLI_TRACE_FILE_H

#include <tug/trace.h>

#include "text.h"

/* One file. Private to trace_file.c; all zero but fd, which is -1: there is none. */
struct trace_file {
    int fd;
    const char *path; /* borrowed */
    struct text text; /* not written yet */
    unsigned images;  /* reported so far */
    int os_errno;     /* of the first failure; nothing is written after it */
    long process;     /* its id, in every event */
};

/* Create the file, or empty it. path: borrowed; NULL: there is none, and everything below does
 * nothing. command: what is traced, for its title.
 * Returns: 0, or the exit status after the failure was reported. */
int trace_file_open(struct trace_file *file, const char *path, const char *command);

/* Return what on_trace of a run has to be: trace_file_take, or NULL without a file. */
tug_trace_fn trace_file_callback(const struct trace_file *file);
/* Add an event. context: the struct trace_file. */
void trace_file_take(void *context, const struct tug_trace_event *event);

/* Complete and close the file. Returns: 0, or the exit status after a failure to write it was
 * reported. */
int trace_file_close(struct trace_file *file);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports of failures: lines on standard error and the exit status.
 * Threads: any; each line is one write.
 */
#ifndef TUG_DISPLAY_REPORT_H
#define TUG_DISPLAY_REPORT_H

#include <tug/error.h>

#include "text.h"

/* Exit status of wrong usage and of a mixed batch; the others follow from a tug_status. */
#define EXIT_STATUS_MIXED 1
#define EXIT_STATUS_USAGE 2
#define EXIT_STATUS_STORE 7
#define EXIT_STATUS_TIMEOUT 10

/* Return the exit status that stands for a library status (tug(1), "Exit status").
 * TUG_ERR_CANCELLED gives 130; a caller that knows the signal uses 128 + its number instead. */
int report_exit_status(enum tug_status status);

/* Print "tug: SUBJECT: MESSAGE" as one line.
 * subject: raw text, e.g. from argv, escaped here; may be NULL: then "tug: MESSAGE".
 * message: safe text, as from the library. */
void report_error(const char *subject, const char *message);

/* Print that memory ran out. Returns: the exit status. */
int report_no_memory(void);

/* Print the failure of a system call: "tug: SUBJECT: ACTION: strerror". Raw subject. */
void report_errno(const char *subject, const char *action, int os_errno);

/* Print a line on standard error unchanged: a result, for people. message: safe text. */
void report_note(const char *message);

/* Print "tug: warning: MESSAGE". message: safe text. */
void report_warning(const char *message);

/* Print a line of the library's log unchanged, for tug_fetch_options.on_log; context is not used.
 */
void report_log_line(void *context, const char *line);

/* Print "tug: …" for wrong usage and "try 'tug help COMMAND'".
 * command: name of the command, NULL when none is known. The formatted text may hold raw parts: it
 * is escaped as a whole. Returns: EXIT_STATUS_USAGE. */
int report_usage(const char *command, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));

/* Print "try 'tug help COMMAND'", after the error. command: NULL when none is known.
 * Returns: EXIT_STATUS_USAGE. */
int report_usage_hint(const char *command);

/* Write a text to standard output and free it; a failure is reported on standard error.
 * Returns: 0, or the exit status of a failure. */
int report_output(struct text *text);

#endif

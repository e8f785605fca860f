/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of a run: its log, and warnings.
 */
#ifndef TUG_LOG_H
#define TUG_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

/* Receives a line of the log, escaped, without a newline. Called from several threads at once; it
 * must not call any function on the same fetch. */
typedef void (*tug_log_fn)(void *context, const char *line);

/* How much a message matters. Later versions may add levels: compare with < and >. */
enum tug_log_level {
    TUG_LOG_NONE = 0,
    TUG_LOG_WARNING, /* what TUG_EVENT_WARNING says */
    TUG_LOG_INFO,    /* also retries, and the configuration in use (options.log_config) */
    TUG_LOG_DEBUG,   /* also each request and response (options.log_http, options.log_timing) */
};

/* Receives a message: one line, escaped, without a newline and without secrets. Warnings and
 * retries come on the thread that called tug_fetch_run, the others on any thread of the run,
 * several at once. It must not call any function on the same fetch. */
typedef void (*tug_message_fn)(void *context, enum tug_log_level level, const char *line);

#ifdef __cplusplus
}
#endif
#endif

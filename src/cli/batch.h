/* SPDX-License-Identifier: Apache-2.0
 *
 * A list of references and one run of the library over it: what fetch, resolve and tags have
 * in common.
 *
 * Calling sequence: batch_load, batch_create, batch_take for each result, batch_run, batch_fini.
 * Threads: main; batch_run has a thread for signals besides.
 */
#ifndef TUG_CLI_BATCH_H
#define TUG_CLI_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/tug.h>

#include "list.h"
#include "options.h"
#include "result.h"

/* One batch. All zero but settings; batch_fini is due. */
struct batch {
    const struct settings *settings; /* borrowed */
    struct ref_list refs;
    struct results results;
    struct tug_fetch *fetch;
    size_t *positions; /* owned: of each reference of the fetch, in refs; NULL: the same */
    bool has_failed_pattern;
};

/* Calls tug_fetch_run, or what takes its place, with the batch's fetch. */
typedef enum tug_status (*batch_work_fn)(struct batch *batch, struct tug_error *err);

/* Read the references that the command line names, have the tags of patterns listed, and prepare
 * for the results. source: borrowed for the call. options: how registries are asked; NULL: there
 * are no patterns. Returns: 0, or the exit status after the failure was reported. */
int batch_load(struct batch *batch, const struct list_source *source,
               const struct tug_fetch_options *options);

/* Create the run and add every reference.
 * store: NULL for resolve. options: size, log and labels are set here, the rest by the caller.
 * Returns: 0, or the exit status after the failure was reported. */
int batch_create(struct batch *batch, struct tug_store *store, struct tug_fetch_options *options);

/* Hand a result to the output. The run is cancelled when the reader has closed it. */
void batch_take(struct batch *batch, const struct tug_image_result *image);

/* Hand a blob that would be fetched to the output (TUG_EVENT_PLANNED). */
void batch_plan(struct batch *batch, const struct tug_event *event);

/* Hand a tag to the output, before the result of its repository. */
void batch_take_tag(struct batch *batch, const struct tug_tag *tag);

/* Report a reference that failed, as one line on standard error. */
void batch_report_failure(const struct tug_image_result *image);

/* Run until every reference has its result, or a signal ends it.
 * out_error: how the run ended; out_signal: the signal that cancelled it, 0 when none did.
 * Returns: 0, or the exit status after a failure to begin was reported. */
int batch_run(struct batch *batch, batch_work_fn work, struct tug_error *out_error,
              int *out_signal);

/* The same for a command that only prints: report how the run ended as well, unless the failure of
 * a reference says it, and that standard output failed, if it did.
 * has_error_line: looked at after the run. Returns: the exit status. */
int batch_print(struct batch *batch, batch_work_fn work, const bool *has_error_line);

/* Free everything; the store stays open. */
void batch_fini(struct batch *batch);

#endif

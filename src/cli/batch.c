/* SPDX-License-Identifier: Apache-2.0
 *
 * From a list of references to a run of the library and its results.
 *
 * Knows: lists, results, signals. Does not know: the store, what is shown of the run.
 * Threads: main; signals.c adds one of its own during the run.
 */
#include "batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "list_expand.h"
#include "report.h"
#include "signals.h"

static void cancel_fetch(void *fetch)
{
    tug_fetch_cancel(fetch);
}

/* List the tags of patterns; a list_tags_fn. */
static int list_tags(struct tug_fetch *fetch, const struct tug_tags_options *options,
                     struct tug_error *out_error)
{
    struct signals signals;
    const int os_errno = signals_start(&signals, cancel_fetch, fetch);
    int signal_number;

    if (os_errno != 0) {
        report_errno("signals", "start thread", os_errno);
        return EXIT_STATUS_STORE;
    }
    (void)tug_fetch_list_tags(fetch, options, out_error);
    signal_number = signals_stop(&signals);
    if (signal_number == 0 || out_error->code != TUG_ERR_CANCELLED) {
        return 0;
    }
    report_error(NULL, "interrupted while tags were listed; nothing was fetched");
    return 128 + signal_number;
}

int batch_load(struct batch *batch, const struct list_source *source,
               const struct tug_fetch_options *options)
{
    const struct common_settings *const common = &batch->settings->common;
    int status = ref_list_load(&batch->refs, common->inputs, common->input_count, source);

    if (status == 0 && options != NULL) {
        const struct list_asking asking = {
            .options = options, .list_tags = list_tags, .is_quiet = common->verbosity < 0};

        status = ref_list_expand(&batch->refs, source, &asking);
    }
    if (status != 0) {
        return status;
    }
    batch->has_failed_pattern = batch->refs.glob_count > 0;
    return results_init(&batch->results, &batch->refs, common->format) ? 0 : report_no_memory();
}

/* Hand a reference to the run. */
static enum tug_status add_reference(struct batch *batch, size_t position, struct tug_error *err)
{
    const char *const text = ref_list_options(&batch->refs, position);
    const char *const name = batch->settings->archive.image_name;
    const bool has_options = *text != '\0' || name != NULL;
    struct line_options options = {0};
    enum tug_status status = has_options ? line_options_parse(text, &options, err) : TUG_OK;

    if (options.options.name == NULL) {
        options.options.name = name;
    }

    if (status == TUG_OK) {
        status = tug_fetch_add_parsed(batch->fetch, batch->refs.refs[position],
                                      has_options ? &options.options : NULL, err);
    }
    batch->refs.given_count += status == TUG_OK;
    line_options_fini(&options);
    return status;
}

int batch_create(struct batch *batch, struct tug_store *store, struct tug_fetch_options *options)
{
    struct tug_error error = {0};
    enum tug_status status;
    size_t added = 0;

    options->size = sizeof *options;
    options->on_log = report_log_line;
    options->log_config = batch->settings->common.verbosity >= 1;
    status = tug_fetch_create(store, options, &batch->fetch, &error);
    if (status == TUG_OK && batch->has_failed_pattern) {
        batch->positions = calloc(batch->refs.count, sizeof *batch->positions);
        if (batch->positions == NULL) {
            return report_no_memory();
        }
    }
    for (size_t i = 0; status == TUG_OK && i < batch->refs.count; i++) {
        if (batch->refs.refs[i] == NULL) { /* a pattern that failed */
            batch->refs.given_count++;
            continue;
        }
        if (batch->positions != NULL) {
            batch->positions[added++] = i;
        }
        status = add_reference(batch, i, &error);
    }
    if (status != TUG_OK) {
        report_error(NULL, error.message);
    }
    return report_exit_status(status);
}

/* The position in the list of a reference of the run. */
static size_t list_position(const struct batch *batch, size_t position)
{
    return batch->positions != NULL ? batch->positions[position] : position;
}

void batch_plan(struct batch *batch, const struct tug_event *event)
{
    results_plan(&batch->results, list_position(batch, event->image->position), event);
}

void batch_take(struct batch *batch, const struct tug_image_result *image)
{
    struct tug_image_result result = *image;

    result.position = list_position(batch, image->position);
    if (!results_take(&batch->results, &result) && batch->results.output_errno == EPIPE) {
        tug_fetch_cancel(batch->fetch); /* the reader of the results is gone */
    }
}

void batch_take_tag(struct batch *batch, const struct tug_tag *tag)
{
    if (!results_take_tag(&batch->results, tag) && batch->results.output_errno == EPIPE) {
        tug_fetch_cancel(batch->fetch);
    }
}

void batch_report_failure(const struct tug_image_result *image)
{
    char line[TUG_ERROR_MESSAGE_MAX + 1024];

    (void)snprintf(line, sizeof line, "%s: %s", image->ref, image->error.message);
    report_error(NULL, line);
}

/* Report the patterns that could not be expanded. */
static void take_patterns(struct batch *batch)
{
    for (size_t i = 0; i < batch->refs.glob_count; i++) {
        const struct list_glob *const glob = &batch->refs.globs[i];
        const struct tug_image_result result = {.position = glob->position,
                                                .ref = batch->refs.items[glob->position],
                                                .status = glob->error.code,
                                                .error = glob->error};

        batch_report_failure(&result);
        (void)results_take(&batch->results, &result);
    }
}

int batch_run(struct batch *batch, batch_work_fn work, struct tug_error *out_error, int *out_signal)
{
    static const struct tug_error not_tried = {
        .code = TUG_ERR_CANCELLED, .message = "--fail-fast: a pattern of tags failed first"};
    static const struct tug_error no_result = {.code = TUG_ERR_INTERNAL, .message = "no result"};
    struct signals signals;
    const int os_errno = signals_start(&signals, cancel_fetch, batch->fetch);

    if (os_errno != 0) {
        report_errno("signals", "start thread", os_errno);
        return EXIT_STATUS_STORE;
    }
    take_patterns(batch);
    if (batch->has_failed_pattern && batch->settings->run.fail_fast) {
        *out_error = not_tried;
    } else {
        (void)work(batch, out_error);
    }
    *out_signal = signals_stop(&signals);
    /* A successful run has reported every result; a missing one is a bug. */
    (void)results_finish(&batch->results, out_error->code != TUG_OK ? out_error : &no_result);
    return 0;
}

/* Report that standard output failed, if it did. Returns: the exit status. */
static int exit_status_of(const struct batch *batch, int signal_number)
{
    const struct results *const results = &batch->results;

    if (results->output_errno != 0) {
        report_errno("standard output", "write", results->output_errno);
        return EXIT_STATUS_STORE;
    }
    return results->has_lost_line ? EXIT_STATUS_STORE : results_exit_status(results, signal_number);
}

int batch_print(struct batch *batch, batch_work_fn work, const bool *has_error_line)
{
    struct tug_error error = {0};
    int signal_number;
    const int status = batch_run(batch, work, &error, &signal_number);

    if (status != 0) {
        return status;
    }
    if (error.code != TUG_OK && !*has_error_line && batch->results.output_errno == 0) {
        report_error(NULL, error.message);
    }
    return exit_status_of(batch, signal_number);
}

void batch_fini(struct batch *batch)
{
    tug_fetch_destroy(batch->fetch);
    results_fini(&batch->results);
    ref_list_fini(&batch->refs);
    free(batch->positions);
}

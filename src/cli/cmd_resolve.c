/* SPDX-License-Identifier: Apache-2.0
 *
 * The command resolve: what references name, without fetching it.
 *
 * Knows: the public library, results. Does not know: how requests are made.
 * Threads: main; signals.c adds one of its own during the run.
 */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <tug/tug.h>

#include "list.h"
#include "report.h"
#include "result.h"
#include "signals.h"

struct run {
    const struct settings *settings;
    struct ref_list refs;
    struct results results;
    struct tug_fetch *fetch;
    bool has_error_line; /* a failed reference was told of */
};

static void report_image(struct run *run, const struct tug_image_result *image)
{
    char line[TUG_ERROR_MESSAGE_MAX + 1024];

    if (image->status == TUG_OK || image->status == TUG_ERR_CANCELLED) {
        return;
    }
    run->has_error_line = true;
    (void)snprintf(line, sizeof line, "%s: %s", image->ref, image->error.message);
    report_error(NULL, line);
}

static void on_event(void *context, const struct tug_event *event)
{
    struct run *const run = context;

    if (event->kind == TUG_EVENT_WARNING && run->settings->verbosity >= 0) {
        report_warning(event->text);
    }
    if (event->kind != TUG_EVENT_IMAGE) {
        return;
    }
    report_image(run, event->image);
    if (!results_take(&run->results, event->image) && run->results.output_errno == EPIPE) {
        tug_fetch_cancel(run->fetch); /* nobody is left who wants to know */
    }
}

static int set_up(struct run *run)
{
    struct tug_fetch_options options = run->settings->fetch;
    struct tug_error error = {0};
    const struct list_source source = {0};
    enum tug_status status;
    const int list_status =
        ref_list_load(&run->refs, run->settings->inputs, run->settings->input_count, &source);

    if (list_status != 0) {
        return list_status;
    }
    if (!results_init(&run->results, &run->refs, run->settings->format)) {
        report_error(NULL, "out of memory");
        return EXIT_STATUS_STORE;
    }
    run->results.is_lookup = true;
    options.size = sizeof options;
    options.on_event = on_event;
    options.event_context = run;
    options.on_log = report_log_line;
    options.log_config = run->settings->verbosity >= 1;
    status = tug_fetch_create(NULL, &options, &run->fetch, &error);
    for (size_t i = 0; status == TUG_OK && i < run->refs.count; i++) {
        status = tug_fetch_add(run->fetch, run->refs.items[i], &error);
    }
    if (status != TUG_OK) {
        report_error(NULL, error.message);
    }
    return report_exit_status(status);
}

static int do_run(struct run *run)
{
    struct tug_error error = {0};
    struct signals signals;
    int signal_number;
    const int os_errno = signals_start(&signals, run->fetch);

    if (os_errno != 0) {
        report_errno("signals", "start thread", os_errno);
        return EXIT_STATUS_STORE;
    }
    (void)tug_fetch_resolve(run->fetch, &error);
    signal_number = signals_stop(&signals);
    (void)results_finish(&run->results, &error);
    if (run->results.output_errno != 0) {
        report_errno("standard output", "write", run->results.output_errno);
        return EXIT_STATUS_STORE;
    }
    if (error.code != TUG_OK && !run->has_error_line) {
        report_error(NULL, error.message);
    }
    return run->results.has_lost_line ? EXIT_STATUS_STORE
                                      : results_exit_status(&run->results, signal_number);
}

int cmd_resolve(const struct settings *settings)
{
    struct run run = {.settings = settings};
    int status;

    if (settings->input_count == 0) {
        return report_usage("resolve", "resolve: no reference given");
    }
    status = set_up(&run);
    if (status == 0) {
        status = do_run(&run);
    }
    tug_fetch_destroy(run.fetch);
    results_fini(&run.results);
    ref_list_fini(&run.refs);
    return status;
}

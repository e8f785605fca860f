/* SPDX-License-Identifier: Apache-2.0
 *
 * The command fetch: from settings to a run of the library, its results and the exit status.
 *
 * Knows: the public library, every part of this room. Does not know: how each part does its work.
 * Threads: main; signals.c adds one of its own during the run.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <tug/tug.h>

#include "batch.h"
#include "donor_stores.h"
#include "now.h"
#include "report.h"
#include "store_path.h"
#include "terminal.h"
#include "text.h"
#include "trace_file.h"
#include "ui.h"

/* One run; what is set is released by run_fini. */
struct run {
    struct batch batch;
    const struct settings *settings;
    struct ui *ui;
    struct tug_store *store;
    struct donor_stores donors;
    struct trace_file trace;
    int failed_fd;        /* of --failed-file, -1: none */
    bool is_stdout_shown; /* standard output is a terminal: make way for it */
    bool has_error_line;  /* the failure of a reference was reported */
    size_t skipped_count; /* references not tried because another one failed */
    int64_t began_ms;     /* when --timeout began to count */
};

/* --- the store --- */

static void on_store_wait(void *context, const char *text)
{
    const struct run *const run = context;

    if (run->settings->common.verbosity >= 0) {
        report_warning(text);
    }
}

static int open_store(struct run *run)
{
    const struct tug_store_options options = {
        .size = sizeof options,
        .durability = run->settings->fetch.durability,
        .make_nothing = run->settings->run.dry_run,
        .on_wait = on_store_wait,
        .wait_context = run,
        .timeout_ms = run->settings->run.timeout_ms,
    };
    struct tug_error error = {0};
    struct store_path path = {0};
    enum tug_status status;

    if (!store_path_find(run->settings->common.store_path, &path)) {
        return report_usage("fetch", "no store: give --store, or set TUG_STORE or HOME");
    }
    if (path.path.has_failed) {
        text_fini(&path.path);
        return report_no_memory();
    }
    if (run->settings->common.verbosity > 0) {
        store_path_tell(&path);
    }
    if (path.is_default && !options.make_nothing) {
        store_path_make_parents(path.path.data);
    }
    status = tug_store_open(path.path.data, &options, &run->store, &error);
    text_fini(&path.path);
    if (status != TUG_OK) {
        report_error(NULL, error.message);
    }
    return report_exit_status(status);
}

/* --- events --- */

static void report_image(struct run *run, const struct tug_image_result *image)
{
    if (image->status == TUG_OK) {
        return;
    }
    if (image->status == TUG_ERR_CANCELLED) { /* reported once, at the end */
        run->skipped_count++;
        return;
    }
    run->has_error_line = true;
    if (run->settings->fetch.progress == PROGRESS_JSON && run->settings->common.verbosity >= 0) {
        return; /* the event has reported it */
    }
    ui_clear(run->ui);
    batch_report_failure(image);
}

static void on_event(void *context, const struct tug_event *event)
{
    struct run *const run = context;

    ui_on_event(run->ui, event);
    if (event->kind == TUG_EVENT_PLANNED) {
        batch_plan(&run->batch, event);
    }
    if (event->kind != TUG_EVENT_IMAGE) {
        return;
    }
    report_image(run, event->image);
    if (run->is_stdout_shown) {
        ui_clear(run->ui);
    }
    batch_take(&run->batch, event->image);
}

/* --- the run --- */

static enum ui_kind choose_ui(const struct settings *settings)
{
    const bool has_log = settings->run.log_http || settings->run.log_timing;

    if (settings->common.verbosity < 0) {
        return UI_NONE;
    }
    if (has_log && settings->fetch.progress == PROGRESS_AUTO) {
        return UI_PLAIN; /* lines of the log would tear what is drawn in place */
    }
    switch (settings->fetch.progress) {
    case PROGRESS_AUTO:
        return terminal_can_draw() ? UI_TTY : UI_PLAIN;
    case PROGRESS_TTY:
        return UI_TTY;
    case PROGRESS_PLAIN:
        return UI_PLAIN;
    case PROGRESS_JSON:
        return UI_JSON;
    case PROGRESS_NONE:
        return UI_NONE;
    }
    return UI_NONE;
}

/* Make the display and the results. */
static int set_up_output(struct run *run)
{
    const struct settings *const settings = run->settings;
    const struct ui_options options = {
        .kind = choose_ui(settings),
        .is_dry = settings->run.dry_run,
        .verbosity = settings->common.verbosity,
        .has_color = terminal_has_color(settings->common.color),
    };

    run->is_stdout_shown = isatty(STDOUT_FILENO);
    run->ui = ui_create(&options);
    if (run->ui == NULL) {
        return report_no_memory();
    }
    run->batch.results.is_plan = settings->run.dry_run;
    if (settings->fetch.failed_path != NULL) {
        run->failed_fd = open(settings->fetch.failed_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        if (run->failed_fd < 0) {
            report_errno(settings->fetch.failed_path, "open", errno);
            return EXIT_STATUS_USAGE;
        }
    }
    return trace_file_open(&run->trace, settings->common.trace_path, "fetch");
}

/* What is left of --timeout after the store was opened; 0: there is none. */
static uint64_t left_ms(const struct run *run)
{
    const uint64_t all_ms = run->settings->run.timeout_ms;
    const uint64_t gone_ms = (uint64_t)(now_ms() - run->began_ms);

    if (all_ms == 0) {
        return 0;
    }
    return all_ms > gone_ms ? all_ms - gone_ms : 1;
}

static int set_up_fetch(struct run *run)
{
    const struct fetch_settings *const settings = &run->settings->fetch;
    struct tug_fetch_options options = run->settings->run;

    options.platforms = run->settings->wish.platforms;
    options.platform_count = run->settings->wish.platform_count;
    options.labels = settings->labels;
    options.label_count = settings->label_count;
    options.platform_root = settings->root == ROOT_PLATFORM;
    options.verify_any_name = run->settings->trust.any_name;
    options.verify_keys = run->settings->trust.keys;
    options.verify_key_count = run->settings->trust.key_count;
    options.delta = settings->delta;
    options.donors = run->donors.items;
    options.donor_count = run->donors.count;
    options.convert = settings->convert == CONVERT_OCI ? "oci" : NULL;
    options.on_event = on_event;
    options.event_context = run;
    options.tick_ms = ui_tick_ms(run->ui);
    options.on_trace = trace_file_callback(&run->trace);
    options.trace_context = &run->trace;
    options.timeout_ms = left_ms(run);
    return batch_create(&run->batch, run->store, &options);
}

/* Report what ended the run, unless that was reported already. */
static void report_end(struct run *run, const struct tug_error *error, int signal_number,
                       int status)
{
    char line[128];

    ui_clear(run->ui);
    if (run->batch.results.output_errno != 0) {
        report_errno("standard output", "write", run->batch.results.output_errno);
    }
    if (signal_number != 0 && status == 128 + signal_number) {
        (void)snprintf(line, sizeof line, "interrupted by %s; partial downloads are kept",
                       signal_number == SIGINT    ? "SIGINT"
                       : signal_number == SIGTERM ? "SIGTERM"
                                                  : "SIGHUP");
        ui_show_error(run->ui, TUG_ERR_CANCELLED, line);
    } else if (run->skipped_count > 0 && run->settings->run.fail_fast) {
        (void)snprintf(line, sizeof line, "--fail-fast: %zu more not fetched", run->skipped_count);
        ui_show_error(run->ui, TUG_ERR_CANCELLED, line);
    } else if (error->code != TUG_OK && !run->has_error_line &&
               run->batch.results.output_errno == 0) {
        ui_show_error(run->ui, error->code, error->message);
    }
}

/* Write --failed-file. Returns: 0, or the exit status. */
static int write_failed(const struct run *run)
{
    const int os_errno =
        run->failed_fd >= 0 ? results_write_failed(&run->batch.results, run->failed_fd) : 0;

    if (os_errno == 0) {
        return 0;
    }
    report_errno(run->settings->fetch.failed_path, "write", os_errno);
    return EXIT_STATUS_STORE;
}

static enum tug_status work(struct batch *batch, struct tug_error *err)
{
    return tug_fetch_run(batch->fetch, err);
}

static int do_run(struct run *run)
{
    struct results *const results = &run->batch.results;
    struct tug_error error = {0};
    int signal_number;
    int status = batch_run(&run->batch, work, &error, &signal_number);

    if (status != 0) {
        return status;
    }
    status = results_exit_status(results, signal_number);
    report_end(run, &error, signal_number, status);
    if (write_failed(run) != 0 || results->output_errno != 0 || results->has_lost_line) {
        return status == 0 || results->output_errno == EPIPE ? EXIT_STATUS_STORE : status;
    }
    return status;
}

static void run_fini(struct run *run)
{
    ui_finish(run->ui);
    batch_fini(&run->batch);
    tug_store_close(run->store);
    donor_stores_close(&run->donors);
    if (run->failed_fd >= 0) {
        (void)close(run->failed_fd);
    }
}

/* Check the keys before anything is asked of a registry. Returns: 0, or the exit status. */
static int check_keys(const struct trust_settings *trust)
{
    struct tug_error error = {0};
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < trust->key_count; i++) {
        status = tug_verify_key_check(trust->keys[i], &error);
    }
    if (status != TUG_OK) {
        report_error(NULL, error.message);
    }
    return report_exit_status(status);
}

/* Go through the steps until one fails. */
static int run_steps(struct run *run)
{
    const struct list_source source = {
        .repository = run->settings->wish.repository,
        .platforms = run->settings->wish.platforms,
        .platform_count = run->settings->wish.platform_count,
        .images_in = run->settings->wish.images_in,
        .shard_index = run->settings->fetch.shard_index,
        .shard_count = run->settings->fetch.shard_count,
    };
    int status = check_keys(&run->settings->trust);

    if (status == 0) {
        status = batch_load(&run->batch, &source, &run->settings->run);
    }
    if (status == 0) {
        status = ref_list_check_names(&run->batch.refs);
    }
    if (status == 0) {
        status = set_up_output(run);
    }
    if (status == 0 && run->batch.refs.count == 0) { /* empty lists: nothing is missing */
        return write_failed(run);
    }
    if (status == 0 && run->settings->archive.image_name != NULL && run->batch.refs.count != 1) {
        return report_usage("fetch", "--name is for one reference, but there are %zu",
                            run->batch.refs.count);
    }
    if (status == 0) {
        status = open_store(run);
    }
    if (status == 0) {
        status = donor_stores_open(&run->donors, &run->settings->fetch);
    }
    if (status == 0) {
        status = set_up_fetch(run);
    }
    if (status == 0) {
        return do_run(run);
    }
    if (run->batch.results.slots != NULL) {
        (void)write_failed(run); /* nothing was fetched: every reference has to be tried again */
    }
    return status;
}

int cmd_fetch(const struct settings *settings, const struct command_table *table)
{
    struct run run = {.batch.settings = settings,
                      .settings = settings,
                      .trace.fd = -1,
                      .failed_fd = -1,
                      .began_ms = now_ms()};
    int status;

    (void)table;
    if (settings->common.input_count == 0) {
        return report_usage("fetch", "fetch: no reference given");
    }
    status = run_steps(&run);
    if (trace_file_close(&run.trace) != 0 && status == 0) {
        status = EXIT_STATUS_STORE;
    }
    ui_set_exit_status(run.ui, status);
    run_fini(&run);
    return status;
}

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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tug/tug.h>

#include "list.h"
#include "report.h"
#include "result.h"
#include "signals.h"
#include "terminal.h"
#include "text.h"
#include "ui.h"

/* One run; what is set is released by run_fini. */
struct run {
    const struct settings *settings;
    struct ref_list refs;
    struct results results;
    struct ui *ui;
    struct tug_store *store;
    struct tug_fetch *fetch;
    int failed_fd;        /* of --failed-file, -1: none */
    bool is_stdout_shown; /* standard output is a terminal: make way for it */
    bool has_error_line;  /* a failed reference was told of */
    size_t skipped_count; /* references not tried because another one failed */
};

static int fail_memory(void)
{
    report_error(NULL, "out of memory");
    return EXIT_STATUS_STORE;
}

/* --- the store --- */

/* Find out the path of the store. out_path: filled on success. is_default: nobody named it.
 * Returns: false when nothing says where it is. */
static bool find_store_path(const struct settings *settings, struct text *out_path,
                            bool *out_is_default)
{
    const char *const named =
        settings->store_path != NULL ? settings->store_path : getenv("TUG_STORE");
    const char *const data_home = getenv("XDG_DATA_HOME");
    const char *const home = getenv("HOME");

    *out_is_default = false;
    if (named != NULL && *named != '\0') {
        text_puts(out_path, named);
        return true;
    }
    *out_is_default = true;
    if (data_home != NULL && *data_home == '/') { /* a relative one is to be ignored */
        text_printf(out_path, "%s/tug", data_home);
        return true;
    }
    if (home != NULL && *home != '\0') {
        text_printf(out_path, "%s/.local/share/tug", home);
        return true;
    }
    return false;
}

/* Make the directories above path that are missing. A failure shows when the store is opened. */
static void make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
}

static void on_store_wait(void *context, const char *text)
{
    const struct run *const run = context;

    if (run->settings->verbosity >= 0) {
        report_warning(text);
    }
}

static int open_store(struct run *run)
{
    const struct tug_store_options options = {
        .size = sizeof options,
        .durability = run->settings->durability,
        .make_nothing = run->settings->fetch.dry_run,
        .on_wait = on_store_wait,
        .wait_context = run,
    };
    struct tug_error error = {0};
    struct text path = {0};
    bool is_default;
    enum tug_status status;

    if (!find_store_path(run->settings, &path, &is_default)) {
        return report_usage("fetch", "no store: give --store, or set TUG_STORE or HOME");
    }
    if (path.has_failed) {
        text_fini(&path);
        return fail_memory();
    }
    if (is_default && !options.make_nothing) {
        make_parents(path.data);
    }
    status = tug_store_open(path.data, &options, &run->store, &error);
    text_fini(&path);
    if (status != TUG_OK) {
        report_error(NULL, error.message);
    }
    return report_exit_status(status);
}

/* --- events --- */

static void report_image(struct run *run, const struct tug_image_result *image)
{
    char line[TUG_ERROR_MESSAGE_MAX + 1024];

    if (image->status == TUG_OK) {
        return;
    }
    if (image->status == TUG_ERR_CANCELLED) { /* told once, at the end */
        run->skipped_count++;
        return;
    }
    run->has_error_line = true;
    if (run->settings->progress == PROGRESS_JSON && run->settings->verbosity >= 0) {
        return; /* the event told it */
    }
    ui_clear(run->ui);
    (void)snprintf(line, sizeof line, "%s: %s", image->ref, image->error.message);
    report_error(NULL, line);
}

static void on_event(void *context, const struct tug_event *event)
{
    struct run *const run = context;

    ui_on_event(run->ui, event);
    if (event->kind == TUG_EVENT_PLANNED) {
        results_plan(&run->results, event);
    }
    if (event->kind != TUG_EVENT_IMAGE) {
        return;
    }
    report_image(run, event->image);
    if (run->is_stdout_shown) {
        ui_clear(run->ui);
    }
    if (!results_take(&run->results, event->image) && run->results.output_errno == EPIPE) {
        tug_fetch_cancel(run->fetch); /* nobody is left who wants to know */
    }
}

/* --- the run --- */

static enum ui_kind choose_ui(const struct settings *settings)
{
    const bool has_log = settings->fetch.log_http || settings->fetch.log_timing;

    if (settings->verbosity < 0) {
        return UI_NONE;
    }
    if (has_log && settings->progress == PROGRESS_AUTO) {
        return UI_PLAIN; /* lines of the log would tear what is drawn in place */
    }
    switch (settings->progress) {
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
        .is_dry = settings->fetch.dry_run,
        .verbosity = settings->verbosity,
        .has_color = terminal_has_color(settings->color),
    };

    run->is_stdout_shown = isatty(STDOUT_FILENO);
    run->ui = ui_create(&options);
    if (run->ui == NULL || !results_init(&run->results, &run->refs, settings->format)) {
        return fail_memory();
    }
    run->results.is_plan = settings->fetch.dry_run;
    if (settings->failed_path != NULL) {
        run->failed_fd = open(settings->failed_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        if (run->failed_fd < 0) {
            report_errno(settings->failed_path, "open", errno);
            return EXIT_STATUS_USAGE;
        }
    }
    return 0;
}

static enum tug_status add_reference(struct run *run, size_t position, struct tug_error *err)
{
    const char *const text = ref_list_options(&run->refs, position);
    struct line_options options;
    enum tug_status status;

    if (*text == '\0') {
        return tug_fetch_add(run->fetch, run->refs.items[position], err);
    }
    status = line_options_parse(text, &options, err);
    if (status == TUG_OK) {
        status = tug_fetch_add_with(run->fetch, run->refs.items[position], &options.options, err);
    }
    line_options_fini(&options);
    return status;
}

static int set_up_fetch(struct run *run)
{
    const struct settings *const settings = run->settings;
    struct tug_fetch_options options = settings->fetch;
    struct tug_error error = {0};
    enum tug_status status;

    options.size = sizeof options;
    options.platforms = settings->platforms;
    options.platform_count = settings->platform_count;
    options.labels = settings->labels;
    options.label_count = settings->label_count;
    options.on_event = on_event;
    options.event_context = run;
    options.tick_ms = ui_tick_ms(run->ui);
    options.on_log = report_log_line;
    options.log_config = settings->verbosity >= 1;
    status = tug_fetch_create(run->store, &options, &run->fetch, &error);
    for (size_t i = 0; status == TUG_OK && i < run->refs.count; i++) {
        status = add_reference(run, i, &error);
    }
    if (status != TUG_OK) {
        report_error(NULL, error.message);
    }
    return report_exit_status(status);
}

/* Tell what is left to tell when the run is over. */
static void report_end(struct run *run, const struct tug_error *error, int signal_number,
                       int status)
{
    char line[128];

    ui_clear(run->ui);
    if (run->results.output_errno != 0) {
        report_errno("standard output", "write", run->results.output_errno);
    }
    if (signal_number != 0 && status == 128 + signal_number) {
        (void)snprintf(line, sizeof line, "interrupted by %s; partial downloads are kept",
                       signal_number == SIGINT    ? "SIGINT"
                       : signal_number == SIGTERM ? "SIGTERM"
                                                  : "SIGHUP");
        ui_show_error(run->ui, TUG_ERR_CANCELLED, line);
    } else if (run->skipped_count > 0 && run->settings->fetch.fail_fast) {
        (void)snprintf(line, sizeof line, "--fail-fast: %zu more not fetched", run->skipped_count);
        ui_show_error(run->ui, TUG_ERR_CANCELLED, line);
    } else if (error->code != TUG_OK && !run->has_error_line && run->results.output_errno == 0) {
        ui_show_error(run->ui, error->code, error->message);
    }
}

/* Write --failed-file. Returns: 0, or the exit status. */
static int write_failed(const struct run *run)
{
    const int os_errno =
        run->failed_fd >= 0 ? results_write_failed(&run->results, run->failed_fd) : 0;

    if (os_errno == 0) {
        return 0;
    }
    report_errno(run->settings->failed_path, "write", os_errno);
    return EXIT_STATUS_STORE;
}

static int do_run(struct run *run)
{
    struct tug_error error = {0};
    struct signals signals;
    int signal_number;
    int status;
    const int os_errno = signals_start(&signals, run->fetch);

    if (os_errno != 0) {
        report_errno("signals", "start thread", os_errno);
        return EXIT_STATUS_STORE;
    }
    (void)tug_fetch_run(run->fetch, &error);
    signal_number = signals_stop(&signals);
    if (error.code == TUG_OK) { /* for results that never came: not to happen */
        const struct tug_error missing = {.code = TUG_ERR_INTERNAL, .message = "no result"};

        (void)results_finish(&run->results, &missing);
    } else {
        (void)results_finish(&run->results, &error);
    }
    status = results_exit_status(&run->results, signal_number);
    report_end(run, &error, signal_number, status);
    if (write_failed(run) != 0 || run->results.output_errno != 0 || run->results.has_lost_line) {
        return status == 0 || run->results.output_errno == EPIPE ? EXIT_STATUS_STORE : status;
    }
    return status;
}

static void run_fini(struct run *run)
{
    ui_finish(run->ui);
    tug_fetch_destroy(run->fetch);
    tug_store_close(run->store);
    results_fini(&run->results);
    ref_list_fini(&run->refs);
    if (run->failed_fd >= 0) {
        (void)close(run->failed_fd);
    }
}

/* Go through the steps until one fails. */
static int run_steps(struct run *run)
{
    const struct list_source source = {
        .repository = run->settings->repository,
        .platforms = run->settings->platforms,
        .platform_count = run->settings->platform_count,
        .shard_index = run->settings->shard_index,
        .shard_count = run->settings->shard_count,
    };
    int status =
        ref_list_load(&run->refs, run->settings->inputs, run->settings->input_count, &source);

    if (status == 0) {
        status = set_up_output(run);
    }
    if (status == 0 && run->refs.count == 0) { /* lists without a reference: all of it is there */
        return write_failed(run);
    }
    if (status == 0) {
        status = open_store(run);
    }
    if (status == 0) {
        status = set_up_fetch(run);
    }
    if (status == 0) {
        return do_run(run);
    }
    if (run->results.slots !=
        NULL) { /* nothing was fetched: every reference is to be tried again */
        (void)write_failed(run);
    }
    return status;
}

int cmd_fetch(const struct settings *settings)
{
    struct run run = {.settings = settings, .failed_fd = -1};
    int status;

    if (settings->input_count == 0) {
        return report_usage("fetch", "fetch: no reference given");
    }
    status = run_steps(&run);
    ui_set_exit_status(run.ui, status);
    run_fini(&run);
    return status;
}

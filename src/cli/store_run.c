/* SPDX-License-Identifier: Apache-2.0
 *
 * The frame around a command on a store.
 *
 * Knows: the store's path, signals, standard output and error. Does not know: what is done to the
 * store. Threads: main; stop runs on the signal thread, should_stop on any.
 */
#include "store_run.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "report.h"
#include "store_path.h"

static void stop(void *context)
{
    struct store_run *const run = context;

    atomic_store(&run->is_stopped, true);
}

static bool should_stop(void *context)
{
    struct store_run *const run = context;

    return atomic_load(&run->is_stopped);
}

static void on_text(void *context, const char *text)
{
    struct store_run *const run = context;

    if (run->settings->common.verbosity >= 0) {
        meter_clear(&run->meter);
        report_warning(text);
    }
}

static void on_progress(void *context, const struct tug_work_progress *progress)
{
    struct store_run *const run = context;

    if (run->settings->common.verbosity >= 0) {
        meter_draw(&run->meter, progress);
    }
}

/* Report that the store cannot be opened. */
static void report_store(const struct tug_error *error, enum store_need need)
{
    char line[TUG_ERROR_MESSAGE_MAX + 128];

    if (error->os_errno == ENOENT && need != STORE_MAY_BEGIN) {
        (void)snprintf(line, sizeof line,
                       "%s; fetch something first, or name the store with --store", error->message);
        report_error(NULL, line);
    } else {
        report_error(NULL, error->message);
    }
}

static int open_store(struct store_run *run, const char *command, enum store_need need)
{
    const struct tug_store_options options = {
        .size = sizeof options,
        .durability = run->settings->fetch.durability,
        .must_exist = need != STORE_MAY_BEGIN,
        .make_nothing = need == STORE_IS_READ,
        .on_wait = on_text,
        .wait_context = run,
    };
    struct tug_error error = {0};
    struct store_path path = {0};
    enum tug_status status;

    if (!store_path_find(run->settings->common.store_path, &path)) {
        return report_usage(command, "no store: give --store, or set TUG_STORE or HOME");
    }
    if (path.path.has_failed) {
        text_fini(&path.path);
        return report_no_memory();
    }
    if (run->settings->common.verbosity > 0) {
        store_path_tell(&path);
    }
    if (path.is_default && need == STORE_MAY_BEGIN) {
        store_path_make_parents(path.path.data);
    }
    status = tug_store_open(path.path.data, &options, &run->store, &error);
    text_fini(&path.path);
    if (status != TUG_OK) {
        report_store(&error, need);
    }
    return report_exit_status(status);
}

int store_run_begin(struct store_run *run, const struct settings *settings, const char *command,
                    enum store_need need)
{
    int status;
    int os_errno;

    *run = (struct store_run){
        .watch = {.size = sizeof run->watch,
                  .on_progress = on_progress,
                  .should_stop = should_stop,
                  .on_wait = on_text,
                  .on_warning = on_text,
                  .context = run},
        .meter = {.verb = "done"},
        .settings = settings,
    };
    status = open_store(run, command, need);
    if (status != 0) {
        return status;
    }
    os_errno = signals_start(&run->signals, stop, run);
    if (os_errno != 0) {
        tug_store_close(run->store);
        report_errno("signals", "start thread", os_errno);
        return EXIT_STATUS_STORE;
    }
    return 0;
}

void store_run_print(struct store_run *run, struct text *text)
{
    if (run->output_errno == 0 && text->has_failed) {
        run->output_errno = ENOMEM;
    }
    if (run->output_errno == 0 && text->length > 0) {
        if (isatty(STDOUT_FILENO)) {
            meter_clear(&run->meter);
        }
        run->output_errno = text_write_all(STDOUT_FILENO, text->data, text->length);
    }
    text_clear(text);
}

bool store_run_has_reader(const struct store_run *run)
{
    return run->output_errno == 0;
}

int store_run_end(struct store_run *run, enum tug_status status, const struct tug_error *error)
{
    const int signal_number = signals_stop(&run->signals);

    meter_clear(&run->meter);
    tug_store_close(run->store);
    if (run->output_errno != 0) {
        if (run->output_errno != EPIPE) { /* whoever reads has read enough */
            report_errno("standard output", "write", run->output_errno);
        }
        return EXIT_STATUS_STORE;
    }
    if (status == TUG_ERR_CANCELLED && signal_number != 0) {
        report_error(NULL, "interrupted");
        return 128 + signal_number;
    }
    if (status != TUG_OK) {
        report_error(NULL, error->message);
    }
    return report_exit_status(status);
}

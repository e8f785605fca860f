/* SPDX-License-Identifier: Apache-2.0
 *
 * The command import: images out of an archive into the store.
 *
 * Knows: the public library, where the archive is. Does not know: what is in it.
 * Threads: main; signals.c adds one of its own meanwhile.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <tug/tug.h>

#include "image_line.h"
#include "report.h"
#include "store_run.h"

static void on_image(void *context, const struct tug_imported *image)
{
    image_line_print(context, image->name, &image->digest);
}

/* Open what is to be imported. Returns: a descriptor; -1 after the failure was reported. */
static int open_archive(const char *path)
{
    int fd;

    if (strcmp(path, "-") == 0) {
        return STDIN_FILENO;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        report_errno(path, "open", errno);
    }
    return fd;
}

/* Put the archive's path before a message about it, but not before one about the store. */
static void name_archive(const char *path, struct tug_error *error)
{
    const struct tug_error inner = *error;
    struct text raw = {0};

    if (error->code != TUG_ERR_CONTENT && error->code != TUG_ERR_TOO_LARGE &&
        error->code != TUG_ERR_UNSUPPORTED) {
        return;
    }
    text_printf(&raw, "%s: ", strcmp(path, "-") == 0 ? "standard input" : path);
    if (!raw.has_failed) {
        const size_t length =
            tug_text_escape(error->message, sizeof error->message / 2, raw.data, raw.length);

        (void)strncpy(error->message + length, inner.message, sizeof error->message - length - 1);
    }
    text_fini(&raw);
}

static int import_from(const struct settings *settings, const char *path, int fd)
{
    struct tug_import_options options = TUG_IMPORT_OPTIONS_INIT;
    struct tug_error error = {0};
    struct store_run run;
    enum tug_status status;
    const int exit_status = store_run_begin(&run, settings, "import", STORE_MAY_BEGIN);

    if (exit_status != 0) {
        return exit_status;
    }
    run.meter.verb = "imported";
    options.name = settings->archive.image_name;
    options.max_size_bytes = settings->run.max_size_bytes;
    options.on_image = on_image;
    options.image_context = &run;
    status = tug_store_import(run.store, fd, &options, &run.watch, NULL, &error);
    name_archive(path, &error);
    return store_run_end(&run, status, &error);
}

int cmd_import(const struct settings *settings, const struct command_table *table)
{
    const char *path;
    int status;
    int fd;

    (void)table;
    if (settings->common.input_count != 1) {
        return report_usage("import", settings->common.input_count == 0
                                          ? "import: no archive given"
                                          : "import: more than one archive given");
    }
    path = settings->common.inputs[0].text;
    if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO)) {
        return report_usage("import", "import: standard input is a terminal");
    }
    fd = open_archive(path);
    if (fd < 0) {
        return EXIT_STATUS_USAGE;
    }
    status = import_from(settings, path, fd);
    if (fd != STDIN_FILENO) {
        (void)close(fd);
    }
    return status;
}

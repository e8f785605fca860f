/* SPDX-License-Identifier: Apache-2.0
 *
 * The command export: images of the store as one archive.
 *
 * Knows: the public library, where the archive goes. Does not know: what is in it.
 * Threads: main; signals.c adds one of its own meanwhile.
 */
#include "command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tug/tug.h>

#include "output_file.h"
#include "report.h"
#include "store_run.h"

/* Write the archive to a descriptor. */
static enum tug_status export_to(struct store_run *run, int fd, struct tug_error *error)
{
    const struct common_settings *const common = &run->settings->common;
    struct tug_export_options options = TUG_EXPORT_OPTIONS_INIT;
    const char **const texts = calloc(common->input_count, sizeof *texts);
    enum tug_status status;

    if (texts == NULL) {
        error->code = TUG_ERR_NO_MEMORY;
        (void)strcpy(error->message, "out of memory");
        return error->code;
    }
    for (size_t i = 0; i < common->input_count; i++) {
        texts[i] = common->inputs[i].text;
    }
    options.platforms = run->settings->wish.platforms;
    options.platform_count = run->settings->wish.platform_count;
    options.allow_partial = run->settings->archive.allow_partial;
    status = tug_store_export(run->store, texts, common->input_count, fd, &options, &run->watch,
                              NULL, error);
    free(texts);
    return status;
}

/* Write the archive to a file, which is there whole or not at all. */
static enum tug_status export_to_file(struct store_run *run, const char *path,
                                      struct tug_error *error)
{
    struct output_file file;
    enum tug_status status = TUG_OK;
    int code = output_file_open(&file, path);
    struct text raw = {0};

    if (code == 0) {
        status = export_to(run, file.fd, error);
        if (status != TUG_OK) {
            output_file_abort(&file);
            return status;
        }
        code = output_file_commit(&file);
    }
    if (code == 0) {
        return TUG_OK;
    }
    text_printf(&raw, "%s: write: %s", path, strerror(code));
    error->code = TUG_ERR_STORE;
    (void)tug_text_escape(error->message, sizeof error->message, raw.data, raw.length);
    text_fini(&raw);
    return error->code;
}

int cmd_export(const struct settings *settings, const struct command_table *table)
{
    const char *const path = settings->archive.output_path;
    const bool is_stdout = path == NULL || strcmp(path, "-") == 0;
    struct tug_error error = {0};
    struct store_run run;
    enum tug_status status;
    int exit_status;

    (void)table;
    if (settings->common.input_count == 0) {
        return report_usage("export", "export: no image given");
    }
    if (is_stdout && isatty(STDOUT_FILENO)) {
        return report_usage("export", "export: an archive is not for a terminal; give -o FILE, or "
                                      "redirect standard output");
    }
    exit_status = store_run_begin(&run, settings, "export", STORE_MUST_EXIST);
    if (exit_status != 0) {
        return exit_status;
    }
    run.meter.verb = "exported";
    status =
        is_stdout ? export_to(&run, STDOUT_FILENO, &error) : export_to_file(&run, path, &error);
    return store_run_end(&run, status, &error);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The command rm: remove images.
 *
 * Knows: the public library. Does not know: index.json.
 * Threads: main; signals.c adds one of its own meanwhile.
 */
#include "command.h"

#include <stdlib.h>

#include <tug/tug.h>

#include "image_line.h"
#include "report.h"
#include "store_run.h"

static void on_removed(void *context, const char *name, const struct tug_digest *digest)
{
    image_line_print(context, name, digest);
}

int cmd_rm(const struct settings *settings, const struct command_table *table)
{
    const size_t count = settings->common.input_count;
    struct tug_error error = {0};
    struct store_run run;
    const char **texts;
    int status;

    (void)table;
    if (count == 0) {
        return report_usage("rm", "rm: no image given");
    }
    texts = calloc(count, sizeof *texts);
    if (texts == NULL) {
        return report_no_memory();
    }
    for (size_t i = 0; i < count; i++) {
        texts[i] = settings->common.inputs[i].text;
    }
    status = store_run_begin(&run, settings, "rm", STORE_MUST_EXIST);
    if (status == 0) {
        const enum tug_status code =
            tug_store_remove(run.store, texts, count, on_removed, &run, &run.watch, &error);

        status = store_run_end(&run, code, &error);
    }
    free(texts);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The command resolve: what references name, without fetching it.
 *
 * Knows: the public library, batches. Does not know: how requests are made.
 * Threads: main; signals.c adds one of its own during the run.
 */
#include "command.h"

#include <stdio.h>

#include <tug/tug.h>

#include "batch.h"
#include "report.h"

struct run {
    struct batch batch;
    bool has_error_line; /* the failure of a reference was reported */
};

static void report_image(struct run *run, const struct tug_image_result *image)
{
    if (image->status == TUG_OK || image->status == TUG_ERR_CANCELLED) {
        return;
    }
    run->has_error_line = true;
    batch_report_failure(image);
}

static void show_warning(const struct tug_event *event)
{
    char line[TUG_ERROR_MESSAGE_MAX + 1024];

    (void)snprintf(line, sizeof line, "%s%s%s", event->ref != NULL ? event->ref : "",
                   event->ref != NULL ? ": " : "", event->text);
    report_warning(line);
}

static void on_event(void *context, const struct tug_event *event)
{
    struct run *const run = context;

    if (event->kind == TUG_EVENT_WARNING &&
        (event->is_shortfall || run->batch.settings->common.verbosity >= 0)) {
        show_warning(event);
    }
    if (event->kind == TUG_EVENT_IMAGE) {
        report_image(run, event->image);
        batch_take(&run->batch, event->image);
    }
}

static int set_up(struct run *run)
{
    const struct wish_settings *const wish = &run->batch.settings->wish;
    const struct list_source source = {
        .repository = wish->repository,
        .platforms = wish->platforms,
        .platform_count = wish->platform_count,
        .images_in = wish->images_in,
    };
    struct tug_fetch_options options = run->batch.settings->run;
    const int status = batch_load(&run->batch, &source, &run->batch.settings->run);

    if (status != 0) {
        return status;
    }
    run->batch.results.is_lookup = true;
    options.platforms = wish->platforms;
    options.platform_count = wish->platform_count;
    options.on_event = on_event;
    options.event_context = run;
    return batch_create(&run->batch, NULL, &options);
}

static enum tug_status work(struct batch *batch, struct tug_error *err)
{
    return tug_fetch_resolve(batch->fetch, err);
}

int cmd_resolve(const struct settings *settings, const struct command_table *table)
{
    struct run run = {.batch.settings = settings};
    int status;

    (void)table;
    if (settings->common.input_count == 0) {
        return report_usage("resolve", "resolve: no reference given");
    }
    if (settings->wish.platform_count > 1) {
        return report_usage("resolve", "resolve: only one --platform can be given");
    }
    status = set_up(&run);
    if (status == 0) {
        status = batch_print(&run.batch, work, &run.has_error_line);
    }
    batch_fini(&run.batch);
    return status;
}

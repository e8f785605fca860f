/* SPDX-License-Identifier: Apache-2.0
 *
 * The command tags: the tags of repositories, as full references.
 *
 * Knows: the public library, batches. Does not know: how requests are made.
 * Threads: main; signals.c adds one of its own during the run.
 */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include <tug/tug.h>

#include "batch.h"
#include "report.h"

struct run {
    struct batch batch; /* first: work finds the run by it */
    size_t count;       /* tags of the repository whose result comes next */
    bool has_error_line;
};

static void on_tag(void *context, const struct tug_tag *tag)
{
    struct run *const run = context;

    run->count++;
    batch_take_tag(&run->batch, tag);
}

/* Report a repository that has no such tags; its output would not tell. */
static void report_none(const struct tug_image_result *image)
{
    char line[1024];

    (void)snprintf(line, sizeof line, "%s: no tag of it is wanted, or it has none", image->ref);
    report_warning(line);
}

static void on_event(void *context, const struct tug_event *event)
{
    struct run *const run = context;
    const bool is_quiet = run->batch.settings->common.verbosity < 0;

    if (event->kind == TUG_EVENT_WARNING && !is_quiet) {
        report_warning(event->text);
    }
    if (event->kind != TUG_EVENT_IMAGE) {
        return;
    }
    if (event->image->status == TUG_OK && run->count == 0 && !is_quiet) {
        report_none(event->image);
    }
    if (event->image->status != TUG_OK && event->image->status != TUG_ERR_CANCELLED) {
        run->has_error_line = true;
        batch_report_failure(event->image);
    }
    run->count = 0;
    batch_take(&run->batch, event->image);
}

static enum tug_status work(struct batch *batch, struct tug_error *err)
{
    struct tug_tags_options options = batch->settings->tags.options;

    options.size = sizeof options;
    options.on_tag = on_tag;
    options.tag_context = batch;
    return tug_fetch_list_tags(batch->fetch, &options, err);
}

/* Refuse a tag or a digest behind a repository. Returns: 0, or the exit status. */
static int check_operand(const char *text)
{
    const char *const slash = strrchr(text, '/');
    const char *const name = slash != NULL ? slash + 1 : text;
    const char *const colon = strchr(name, ':');

    if (strchr(name, '@') == NULL && colon == NULL) {
        return 0;
    }
    return colon != NULL && strchr(name, '@') == NULL
               ? report_usage("tags", "'%s' is not a repository: give '%.*s' with --match '%s'",
                              text, (int)(colon - text), text, colon + 1)
               : report_usage("tags", "'%s' is not a repository: leave out its digest", text);
}

static int set_up(struct run *run)
{
    const struct common_settings *const common = &run->batch.settings->common;
    const struct list_source source = {0};
    struct tug_fetch_options options = run->batch.settings->run;
    int status = 0;

    for (size_t i = 0; status == 0 && i < common->input_count; i++) {
        status = check_operand(common->inputs[i].text);
    }
    if (status == 0) {
        status = batch_load(&run->batch, &source, NULL);
    }
    if (status != 0) {
        return status;
    }
    run->batch.results.is_tags = true;
    options.on_event = on_event;
    options.event_context = run;
    return batch_create(&run->batch, NULL, &options);
}

int cmd_tags(const struct settings *settings, const struct command_table *table)
{
    struct run run = {.batch.settings = settings};
    int status;

    (void)table;
    if (settings->common.input_count == 0) {
        return report_usage("tags", "tags: no repository given");
    }
    status = set_up(&run);
    if (status == 0) {
        status = batch_print(&run.batch, work, &run.has_error_line);
    }
    batch_fini(&run.batch);
    return status;
}

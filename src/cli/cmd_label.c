/* SPDX-License-Identifier: Apache-2.0
 *
 * The command label: set and remove labels of an image.
 *
 * Knows: the public library. Does not know: index.json.
 * Threads: main; signals.c adds one of its own meanwhile.
 */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include <tug/tug.h>

#include "image_line.h"
#include "report.h"
#include "store_run.h"

/* Get the labels: all operands but the first. Returns: owned; NULL when out of memory. */
static const char **labels_of(const struct settings *settings)
{
    const size_t count = settings->common.input_count;
    const char **const labels = calloc(count, sizeof *labels);

    for (size_t i = 1; labels != NULL && i < count; i++) {
        labels[i - 1] = settings->common.inputs[i].text;
    }
    return labels;
}

static int check_operands(const struct settings *settings)
{
    const struct input *const inputs = settings->common.inputs;
    struct tug_error error = {0};

    if (settings->common.input_count == 0) {
        return report_usage("label", "label: no image given");
    }
    if (settings->common.input_count == 1) {
        return report_usage("label", "label: no KEY=VALUE given");
    }
    for (size_t i = 1; i < settings->common.input_count; i++) {
        if (tug_label_check(inputs[i].text, &error) != TUG_OK) {
            report_error(NULL, error.message);
            return report_usage_hint("label");
        }
    }
    return 0;
}

static enum tug_status do_label(struct store_run *run, const char *image, const char **labels,
                                size_t count, struct tug_error *err)
{
    struct tug_digest digest;
    char *name = NULL;
    enum tug_status status = tug_store_label(run->store, image, labels, count, &run->watch, err);

    if (status == TUG_OK) {
        status = tug_store_find_image(run->store, image, &name, &digest, err);
    }
    if (status == TUG_OK) {
        image_line_print(run, name, &digest);
    }
    free(name);
    return status;
}

int cmd_label(const struct settings *settings, const struct command_table *table)
{
    const size_t count = settings->common.input_count;
    struct tug_error error = {0};
    struct store_run run;
    const char **labels;
    int status = check_operands(settings);

    (void)table;
    if (status != 0) {
        return status;
    }
    labels = labels_of(settings);
    if (labels == NULL) {
        return report_no_memory();
    }
    status = store_run_begin(&run, settings, "label", STORE_MUST_EXIST);
    if (status == 0) {
        const enum tug_status code =
            do_label(&run, settings->common.inputs[0].text, labels, count - 1, &error);

        status = store_run_end(&run, code, &error);
    }
    free(labels);
    return status;
}

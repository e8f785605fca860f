/* SPDX-License-Identifier: Apache-2.0
 *
 * The command prune: delete what no image needs.
 *
 * Knows: the public library. Does not know: what an image needs.
 * Threads: main; signals.c adds one of its own meanwhile.
 */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>

#include <tug/tug.h>

#include "json_write.h"
#include "report.h"
#include "store_run.h"
#include "units.h"

static const char *kind_name(enum tug_pruned_kind kind)
{
    switch (kind) {
    case TUG_PRUNED_BLOB:
        return "blob";
    case TUG_PRUNED_PARTIAL:
        return "partial";
    case TUG_PRUNED_LEFTOVER:
        return "leftover";
    }
    return "other";
}

static void on_pruned(void *context, const struct tug_pruned *pruned)
{
    struct store_run *const run = context;
    const bool has_digest = pruned->digest.algorithm != TUG_DIGEST_NONE;
    char digest[TUG_DIGEST_TEXT_MAX];
    struct text text = {0};

    (void)tug_digest_format(&pruned->digest, digest);
    if (run->settings->common.format == FORMAT_JSON) {
        text_puts(&text, "{\"digest\":");
        json_string(&text, has_digest ? digest : NULL);
        text_printf(&text, ",\"kind\":\"%s\",\"path\":", kind_name(pruned->kind));
        json_string(&text, pruned->path);
        text_printf(&text, ",\"size\":%" PRIu64 ",\"diskBytes\":%" PRIu64 "}\n", pruned->size_bytes,
                    pruned->disk_bytes);
    } else {
        text_printf(&text, "%s %" PRIu64 "\n", has_digest ? digest : pruned->path,
                    pruned->size_bytes);
    }
    store_run_print(run, &text);
    text_fini(&text);
}

/* Say what stays, and why. */
static void describe_kept(const struct tug_prune_result *result, bool is_partials, char *out_text,
                          size_t capacity)
{
    const uint64_t held = result->kept_partials - result->young_partials;

    if (!is_partials) {
        (void)snprintf(out_text, capacity, "%" PRIu64 " needed", result->kept_blobs);
    } else if (result->young_partials == 0) {
        (void)snprintf(out_text, capacity, "%" PRIu64 " in use", held);
    } else if (held == 0) {
        (void)snprintf(out_text, capacity, "%" PRIu64 " too young", result->young_partials);
    } else {
        (void)snprintf(out_text, capacity, "%" PRIu64 " in use, %" PRIu64 " too young", held,
                       result->young_partials);
    }
}

/* Say what was done. */
static void report_result(const struct settings *settings, const struct tug_prune_result *result)
{
    const bool is_partials = settings->prune.partials;
    const bool is_plan = settings->run.dry_run;
    const uint64_t count = is_partials ? result->partials : result->blobs;
    const char *const noun = is_partials ? "partial download" : "blob";
    char freed[UNITS_TEXT_MAX];
    char kept[64];
    char line[256];

    describe_kept(result, is_partials, kept, sizeof kept);
    (void)snprintf(
        line, sizeof line, "%s %" PRIu64 " %s%s%s%s%s; %s", is_plan ? "would delete" : "deleted",
        count, noun, units_plural(count), is_plan ? " and free " : ", ",
        units_format_size((double)result->disk_bytes, freed), is_plan ? "" : " freed", kept);
    report_note(line);
}

int cmd_prune(const struct settings *settings, const struct command_table *table)
{
    struct tug_prune_options options = TUG_PRUNE_OPTIONS_INIT;
    struct tug_prune_result result = TUG_PRUNE_RESULT_INIT;
    struct tug_error error = {0};
    struct store_run run;
    enum tug_status code;
    int status;

    (void)table;
    if (settings->common.input_count > 0) {
        return report_usage("prune", "prune: unexpected argument '%s'",
                            settings->common.inputs[0].text);
    }
    status = store_run_begin(&run, settings, "prune", STORE_MUST_EXIST);
    if (status != 0) {
        return status;
    }
    options.dry_run = settings->run.dry_run;
    options.partials = settings->prune.partials;
    options.older_than_s = (settings->prune.older_than_ms + 999) / 1000;
    options.wait_ms = settings->prune.wait_ms;
    options.on_pruned = on_pruned;
    options.pruned_context = &run;
    run.meter.verb = options.dry_run ? "found" : "deleted";
    code = tug_store_prune(run.store, &options, &run.watch, &result, &error);
    if (code == TUG_OK && settings->common.verbosity >= 0) {
        meter_clear(&run.meter);
        report_result(settings, &result);
    }
    return store_run_end(&run, code, &error);
}

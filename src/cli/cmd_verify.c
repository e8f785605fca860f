/* SPDX-License-Identifier: Apache-2.0
 *
 * The command verify: findings as lines, and a summary.
 *
 * Knows: the public library. Does not know: how anything is verified.
 * Threads: main; signals.c adds one of its own during the run.
 */
#include "command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <tug/tug.h>

#include "json_write.h"
#include "report.h"
#include "store_run.h"
#include "text.h"
#include "trace_file.h"
#include "units.h"

struct run {
    struct store_run frame;
    struct trace_file trace;
    struct text line;
};

/* Add raw text so that a terminal can show it. */
static void add_escaped(struct text *text, const char *raw)
{
    char shown[1024];

    (void)tug_text_escape(shown, sizeof shown, raw, strlen(raw));
    text_puts(text, shown);
}

/* What a finding says beyond its damage, which the line begins with unless it was repaired. */
static const char *remaining_text(const struct tug_finding *finding)
{
    const char *const name = tug_damage_name(finding->damage);
    const size_t length = strlen(name);
    const char *const rest = finding->text + length;

    if (finding->is_repaired || strncmp(finding->text, name, length) != 0 ||
        (*rest != '\0' && strncmp(rest, "; ", 2) != 0)) {
        return finding->text;
    }
    return *rest != '\0' ? rest + 2 : rest;
}

static void add_text_line(struct text *line, const struct tug_finding *finding)
{
    const char *const rest = remaining_text(finding);
    const bool is_root = finding->damage == TUG_DAMAGE_UNSIGNED;

    text_printf(line, "%s ", finding->is_repaired ? "repaired" : tug_damage_name(finding->damage));
    add_escaped(line, finding->path);
    text_printf(line, "%s%s", *rest != '\0' ? ": " : "", rest);
    for (size_t i = 0; i < finding->image_count; i++) {
        text_puts(line, i > 0           ? ", "
                        : is_root       ? " (root of "
                        : *rest != '\0' ? " (needed by "
                                        : ": needed by ");
        add_escaped(line, finding->images[i]);
    }
    text_puts(line, finding->image_count > 0 && *rest != '\0' ? ")\n" : "\n");
}

static void add_json_line(struct text *line, const struct tug_finding *finding)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    const bool has_digest = finding->digest.algorithm != TUG_DIGEST_NONE;

    text_printf(line, "{\"damage\":\"%s\",\"path\":", tug_damage_name(finding->damage));
    json_string(line, finding->path);
    text_puts(line, ",\"digest\":");
    json_string(line, has_digest ? tug_digest_format(&finding->digest, digest) : NULL);
    text_printf(line, ",\"size\":%" PRIu64 ",\"text\":", finding->size_bytes);
    json_string(line, finding->text);
    text_puts(line, ",\"images\":[");
    for (size_t i = 0; i < finding->image_count; i++) {
        text_puts(line, i > 0 ? "," : "");
        json_string(line, finding->images[i]);
    }
    text_printf(line, "],\"repaired\":%s}\n", finding->is_repaired ? "true" : "false");
}

static void on_finding(void *context, const struct tug_finding *finding)
{
    struct run *const run = context;

    if (run->frame.settings->common.format == FORMAT_JSON) {
        add_json_line(&run->line, finding);
    } else {
        add_text_line(&run->line, finding);
    }
    store_run_print(&run->frame, &run->line);
}

/* Say on standard error what was done. */
static void report_summary(struct run *run, const struct tug_verify_result *result)
{
    struct text text = {0};
    char size[UNITS_TEXT_MAX];
    char seconds[UNITS_TEXT_MAX];
    char rate[UNITS_TEXT_MAX];

    if (result->blobs_trusted > 0) {
        text_printf(&text, "hashed %" PRIu64 " of ", result->blobs - result->blobs_trusted);
    } else {
        text_puts(&text, "verified ");
    }
    text_printf(&text, "%" PRIu64 " blob%s, %s in %s", result->blobs, units_plural(result->blobs),
                units_format_size((double)result->bytes_hashed, size),
                units_format_duration(result->seconds, seconds));
    if (result->bytes_hashed > 0 && result->seconds > 0) {
        text_printf(&text, " (%s)",
                    units_format_rate((double)result->bytes_hashed / result->seconds, rate));
    }
    if (result->blobs_trusted > 0) {
        text_printf(&text, "; trusted %" PRIu64 ", unchanged since verified before",
                    result->blobs_trusted);
    }
    text_printf(&text, ": %" PRIu64 " bad", result->findings - result->images_unsigned);
    if (run->frame.settings->trust.key_count > 0) {
        text_printf(&text, ", %" PRIu64 " image%s signed, %" PRIu64 " unsigned",
                    result->images_signed, units_plural(result->images_signed),
                    result->images_unsigned);
    }
    if (run->frame.settings->store.repairs) {
        text_printf(&text, ", %" PRIu64 " repaired, %s fetched", result->repaired,
                    units_format_size((double)result->bytes_received, size));
    }
    if (result->foreign_files > 0) {
        text_printf(&text, ", %" PRIu64 " foreign file%s", result->foreign_files,
                    units_plural(result->foreign_files));
    }
    if (!text.has_failed) {
        report_note(text.data);
    }
    text_fini(&text);
}

static enum tug_status verify(struct run *run, const char *const *what, size_t count,
                              struct tug_error *err)
{
    const struct settings *const settings = run->frame.settings;
    struct tug_fetch_options fetch_options = settings->run;
    const struct tug_verify_options options = {
        .size = sizeof options,
        .what = count > 0 ? what : NULL,
        .what_count = count,
        .is_quick = settings->store.is_quick,
        .repair = settings->store.repairs ? &fetch_options : NULL,
        .on_finding = on_finding,
        .finding_context = run,
        .on_trace = trace_file_callback(&run->trace),
        .trace_context = &run->trace,
        .verify_any_name = settings->trust.any_name,
        .verify_keys = settings->trust.keys,
        .verify_key_count = settings->trust.key_count,
    };
    struct tug_verify_result result = TUG_VERIFY_RESULT_INIT;
    enum tug_status status;

    fetch_options.size = sizeof fetch_options;
    fetch_options.on_log = report_log_line;
    fetch_options.log_config = settings->common.verbosity > 0;
    status = tug_store_verify(run->frame.store, &options, &run->frame.watch, &result, err);
    meter_clear(&run->frame.meter);
    if ((status == TUG_OK || status == TUG_ERR_CONTENT) && settings->common.verbosity >= 0) {
        report_summary(run, &result);
    }
    return status;
}

int cmd_verify(const struct settings *settings, const struct command_table *table)
{
    const size_t count = settings->common.input_count;
    const char **const what = calloc(count + 1, sizeof *what);
    struct run run = {0};
    struct tug_error error = {0};
    enum tug_status status;
    int exit_status;

    (void)table;
    if (what == NULL) {
        return report_no_memory();
    }
    for (size_t i = 0; i < count; i++) {
        what[i] = settings->common.inputs[i].text;
    }
    exit_status = trace_file_open(&run.trace, settings->common.trace_path, "verify");
    if (exit_status == 0) {
        exit_status = store_run_begin(&run.frame, settings, "verify", STORE_MUST_EXIST);
    }
    if (exit_status == 0) {
        run.frame.meter.verb = "verified";
        status = verify(&run, what, count, &error);
        exit_status = store_run_end(&run.frame, status, &error);
    }
    if (trace_file_close(&run.trace) != 0 && exit_status == 0) {
        exit_status = EXIT_STATUS_STORE;
    }
    text_fini(&run.line);
    free(what);
    return exit_status;
}

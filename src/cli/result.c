/* SPDX-License-Identifier: Apache-2.0
 *
 * Keep results until their turn comes, print them, sum them up.
 *
 * Knows: the two forms of a result line, the exit status contract. Does not know: progress.
 * Threads: main.
 */
#include "result.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json_write.h"
#include "report.h"
#include "text.h"

/* Lines that are printed before the result that they belong to. */
#define PRINT_AT_ONCE_BYTES ((size_t)64 * 1024)

bool results_init(struct results *results, const struct ref_list *refs, enum result_format format)
{
    *results = (struct results){.refs = refs, .format = format};
    results->slots = calloc(refs->count + 1, sizeof *results->slots);
    return results->slots != NULL;
}

static void drop_plan(struct result_slot *slot)
{
    if (slot->plan != NULL) {
        text_fini(slot->plan);
    }
    free(slot->plan);
    slot->plan = NULL;
}

void results_fini(struct results *results)
{
    for (size_t i = 0; results->slots != NULL && i < results->refs->count; i++) {
        free(results->slots[i].line);
        drop_plan(&results->slots[i]);
    }
    free(results->slots);
    *results = (struct results){0};
}

static void format_left_out(struct text *text, const struct tug_image_result *image)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    text_puts(text, ",\"leftOut\":[");
    for (size_t i = 0; i < image->left_out_count; i++) {
        text_printf(text, "%s\"%s\"", i > 0 ? "," : "",
                    tug_digest_format(&image->left_out[i], digest));
    }
    text_puts(text, "]");
}

static void format_platform(struct text *text, const struct tug_image_result *image)
{
    char platform[TUG_PLATFORM_TEXT_MAX];

    if (image->platform != NULL) {
        text_puts(text, ",\"platform\":");
        json_string(text, tug_platform_format(image->platform, platform));
    }
}

/* What index.json has instead of what the reference names. */
static void format_entry(struct text *text, const struct tug_image_result *image)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    if (image->named.index_digest.algorithm != TUG_DIGEST_NONE) {
        text_printf(text, ",\"indexDigest\":\"%s\"",
                    tug_digest_format(&image->named.index_digest, digest));
    }
    if (image->named.converted_from.algorithm != TUG_DIGEST_NONE) {
        text_printf(text, ",\"convertedFrom\":\"%s\"",
                    tug_digest_format(&image->named.converted_from, digest));
    }
    if (image->named.name != NULL && strcmp(image->named.name, image->ref) != 0) {
        text_puts(text, ",\"name\":");
        json_string(text, image->named.name);
    }
}

/* The members that only results of fetch have. plan: NULL, or what a dry run found. */
static void format_fetched(struct text *text, const struct tug_image_result *image,
                           const struct text *plan)
{
    text_printf(text,
                ",\"blobs\":%" PRIu64 ",\"bytesFetched\":%" PRIu64 ",\"bytesReused\":%" PRIu64
                ",\"bytesCopied\":%" PRIu64 ",\"referrers\":%zu,\"seconds\":%.3f",
                image->blobs, image->bytes_fetched, image->bytes_reused, image->bytes_copied,
                image->referrer_count, image->seconds > 0 ? image->seconds : 0);
    format_platform(text, image);
    format_entry(text, image);
    if (image->left_out_count > 0) {
        format_left_out(text, image);
    }
    if (plan != NULL) {
        text_printf(text, ",\"planned\":[%s]", plan->length > 0 ? plan->data : "");
    }
    text_puts(text, "}\n");
}

static void format_status(struct text *text, const struct tug_image_result *image)
{
    const bool is_ok = image->status == TUG_OK;

    text_printf(text, ",\"status\":\"%s\"", is_ok ? "ok" : "failed");
    if (!is_ok) {
        text_puts(text, ",\"error\":{\"code\":");
        json_string(text, tug_status_name(image->status));
        text_puts(text, ",\"message\":");
        json_string(text, image->error.message);
        text_puts(text, "}");
    }
}

static void format_json(struct text *text, const struct tug_image_result *image, bool is_lookup,
                        const struct text *plan)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    const bool has_digest = image->digest.algorithm != TUG_DIGEST_NONE;

    text_puts(text, "{\"ref\":");
    json_string(text, image->ref);
    text_puts(text, ",\"digest\":");
    json_string(text, has_digest ? tug_digest_format(&image->digest, digest) : NULL);
    text_puts(text, ",\"mediaType\":");
    json_string(text, image->media_type);
    if (has_digest) {
        text_printf(text, ",\"size\":%" PRIu64, image->size_bytes);
    } else {
        text_puts(text, ",\"size\":null");
    }
    format_status(text, image);
    if (is_lookup) {
        text_printf(text, ",\"seconds\":%.3f", image->seconds > 0 ? image->seconds : 0);
        format_platform(text, image);
        text_puts(text, "}\n");
        return;
    }
    format_fetched(text, image, plan);
}

static void format_text(struct text *text, const struct tug_image_result *image, bool is_lookup)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    if (image->status != TUG_OK) {
        return;
    }
    text_printf(text, "%s %s", image->ref, tug_digest_format(&image->digest, digest));
    if (is_lookup) {
        char type[512];

        (void)tug_text_escape(type, sizeof type, image->media_type, strlen(image->media_type));
        text_printf(text, " %s %" PRIu64, *type != '\0' ? type : "-", image->size_bytes);
    }
    text_puts(text, "\n");
}

/* A repository: its tags, or why there are none. */
static void format_tags(struct text *text, const struct tug_image_result *image,
                        const struct text *tags, enum result_format format)
{
    if (tags->length > 0) {
        text_append(text, tags->data, tags->length);
    }
    if (image->status != TUG_OK && format == FORMAT_JSON) {
        text_puts(text, "{\"ref\":");
        json_string(text, image->ref);
        format_status(text, image);
        text_puts(text, "}\n");
    }
}

static void fill_slot(struct results *results, const struct tug_image_result *image)
{
    struct result_slot *const slot = &results->slots[image->position];
    const struct text empty = {0};
    const struct text *const plan = slot->plan != NULL ? slot->plan : &empty;
    struct text text = {0};

    slot->is_known = true;
    slot->status = image->status;
    if (results->output_errno != 0) {
        return;
    }
    if (results->is_tags) {
        format_tags(&text, image, plan, results->format);
    } else if (results->format == FORMAT_JSON) {
        format_json(&text, image, results->is_lookup, results->is_plan ? plan : NULL);
    } else {
        format_text(&text, image, results->is_lookup);
        if (plan->length > 0) {
            text_puts(&text, plan->data);
        }
    }
    text.has_failed = text.has_failed || plan->has_failed;
    drop_plan(slot);
    if (text.has_failed) {
        results->has_lost_line = true;
        text_fini(&text);
    }
    slot->line = text.data;
}

/* Print the lines whose turn has come. */
static void print_ready(struct results *results)
{
    for (; results->printed_count < results->refs->count; results->printed_count++) {
        struct result_slot *const slot = &results->slots[results->printed_count];

        if (!slot->is_known) {
            return;
        }
        if (slot->line != NULL && results->output_errno == 0) {
            results->output_errno = text_write_all(STDOUT_FILENO, slot->line, strlen(slot->line));
        }
        free(slot->line);
        slot->line = NULL;
    }
}

/* Have a text for what comes before the result. Returns: false when there is no memory. */
static bool make_plan(struct results *results, struct result_slot *slot)
{
    if (slot->plan == NULL) {
        slot->plan = calloc(1, sizeof *slot->plan);
    }
    results->has_lost_line = results->has_lost_line || slot->plan == NULL;
    return slot->plan != NULL;
}

bool results_take_tag(struct results *results, const struct tug_tag *tag)
{
    struct result_slot *const slot = &results->slots[tag->position];

    if (results->output_errno != 0 || !make_plan(results, slot)) {
        return results->output_errno == 0;
    }
    if (results->format == FORMAT_JSON) {
        text_printf(slot->plan,
                    "{\"ref\":\"%s\",\"repository\":\"%s\",\"tag\":\"%s\",\"isVersion\":%s}\n",
                    tag->ref, tag->repository, tag->name, tag->is_version ? "true" : "false");
    } else {
        text_printf(slot->plan, "%s\n", tag->ref);
    }
    if (results->printed_count == tag->position && slot->plan->length >= PRINT_AT_ONCE_BYTES) {
        results->output_errno = text_write_all(STDOUT_FILENO, slot->plan->data, slot->plan->length);
        results->has_lost_line = results->has_lost_line || slot->plan->has_failed;
        text_clear(slot->plan);
    }
    return results->output_errno == 0;
}

/* Add what follows the size of a layer that may be put together from another one. */
static void format_donor(struct text *text, const struct tug_event *event,
                         enum result_format format)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    if (event->donor != NULL) {
        text_printf(text,
                    format == FORMAT_JSON ? ",\"bytesLeast\":%" PRIu64 ",\"donor\":\"%s\""
                                          : " %" PRIu64 " %s",
                    event->size_bytes - event->copied_bytes,
                    tug_digest_format(event->donor, digest));
    }
}

void results_plan(struct results *results, size_t position, const struct tug_event *event)
{
    struct result_slot *const slot = &results->slots[position];
    char digest[TUG_DIGEST_TEXT_MAX];

    if (!event->is_repeated) {
        results->planned_count++;
        results->planned_bytes += event->size_bytes;
        results->least_bytes += event->size_bytes - event->copied_bytes;
    }
    if (!make_plan(results, slot)) {
        return;
    }
    (void)tug_digest_format(&event->digest, digest);
    if (results->format == FORMAT_JSON) {
        text_printf(slot->plan,
                    "%s{\"digest\":\"%s\",\"mediaType\":", slot->plan->length > 0 ? "," : "",
                    digest);
        json_string(slot->plan, event->media_type);
        text_printf(slot->plan, ",\"size\":%" PRIu64, event->size_bytes);
        format_donor(slot->plan, event, results->format);
        text_puts(slot->plan, "}");
    } else {
        text_printf(slot->plan, "  %s %" PRIu64, digest, event->size_bytes);
        format_donor(slot->plan, event, results->format);
        text_puts(slot->plan, "\n");
    }
}

/* Print the sum of a dry run, without what several images share. */
static void print_plan(struct results *results)
{
    struct text text = {0};

    if (results->format == FORMAT_JSON) {
        text_printf(&text,
                    "{\"total\":{\"blobs\":%" PRIu64 ",\"bytes\":%" PRIu64
                    ",\"bytesLeast\":%" PRIu64 "}}\n",
                    results->planned_count, results->planned_bytes, results->least_bytes);
    } else {
        text_printf(&text, "total %" PRIu64 " %" PRIu64, results->planned_count,
                    results->planned_bytes);
        if (results->least_bytes < results->planned_bytes) {
            text_printf(&text, " %" PRIu64, results->least_bytes);
        }
        text_puts(&text, "\n");
    }
    if (!text.has_failed && results->output_errno == 0) {
        results->output_errno = text_write_all(STDOUT_FILENO, text.data, text.length);
    }
    text_fini(&text);
}

bool results_take(struct results *results, const struct tug_image_result *image)
{
    if (image->position < results->refs->count && !results->slots[image->position].is_known) {
        fill_slot(results, image);
        print_ready(results);
    }
    return results->output_errno == 0;
}

bool results_finish(struct results *results, const struct tug_error *error)
{
    for (size_t i = 0; i < results->refs->count; i++) {
        struct tug_image_result image = {.position = i, .status = error->code, .error = *error};

        if (!results->slots[i].is_known) {
            image.ref =
                results->is_tags ? results->refs->items[i] : tug_ref_name(results->refs->refs[i]);
            fill_slot(results, &image);
        }
    }
    print_ready(results);
    if (results->is_plan) {
        print_plan(results);
    }
    return results->output_errno == 0;
}

int results_write_failed(const struct results *results, int fd)
{
    struct text text = {0};
    struct stat info;
    int os_errno;

    for (size_t i = 0; i < results->refs->count; i++) {
        if (!results->slots[i].is_known || results->slots[i].status != TUG_OK) {
            const char *const options = ref_list_options(results->refs, i);

            text_printf(&text, "%s%s%s\n", results->refs->items[i], *options != '\0' ? " " : "",
                        options);
        }
    }
    if (text.has_failed) {
        text_fini(&text);
        return ENOMEM;
    }
    /* Write first, then truncate: on a full disk, the old content is not lost right away. */
    os_errno = text_write_all(fd, text.data, text.length);
    if (os_errno == 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
        ftruncate(fd, (off_t)text.length) != 0) {
        os_errno = errno;
    }
    text_fini(&text);
    return os_errno;
}

int results_exit_status(const struct results *results, int signal_number)
{
    size_t failed_count = 0;
    bool is_alike = true;
    bool has_cancelled = false;
    bool has_timed_out = false;
    int first = 0;

    for (size_t i = 0; i < results->refs->count; i++) {
        const enum tug_status status = results->slots[i].status;

        if (status == TUG_OK) {
            continue;
        }
        failed_count++;
        first = first == 0 ? report_exit_status(status) : first;
        is_alike = is_alike && report_exit_status(status) == first;
        has_cancelled = has_cancelled || status == TUG_ERR_CANCELLED;
        has_timed_out = has_timed_out || status == TUG_ERR_TIMEOUT;
    }
    /* What ends the whole run counts more than what became of single references before it. */
    if (signal_number != 0 && has_cancelled) {
        return 128 + signal_number;
    }
    if (has_timed_out) {
        return EXIT_STATUS_TIMEOUT;
    }
    return failed_count == results->refs->count && is_alike ? first
           : failed_count > 0                               ? EXIT_STATUS_MIXED
                                                            : 0;
}

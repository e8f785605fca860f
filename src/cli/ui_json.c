/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress as JSON objects, one a line. The fields are a promise: tug(1), "Progress as JSON".
 *
 * Knows: events, totals. Does not know: the other forms.
 * Threads: main.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "ui_backend.h"

/* Seconds between two progress objects. */
#define PROGRESS_SECONDS 0.25

/* Begin an object: its time and type. */
static void begin(struct text *text, const char *type)
{
    struct timespec now = {0};
    struct tm parts = {0};
    char date[32];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &parts);
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    text_printf(text, "{\"time\":\"%s.%03ldZ\",\"type\":\"%s\"", date, now.tv_nsec / 1000000, type);
}

/* End an object, write it at once and free it. */
static void end(struct text *text)
{
    text_puts(text, "}\n");
    if (!text->has_failed) {
        (void)text_write_all(STDERR_FILENO, text->data, text->length);
    }
    text_fini(text);
}

static void put_string(struct text *text, const char *name, const char *value)
{
    text_printf(text, ",\"%s\":", name);
    json_string(text, value);
}

static void put_digest(struct text *text, const struct tug_digest *digest)
{
    char digits[TUG_DIGEST_TEXT_MAX];

    put_string(text, "digest",
               digest->algorithm != TUG_DIGEST_NONE ? tug_digest_format(digest, digits) : NULL);
}

static void put_count(struct text *text, const char *name, uint64_t value)
{
    text_printf(text, ",\"%s\":%" PRIu64, name, value);
}

static void put_seconds(struct text *text, const char *name, double seconds)
{
    text_printf(text, ",\"%s\":%.3f", name, seconds > 0 ? seconds : 0);
}

static void put_error(struct text *text, const char *code, const char *message)
{
    text_puts(text, ",\"error\":{\"code\":");
    json_string(text, code);
    put_string(text, "message", message);
    text_puts(text, "}");
}

/* Digest, media type and size of what an event is about. */
static void put_content(struct text *text, const struct tug_event *event)
{
    put_digest(text, &event->digest);
    put_string(text, "mediaType", event->media_type);
    put_count(text, "size", event->size_bytes);
}

static void put_image(struct text *text, const struct tug_image_result *image)
{
    put_string(text, "ref", image->ref);
    put_digest(text, &image->digest);
    put_string(text, "mediaType", image->media_type);
    put_count(text, "size", image->size_bytes);
    put_count(text, "blobs", image->blobs);
    put_count(text, "bytesFetched", image->bytes_fetched);
    put_count(text, "bytesReused", image->bytes_reused);
    put_seconds(text, "seconds", image->seconds);
    if (image->status != TUG_OK) {
        put_error(text, tug_status_name(image->status), image->error.message);
    }
}

/* The sums that progress and summary share. */
static void put_totals(struct text *text, const struct tug_totals *totals)
{
    put_count(text, "images", totals->images);
    put_count(text, "imagesDone", totals->images_done);
    put_count(text, "imagesFailed", totals->images_failed);
    put_count(text, "bytesReceived", totals->bytes_received);
    put_seconds(text, "seconds", totals->seconds);
}

void ui_json_progress(struct ui *ui)
{
    const struct tug_totals *const totals = &ui->totals;
    struct text text = {0};

    if (totals->seconds < ui->drawn_seconds + PROGRESS_SECONDS) {
        return;
    }
    ui->drawn_seconds = totals->seconds;
    begin(&text, "progress");
    put_totals(&text, totals);
    put_count(&text, "blobs", totals->blobs);
    put_count(&text, "blobsDone", totals->blobs_done);
    put_count(&text, "bytesKnown", totals->bytes_known);
    put_count(&text, "bytesDone", totals->bytes_done);
    text_printf(&text, ",\"rate\":%.0f,\"active\":[", ui->rate.bytes_per_s);
    for (size_t i = 0; i < ui->active.count; i++) {
        const struct active_blob *const blob = &ui->active.blobs[i];
        char digest[TUG_DIGEST_TEXT_MAX];

        text_printf(&text, "%s{\"digest\":\"%s\",\"size\":%" PRIu64 ",\"done\":%" PRIu64 "}",
                    i > 0 ? "," : "", tug_digest_format(&blob->digest, digest), blob->size_bytes,
                    blob->done_bytes);
    }
    text_puts(&text, "]");
    end(&text);
}

void ui_json_event(const struct tug_event *event)
{
    struct text text = {0};

    switch (event->kind) {
    case TUG_EVENT_RESOLVED:
        begin(&text, "resolved");
        put_string(&text, "ref", event->ref);
        put_content(&text, event);
        break;
    case TUG_EVENT_STARTED:
        begin(&text, "started");
        put_string(&text, "ref", event->ref);
        put_content(&text, event);
        put_count(&text, "resumedAt", event->done_bytes);
        break;
    case TUG_EVENT_COMMITTED:
        begin(&text, "committed");
        put_content(&text, event);
        put_seconds(&text, "seconds", event->seconds);
        break;
    case TUG_EVENT_REUSED:
        begin(&text, "reused");
        put_string(&text, "ref", event->ref);
        put_content(&text, event);
        break;
    case TUG_EVENT_WAITING:
        begin(&text, "waiting");
        put_digest(&text, &event->digest);
        break;
    case TUG_EVENT_RETRY:
        begin(&text, "retry");
        put_string(&text, "ref", event->ref);
        put_digest(&text, &event->digest);
        put_seconds(&text, "delay", (double)event->delay_ms / 1000);
        put_error(&text, tug_status_name(event->error->code), event->error->message);
        break;
    case TUG_EVENT_WARNING:
        begin(&text, "warning");
        put_string(&text, "ref", event->ref);
        put_string(&text, "message", event->text);
        break;
    case TUG_EVENT_IMAGE:
        begin(&text, event->image->status == TUG_OK ? "image" : "failed");
        put_image(&text, event->image);
        break;
    case TUG_EVENT_NONE:
    case TUG_EVENT_PROGRESS:
    case TUG_EVENT_TICK:
    case TUG_EVENT_PLANNED:
    case TUG_EVENT_IMAGE_PROGRESS:
    default:
        return; /* of no interest, or a kind that this command does not know yet */
    }
    end(&text);
}

void ui_json_error(const char *code, const char *message)
{
    struct text text = {0};

    begin(&text, "error");
    put_error(&text, code, message);
    end(&text);
}

void ui_json_summary(const struct ui *ui)
{
    const struct tug_totals *const totals = &ui->totals;
    struct text text = {0};

    begin(&text, "summary");
    put_totals(&text, totals);
    put_count(&text, "blobsFetched", ui->fetched_count);
    put_count(&text, "blobsReused", ui->reused_count);
    put_count(&text, "bytesReused", ui->reused_bytes);
    text_printf(&text, ",\"rate\":%.0f,\"exitStatus\":%d",
                totals->seconds > 0 ? (double)totals->bytes_received / totals->seconds : 0,
                ui->exit_status);
    end(&text);
}

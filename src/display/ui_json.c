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

#include "json_write.h"
#include "ui_backend.h"

/* Seconds between two progress objects. */
#define PROGRESS_SECONDS 0.25

/* Start an object: its time and type. */
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

static void put_bool(struct text *text, const char *name, bool value)
{
    text_printf(text, ",\"%s\":%s", name, value ? "true" : "false");
}

static void put_seconds(struct text *text, const char *name, double seconds)
{
    text_printf(text, ",\"%s\":%.3f", name, seconds > 0 ? seconds : 0);
}

/* A number, or null when it is not known. */
static void put_known(struct text *text, const char *name, bool is_known, double value,
                      int decimals)
{
    if (is_known) {
        text_printf(text, ",\"%s\":%.*f", name, decimals, value);
    } else {
        text_printf(text, ",\"%s\":null", name);
    }
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
    const bool is_resolved = image->digest.algorithm != TUG_DIGEST_NONE;

    put_string(text, "ref", image->ref);
    put_digest(text, &image->digest);
    put_string(text, "mediaType", image->media_type);
    put_known(text, "size", is_resolved, (double)image->size_bytes, 0);
    put_count(text, "blobs", image->blobs);
    put_count(text, "bytesFetched", image->bytes_fetched);
    put_count(text, "bytesReused", image->bytes_reused);
    put_count(text, "bytesCopied", image->bytes_copied);
    put_count(text, "referrers", image->referrer_count);
    put_seconds(text, "seconds", image->seconds);
    if (image->status != TUG_OK) {
        put_error(text, tug_status_name(image->status), image->error.message);
    }
}

/* The totals that progress and summary share. */
static void put_totals(struct text *text, const struct tug_totals *totals)
{
    put_count(text, "images", totals->images);
    put_count(text, "imagesDone", totals->images_done);
    put_count(text, "imagesFailed", totals->images_failed);
    put_count(text, "bytesReceived", totals->bytes_received);
    put_count(text, "bytesCopied", totals->bytes_copied);
    put_seconds(text, "seconds", totals->seconds);
}

static const char *name_of_state(const struct active_blob *blob, double now_seconds)
{
    switch (blob->state) {
    case ACTIVE_DOWNLOADING:
        return active_stalled_seconds(blob, now_seconds) > 0 ? "stalled" : "downloading";
    case ACTIVE_VERIFYING:
        return "verifying";
    case ACTIVE_RETRYING:
        return "retrying";
    case ACTIVE_WAITING:
        return "waiting";
    case ACTIVE_QUEUED:
        return "queued";
    case ACTIVE_DONE:
        return "done";
    case ACTIVE_EXISTS:
        return "exists";
    }
    return NULL;
}

static void put_active(struct text *text, const struct ui *ui)
{
    const char *separator = "";
    char digest[TUG_DIGEST_TEXT_MAX];

    text_puts(text, ",\"active\":[");
    for (size_t i = 0; i < ui->active.count; i++) {
        const struct active_blob *const blob = &ui->active.blobs[i];
        const bool is_known = blob->size_bytes > 0;

        if (!active_is_live(blob)) {
            continue;
        }
        text_printf(text, "%s{\"digest\":\"%s\"", separator,
                    tug_digest_format(&blob->digest, digest));
        put_string(text, "ref", blob->ref);
        put_string(text, "state", name_of_state(blob, ui->totals.seconds));
        put_known(text, "size", is_known, (double)blob->size_bytes, 0);
        put_known(text, "done", is_known, (double)blob->done_bytes, 0);
        text_puts(text, "}");
        separator = ",";
    }
    text_puts(text, "]");
}

static void put_active_images(struct text *text, const struct active *active)
{
    text_puts(text, ",\"activeImages\":[");
    for (size_t i = 0; i < active->image_count; i++) {
        const struct active_image *const image = &active->images[i];
        const bool is_known = image->has_blobs;

        text_puts(text, i > 0 ? ",{\"ref\":" : "{\"ref\":");
        json_string(text, image->ref);
        put_known(text, "blobs", is_known, (double)image->blobs, 0);
        put_known(text, "blobsDone", is_known, (double)image->blobs_done, 0);
        put_known(text, "bytesKnown", is_known, (double)image->bytes_known, 0);
        put_known(text, "bytesDone", is_known, (double)image->bytes_done, 0);
        text_puts(text, "}");
    }
    text_puts(text, "]");
}

void ui_json_progress(struct ui *ui)
{
    const struct tug_totals *const totals = &ui->totals;
    struct text text = {0};
    double eta_seconds;

    if (totals->seconds < ui->drawn_seconds + PROGRESS_SECONDS) {
        return;
    }
    eta_seconds = active_eta_seconds(&ui->active, totals, &ui->rate);
    ui->drawn_seconds = totals->seconds;
    begin(&text, "progress");
    put_totals(&text, totals);
    put_count(&text, "blobs", totals->blobs);
    put_count(&text, "blobsDone", totals->blobs_done);
    put_count(&text, "bytesKnown", totals->bytes_known);
    put_count(&text, "bytesDone", totals->bytes_done);
    put_known(&text, "rate", ui->rate.has_rate, ui->rate.bytes_per_s, 0);
    put_known(&text, "eta", eta_seconds >= 0, eta_seconds, 1);
    put_active(&text, ui);
    put_active_images(&text, &ui->active);
    end(&text);
}

static void put_retry(struct text *text, const struct tug_event *event)
{
    put_string(text, "ref", event->ref);
    put_digest(text, &event->digest);
    put_seconds(text, "delay", (double)event->delay_ms / 1000);
    put_known(text, "attempt", event->attempt > 0, event->attempt, 0);
    put_known(text, "attemptsMax", event->attempt > 0, event->attempts_max, 0);
    put_error(text, tug_status_name(event->error->code), event->error->message);
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
        put_string(&text, "ref", event->ref);
        put_content(&text, event);
        put_count(&text, "bytesCopied", event->copied_bytes);
        put_seconds(&text, "seconds", event->seconds);
        break;
    case TUG_EVENT_REUSED:
        begin(&text, "reused");
        put_string(&text, "ref", event->ref);
        put_content(&text, event);
        put_bool(&text, "rechecked", event->is_rechecked);
        break;
    case TUG_EVENT_WAITING:
        begin(&text, "waiting");
        put_string(&text, "ref", event->ref);
        put_digest(&text, &event->digest);
        break;
    case TUG_EVENT_RETRY:
        begin(&text, "retry");
        put_retry(&text, event);
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
    put_count(&text, "imagesStopped", ui->stopped_count);
    put_known(&text, "rate", totals->bytes_received > 0 && totals->seconds > 0,
              (double)totals->bytes_received / totals->seconds, 0);
    text_printf(&text, ",\"exitStatus\":%d", ui->exit_status);
    end(&text);
}

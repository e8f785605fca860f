/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports of a run to its caller: events, and the totals that go with each.
 *
 * Knows: images, downloads, totals. Does not know: HTTP, why anything happened.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"
#include "pipeline/shown.h"
#include "pipeline/tell.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

void tug__emit(struct tug__resolver *resolver, struct tug_event *event)
{
    const struct tug_fetch_options *const options = &resolver->settings->options;
    struct tug__shown shown;

    if (options->on_event == NULL && options->on_message == NULL) {
        return;
    }
    resolver->reporter.totals.seconds =
        (double)(tug__now_ns() - resolver->reporter.started_ns) / (double)TUG__NS_PER_S;
    event->totals = &resolver->reporter.totals;
    tug__pass_event(options, tug__show(resolver->session, event, &shown));
}

TUG__PRINTF(4, 0)
static void emit_text(struct tug__resolver *resolver, const struct tug__image *image,
                      bool is_shortfall, const char *format, va_list arguments)
{
    char text[512];
    char shown[TUG_ERROR_MESSAGE_MAX];
    struct tug_event event = {.kind = TUG_EVENT_WARNING,
                              .ref = image->result.ref,
                              .text = shown,
                              .is_shortfall = is_shortfall};

    (void)vsnprintf(text, sizeof text, format, arguments);
    (void)tug_text_escape(shown, sizeof shown, text, strlen(text));
    tug__emit(resolver, &event);
}

void tug__emit_warning(struct tug__resolver *resolver, const struct tug__image *image,
                       const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    emit_text(resolver, image, false, format, arguments);
    va_end(arguments);
}

void tug__emit_shortfall(struct tug__resolver *resolver, const struct tug__image *image,
                         const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    emit_text(resolver, image, true, format, arguments);
    va_end(arguments);
}

void tug__emit_notice(struct tug__resolver *resolver, const char *text)
{
    char shown[TUG_ERROR_MESSAGE_MAX];
    struct tug_event event = {.kind = TUG_EVENT_WARNING, .text = shown};

    (void)tug_text_escape(shown, sizeof shown, text, strlen(text));
    tug__emit(resolver, &event);
}

/* Pass on warnings about registries. */
static void emit_warnings(struct tug__resolver *resolver)
{
    char text[512];

    while (tug__session_pop_warning(resolver->session, text, sizeof text)) {
        tug__emit_notice(resolver, text);
    }
}

/* Add the bytes of an open download to the images that wait for it, and to the totals. */
static void measure(void *context, const struct tug__download *download)
{
    struct tug__resolver *const resolver = context;
    struct tug_totals *const totals = &resolver->reporter.totals;

    totals->bytes_done += download->done_bytes;
    totals->bytes_copied += download->copied_bytes;
    totals->blobs_active += download->is_running;
    for (const struct tug__edge *edge = download->edges; edge != NULL; edge = edge->next) {
        if (edge->waiter != NULL) {
            tug__image_of(edge)->result.bytes_done += download->done_bytes;
        }
    }
}

/* Update the totals, and the progress of each image. */
static void measure_all(struct tug__resolver *resolver)
{
    struct tug_totals *const totals = &resolver->reporter.totals;

    totals->bytes_done = resolver->reporter.bytes_stored;
    totals->bytes_copied = resolver->reporter.bytes_copied;
    totals->blobs_active = 0;
    totals->bytes_received = tug__engine_load(resolver->engine).received_bytes;
    for (struct tug__image *image = resolver->images.at_work; image != NULL; image = image->next) {
        image->result.bytes_done =
            image->result.bytes_fetched + image->result.bytes_reused + image->result.bytes_copied;
    }
    tug__engine_each_download(resolver->engine, measure, resolver);
}

static void report_download(void *context, const struct tug__download *download)
{
    struct tug_event event = {
        .kind = TUG_EVENT_PROGRESS,
        .ref = download->ref,
        .digest = *download->digest,
        .media_type = download->media_type,
        .size_bytes = download->size_bytes,
        .done_bytes = download->done_bytes,
    };

    if (download->is_running) {
        tug__emit(context, &event);
    }
}

/* Report each image that has made progress since the last tick, which a sum shows (should it be the
 * same by chance, one tick later); one is added, because 0 marks an image never reported. */
static void report_images(struct tug__resolver *resolver)
{
    for (struct tug__image *image = resolver->images.at_work; image != NULL; image = image->next) {
        struct tug_image_result *const result = &image->result;
        const uint64_t marks = 1 + result->blobs + result->blobs_done + result->bytes_known +
                               result->bytes_done + (result->digest.algorithm != TUG_DIGEST_NONE);
        struct tug_event event = {
            .kind = TUG_EVENT_IMAGE_PROGRESS, .ref = result->ref, .image = result};

        if (marks != image->reported_marks) {
            image->reported_marks = marks;
            tug__emit(resolver, &event);
        }
    }
}

/* Report the state of each active download and image, and the totals. */
void tug__tick(struct tug__resolver *resolver)
{
    struct tug_event event = {.kind = TUG_EVENT_TICK};

    emit_warnings(resolver);
    measure_all(resolver);
    tug__engine_each_download(resolver->engine, report_download, resolver);
    report_images(resolver);
    tug__emit(resolver, &event);
}

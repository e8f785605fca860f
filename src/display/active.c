/* SPDX-License-Identifier: Apache-2.0
 *
 * Follow the active images and blobs.
 *
 * Knows: events. Does not know: how they are shown.
 * Threads: main.
 */
#include "active.h"

#include <stdlib.h>
#include <string.h>

/* Time constant of the average: after three seconds an old rate counts for less than a seventh. */
#define RATE_SECONDS 1.5
/* A blob without an event for this long, although each tick reports those being fetched, is not
 * being fetched any more. */
#define SILENCE_SECONDS 1.0
/* How long a retry stays readable after it has started, however soon it succeeds. */
#define SHOWN_SECONDS 3.0

void rate_sample(struct rate *rate, double seconds, uint64_t bytes)
{
    const double passed = seconds - rate->seconds;

    if (!rate->has_sample || bytes < rate->bytes) {
        rate->has_sample = true;
        rate->seconds = seconds;
        rate->bytes = bytes;
        return;
    }
    if (passed <= 0) {
        return;
    }
    const double now = (double)(bytes - rate->bytes) / passed;
    const double weight = rate->has_rate ? passed / (RATE_SECONDS + passed) : 1;

    rate->bytes_per_s += (now - rate->bytes_per_s) * weight;
    rate->has_rate = true;
    rate->seconds = seconds;
    rate->bytes = bytes;
}

static struct active_blob *find(const struct active *active, const struct tug_digest *digest)
{
    for (size_t i = 0; i < active->count; i++) {
        if (tug_digest_equal(&active->blobs[i].digest, digest)) {
            return &active->blobs[i];
        }
    }
    return NULL;
}

const struct active_blob *active_find(const struct active *active, const struct tug_digest *digest)
{
    return find(active, digest);
}

bool active_is_live(const struct active_blob *blob)
{
    return blob->state != ACTIVE_DONE && blob->state != ACTIVE_EXISTS;
}

static void remove_at(struct active *active, size_t index)
{
    free(active->blobs[index].ref);
    active->count--;
    memmove(&active->blobs[index], &active->blobs[index + 1],
            (active->count - index) * sizeof *active->blobs);
}

/* Make room for one more blob: the oldest of those that only stay to be seen is dropped. */
static bool make_room(struct active *active)
{
    const size_t capacity = active->capacity > 0 ? 2 * active->capacity : 16;
    struct active_blob *grown;
    size_t oldest = 0;

    if (active->count < active->capacity) {
        return true;
    }
    if (active->count == ACTIVE_MAX) {
        while (oldest < active->count && active_is_live(&active->blobs[oldest])) {
            oldest++;
        }
        if (oldest == active->count) {
            return false;
        }
        remove_at(active, oldest);
        return true;
    }
    grown = reallocarray(active->blobs, capacity, sizeof *active->blobs);
    if (grown == NULL) {
        return false;
    }
    active->blobs = grown;
    active->capacity = capacity;
    return true;
}

/* Find a blob or add it. Returns: NULL when the list is full or out of memory: this is only a
 * display. */
static struct active_blob *find_or_add(struct active *active, const struct tug_event *event)
{
    struct active_blob *blob = find(active, &event->digest);

    if (blob != NULL) {
        return blob;
    }
    if (!make_room(active)) {
        return NULL;
    }
    blob = &active->blobs[active->count++];
    *blob = (struct active_blob){
        .digest = event->digest,
        .size_bytes = event->size_bytes,
        .resumed_bytes = event->kind == TUG_EVENT_STARTED ? event->done_bytes : 0,
        .moved_seconds = event->totals->seconds,
    };
    return blob;
}

/* Keep a copy of a text in *owned; NULL when out of memory. */
static void keep_text(char **owned, const char *text)
{
    if (text == NULL || (*owned != NULL && strcmp(*owned, text) == 0)) {
        return;
    }
    free(*owned);
    *owned = strdup(text);
}

static void take_progress(struct active_blob *blob, const struct tug_event *event)
{
    if (event->kind == TUG_EVENT_STARTED || event->done_bytes != blob->done_bytes) {
        blob->moved_seconds = event->totals->seconds;
    }
    blob->size_bytes = event->size_bytes;
    blob->done_bytes = event->done_bytes;
    blob->state = event->size_bytes > 0 && event->done_bytes >= event->size_bytes
                      ? ACTIVE_VERIFYING
                      : ACTIVE_DOWNLOADING;
    rate_sample(&blob->rate, event->totals->seconds, event->done_bytes);
}

/* --- images --- */

/* Find an image, the newest first: most events are about it. */
static struct active_image *find_image(const struct active *active, const char *ref)
{
    for (size_t i = ref != NULL ? active->image_count : 0; i > 0; i--) {
        if (strcmp(active->images[i - 1].ref, ref) == 0) {
            return &active->images[i - 1];
        }
    }
    return NULL;
}

static struct active_image *add_image(struct active *active, const struct tug_image_result *result,
                                      double seconds)
{
    struct active_image *grown = active->images;

    if (active->image_count == ACTIVE_MAX) {
        return NULL;
    }
    if (active->image_count == active->image_capacity) {
        const size_t capacity = active->image_capacity > 0 ? 2 * active->image_capacity : 16;

        grown = reallocarray(active->images, capacity, sizeof *active->images);
        if (grown == NULL) {
            return NULL;
        }
        active->images = grown;
        active->image_capacity = capacity;
    }
    grown = &active->images[active->image_count];
    *grown = (struct active_image){
        .position = result->position, .ref = strdup(result->ref), .seen_seconds = seconds};
    if (grown->ref == NULL) {
        return NULL;
    }
    active->image_count++;
    return grown;
}

static size_t image_index(const struct active *active, size_t position)
{
    size_t index = 0;

    while (index < active->image_count && active->images[index].position != position) {
        index++;
    }
    return index;
}

static void take_image(struct active *active, const struct tug_event *event)
{
    const struct tug_image_result *const result = event->image;
    const size_t index = image_index(active, result->position);
    struct active_image *const image = index < active->image_count
                                           ? &active->images[index]
                                           : add_image(active, result, event->totals->seconds);

    if (image == NULL) {
        return;
    }
    image->is_resolved = result->digest.algorithm != TUG_DIGEST_NONE;
    image->blobs = result->blobs;
    image->blobs_done = result->blobs_done;
    image->bytes_known = result->bytes_known;
    image->bytes_done = result->bytes_done;
}

/* Remove an image that is complete or failed, with its blobs. */
static void remove_image(struct active *active, const struct tug_image_result *result)
{
    const size_t index = image_index(active, result->position);

    for (size_t i = active->count; i > 0; i--) {
        const char *const ref = active->blobs[i - 1].ref;

        if (ref != NULL && strcmp(ref, result->ref) == 0) {
            remove_at(active, i - 1);
        }
    }
    if (index < active->image_count) {
        free(active->images[index].ref);
        active->image_count--;
        memmove(&active->images[index], &active->images[index + 1],
                (active->image_count - index) * sizeof *active->images);
    }
}

/* --- silence --- */

/* Tell whether a blob has had no event for so long that it is not being fetched. */
static bool is_silent(const struct active_blob *blob, double seconds)
{
    switch (blob->state) {
    case ACTIVE_DOWNLOADING:
    case ACTIVE_VERIFYING:
        return seconds > blob->seen_seconds + SILENCE_SECONDS;
    case ACTIVE_RETRYING:
        return seconds > blob->retry_seconds + SILENCE_SECONDS;
    case ACTIVE_WAITING:
    case ACTIVE_QUEUED:
    case ACTIVE_DONE:
    case ACTIVE_EXISTS:
        return false;
    }
    return false;
}

/* A silent blob is queued as long as its image is active; otherwise it has been given up, which no
 * event reports. */
static void take_silence(struct active *active, double seconds)
{
    for (size_t i = active->count; i > 0; i--) {
        struct active_blob *const blob = &active->blobs[i - 1];

        if (!is_silent(blob, seconds)) {
            continue;
        }
        if (find_image(active, blob->ref) == NULL) {
            remove_at(active, i - 1);
        } else if (blob->state != ACTIVE_RETRYING) {
            blob->state = ACTIVE_QUEUED;
        }
    }
}

/* --- events --- */

/* Handle an event about an active blob. */
static void take_blob(struct active *active, const struct tug_event *event)
{
    struct active_blob *const blob = find_or_add(active, event);
    struct active_image *const image = find_image(active, event->ref);

    if (blob == NULL) {
        return;
    }
    keep_text(&blob->ref, event->ref);
    blob->seen_seconds = event->totals->seconds;
    if (event->kind == TUG_EVENT_RETRY) {
        blob->state = ACTIVE_RETRYING;
        blob->retry_seconds = event->totals->seconds + (double)event->delay_ms / 1000;
    } else if (event->kind == TUG_EVENT_WAITING) {
        blob->state = ACTIVE_WAITING;
    } else {
        take_progress(blob, event);
        if (image != NULL) {
            image->has_blobs = true;
        }
    }
}

static void take_retry(struct active *active, const struct tug_event *event)
{
    struct active_retry *const retry = &active->retry;
    struct active_image *const image = find_image(active, event->ref);

    keep_text(&retry->ref, event->ref);
    keep_text(&retry->text, event->error->message);
    retry->attempt = event->attempt;
    retry->attempts_max = event->attempts_max;
    retry->retry_seconds = event->totals->seconds + (double)event->delay_ms / 1000;
    retry->received_bytes = event->totals->bytes_received;
    retry->blobs_done = event->totals->blobs_done;
    retry->count++;
    if (event->digest.algorithm != TUG_DIGEST_NONE) {
        take_blob(active, event);
    } else if (image != NULL) {
        image->retry_seconds = retry->retry_seconds;
    }
}

/* A blob is in the store: it stays visible if it, or its image, was shown. */
static void take_finished(struct active *active, const struct tug_event *event)
{
    const bool is_reused = event->kind == TUG_EVENT_REUSED;
    struct active_blob *blob = find(active, &event->digest);

    if (blob == NULL && is_reused && find_image(active, event->ref) != NULL) {
        blob = find_or_add(active, event);
    }
    if (blob == NULL) {
        return;
    }
    keep_text(&blob->ref, event->ref);
    blob->state = is_reused ? ACTIVE_EXISTS : ACTIVE_DONE;
    blob->size_bytes = event->size_bytes;
    blob->done_bytes = event->size_bytes;
}

void active_on_event(struct active *active, const struct tug_event *event)
{
    switch (event->kind) {
    case TUG_EVENT_STARTED:
    case TUG_EVENT_PROGRESS:
    case TUG_EVENT_WAITING:
        take_blob(active, event);
        break;
    case TUG_EVENT_RETRY:
        take_retry(active, event);
        break;
    case TUG_EVENT_COMMITTED:
    case TUG_EVENT_REUSED:
        take_finished(active, event);
        break;
    case TUG_EVENT_IMAGE_PROGRESS:
        take_image(active, event);
        break;
    case TUG_EVENT_IMAGE:
        remove_image(active, event->image);
        break;
    case TUG_EVENT_TICK:
    case TUG_EVENT_PLANNED:
        take_silence(active, event->totals->seconds);
        break;
    case TUG_EVENT_NONE:
    case TUG_EVENT_RESOLVED:
    case TUG_EVENT_WARNING:
        break;
    }
}

/* --- derived values --- */

double active_stalled_seconds(const struct active_blob *blob, double now_seconds)
{
    const double seconds = now_seconds - blob->moved_seconds;

    return blob->state == ACTIVE_DOWNLOADING && seconds >= ACTIVE_STALL_SECONDS ? seconds : 0;
}

bool active_has_retry(const struct active *active, const struct tug_totals *totals)
{
    const struct active_retry *const retry = &active->retry;

    return retry->text != NULL && (totals->seconds < retry->retry_seconds + SHOWN_SECONDS ||
                                   (totals->bytes_received == retry->received_bytes &&
                                    totals->blobs_done == retry->blobs_done));
}

/* done of known, 0 to 1. */
static double part_of(uint64_t done, uint64_t known)
{
    return done >= known ? 1 : (double)done / (double)known;
}

double active_image_part(const struct active_image *image)
{
    return image->has_blobs && image->bytes_known > 0
               ? part_of(image->bytes_done, image->bytes_known)
               : -1;
}

/* Tell whether every image of the run is over or known. */
static bool is_all_known(const struct active *active, const struct tug_totals *totals)
{
    uint64_t count = totals->images_done + totals->images_failed;

    for (size_t i = 0; i < active->image_count; i++) {
        count += active_image_part(&active->images[i]) >= 0;
    }
    return count >= totals->images && totals->bytes_known > 0;
}

double active_total_part(const struct active *active, const struct tug_totals *totals)
{
    double images = (double)(totals->images_done + totals->images_failed);

    if (is_all_known(active, totals)) {
        return part_of(totals->bytes_done, totals->bytes_known);
    }
    for (size_t i = 0; i < active->image_count; i++) {
        const double part = active_image_part(&active->images[i]);

        images += part > 0 ? part : 0;
    }
    return images > 0 && totals->images > 1 ? images / (double)totals->images : -1;
}

double active_eta_seconds(const struct active *active, const struct tug_totals *totals,
                          const struct rate *rate)
{
    const double part = active_total_part(active, totals);

    if (is_all_known(active, totals)) {
        return rate->bytes_per_s >= 1 && totals->bytes_known >= totals->bytes_done
                   ? (double)(totals->bytes_known - totals->bytes_done) / rate->bytes_per_s
                   : -1;
    }
    return part > 0 ? totals->seconds * (1 - part) / part : -1;
}

void active_fini(struct active *active)
{
    while (active->count > 0) {
        remove_at(active, active->count - 1);
    }
    for (size_t i = 0; i < active->image_count; i++) {
        free(active->images[i].ref);
    }
    free(active->blobs);
    free(active->images);
    free(active->retry.ref);
    free(active->retry.text);
    *active = (struct active){0};
}

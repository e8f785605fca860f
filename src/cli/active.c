/* SPDX-License-Identifier: Apache-2.0
 *
 * Follow the blobs that are under way.
 *
 * Knows: events. Does not know: how they are shown.
 * Threads: main.
 */
#include "active.h"

#include <stdlib.h>
#include <string.h>

/* Time constant of the average: after three seconds an old rate counts for less than a seventh. */
#define RATE_SECONDS 1.5
/* A blob that nothing was heard of for so long has been given up: there is no event for that. */
#define SILENCE_SECONDS 2.0

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

/* Find a blob or add it. Returns: NULL when the list is full or memory is short; it is a display.
 */
static struct active_blob *find_or_add(struct active *active, const struct tug_event *event)
{
    struct active_blob *blob = find(active, &event->digest);

    if (blob != NULL || active->count == ACTIVE_MAX) {
        return blob;
    }
    if (active->count == active->capacity) {
        const size_t capacity = active->capacity > 0 ? 2 * active->capacity : 16;
        struct active_blob *const grown =
            reallocarray(active->blobs, capacity, sizeof *active->blobs);

        if (grown == NULL) {
            return NULL;
        }
        active->blobs = grown;
        active->capacity = capacity;
    }
    blob = &active->blobs[active->count++];
    *blob = (struct active_blob){
        .digest = event->digest,
        .size_bytes = event->size_bytes,
        .resumed_bytes = event->kind == TUG_EVENT_STARTED ? event->done_bytes : 0,
    };
    return blob;
}

static void remove_at(struct active *active, size_t index)
{
    active->count--;
    memmove(&active->blobs[index], &active->blobs[index + 1],
            (active->count - index) * sizeof *active->blobs);
}

static void remove_blob(struct active *active, const struct tug_digest *digest)
{
    const struct active_blob *const blob = find(active, digest);

    if (blob != NULL) {
        remove_at(active, (size_t)(blob - active->blobs));
    }
}

static void take_progress(struct active_blob *blob, const struct tug_event *event)
{
    blob->size_bytes = event->size_bytes;
    blob->done_bytes = event->done_bytes;
    blob->state = event->size_bytes > 0 && event->done_bytes >= event->size_bytes
                      ? ACTIVE_VERIFYING
                      : ACTIVE_DOWNLOADING;
    rate_sample(&blob->rate, event->totals->seconds, event->done_bytes);
}

/* Tell whether a blob has left without an event. */
static bool is_gone(const struct active_blob *blob, double seconds)
{
    switch (blob->state) {
    case ACTIVE_DOWNLOADING:
    case ACTIVE_VERIFYING:
        return seconds > blob->seen_seconds + SILENCE_SECONDS;
    case ACTIVE_RETRYING:
        return seconds > blob->retry_seconds + SILENCE_SECONDS;
    case ACTIVE_WAITING:
        return false;
    }
    return false;
}

static void remove_gone(struct active *active, double seconds)
{
    for (size_t i = active->count; i > 0; i--) {
        if (is_gone(&active->blobs[i - 1], seconds)) {
            remove_at(active, i - 1);
        }
    }
}

/* Take an event that tells of a blob under way. */
static void take_event(struct active *active, const struct tug_event *event)
{
    struct active_blob *const blob = find_or_add(active, event);

    if (blob == NULL) {
        return;
    }
    blob->seen_seconds = event->totals->seconds;
    if (event->kind == TUG_EVENT_RETRY) {
        blob->state = ACTIVE_RETRYING;
        blob->retry_seconds = event->totals->seconds + (double)event->delay_ms / 1000;
    } else if (event->kind == TUG_EVENT_WAITING) {
        blob->state = ACTIVE_WAITING;
    } else {
        take_progress(blob, event);
    }
}

void active_on_event(struct active *active, const struct tug_event *event)
{
    switch (event->kind) {
    case TUG_EVENT_STARTED:
    case TUG_EVENT_PROGRESS:
    case TUG_EVENT_RETRY:
    case TUG_EVENT_WAITING:
        if (event->digest.algorithm != TUG_DIGEST_NONE) {
            take_event(active, event);
        }
        break;
    case TUG_EVENT_COMMITTED:
    case TUG_EVENT_REUSED:
        remove_blob(active, &event->digest);
        break;
    case TUG_EVENT_TICK:
    case TUG_EVENT_PLANNED:
        remove_gone(active, event->totals->seconds);
        break;
    case TUG_EVENT_NONE:
    case TUG_EVENT_IMAGE_PROGRESS:
    case TUG_EVENT_RESOLVED:
    case TUG_EVENT_WARNING:
    case TUG_EVENT_IMAGE:
        break;
    }
}

void active_fini(struct active *active)
{
    free(active->blobs);
    *active = (struct active){0};
}

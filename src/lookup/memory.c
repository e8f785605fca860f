/* SPDX-License-Identifier: Apache-2.0
 *
 * Read one manifest, index or blob into memory.
 *
 * Knows: the engine's interface. Does not know: HTTP, retries, what documents mean.
 * Threads: the caller of tug__memory_read.
 *
 * An engine without a store returns content in memory. A tag is a manifest; a digest is asked for
 * as a manifest, and if the registry has none of it, it is a blob whose size is looked up first.
 */
#include "lookup/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "engine/engine.h"
#include "oci/descriptor.h"
#include "pipeline/start.h"
#include "pipeline/tell.h"
#include "registry/registry.h"

struct reading {
    struct tug__waiter waiter; /* first: an edge's waiter is found by it */
    const struct tug__run_settings *settings;
    const struct tug_ref *ref;
    uint64_t max_bytes;
    struct tug__session *session;
    struct tug__engine *engine;
    bool is_blob; /* the root turned out to be one, and is requested as such */
    bool is_done;
    struct tug_error error; /* zero: none */
    struct tug__memory found;
};

/* --- answers --- */

/* Take what an answer holds. Errors: TUG_ERR_TOO_LARGE, TUG_ERR_NO_MEMORY. */
static enum tug_status take(struct reading *reading, const struct tug__settled *settled,
                            struct tug_error *err)
{
    struct tug__memory *const found = &reading->found;
    const char *const type = settled->media_type;
    const size_t type_length = strcspn(type, "; \t");

    if (settled->size_bytes > reading->max_bytes) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "it has %" PRIu64 " bytes, the limit is %" PRIu64,
                         settled->size_bytes, reading->max_bytes);
    }
    found->length = (size_t)settled->size_bytes;
    found->bytes = malloc(found->length + 1);
    found->media_type = tug__strndup(type, type_length);
    if (found->bytes == NULL || found->media_type == NULL) {
        return tug__fail_memory(err);
    }
    if (found->length > 0) {
        memcpy(found->bytes, settled->body, found->length);
    }
    found->bytes[found->length] = '\0';
    if (tug__media_type_check(found->media_type, NULL) != TUG_OK) {
        found->media_type[0] = '\0'; /* it is passed to terminals and scripts unchanged */
    }
    found->digest = settled->digest;
    return TUG_OK;
}

/* Request the blob that the root turned out to be. */
static enum tug_status request_blob(struct reading *reading, const struct tug__settled *settled,
                                    struct tug_error *err)
{
    const struct tug__wanted wanted = {
        .digest = *tug_ref_digest(reading->ref),
        .has_size = true,
        .size_bytes = settled->size_bytes,
        .media_type = (char *)(uintptr_t)settled->media_type,
        .source = reading->ref,
    };

    reading->is_blob = true;
    return tug__engine_start(reading->engine, &wanted, &reading->waiter, 0, err);
}

static void take_settled(void *context)
{
    struct reading *const reading = context;
    struct tug__settled settled;

    while (tug__engine_next_settled(reading->engine, &settled)) {
        struct tug_error error = {0};

        if (reading->is_done || settled.edges == NULL || settled.edges->waiter == NULL ||
            tug__settled_refusal(&settled, settled.edges, &error)) {
            reading->error = reading->is_done ? reading->error : error;
            reading->is_done = reading->is_done || error.code != TUG_OK;
        } else if (!settled.is_document && !reading->is_blob) {
            reading->is_done = request_blob(reading, &settled, &reading->error) != TUG_OK;
        } else {
            (void)take(reading, &settled, &reading->error);
            reading->is_done = true;
        }
    }
}

/* --- the run --- */

/* Pass retries on to the program. */
static void on_event(void *context, struct tug_event *event)
{
    const struct reading *const reading = context;

    if (event->kind == TUG_EVENT_RETRY) {
        tug__tell(reading->settings, reading->session, event);
    }
}

static bool owe_nothing(void *context)
{
    (void)context;
    return false;
}

static enum tug_status request_root(struct reading *reading, struct tug_error *err)
{
    const struct tug_digest *const pinned = tug_ref_digest(reading->ref);
    char reference[TUG_DIGEST_TEXT_MAX]; /* a tag is shorter */
    struct tug__wanted wanted = {
        .tag = reference,
        .is_document = true,
        .source = reading->ref,
        .may_be_blob = pinned != NULL,
        .max_bytes = reading->max_bytes,
        .is_lookup = true, /* so that a blob's is a node of its own */
    };

    if (pinned != NULL) {
        wanted.digest = *pinned;
        (void)tug_digest_format(pinned, reference);
    } else {
        (void)snprintf(reference, sizeof reference, "%s", tug_ref_tag(reading->ref));
    }
    return tug__engine_start(reading->engine, &wanted, &reading->waiter, 0, err);
}

/* Work until the content is there, or the run is to stop. */
static void loop(struct reading *reading)
{
    const struct tug__run_settings *const settings = reading->settings;
    const uint64_t end_ns = settings->options.timeout_ms > 0
                                ? tug__deadline_ns(settings->options.timeout_ms)
                                : TUG__NEVER_NS;

    while (!reading->is_done) {
        uint64_t wake_ns;

        tug__engine_wake(reading->engine);
        take_settled(reading);
        tug__engine_submit(reading->engine);
        take_settled(reading);
        wake_ns = tug__engine_due(reading->engine);
        if (!reading->is_done) {
            tug__bell_wait(settings->bell, wake_ns < end_ns ? wake_ns : end_ns);
        }
        while (tug__engine_handle_event(reading->engine)) {
            take_settled(reading);
        }
        if (tug__cancel_is_set(settings->cancel) && !reading->is_done) {
            (void)tug__fail(&reading->error, TUG_ERR_CANCELLED, "interrupted");
            reading->is_done = true;
        } else if (tug__now_ns() >= end_ns && !reading->is_done) {
            (void)tug__fail(&reading->error, TUG_ERR_TIMEOUT, "timed out");
            reading->is_done = true;
        }
    }
    tug__engine_halt(reading->engine);
}

static enum tug_status set_up(struct reading *reading, struct tug_error *err)
{
    struct tug__engine_settings own = {
        .worker_count = 1, .is_dry = true, .on_event = on_event, .event_context = reading};
    enum tug_status status = tug__run_session(reading->settings, &reading->session, err);

    own.session = reading->session;
    if (status == TUG_OK) {
        status = tug__run_engine(reading->settings, &own, &reading->engine, err);
    }
    return status == TUG_OK ? request_root(reading, err) : status;
}

enum tug_status tug__memory_read(const struct tug__run_settings *settings, uint64_t max_bytes,
                                 struct tug__memory *out_memory, struct tug_error *err)
{
    struct reading reading = {.settings = settings,
                              .ref = settings->refs[0],
                              .max_bytes = max_bytes > 0 ? max_bytes : UINT64_MAX};
    enum tug_status status = set_up(&reading, err);

    if (reading.engine != NULL) {
        const struct tug__engine_handler handler = {
            .on_settled = take_settled, .on_round = owe_nothing, .context = &reading};

        if (status == TUG_OK) {
            loop(&reading);
            status = reading.error.code;
        }
        tug__engine_forget(reading.engine, &reading.waiter);
        tug__engine_stop(reading.engine, &handler);
        tug__tell_warnings(settings, reading.session);
    }
    if (status == TUG_OK) {
        *out_memory = reading.found;
    } else {
        free(reading.found.bytes);
        free(reading.found.media_type);
    }
    if (reading.error.code != TUG_OK && err != NULL) {
        *err = reading.error;
        tug__session_cut_error(reading.session, err);
    }
    tug__engine_destroy(reading.engine);
    tug__session_destroy(reading.session); /* after its clients */
    return status;
}

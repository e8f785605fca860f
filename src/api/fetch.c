/* SPDX-License-Identifier: Apache-2.0
 *
 * The public fetch functions: check arguments, fill in defaults, call the pipeline.
 *
 * Knows: the pipeline's interface. Does not know: how anything is fetched.
 * Threads: see tug/fetch.h.
 */
#include <tug/tug.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/options.h"
#include "base/str.h"
#include "base/trace.h"
#include "oci/platform.h"
#include "lookup/lookup.h"
#include "pipeline/pipeline.h"
#include "registry/registry.h"
#include "store/store.h"

#define TICK_DEFAULT_MS 200
#define CHUNK_SIZE_DEFAULT_BYTES ((uint64_t)16 * 1024 * 1024)
#define RETRY_MAX_WAIT_DEFAULT_MS 120000
#define CONNECT_TIMEOUT_DEFAULT_MS 30000
#define STALL_TIMEOUT_DEFAULT_MS 30000

/* Later versions append members; none may end up in padding that an older program leaves unset. */
_Static_assert(sizeof(struct tug_fetch_options) ==
                   offsetof(struct tug_fetch_options, donor_count) + sizeof(size_t),
               "tug_fetch_options has no padding at its end");
/* Options that are a single string each. */
static const size_t text_offsets[] = {
    offsetof(struct tug_fetch_options, ca_file),
    offsetof(struct tug_fetch_options, certificate_file),
    offsetof(struct tug_fetch_options, key_file),
    offsetof(struct tug_fetch_options, hosts_dir),
    offsetof(struct tug_fetch_options, proxy),
    offsetof(struct tug_fetch_options, user),
    offsetof(struct tug_fetch_options, password),
    offsetof(struct tug_fetch_options, refresh_token),
    offsetof(struct tug_fetch_options, authfile),
    offsetof(struct tug_fetch_options, user_agent),
    offsetof(struct tug_fetch_options, referrer_type),
    offsetof(struct tug_fetch_options, convert),
};

#define TEXT_COUNT (sizeof text_offsets / sizeof text_offsets[0])

const char *tug_version(void)
{
    return TUG_VERSION;
}

static enum tug_status copy_labels(struct tug_fetch *fetch, const struct tug_fetch_options *options,
                                   struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    fetch->labels = calloc(options->label_count + 1, sizeof *fetch->labels);
    if (fetch->labels == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; status == TUG_OK && i < options->label_count; i++) {
        status = tug_label_check(options->labels[i], err);
        if (status == TUG_OK) {
            fetch->labels[i] = strdup(options->labels[i]);
            status = fetch->labels[i] != NULL ? TUG_OK : tug__fail_memory(err);
        }
        fetch->options.label_count = i + 1;
    }
    fetch->options.labels = (const char *const *)fetch->labels;
    return status;
}

/* Copy further headers, once they are checked. */
static enum tug_status copy_headers(struct tug_fetch *fetch,
                                    const struct tug_fetch_options *options, struct tug_error *err)
{
    const enum tug_status status =
        tug__added_check(&(struct tug__added){.headers = options->headers,
                                              .header_count = options->header_count,
                                              .user_agent = options->user_agent},
                         err);

    if (status != TUG_OK) {
        return status;
    }
    fetch->headers = calloc(options->header_count + 1, sizeof *fetch->headers);
    if (fetch->headers == NULL) {
        return tug__fail_memory(err);
    }
    fetch->options.headers = (const char *const *)fetch->headers;
    for (size_t i = 0; i < options->header_count; i++) {
        fetch->headers[i] = strdup(options->headers[i]);
        if (fetch->headers[i] == NULL) {
            return tug__fail_memory(err);
        }
        fetch->options.header_count = i + 1;
    }
    return TUG_OK;
}

static enum tug_status copy_donors(struct tug_fetch *fetch, const struct tug_fetch_options *options,
                                   struct tug_error *err)
{
    fetch->donors = calloc(options->donor_count + 1, sizeof(struct tug_store *));
    if (fetch->donors == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < options->donor_count; i++) {
        fetch->donors[i] = options->donors[i];
    }
    fetch->options.donors = fetch->donors;
    return TUG_OK;
}

/* Decide what is logged. */
static enum tug_status set_log(struct tug_fetch_options *own, struct tug_error *err)
{
    if (own->on_message == NULL) {
        return TUG_OK;
    }
    if (own->on_log != NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "both on_log and on_message");
    }
    own->log_config |= own->message_level >= TUG_LOG_INFO;
    own->log_http |= own->message_level >= TUG_LOG_DEBUG;
    own->log_timing |= own->message_level >= TUG_LOG_DEBUG;
    return TUG_OK;
}

static enum tug_status copy_platforms(struct tug_fetch *fetch,
                                      const struct tug_fetch_options *options,
                                      struct tug_error *err)
{
    const size_t count = options->platform_count > 0 ? options->platform_count : 1;

    fetch->platforms = calloc(count, sizeof *fetch->platforms);
    if (fetch->platforms == NULL) {
        return tug__fail_memory(err);
    }
    if (options->platform_count == 0) {
        tug_platform_host(&fetch->platforms[0]);
        fetch->has_default_platform = true;
    }
    for (size_t i = 0; i < options->platform_count; i++) {
        fetch->platforms[i] = options->platforms[i];
        tug__platform_normalise(&fetch->platforms[i]);
    }
    fetch->options.platforms = fetch->platforms;
    fetch->options.platform_count = count;
    return TUG_OK;
}

/* Copy the single strings; the options then point to the copies. */
static enum tug_status copy_texts(struct tug_fetch *fetch, const struct tug_fetch_options *options,
                                  struct tug_error *err)
{
    fetch->texts = calloc(TEXT_COUNT, sizeof *fetch->texts);
    if (fetch->texts == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        const char *text;

        memcpy(&text, (const char *)options + text_offsets[i], sizeof text);
        if (text != NULL) {
            fetch->texts[i] = strdup(text);
            if (fetch->texts[i] == NULL) {
                return tug__fail_memory(err);
            }
        }
        memcpy((char *)&fetch->options + text_offsets[i], &fetch->texts[i], sizeof text);
    }
    return TUG_OK;
}

static enum tug_status check_registry_options(const struct tug_fetch_options *options,
                                              struct tug_error *err)
{
    if (options->key_file != NULL && options->certificate_file == NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "a client key without a certificate");
    }
    if (options->user != NULL && options->refresh_token != NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "both a user and a refresh token");
    }
    if (options->user == NULL && options->password != NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "a password without a user");
    }
    return TUG_OK;
}

static uint64_t or_default(uint64_t value, uint64_t fallback)
{
    return value != 0 ? value : fallback;
}

static enum tug_status copy_options(struct tug_fetch *fetch,
                                    const struct tug_fetch_options *options, struct tug_error *err)
{
    struct tug_fetch_options *const own = &fetch->options;
    enum tug_status status;

    *own = *options;
    own->labels = NULL;
    own->label_count = 0;
    own->verify_keys = NULL; /* fetch->keys has them */
    own->headers = NULL;
    own->header_count = 0;
    if (own->convert != NULL && strcmp(own->convert, "oci") != 0) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "images cannot be converted to '%.80s'",
                         own->convert);
    }
    if (own->max_concurrent_downloads > TUG_DOWNLOADS_MAX) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                         "%u downloads at once, over the limit of %d",
                         own->max_concurrent_downloads, TUG_DOWNLOADS_MAX);
    }
    own->max_concurrent_downloads =
        (unsigned)or_default(own->max_concurrent_downloads, TUG_DOWNLOADS_DEFAULT);
    own->retries = (unsigned)or_default(own->retries, TUG_RETRIES_DEFAULT);
    own->chunk_size_bytes = or_default(own->chunk_size_bytes, CHUNK_SIZE_DEFAULT_BYTES);
    own->retry_max_wait_ms = or_default(own->retry_max_wait_ms, RETRY_MAX_WAIT_DEFAULT_MS);
    own->connect_timeout_ms = or_default(own->connect_timeout_ms, CONNECT_TIMEOUT_DEFAULT_MS);
    own->stall_timeout_ms = or_default(own->stall_timeout_ms, STALL_TIMEOUT_DEFAULT_MS);
    own->tick_ms = or_default(own->tick_ms, TICK_DEFAULT_MS);
    status = copy_texts(fetch, options, err);
    if (status == TUG_OK) {
        status = copy_donors(fetch, options, err);
    }
    if (status == TUG_OK) {
        status = set_log(own, err);
    }
    if (status == TUG_OK) {
        status = copy_headers(fetch, options, err);
    }
    if (status == TUG_OK) {
        status = check_registry_options(own, err);
    }
    if (status == TUG_OK && own->dry_run && own->verify_key_count > 0) {
        status = tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "keys for signatures, and a dry run");
    }
    if (status == TUG_OK) {
        status =
            tug__run_keys_load(&fetch->keys, options->verify_keys, options->verify_key_count, err);
    }
    if (status == TUG_OK) {
        status = copy_platforms(fetch, options, err);
    }
    return status == TUG_OK ? copy_labels(fetch, options, err) : status;
}

enum tug_status tug_fetch_create(struct tug_store *store, const struct tug_fetch_options *options,
                                 struct tug_fetch **out_fetch, struct tug_error *err)
{
    struct tug_fetch_options given = TUG_FETCH_OPTIONS_INIT;
    struct tug_fetch *fetch;
    enum tug_status status =
        options != NULL ? tug__options_copy(&given, sizeof given, options, "tug_fetch_options", err)
                        : TUG_OK;

    if (status != TUG_OK) {
        return status;
    }
    fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL) {
        return tug__fail_memory(err);
    }
    fetch->store = store;
    tug__cancel_init(&fetch->cancel);
    tug__cancel_init(&fetch->image_cancels.some);
    status = copy_options(fetch, &given, err);
    if (status == TUG_OK && given.recheck && store != NULL && tug__store_has_sink(store)) {
        status = tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "recheck, and a store with a sink");
    }
    if (status == TUG_OK) {
        status = tug__bell_create(&fetch->bell, err);
    }
    if (status == TUG_OK) {
        status = tug__registry_acquire(err);
        fetch->has_registry = status == TUG_OK;
    }
    if (status != TUG_OK) {
        tug_fetch_destroy(fetch);
        return status;
    }
    *out_fetch = fetch;
    return TUG_OK;
}

void tug__fetch_settings(struct tug_fetch *fetch, struct tug__run_settings *out_settings)
{
    *out_settings = (struct tug__run_settings){
        .store = fetch->store,
        .options = fetch->options,
        .has_default_platform = fetch->has_default_platform,
        .refs = fetch->refs,
        .ref_options = (const struct tug_reference_options *const *)fetch->ref_options,
        .ref_keys = tug__run_keys_get(&fetch->keys),
        .ref_count = fetch->ref_count,
        .cancel = &fetch->cancel,
        .image_cancels = &fetch->image_cancels,
        .bell = fetch->bell,
    };
}

enum tug_status tug__fetch_begin(struct tug_fetch *fetch, struct tug__run_settings *out_settings,
                                 struct tug_error *err)
{
    if (fetch->has_run) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "this fetch has run already");
    }
    fetch->has_run = true;
    tug__fetch_settings(fetch, out_settings);
    return TUG_OK;
}

/* Run once, to fetch or to resolve. */
static enum tug_status run(struct tug_fetch *fetch,
                           enum tug_status (*work)(const struct tug__run_settings *settings,
                                                   struct tug_error *err),
                           struct tug_error *err)
{
    struct tug__run_settings settings;
    enum tug_status status = tug__fetch_begin(fetch, &settings, err);

    if (status == TUG_OK) {
        status = tug__trace_create(fetch->options.on_trace, fetch->options.trace_context,
                                   &settings.trace, err);
    }
    if (status == TUG_OK) {
        status = work(&settings, err);
        tug__trace_destroy(settings.trace);
    }
    return status;
}

enum tug_status tug_fetch_run(struct tug_fetch *fetch, struct tug_error *err)
{
    if (fetch->store == NULL) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "a fetch without a store");
    }
    return run(fetch, tug__run, err);
}

enum tug_status tug_fetch_resolve(struct tug_fetch *fetch, struct tug_error *err)
{
    return run(fetch, tug__lookup_run, err);
}

void tug_fetch_cancel(struct tug_fetch *fetch)
{
    tug__cancel_set(&fetch->cancel);
    tug__bell_ring(fetch->bell);
}

enum tug_status tug_fetch_cancel_image(struct tug_fetch *fetch, size_t position,
                                       struct tug_error *err)
{
    if (position >= fetch->ref_count) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "there is no reference at position %zu",
                         position);
    }
    tug__cancel_set(&fetch->image_cancels.each[position]);
    tug__cancel_set(&fetch->image_cancels.some);
    tug__bell_ring(fetch->bell);
    return TUG_OK;
}

void tug_fetch_destroy(struct tug_fetch *fetch)
{
    if (fetch == NULL) {
        return;
    }
    if (fetch->has_registry) {
        tug__registry_release();
    }
    for (size_t i = 0; i < fetch->ref_count; i++) {
        tug_ref_destroy(fetch->refs[i]);
        tug__reference_options_free(fetch, fetch->ref_options[i]);
    }
    free(fetch->refs);
    free(fetch->ref_options);
    free(fetch->image_cancels.each);
    for (size_t i = 0; i < fetch->options.label_count; i++) {
        free(fetch->labels[i]);
    }
    free(fetch->labels);
    for (size_t i = 0; fetch->texts != NULL && i < TEXT_COUNT; i++) {
        tug__wipe_free(fetch->texts[i]);
    }
    free(fetch->texts);
    for (size_t i = 0; i < fetch->options.header_count; i++) {
        tug__wipe_free(fetch->headers[i]);
    }
    free(fetch->headers);
    free(fetch->donors);
    free(fetch->platforms);
    tug__run_keys_fini(&fetch->keys);
    tug__bell_destroy(fetch->bell);
    free(fetch);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * tug_store_verify: find what is meant, verify it, and fetch again what is bad.
 *
 * Knows: upkeep and pipeline by their doors. Does not know: how a store is read, how anything is
 * fetched.
 * Threads: see tug/upkeep.h.
 */
#include <tug/tug.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/error.h"
#include "base/options.h"
#include "base/trace.h"
#include "trust/trust.h"
#include "upkeep/verify.h"

_Static_assert(sizeof(struct tug_verify_options) ==
                   offsetof(struct tug_verify_options, verify_key_count) + sizeof(size_t),
               "tug_verify_options has no padding at its end");

/* Repository and digest. */
#define SOURCE_TEXT_MAX (512 + TUG_DIGEST_TEXT_MAX)

/* What the caller wants to have looked at. */
struct chosen {
    struct tug_digest *digests; /* owned */
    char **names;               /* owned, each may be NULL */
    size_t count;
};

static void chosen_fini(struct chosen *chosen)
{
    for (size_t i = 0; chosen->names != NULL && i < chosen->count; i++) {
        free(chosen->names[i]);
    }
    free(chosen->names);
    free(chosen->digests);
}

/* Find an image, or take the digest of a blob. */
static enum tug_status choose(struct tug_store *store, const char *text, char **out_name,
                              struct tug_digest *out_digest, struct tug_error *err)
{
    struct tug_error error = {0};
    const enum tug_status status = tug_store_find_image(store, text, out_name, out_digest, &error);

    if (status == TUG_ERR_NOT_FOUND &&
        tug_digest_parse(text, strlen(text), out_digest, NULL) == TUG_OK) {
        return TUG_OK;
    }
    if (status != TUG_OK) {
        *err = error;
    }
    return status;
}

static enum tug_status choose_all(struct tug_store *store, const struct tug_verify_options *options,
                                  struct chosen *chosen, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    if (options->what == NULL) {
        return TUG_OK;
    }
    chosen->digests = calloc(options->what_count + 1, sizeof *chosen->digests);
    chosen->names = calloc(options->what_count + 1, sizeof *chosen->names);
    if (chosen->digests == NULL || chosen->names == NULL) {
        return tug__fail_memory(err);
    }
    chosen->count = options->what_count;
    for (size_t i = 0; status == TUG_OK && i < options->what_count; i++) {
        status = choose(store, options->what[i], &chosen->names[i], &chosen->digests[i], err);
    }
    return status;
}

/* --- repairs --- */

struct repairs {
    struct tug_store *store;
    const struct tug_fetch_options *options;
    struct tug__watch *watch;
    struct tug__trace *trace;
};

/* Add the sources of a blob to a run; one that is no reference is left out. */
static enum tug_status add_sources(struct tug_fetch *fetch, struct tug__refetch *blob,
                                   const struct tug__repair_origin *origin, struct tug_error *err)
{
    const size_t count = blob->source_count;
    char digest[TUG_DIGEST_TEXT_MAX];
    char text[SOURCE_TEXT_MAX];

    (void)tug_digest_format(&blob->digest, digest);
    blob->source_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct tug_error error = {0};
        enum tug_status status;

        (void)snprintf(text, sizeof text, "%s@%s", origin->texts[i], digest);
        status = tug_fetch_add(fetch, text, &error);
        if (status != TUG_OK && status != TUG_ERR_INVALID_ARGUMENT) {
            *err = error;
            return status;
        }
        blob->source_count += status == TUG_OK ? 1 : 0;
    }
    return TUG_OK;
}

static enum tug_status repair(void *context, struct tug__refetch *blobs,
                              const struct tug__repair_origin *origins, size_t count,
                              uint64_t *out_bytes, struct tug_error *err)
{
    const struct repairs *const repairs = context;
    struct tug__run_settings settings;
    struct tug_fetch *fetch = NULL;
    enum tug_status status = tug_fetch_create(repairs->store, repairs->options, &fetch, err);

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = add_sources(fetch, &blobs[i], &origins[i], err);
    }
    if (status == TUG_OK) {
        tug__fetch_settings(fetch, &settings);
        settings.trace = repairs->trace;
        status = tug__refetch_all(
            &(struct tug__refetching){
                .run = &settings, .blobs = blobs, .count = count, .watch = repairs->watch},
            out_bytes, err);
    }
    tug_fetch_destroy(fetch);
    return status;
}

/* --- the call --- */

static enum tug_status verify(struct tug_store *store, const struct tug_verify_options *options,
                              struct tug__watch *watch, struct tug_verify_result *out_result,
                              struct tug_error *err)
{
    struct repairs repairs = {.store = store, .options = options->repair, .watch = watch};
    struct chosen chosen = {0};
    struct tug__keys keys = {0};
    enum tug_status status =
        tug__keys_load(options->verify_keys, options->verify_key_count, &keys, err);

    if (status == TUG_OK) {
        status = choose_all(store, options, &chosen, err);
    }
    if (status == TUG_OK) {
        status = tug__trace_create(options->on_trace, options->trace_context, &repairs.trace, err);
    }
    if (status == TUG_OK) {
        const struct tug__verify_settings settings = {
            .store = store,
            .options = options,
            .digests = chosen.digests,
            .names = (const char *const *)chosen.names,
            .count = chosen.count,
            .keys = keys.count > 0 ? &keys : NULL,
            .watch = watch,
            .trace = repairs.trace,
            .repair = options->repair != NULL ? repair : NULL,
            .repair_context = &repairs,
        };

        status = tug__verify(&settings, out_result, err);
        tug__trace_destroy(repairs.trace);
    }
    chosen_fini(&chosen);
    tug__keys_fini(&keys);
    return status;
}

enum tug_status tug_store_verify(struct tug_store *store, const struct tug_verify_options *options,
                                 const struct tug_watch *watch,
                                 struct tug_verify_result *out_result, struct tug_error *err)
{
    struct tug_verify_options given = TUG_VERIFY_OPTIONS_INIT;
    struct tug_verify_result result = TUG_VERIFY_RESULT_INIT;
    struct tug_error error = {0};
    struct tug__watch own;
    enum tug_status status = tug__result_check(out_result, "tug_verify_result", err);

    if (status != TUG_OK) {
        return status;
    }
    if (options != NULL) {
        status = tug__options_copy(&given, sizeof given, options, "tug_verify_options", &error);
    }
    if (status == TUG_OK) {
        status = tug__watch_begin(&own, watch, &error);
    }
    if (status == TUG_OK) {
        status = verify(store, &given, &own, &result, &error);
    }
    tug__result_copy(out_result, &result, sizeof result);
    if (status != TUG_OK && err != NULL) {
        *err = error;
    }
    return status;
}

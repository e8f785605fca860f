/* SPDX-License-Identifier: Apache-2.0
 *
 * The references of a fetch, and the options of each.
 *
 * Knows: references, labels, platforms. Does not know: how anything is fetched.
 * Threads: see tug/fetch.h.
 */
#include <tug/tug.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/error.h"
#include "base/options.h"
#include "oci/platform.h"

_Static_assert(sizeof(struct tug_reference_options) ==
                   offsetof(struct tug_reference_options, referrer_type) + sizeof(char *),
               "tug_reference_options has no padding at its end");

void tug__reference_options_free(const struct tug_fetch *fetch,
                                 struct tug_reference_options *options)
{
    if (options == NULL) {
        return;
    }
    for (size_t i = fetch->options.label_count; i < options->label_count; i++) {
        free((void *)(uintptr_t)options->labels[i]); /* the ones before belong to the run */
    }
    free((void *)(uintptr_t)options->labels);
    free((void *)(uintptr_t)options->platforms);
    free((void *)(uintptr_t)options->name);
    free((void *)(uintptr_t)options->referrer_type);
    free(options);
}

/* Append copies of a reference's labels to the run's labels. */
static enum tug_status copy_reference_labels(const struct tug_fetch *fetch,
                                             const struct tug_reference_options *options,
                                             struct tug_reference_options *own,
                                             struct tug_error *err)
{
    const size_t run_count = fetch->options.label_count;
    const char **const labels = calloc(run_count + options->label_count, sizeof *labels);

    if (labels == NULL) {
        return tug__fail_memory(err);
    }
    own->labels = labels;
    own->label_count = run_count;
    for (size_t i = 0; i < run_count; i++) {
        labels[i] = fetch->labels[i];
    }
    for (size_t i = 0; i < options->label_count; i++) {
        const enum tug_status status = tug_label_check(options->labels[i], err);

        if (status != TUG_OK) {
            return status;
        }
        labels[own->label_count] = strdup(options->labels[i]);
        if (labels[own->label_count] == NULL) {
            return tug__fail_memory(err);
        }
        own->label_count++;
    }
    return TUG_OK;
}

/* Tell whether a name does not promise another digest than the reference does. */
static bool digests_agree(const struct tug_ref *name, const struct tug_ref *reference)
{
    const struct tug_digest *const promised = tug_ref_digest(name);
    const struct tug_digest *const digest = tug_ref_digest(reference);

    return promised == NULL || (digest != NULL && tug_digest_equal(promised, digest));
}

/* Make the name of an image full. out_name: owned. */
static enum tug_status copy_name(const char *text, const struct tug_ref *reference,
                                 const char **out_name, struct tug_error *err)
{
    struct tug_ref *name = NULL;
    enum tug_status status = tug_ref_parse(text, &name, err);

    if (status == TUG_OK && !digests_agree(name, reference)) {
        status = tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                           "the name '%s' has a digest, and the reference '%s' does not have "
                           "it: leave it out of the name",
                           text, tug_ref_name(reference));
    }
    if (status == TUG_OK) {
        *out_name = strdup(tug_ref_name(name));
        status = *out_name != NULL ? TUG_OK : tug__fail_memory(err);
    }
    tug_ref_destroy(name);
    return status;
}

static enum tug_status copy_reference_options(const struct tug_fetch *fetch,
                                              const struct tug_ref *ref,
                                              const struct tug_reference_options *options,
                                              struct tug_reference_options *own,
                                              struct tug_error *err)
{
    const enum tug_status status =
        options->name != NULL ? copy_name(options->name, ref, &own->name, err) : TUG_OK;

    if (status != TUG_OK) {
        return status;
    }
    own->all_platforms = options->all_platforms;
    own->all_metadata = options->all_metadata;
    own->metadata_only = options->metadata_only;
    own->platform_root = options->platform_root;
    own->referrers = options->referrers;
    if (options->referrer_type != NULL) {
        own->referrer_type = strdup(options->referrer_type);
        if (own->referrer_type == NULL) {
            return tug__fail_memory(err);
        }
    }
    if (options->platform_count > 0) {
        struct tug_platform *const platforms = calloc(options->platform_count, sizeof *platforms);

        if (platforms == NULL) {
            return tug__fail_memory(err);
        }
        for (size_t i = 0; i < options->platform_count; i++) {
            platforms[i] = options->platforms[i];
            tug__platform_normalise(&platforms[i]);
        }
        own->platforms = platforms;
        own->platform_count = options->platform_count;
    }
    return options->label_count > 0 ? copy_reference_labels(fetch, options, own, err) : TUG_OK;
}

/* Make room for one more reference. */
static enum tug_status grow_references(struct tug_fetch *fetch, struct tug_error *err)
{
    const size_t capacity = fetch->ref_capacity > 0 ? fetch->ref_capacity * 2 : 16;
    struct tug_ref **refs;
    struct tug_reference_options **options;
    struct tug__cancel *cancels;

    if (fetch->ref_count < fetch->ref_capacity) {
        return TUG_OK;
    }
    refs = reallocarray(fetch->refs, capacity, sizeof(struct tug_ref *));
    if (refs == NULL) {
        return tug__fail_memory(err);
    }
    fetch->refs = refs;
    options = reallocarray(fetch->ref_options, capacity, sizeof(struct tug_reference_options *));
    if (options == NULL) {
        return tug__fail_memory(err);
    }
    fetch->ref_options = options;
    cancels = reallocarray(fetch->image_cancels.each, capacity, sizeof *cancels);
    if (cancels == NULL) {
        return tug__fail_memory(err);
    }
    fetch->image_cancels.each = cancels;
    for (size_t i = fetch->ref_capacity; i < capacity; i++) {
        tug__cancel_init(&cancels[i]);
    }
    fetch->ref_capacity = capacity;
    return TUG_OK;
}

enum tug_status tug_fetch_add_parsed(struct tug_fetch *fetch, struct tug_ref *ref,
                                     const struct tug_reference_options *options,
                                     struct tug_error *err)
{
    struct tug_reference_options given = TUG_REFERENCE_OPTIONS_INIT;
    struct tug_reference_options *own = NULL;
    enum tug_status status;

    if (fetch->has_run) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                         "this fetch has run already: add references before the run");
    }
    status = options != NULL
                 ? tug__options_copy(&given, sizeof given, options, "tug_reference_options", err)
                 : TUG_OK;
    if (status == TUG_OK) {
        status = grow_references(fetch, err);
    }
    if (status == TUG_OK && options != NULL) {
        own = calloc(1, sizeof *own);
        status = own != NULL ? copy_reference_options(fetch, ref, &given, own, err)
                             : tug__fail_memory(err);
    }
    if (status == TUG_OK) {
        status = tug__run_keys_add(&fetch->keys, fetch->ref_count, given.verify_keys,
                                   given.verify_key_count, err);
    }
    if (status != TUG_OK) {
        tug__reference_options_free(fetch, own);
        return status;
    }
    fetch->refs[fetch->ref_count] = ref;
    fetch->ref_options[fetch->ref_count++] = own;
    return TUG_OK;
}

enum tug_status tug_fetch_add_with(struct tug_fetch *fetch, const char *reference,
                                   const struct tug_reference_options *options,
                                   struct tug_error *err)
{
    struct tug_ref *ref = NULL;
    enum tug_status status = tug_ref_parse(reference, &ref, err);

    if (status == TUG_OK) {
        status = tug_fetch_add_parsed(fetch, ref, options, err);
        if (status != TUG_OK) {
            tug_ref_destroy(ref);
        }
    }
    return status;
}

enum tug_status tug_fetch_add(struct tug_fetch *fetch, const char *reference, struct tug_error *err)
{
    return tug_fetch_add_with(fetch, reference, NULL, err);
}

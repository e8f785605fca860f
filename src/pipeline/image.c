/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of an image: check, publish, report; or fail.
 *
 * Knows: images, the store's content. Does not know: requests, documents.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "oci/limits.h"
#include "oci/platform.h"

void tug__image_fail(struct tug__resolver *resolver, struct tug__image *image,
                     const struct tug_error *error)
{
    struct tug_image_result *const result = &image->result;
    struct tug_event event = {.kind = TUG_EVENT_IMAGE, .ref = result->ref, .image = result};

    if (image->state == TUG__IMAGE_DONE) {
        return;
    }
    if (image->state != TUG__IMAGE_IDLE) {
        resolver->images_active--;
        result->seconds = (double)(tug__now_ns() - image->started_ns) / (double)TUG__NS_PER_S;
    }
    image->state = TUG__IMAGE_DONE;
    resolver->images_done++;
    resolver->totals.images_failed++;
    result->status = error->code;
    result->error = *error;
    if (resolver->first_status == TUG_OK) {
        resolver->first_status = error->code;
        resolver->first_error = *error;
        (void)tug__wrap(&resolver->first_error, error->code, "%s", result->ref);
    }
    tug__emit(resolver, &event);
    tug__image_release(image);
    tug__jobs_cancel_unneeded(resolver);
    if (resolver->settings->options.fail_fast) {
        resolver->is_failing_fast = true;
        resolver->is_stopping = true;
    }
}

void tug__image_finish(struct tug__resolver *resolver, struct tug__image *image,
                       const struct tug_error *error)
{
    struct tug_image_result *const result = &image->result;
    struct tug_event event = {.kind = TUG_EVENT_IMAGE, .ref = result->ref, .image = result};

    if (error->code != TUG_OK) {
        tug__image_fail(resolver, image, error);
        return;
    }
    image->state = TUG__IMAGE_DONE;
    resolver->images_active--;
    resolver->images_done++;
    resolver->totals.images_done++;
    result->seconds = (double)(tug__now_ns() - image->started_ns) / (double)TUG__NS_PER_S;
    tug__emit(resolver, &event);
    tug__image_release(image);
}

/* Compare what the indexes say of a manifest with what its config says. Variants are left out:
 * configs often lack them. */
static void check_entry(struct tug__resolver *resolver, const struct tug__image *image,
                        const struct tug_digest *manifest, const struct tug_platform *platform)
{
    const struct tug_platform *promised = NULL;
    char text[TUG_PLATFORM_TEXT_MAX];
    char promised_text[TUG_PLATFORM_TEXT_MAX];

    for (size_t i = 0; i < image->entry_count; i++) {
        const struct tug__descriptor *const entry = &image->entries[i];

        if (!entry->has_platform || !tug_digest_equal(&entry->digest, manifest)) {
            continue;
        }
        promised = &entry->platform;
        if (strcmp(promised->os, platform->os) == 0 &&
            strcmp(promised->architecture, platform->architecture) == 0) {
            return;
        }
    }
    if (promised != NULL) {
        tug__emit_warning(resolver, image, "the index says %s, but the image there is for %s",
                          tug_platform_format(promised, promised_text),
                          tug_platform_format(platform, text));
    }
}

/* Compare a config's platform with what was wanted; a mismatch is a warning, not an error: the
 * publisher's mistake may still be what the user wants. */
static void check_config(struct tug__resolver *resolver, const struct tug__image *image,
                         const struct tug__config_check *check)
{
    const struct tug__wish *const wish = &resolver->wish;
    struct tug_platform platform;
    char text[TUG_PLATFORM_TEXT_MAX];
    char wanted[TUG_PLATFORM_TEXT_MAX];
    bool has_platform = false;
    struct tug__buf buf;

    tug__buf_init(&buf, TUG__CONFIG_BYTES_MAX);
    if (tug__store_read(resolver->settings->store, &check->digest, &buf, NULL) == TUG_OK) {
        tug__config_platform(buf.data, buf.length, &platform, &has_platform);
    }
    tug__buf_fini(&buf);
    if (!has_platform) {
        return;
    }
    if (check->is_entry) {
        check_entry(resolver, image, &check->manifest, &platform);
        return;
    }
    for (size_t i = 0; i < wish->platform_count; i++) {
        if (tug__platform_rank(&wish->platforms[i], &platform) != TUG__PLATFORM_NO_MATCH) {
            return;
        }
    }
    tug__emit_warning(resolver, image, "the image is for %s, not %s",
                      tug_platform_format(&platform, text),
                      tug_platform_format(&wish->platforms[0], wanted));
}

void tug__image_publish(struct tug__resolver *resolver, struct tug__image *image)
{
    const struct tug_fetch_options *const options = &resolver->settings->options;
    const struct tug__msg msg = {.kind = TUG__MSG_PUBLISH, .object = &image->publication};

    for (const struct tug__config_check *check = image->checks; check != NULL;
         check = check->next) {
        check_config(resolver, image, check);
    }
    image->state = TUG__IMAGE_PUBLISHING;
    image->publication = (struct tug__publication){
        .owner = image,
        .entry =
            {
                .name = image->result.ref,
                .media_type = image->media_type,
                .digest = image->result.digest,
                .size_bytes = image->result.size_bytes,
                .source_host = tug_ref_host(image->ref),
                .source_repository = tug_ref_repository(image->ref),
                .labels = options->labels,
                .label_count = options->label_count,
            },
    };
    tug__pool_send(resolver->pool, 0, &msg);
}

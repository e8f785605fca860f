/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of an image: check, publish, report; or fail.
 *
 * Knows: images, the store's content. Does not know: requests, documents.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "oci/limits.h"
#include "oci/platform.h"

struct tug__image *tug__image_create(struct tug__resolver *resolver, size_t position)
{
    const struct tug__run_settings *const settings = resolver->settings;
    struct tug__image *const image = calloc(1, sizeof *image);
    const struct tug_reference_options *const own = settings->ref_options[position];

    if (image == NULL) {
        struct tug_error error = {0};

        (void)tug__fail_memory(&error);
        tug__image_fail_idle(resolver, position, &error);
        return NULL;
    }
    image->ref = settings->refs[position];
    image->options = own;
    image->wish = tug__wish_of(&resolver->wish, own);
    image->result.ref = tug_ref_name(image->ref);
    image->result.position = position;
    image->state = TUG__IMAGE_GATHERING;
    image->started_ns = tug__now_ns();
    image->next = resolver->images;
    if (image->next != NULL) {
        image->next->previous = image;
    }
    resolver->images = image;
    resolver->images_active++;
    return image;
}

/* An image is done: take it out of those at work. It is freed by the next sweep, because whoever
 * called may still look at it. */
static void retire(struct tug__resolver *resolver, struct tug__image *image)
{
    if (image->state == TUG__IMAGE_PUBLISHING) {
        resolver->images_publishing--;
    }
    image->state = TUG__IMAGE_DONE;
    image->result.bytes_done = image->result.bytes_fetched + image->result.bytes_reused;
    image->result.seconds = (double)(tug__now_ns() - image->started_ns) / (double)TUG__NS_PER_S;
    resolver->images_active--;
    resolver->images_done++;
    if (image->previous != NULL) {
        image->previous->next = image->next;
    } else {
        resolver->images = image->next;
    }
    if (image->next != NULL) {
        image->next->previous = image->previous;
    }
    image->previous = NULL;
    image->next = resolver->done_images;
    resolver->done_images = image;
}

void tug__images_sweep(struct tug__resolver *resolver)
{
    while (resolver->done_images != NULL) {
        struct tug__image *const image = resolver->done_images;

        resolver->done_images = image->next;
        tug__image_fini(image);
        free(image);
    }
}

/* Report a failed reference, and what follows from it for the run. */
static void report_failure(struct tug__resolver *resolver, struct tug_image_result *result,
                           const struct tug_error *error)
{
    struct tug_event event = {.kind = TUG_EVENT_IMAGE, .ref = result->ref, .image = result};

    resolver->totals.images_failed++;
    result->status = error->code;
    result->error = *error;
    if (resolver->first_status == TUG_OK) {
        resolver->first_status = error->code;
        resolver->first_error = *error;
        (void)tug__wrap(&resolver->first_error, error->code, "%s", result->ref);
    }
    tug__emit(resolver, &event);
    if (resolver->settings->options.fail_fast) {
        resolver->is_failing_fast = true;
        resolver->is_stopping = true;
    }
}

void tug__image_fail_idle(struct tug__resolver *resolver, size_t position,
                          const struct tug_error *error)
{
    struct tug_image_result result = {
        .position = position,
        .ref = tug_ref_name(resolver->settings->refs[position]),
    };

    resolver->images_done++;
    report_failure(resolver, &result, error);
}

void tug__image_fail(struct tug__resolver *resolver, struct tug__image *image,
                     const struct tug_error *error)
{
    struct tug__node *node;

    if (image->state == TUG__IMAGE_DONE) {
        return;
    }
    retire(resolver, image);
    report_failure(resolver, &image->result, error);
    tug__image_release(image);
    while ((node = tug__image_leave(image)) != NULL) {
        if (!tug__node_is_needed(node)) {
            tug__node_cancel_jobs(resolver, node);
        }
    }
}

void tug__image_finish(struct tug__resolver *resolver, struct tug__image *image,
                       const struct tug_error *error)
{
    struct tug_event event = {
        .kind = TUG_EVENT_IMAGE, .ref = image->result.ref, .image = &image->result};

    if (error->code != TUG_OK) {
        tug__image_fail(resolver, image, error);
        return;
    }
    retire(resolver, image);
    resolver->totals.images_done++;
    tug__emit(resolver, &event);
}

/* Compare what the indexes say of a manifest with what its config says. Variants are left out:
 * configs often lack them. */
static void check_entry(struct tug__resolver *resolver, struct tug__image *image,
                        const struct tug_digest *manifest, const struct tug_platform *platform)
{
    const struct tug_platform *promised = NULL;
    const struct tug__descriptor *entries;
    size_t count = 0;
    char text[TUG_PLATFORM_TEXT_MAX];
    char promised_text[TUG_PLATFORM_TEXT_MAX];

    entries = tug__image_find_entries(image, manifest, &count);
    for (size_t i = 0; i < count; i++) {
        if (!entries[i].has_platform) {
            continue;
        }
        promised = &entries[i].platform;
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
 * publisher's mistake may still be what the user wants. Errors: as tug__config_platform. */
static enum tug_status check_config(struct tug__resolver *resolver, struct tug__image *image,
                                    const struct tug__config_check *check, struct tug_error *err)
{
    const struct tug__wish *const wish = &image->wish;
    struct tug_platform platform;
    char text[TUG_PLATFORM_TEXT_MAX];
    char wanted[TUG_PLATFORM_TEXT_MAX];
    char digest[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = TUG_OK;
    bool has_platform = false;
    struct tug__buf buf;

    tug__buf_init(&buf, TUG__CONFIG_BYTES_MAX);
    if (tug__store_read(resolver->settings->store, &check->digest, &buf, NULL) == TUG_OK) {
        status = tug__config_platform(buf.data, buf.length, &platform, &has_platform, err);
    }
    tug__buf_fini(&buf);
    if (status != TUG_OK) {
        return tug__wrap(err, status, "config %s", tug_digest_format(&check->digest, digest));
    }
    if (!has_platform) {
        return TUG_OK;
    }
    if (check->is_entry) {
        check_entry(resolver, image, &check->manifest, &platform);
        return TUG_OK;
    }
    for (size_t i = 0; i < wish->platform_count; i++) {
        if (tug__platform_rank(&wish->platforms[i], &platform) != TUG__PLATFORM_NO_MATCH) {
            return TUG_OK;
        }
    }
    tug__emit_warning(resolver, image, "the image is for %s, not %s",
                      tug_platform_format(&platform, text),
                      tug_platform_format(&wish->platforms[0], wanted));
    return TUG_OK;
}

void tug__image_publish(struct tug__resolver *resolver, struct tug__image *image)
{
    for (const struct tug__config_check *check = image->checks; check != NULL;
         check = check->next) {
        struct tug_error error = {0};

        if (check_config(resolver, image, check, &error) != TUG_OK) {
            tug__image_fail(resolver, image, &error);
            return;
        }
    }
    tug__image_release(image);
    if (resolver->settings->options.dry_run) {
        const struct tug_error none = {0};

        tug__image_finish(resolver, image, &none);
        return;
    }
    image->state = TUG__IMAGE_PUBLISHING;
    tug__publish_add(resolver, image);
}

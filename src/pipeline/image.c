/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of an image: created, counted, and finished with its name or an error.
 *
 * Knows: images. Does not know: requests, how an image gets its name.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"

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
    image->keys = settings->ref_keys != NULL ? settings->ref_keys[position] : NULL;
    image->wish.signatures = image->keys != NULL;
    image->result.ref = tug_ref_name(image->ref);
    image->result.named.name = own != NULL && own->name != NULL ? own->name : image->result.ref;
    image->result.position = position;
    image->state = TUG__IMAGE_GATHERING;
    image->started_ns = tug__now_ns();
    image->next = resolver->images.at_work;
    if (image->next != NULL) {
        image->next->previous = image;
    }
    resolver->images.at_work = image;
    resolver->images.active_count++;
    return image;
}

/* Move an image that is done out of the list of images in progress. The next sweep frees it,
 * because callers may still use it. */
static void retire(struct tug__resolver *resolver, struct tug__image *image)
{
    if (image->state == TUG__IMAGE_PUBLISHING) {
        resolver->images.publishing_count--;
    }
    image->state = TUG__IMAGE_DONE;
    image->result.bytes_done =
        image->result.bytes_fetched + image->result.bytes_reused + image->result.bytes_copied;
    image->result.seconds = (double)(tug__now_ns() - image->started_ns) / (double)TUG__NS_PER_S;
    resolver->images.active_count--;
    resolver->images.done_count++;
    if (image->previous != NULL) {
        image->previous->next = image->next;
    } else {
        resolver->images.at_work = image->next;
    }
    if (image->next != NULL) {
        image->next->previous = image->previous;
    }
    image->previous = NULL;
    image->next = resolver->images.done;
    resolver->images.done = image;
}

/* Note an image that has its result. */
static void trace(const struct tug__resolver *resolver, const struct tug__image *image,
                  enum tug_status status)
{
    tug__trace_end(resolver->row, image->started_ns,
                   &(struct tug_trace_event){
                       .kind = TUG_TRACE_IMAGE, .status = status, .text = image->result.ref});
}

void tug__images_sweep(struct tug__resolver *resolver)
{
    while (resolver->images.done != NULL) {
        struct tug__image *const image = resolver->images.done;

        resolver->images.done = image->next;
        tug__image_fini(image);
        free(image);
    }
}

/* Report a failed reference, and draw the consequences for the run. */
static void report_failure(struct tug__resolver *resolver, struct tug_image_result *result,
                           const struct tug_error *error)
{
    struct tug_event event = {.kind = TUG_EVENT_IMAGE, .ref = result->ref, .image = result};

    resolver->reporter.totals.images_failed++;
    result->status = error->code;
    result->error = *error;
    if (resolver->ending.first_error.code == TUG_OK) {
        resolver->ending.first_error = *error;
        (void)tug__wrap(&resolver->ending.first_error, error->code, "%s", result->ref);
    }
    tug__emit(resolver, &event);
    if (resolver->settings->options.fail_fast && error->code != TUG_ERR_CANCELLED) {
        resolver->ending.is_failing_fast = true;
        resolver->ending.is_stopping = true;
        tug__engine_halt(resolver->engine);
    }
}

void tug__image_fail_idle(struct tug__resolver *resolver, size_t position,
                          const struct tug_error *error)
{
    const char *const name = tug_ref_name(resolver->settings->refs[position]);
    struct tug_image_result result = {.position = position, .ref = name, .named.name = name};

    resolver->images.done_count++;
    report_failure(resolver, &result, error);
}

void tug__image_fail(struct tug__resolver *resolver, struct tug__image *image,
                     const struct tug_error *error)
{
    if (image->state == TUG__IMAGE_DONE) {
        return;
    }
    retire(resolver, image);
    trace(resolver, image, error->code);
    report_failure(resolver, &image->result, error);
    tug__gathered_fini(&image->gathered);
    tug__engine_forget(resolver->engine, &image->waiter);
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
    image->result.referrer_count = tug__extras_count(&image->extras);
    retire(resolver, image);
    trace(resolver, image, TUG_OK);
    resolver->reporter.totals.images_done++;
    tug__emit(resolver, &event);
}

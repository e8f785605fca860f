/* SPDX-License-Identifier: Apache-2.0
 *
 * Images that have everything they need: check their configs, have them converted, then queue them
 * for their names.
 *
 * Knows: images. Does not know: requests, when names are written.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include "base/error.h"
#include "plan/left_out.h"

void tug__naming_add(struct tug__naming *naming, struct tug__image *image)
{
    image->next_publishing = NULL;
    if (naming->last_ready != NULL) {
        naming->last_ready->next_publishing = image;
    } else {
        naming->first_ready = image;
    }
    naming->last_ready = image;
    naming->ready_count++;
}

void tug__image_publish(struct tug__resolver *resolver, struct tug__image *image)
{
    struct tug_error error = {0};

    if (tug__image_judge(resolver, image, &error) != TUG_OK ||
        tug__image_check_signed(resolver, image, &error) != TUG_OK) {
        tug__image_fail(resolver, image, &error);
        return;
    }
    tug__gathered_fini(&image->gathered);
    if (tug__image_convert(resolver, image, &error) != TUG_OK) {
        tug__image_fail(resolver, image, &error);
        return;
    }
    if (image->pending > 0) {
        return; /* for what the conversion needs, and makes */
    }
    if (image->result.left_out_count > 0 && image->found.left_out_text == NULL) {
        image->found.left_out_text =
            tug__left_out_text(image->found.left_out, image->result.left_out_count);
        if (image->found.left_out_text == NULL) {
            (void)tug__fail_memory(&error);
            tug__image_fail(resolver, image, &error);
            return;
        }
    }
    if (resolver->settings->options.dry_run) {
        const struct tug_error none = {0};

        tug__image_finish(resolver, image, &none);
        return;
    }
    image->state = TUG__IMAGE_PUBLISHING;
    resolver->images.publishing_count++;
    tug__naming_add(&resolver->naming, image);
}

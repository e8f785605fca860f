/* SPDX-License-Identifier: Apache-2.0
 *
 * Before an image is named, check that everything it needs is still in the store.
 *
 * Knows: what images need, the store. Does not know: requests.
 * Threads: the resolver.
 *
 * Other programs clean up a layout by the names in index.json, and until an image is named its
 * blobs are garbage to them. Blobs that they removed are fetched again; an image is never named
 * before it is complete.
 */
#include "pipeline/resolver.h"

#include "base/error.h"

/* How often an image is completed again before it fails. */
#define REPAIRS_MAX 3

struct check {
    struct tug__resolver *resolver;
    struct tug__image *image;
    bool is_missing; /* some content is missing; the image waits for it */
    struct tug_error error;
};

/* Remove an image from the queue for names. */
static void reopen(struct check *check)
{
    check->is_missing = true;
    check->image->state = TUG__IMAGE_FETCHING;
    check->resolver->images.publishing_count--;
    check->image->pending++; /* until all of it is requested, so that it cannot advance before */
    check->image->repairs++;
}

/* Find content that was made here, which no registry has. */
static uint8_t *made_here(const struct tug__image *image, const struct tug_digest *digest)
{
    const struct tug__made *const made = tug__conversion_find(&image->conversion, digest);

    return made != NULL ? (uint8_t *)made->bytes : tug__image_made_list(image, digest);
}

/* Wait for a digest again. Errors: why it cannot be fetched. */
static enum tug_status want_again(struct tug__resolver *resolver, struct tug__image *image,
                                  const struct tug__need *need, struct tug_error *err)
{
    const struct tug__purpose purpose = {.is_again = true};
    const struct tug__wanted wanted = {
        .digest = need->digest,
        .has_size = need->has_size,
        .size_bytes = need->size_bytes,
        .kind = need->kind,
        .is_document = need->is_document,
        .layer.urls = resolver->settings->options.foreign_layers ? need->urls : NULL,
        .source = image->ref,
        .data = made_here(image, &need->digest),
        .accepts_schema1 = resolver->settings->options.convert != NULL,
    };
    enum tug_status status;

    resolver->reporter.totals.blobs_done--; /* counted again when it arrives */
    image->result.blobs_done--;
    resolver->reporter.bytes_stored -= need->size_bytes;
    status = tug__engine_start(resolver->engine, &wanted, &image->waiter,
                               tug__purpose_pack(&purpose), err);
    image->pending += status == TUG_OK;
    return status;
}

static void request_again(struct check *check, const struct tug__need *need)
{
    char text[TUG_DIGEST_TEXT_MAX];

    (void)tug_digest_format(&need->digest, text);
    if (!check->is_missing) {
        reopen(check);
    }
    if (check->image->repairs > REPAIRS_MAX) {
        (void)tug__fail(&check->error, TUG_ERR_STORE,
                        "%s was removed from the store %d times during the fetch: another "
                        "program is cleaning it up",
                        text, check->image->repairs);
    } else if (!check->resolver->ending.is_stopping) {
        tug__emit_warning(check->resolver, check->image,
                          "%s was removed from the store: fetching it again", text);
        (void)want_again(check->resolver, check->image, need, &check->error);
    }
}

static void check_need(struct check *check, const struct tug__need *need)
{
    bool is_present = false;
    uint64_t size_bytes = 0;

    if (need->is_left_out) {
        return;
    }
    if (tug_store_stat(check->resolver->settings->store, &need->digest, &is_present, &size_bytes,
                       &check->error) == TUG_OK &&
        (!is_present || (need->has_size && size_bytes != need->size_bytes))) {
        request_again(check, need);
    }
}

bool tug__image_is_present(struct tug__resolver *resolver, struct tug__image *image)
{
    struct check check = {.resolver = resolver, .image = image};

    for (const struct tug__need *need = image->needs.last;
         need != NULL && check.error.code == TUG_OK; need = need->next) {
        check_need(&check, need);
    }
    if (check.error.code != TUG_OK) {
        tug__image_fail(resolver, image, &check.error);
        return false;
    }
    if (check.is_missing && !resolver->ending.is_stopping) {
        tug__image_arrive(resolver, image); /* otherwise the end of the run reports why */
    }
    return !check.is_missing;
}

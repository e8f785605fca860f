/* SPDX-License-Identifier: Apache-2.0
 *
 * Before an image is named: is everything it needs still in the store?
 *
 * Knows: what images need, the store. Does not know: requests.
 * Threads: the resolver.
 *
 * Other programs clean up a layout by what index.json names, and until an image is named its blobs
 * are garbage to them. What they removed is fetched again; a name never stands for less than all.
 */
#include "pipeline/resolver.h"

#include <search.h>

#include "base/error.h"

/* How often an image is completed again before somebody has to be told. */
#define REPAIRS_MAX 3

struct look {
    struct tug__resolver *resolver;
    struct tug__image *image;
    bool is_missing; /* something is; the image waits for it */
    struct tug_error error;
};

/* Take an image out of those that wait for their name. */
static void reopen(struct look *look)
{
    look->is_missing = true;
    look->image->state = TUG__IMAGE_FETCHING;
    look->resolver->images.publishing_count--;
    look->image->pending++; /* until all was asked for, so that it cannot advance before */
    look->image->repairs++;
}

/* Wait for something once more. Errors: why it cannot be had. */
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
        .urls = resolver->settings->options.foreign_layers ? need->urls : NULL,
        .source = image->ref,
    };
    enum tug_status status;

    resolver->reporter.totals.blobs_done--; /* it counts when it is there again */
    image->result.blobs_done--;
    resolver->reporter.bytes_settled -= need->size_bytes;
    status = tug__engine_start(resolver->engine, &wanted, &image->waiter,
                               tug__purpose_pack(&purpose), err);
    image->pending += status == TUG_OK;
    return status;
}

static void ask_again(struct look *look, const struct tug__need *need)
{
    char text[TUG_DIGEST_TEXT_MAX];

    (void)tug_digest_format(&need->digest, text);
    if (!look->is_missing) {
        reopen(look);
    }
    if (look->image->repairs > REPAIRS_MAX) {
        (void)tug__fail(&look->error, TUG_ERR_STORE,
                        "%s was removed from the store while it was fetched, %d times: another "
                        "program cleans it up",
                        text, look->image->repairs);
    } else if (!look->resolver->ending.is_stopping) {
        tug__emit_warning(look->resolver, look->image,
                          "%s was removed from the store: fetching it again", text);
        (void)want_again(look->resolver, look->image, need, &look->error);
    }
}

static void look_at(const void *element, VISIT visit, void *context)
{
    const struct tug__need *const need = *(const struct tug__need *const *)element;
    struct look *const look = context;
    bool is_present = false;
    uint64_t size_bytes = 0;

    if ((visit != postorder && visit != leaf) || look->error.code != TUG_OK || need->is_left_out) {
        return; /* each once */
    }
    if (tug_store_stat(look->resolver->settings->store, &need->digest, &is_present, &size_bytes,
                       &look->error) == TUG_OK &&
        (!is_present || (need->has_size && size_bytes != need->size_bytes))) {
        ask_again(look, need);
    }
}

bool tug__image_is_present(struct tug__resolver *resolver, struct tug__image *image)
{
    struct look look = {.resolver = resolver, .image = image};

    twalk_r(image->needs, look_at, &look);
    if (look.error.code != TUG_OK) {
        tug__image_fail(resolver, image, &look.error);
        return false;
    }
    if (look.is_missing && !resolver->ending.is_stopping) {
        tug__image_settle(resolver, image); /* else the end of the run tells why */
    }
    return !look.is_missing;
}

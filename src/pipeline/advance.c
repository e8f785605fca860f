/* SPDX-License-Identifier: Apache-2.0
 *
 * The states of an image, from its reference to the queue for its name.
 *
 * Knows: images, the choice of entries (plan.h). Does not know: requests, the content of documents.
 * Threads: the resolver.
 *
 * Each state comes once: GATHERING while any of its indexes has not been read (the choice of a
 * platform needs all of them), FETCHING until everything it needs has arrived, PUBLISHING while a
 * lane writes index.json, DONE. Content already in the store is used from there along the way.
 */
#include "pipeline/resolver.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "oci/limits.h"
#include "plan/choice.h"

/* --- the choice --- */

/* The config of a held manifest has arrived: judge it, request the rest. */
static enum tug_status judge_held(struct tug__resolver *resolver, struct tug__image *image,
                                  struct tug_error *err)
{
    struct tug__document document = image->gathered.held;
    enum tug_status status = tug__image_judge(resolver, image, err);

    image->gathered.held = (struct tug__document){0};
    if (status == TUG_OK) {
        status = tug__image_want_children(resolver, image, &document, 1, document.child_count, err);
    }
    if (status == TUG_OK) {
        status = tug__image_ask_referrers(resolver, image, &image->result.digest, err);
    }
    tug__document_fini(&document);
    return status;
}

static enum tug_status ask_for_entry(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__descriptor *entry, enum tug__want want,
                                     struct tug_error *err)
{
    const struct tug__request request = {
        .descriptor = entry,
        .has_size = true,
        .is_document = tug__plan_is_document(entry),
        .is_optional = want == TUG__WANT_MANIFEST,
        .want = want,
        .depth = TUG__INDEX_DEPTH_MAX, /* a manifest here: an index would contradict its type */
    };
    const enum tug_status status = tug__image_want(resolver, image, &request, err);

    if (status == TUG_ERR_NOT_FOUND && request.is_optional) { /* known from another image */
        tug__image_skip_entry(resolver, image, &entry->digest, entry->size_bytes);
        return TUG_OK;
    }
    return status;
}

struct warning {
    struct tug__resolver *resolver;
    struct tug__image *image;
};

static void warn(void *context, bool is_shortfall, const char *text)
{
    const struct warning *const warning = context;

    if (is_shortfall) {
        tug__emit_shortfall(warning->resolver, warning->image, "%s", text);
    } else {
        tug__emit_warning(warning->resolver, warning->image, "%s", text);
    }
}

/* Warn about the choice, and note the platforms for the result and for index.json. */
static void report_choice(struct tug__resolver *resolver, struct tug__image *image,
                          const enum tug__want *wants, const size_t *best)
{
    const struct tug__wish *const wish = &image->wish;
    struct warning warning = {.resolver = resolver, .image = image};
    const struct tug__choice choice = {
        .wish = wish,
        .entries = image->gathered.entries,
        .count = image->gathered.entry_count,
        .wants = wants,
        .best = best,
    };

    tug__choice_warn(&choice, warn, &warning);
    free(image->found.platforms_text);
    image->found.platforms_text = wish->all_platforms ? NULL : tug__choice_text(&choice);
    if (!wish->all_platforms && wish->platform_count == 1 && best[0] < choice.count) {
        image->found.platform = choice.entries[best[0]].platform;
        image->result.platform = &image->found.platform;
    }
}

/* Make the entry that was chosen the root, which index.json names: the only one, as
 * tug__wish_check demands. */
static enum tug_status take_as_root(struct tug__image *image, const struct tug__descriptor *entry,
                                    struct tug_error *err)
{
    char *const media_type = entry != NULL ? strdup(entry->media_type) : NULL;

    if (entry == NULL) {
        return tug__fail(err, TUG_ERR_NOT_FOUND,
                         "the index does not say which of its entries is for the platform, so "
                         "none can be its root (fetch the index as a whole)");
    }
    if (media_type == NULL) {
        return tug__fail_memory(err);
    }
    free(image->found.media_type);
    image->found.media_type = media_type;
    image->result.media_type = media_type;
    image->result.named.index_digest = image->result.digest;
    image->result.digest = entry->digest;
    image->result.size_bytes = entry->size_bytes;
    return TUG_OK;
}

/* Ask what refers to an index, and to the entries chosen from it. */
static enum tug_status ask_referrers(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug_digest *index, const enum tug__want *wants,
                                     struct tug_error *err)
{
    const enum tug__want chosen = tug__image_root_want(image);
    enum tug_status status = tug__image_ask_referrers(resolver, image, index, err);

    for (size_t i = 0; status == TUG_OK && i < image->gathered.entry_count; i++) {
        const struct tug__descriptor *const entry = &image->gathered.entries[i];

        if (wants[i] == chosen && tug__plan_is_document(entry)) {
            status = tug__image_ask_referrers(resolver, image, &entry->digest, err);
        }
    }
    return status;
}

/* All indexes are read: choose among their entries and request them, the wanted ones first. */
static enum tug_status choose_entries(struct tug__resolver *resolver, struct tug__image *image,
                                      struct tug_error *err)
{
    const struct tug__wish *const wish = &image->wish;
    const size_t count = image->gathered.entry_count;
    const struct tug_digest index = image->result.digest;
    enum tug__want *const wants = calloc(count + 1, sizeof *wants);
    size_t *const best = calloc(wish->platform_count + 1, sizeof *best);
    enum tug_status status = wants != NULL && best != NULL ? TUG_OK : tug__fail_memory(err);

    if (status == TUG_OK) {
        status = tug__plan_select(wish, image->gathered.entries, count, wants, best, err);
    }
    if (status == TUG_OK) {
        report_choice(resolver, image, wants, best);
    }
    if (status == TUG_OK && wish->platform_root) {
        status =
            take_as_root(image, best[0] < count ? &image->gathered.entries[best[0]] : NULL, err);
    } else if (status == TUG_OK && resolver->settings->options.convert != NULL &&
               tug__image_is_docker_index(image)) {
        tug__image_want_entries(image, wants);
    }
    for (int want = TUG__WANT_ALL; status == TUG_OK && want > TUG__WANT_NOTHING; want--) {
        for (size_t i = 0; status == TUG_OK && i < count; i++) {
            if ((int)wants[i] == want) {
                status = ask_for_entry(resolver, image, &image->gathered.entries[i], wants[i], err);
            }
        }
    }
    if (status == TUG_OK) {
        status = ask_referrers(resolver, image, &index, wants, err);
    }
    free(wants);
    free(best);
    return status;
}

/* Nothing is pending: enter the next state. */
static void advance(struct tug__resolver *resolver, struct tug__image *image)
{
    struct tug_error error = {0};

    if (image->state == TUG__IMAGE_GATHERING) {
        image->state = TUG__IMAGE_FETCHING;
        if ((image->gathered.is_index && choose_entries(resolver, image, &error) != TUG_OK) ||
            (image->gathered.held.child_count > 0 &&
             judge_held(resolver, image, &error) != TUG_OK)) {
            tug__image_fail(resolver, image, &error);
        }
    }
    if (image->state != TUG__IMAGE_FETCHING || image->pending > 0) {
        return; /* failed, or waits for more now */
    }
    if (tug__image_finish_extras(resolver, image, &error) != TUG_OK) {
        tug__image_fail(resolver, image, &error);
    }
    if (image->state != TUG__IMAGE_FETCHING || image->pending > 0) {
        return;
    }
    tug__image_publish(resolver, image);
}

void tug__image_arrive(struct tug__resolver *resolver, struct tug__image *image)
{
    image->pending--;
    if (image->pending == 0) {
        advance(resolver, image);
    }
}

/* --- the beginning --- */

/* Wait for the root by its tag. For a name in index.json a HEAD comes first: if nothing has
 * changed, that is enough. */
static enum tug_status ask_for_tag(struct tug__resolver *resolver, struct tug__image *image,
                                   struct tug_error *err)
{
    const struct tug__purpose purpose = {
        .want = tug__image_root_want(image), .is_root = true, .is_document = true};
    struct tug__wanted wanted = {.is_document = true,
                                 .accepts_schema1 = resolver->settings->options.convert != NULL,
                                 .source = image->ref};
    enum tug_status status;
    char *tag;

    status =
        tug__store_is_named(resolver, image->result.named.name, &wanted.asks_digest_first, err);
    if (status != TUG_OK) {
        return status;
    }
    tag = strdup(tug_ref_tag(image->ref));
    if (tag == NULL) {
        return tug__fail_memory(err);
    }
    wanted.tag = tag;
    image->result.blobs++;
    resolver->reporter.totals.blobs++;
    status = tug__engine_start(resolver->engine, &wanted, &image->waiter,
                               tug__purpose_pack(&purpose), err);
    image->pending += status == TUG_OK;
    free(tag);
    return status;
}

static enum tug_status ask_for_digest(struct tug__resolver *resolver, struct tug__image *image,
                                      struct tug_error *err)
{
    char no_type[] = "";
    const struct tug__descriptor root = {
        .digest = *tug_ref_digest(image->ref),
        .media_type = no_type,
    };
    const struct tug__request request = {.descriptor = &root,
                                         .is_document = true,
                                         .is_root = true,
                                         .want = tug__image_root_want(image)};

    return tug__image_want(resolver, image, &request, err);
}

void tug__image_begin(struct tug__resolver *resolver, size_t position)
{
    struct tug__image *const image = tug__image_create(resolver, position);
    struct tug_error error = {0};
    enum tug_status status;

    if (image == NULL) {
        return;
    }
    tug__emit(resolver, &(struct tug_event){.kind = TUG_EVENT_IMAGE_PROGRESS,
                                            .ref = image->result.ref,
                                            .image = &image->result});
    image->pending++; /* until its root is requested, so that it cannot advance before */
    status = tug__wish_check(&image->wish, &error);
    if (status == TUG_OK) {
        status = tug_ref_digest(image->ref) != NULL ? ask_for_digest(resolver, image, &error)
                                                    : ask_for_tag(resolver, image, &error);
    }
    if (status != TUG_OK) {
        tug__image_fail(resolver, image, &error);
    }
    tug__image_arrive(resolver, image);
}

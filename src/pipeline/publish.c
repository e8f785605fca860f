/* SPDX-License-Identifier: Apache-2.0
 *
 * Finished images on their way into index.json: a last check, then many in one rewrite.
 *
 * Knows: images that need nothing more, lane 0. Does not know: requests.
 * Threads: the resolver.
 *
 * The cost of a rewrite grows with the length of the file, so images wait for each other, but none
 * for more than a second: a publication is sent when nothing was written during the last second,
 * when so many wait that their memory matters more than the rewrite, when no other image is left to
 * wait for, and when the run stops. At most one is in progress (TUG__PUBLICATIONS_OUT_MAX), however
 * many images are completed at the same time.
 */
#include "pipeline/resolver.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "index/annotations.h"

/* Shortest time between two rewrites of index.json during the run. */
#define REWRITE_NS (1000 * TUG__NS_PER_MS)
/* This many images never trigger an early rewrite: they use about 2 MiB. */
#define CROWD_MIN ((size_t)1024)
/* Otherwise, rewrite early when this part of the names in index.json is waiting, so that each entry
 * is read only a few times in a run, however many there are. */
#define CROWD_PART 4

/* What an entry says of its image's platforms. Borrowed; NULL: nothing is to be said. */
static const char *platforms_of(const struct tug__image *image)
{
    if (image->wish.metadata_only) {
        return TUG__PLATFORMS_NONE;
    }
    if (image->result.named.index_digest.algorithm != TUG_DIGEST_NONE) {
        return NULL; /* the root is a manifest */
    }
    if (image->wish.all_platforms) {
        return tug__media_kind(image->found.media_type) == TUG__MEDIA_INDEX ? TUG__PLATFORMS_ALL
                                                                            : NULL;
    }
    return image->found.platforms_text;
}

static struct tug__index_entry entry_of(const struct tug__resolver *resolver,
                                        const struct tug__image *image)
{
    const struct tug_fetch_options *const options = &resolver->settings->options;
    const struct tug_reference_options *const own = image->options;
    const bool has_labels = own != NULL && own->label_count > 0;
    const bool is_converted = image->result.named.converted_from.algorithm != TUG_DIGEST_NONE;
    const bool has_index = image->result.named.index_digest.algorithm != TUG_DIGEST_NONE;

    return (struct tug__index_entry){
        .name = image->result.named.name,
        .media_type = image->found.media_type,
        .digest = image->result.digest,
        .size_bytes = image->result.size_bytes,
        .source_host = tug_ref_host(image->ref),
        .source_repository = tug_ref_repository(image->ref),
        .left_out = image->found.left_out_text,
        .platforms = platforms_of(image),
        .platform = image->wish.platform_root ? image->result.platform : NULL,
        .index_digest = has_index ? &image->result.named.index_digest : NULL,
        .converted_from = is_converted ? &image->result.named.converted_from : NULL,
        .labels = has_labels ? own->labels : options->labels,
        .label_count = has_labels ? own->label_count : options->label_count,
    };
}

static void publication_free(struct tug__publication *publication)
{
    free(publication->entries);
    free(publication);
}

/* Finish the images of a list, linked by next_publishing: named, or error says why not. */
static void finish_all(struct tug__resolver *resolver, struct tug__image *image,
                       const struct tug_error *error)
{
    while (image != NULL) {
        struct tug__image *const next = image->next_publishing;

        tug__image_finish(resolver, image, error);
        image = next;
    }
}

static void forget_ready(struct tug__resolver *resolver)
{
    resolver->naming.first_ready = NULL;
    resolver->naming.last_ready = NULL;
    resolver->naming.ready_count = 0;
}

/* Check the images in the queue, and drop those whose content is no longer complete. They were
 * complete up to a second ago, and another program may have cleaned up the store meanwhile. */
static void check_ready(struct tug__resolver *resolver)
{
    struct tug__image *image = resolver->naming.first_ready;

    forget_ready(resolver);
    while (image != NULL) {
        struct tug__image *const next = image->next_publishing;

        if (tug__image_is_present(resolver, image)) {
            tug__naming_add(&resolver->naming, image);
        }
        image = next;
    }
}

/* Count the entries of all images in the queue, at most. */
static size_t count_entries(const struct tug__resolver *resolver)
{
    size_t count = 0;

    for (const struct tug__image *image = resolver->naming.first_ready; image != NULL;
         image = image->next_publishing) {
        count += 1 + tug__image_extra_entries(image, NULL);
    }
    return count;
}

/* Send the whole queue to lane 0. */
static void send_publication(struct tug__resolver *resolver)
{
    struct tug__publication *const publication = calloc(1, sizeof *publication);
    struct tug__index_entry *const entries = calloc(count_entries(resolver) + 1, sizeof *entries);
    struct tug__image *image = resolver->naming.first_ready;

    if (publication == NULL || entries == NULL) {
        struct tug_error error = {0};

        free(publication);
        free(entries);
        (void)tug__fail_memory(&error);
        forget_ready(resolver);
        finish_all(resolver, image,
                   &error); /* their content is in the store, so a later run has little to do */
        return;
    }
    publication->entries = entries;
    publication->images = image;
    for (; image != NULL; image = image->next_publishing) {
        entries[publication->count++] = entry_of(resolver, image);
        publication->count += tug__image_extra_entries(image, entries + publication->count);
    }
    forget_ready(resolver);
    resolver->naming.published_ns = tug__now_ns();
    resolver->naming.publication = publication;
    tug__engine_publish(resolver->engine, publication);
}

bool tug__publish_is_crowded(size_t ready, size_t named)
{
    return ready >= CROWD_MIN && ready >= named / CROWD_PART;
}

/* Send what is still complete. */
static void publish(struct tug__resolver *resolver)
{
    const uint64_t began_ns = tug__trace_begin(resolver->row);

    check_ready(resolver);
    if (resolver->naming.first_ready != NULL) {
        send_publication(resolver);
    }
    tug__trace_end(resolver->row, began_ns, &(struct tug_trace_event){.name = "publish"});
}

uint64_t tug__publish_due(struct tug__resolver *resolver)
{
    const bool is_last = resolver->images.active_count == resolver->images.publishing_count &&
                         resolver->images.begun == resolver->settings->ref_count;
    const uint64_t due_ns = resolver->naming.published_ns + REWRITE_NS;
    const bool is_first = resolver->naming.published_ns == 0;
    const bool is_crowded = tug__publish_is_crowded(
        resolver->naming.ready_count, resolver->names.count + resolver->images.done_count);

    if (resolver->naming.first_ready == NULL) {
        return TUG__NEVER_NS;
    }
    if (resolver->naming.publication != NULL) {
        return TUG__NEVER_NS; /* its end wakes us */
    }
    if (!is_first && !is_last && !is_crowded && !resolver->ending.is_stopping &&
        tug__now_ns() < due_ns) {
        return due_ns;
    }
    publish(resolver);
    return TUG__NEVER_NS;
}

void tug__publish_finish(struct tug__resolver *resolver, struct tug__publication *publication)
{
    resolver->naming.publication = NULL;
    if (publication->error.code !=
        TUG_ERR_CANCELLED) { /* otherwise the end of the run reports why it stopped */
        finish_all(resolver, publication->images, &publication->error);
    }
    publication_free(publication);
}

void tug__publish_fini(struct tug__resolver *resolver)
{
    if (resolver->naming.publication != NULL) {
        publication_free(resolver->naming.publication);
        resolver->naming.publication = NULL;
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * How what refers to an image gets into index.json: a list for each subject, under the tag that
 * stands for its digest, and what Cosign's tags named, under these.
 *
 * Knows: extras, entries of index.json. Does not know: HTTP, retries.
 * Threads: the resolver.
 *
 * Other tools look there: oras, regctl and others follow the tag for a digest in a layout as they
 * do at a registry without the referrers API.
 */
#include "pipeline/resolver.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "index/annotations.h"
#include "oci/digest.h"
#include "oci/limits.h"
#include "plan/signed.h"
#include "registry/referrer_list.h"

#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"

static bool is_kept(void *context, const struct tug_digest *digest)
{
    return tug__digest_set_has(context, digest);
}

/* Add what the store has in the list of that name: a run that does not want all of what refers to
 * an image takes nothing away. One that cannot be read has nothing. */
static enum tug_status add_stored(struct tug__resolver *resolver, const char *name,
                                  struct tug__referrer_list *list, struct tug_error *err)
{
    struct tug_store *const store = resolver->settings->store;
    struct tug__referrer_page page = {0};
    struct tug_digest digest;
    struct tug__buf buf;
    bool is_named = false;
    enum tug_status status = tug__store_index_find(store, name, &is_named, &digest, err);

    if (status != TUG_OK || !is_named) {
        return status;
    }
    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    if (tug__stored_document(store, &digest, &buf)) {
        page.text = buf.data;
        page.length = buf.length;
        status = tug__referrer_list_add(list, &page, err);
    }
    tug__buf_fini(&buf);
    return status;
}

/* Reduce the list of a question to what is kept, in the order of digests. */
static enum tug_status reduce_list(struct tug__resolver *resolver, const struct tug__wish *wish,
                                   struct tug__question *question, struct tug__digest_set *kept,
                                   struct tug_error *err)
{
    const bool wants_all = wish->referrers && wish->referrer_type == NULL;
    struct tug__referrer_page page = {.text = question->list, .length = question->list_length};
    struct tug__referrer_list list;
    struct tug__buf buf;
    enum tug_status status;

    tug__referrer_list_init(&list, NULL);
    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    status = tug__referrer_list_add(&list, &page, err);
    if (status == TUG_OK) {
        tug__referrer_list_keep(&list, is_kept, kept);
        status = wants_all ? TUG_OK : add_stored(resolver, question->name, &list, err);
    }
    if (status == TUG_OK) {
        status = tug__referrer_list_write(&list, &buf, err);
    }
    if (status == TUG_OK) {
        free(question->list);
        question->list = tug__buf_steal(&buf, &question->list_length);
    }
    tug__buf_fini(&buf);
    tug__referrer_list_fini(&list);
    return status;
}

/* Bring a complete list into the store, like a document embedded in another one. */
static enum tug_status store_list(struct tug__resolver *resolver, struct tug__image *image,
                                  struct tug__question *question, struct tug_error *err)
{
    char type[] = INDEX_TYPE;
    struct tug__descriptor made = {
        .size_bytes = question->list_length,
        .kind = TUG__MEDIA_INDEX,
        .media_type = type,
        .data = (uint8_t *)question->list,
    };
    const struct tug__request request = {
        .descriptor = &made, .has_size = true, .is_document = true, .is_known = true};
    struct tug__buf body;
    bool is_read;
    enum tug_status status =
        tug__digest_of(TUG_DIGEST_SHA256, question->list, question->list_length, &made.digest, err);

    if (status != TUG_OK) {
        return status;
    }
    question->made = made.digest;
    tug__buf_init(&body, TUG__MANIFEST_BYTES_MAX);
    status = tug__image_ask(resolver, image, &request, &body, &is_read, err);
    tug__buf_fini(&body);
    return status;
}

/* Collect the digests of what is kept of the answer to a question. items: the first of them and all
 * behind it. Returns: their number. */
static size_t collect(const struct tug__extras *extras, size_t number, size_t *item,
                      struct tug__digest_set *out_kept)
{
    size_t count = 0;

    for (; *item < extras->item_count && extras->items[*item].question == number; ++*item) {
        if (extras->items[*item].is_kept) {
            count += tug__digest_set_add(out_kept, &extras->items[*item].digest);
        }
    }
    return count;
}

/* Name the answer to a question in index.json. item: its first extra. */
static enum tug_status make(struct tug__resolver *resolver, struct tug__image *image, size_t number,
                            size_t item, struct tug_error *err)
{
    struct tug__question *const question = &image->extras.questions[number];
    struct tug__digest_set kept = {0};
    char tag[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = TUG_OK;

    if (collect(&image->extras, number, &item, &kept) > 0) {
        question->name = tug__image_tag_name(image, question->tag != NULL
                                                        ? question->tag
                                                        : tug__digest_tag(&question->subject, tag));
        status = question->name != NULL ? TUG_OK : tug__fail_memory(err);
        if (status == TUG_OK && question->tag == NULL) {
            status = reduce_list(resolver, &image->wish, question, &kept, err);
        }
        if (status == TUG_OK && question->tag == NULL) {
            status = store_list(resolver, image, question, err);
        }
    }
    tug__digest_set_fini(&kept);
    return status;
}

/* Order the extras by question; those of one question stay together, as they were added. */
static int compare_items(const void *a, const void *b)
{
    const struct tug__extra *const left = a;
    const struct tug__extra *const right = b;

    if (left->question != right->question) {
        return left->question < right->question ? -1 : 1;
    }
    return tug__digest_compare(a, b);
}

static enum tug_status make_all(struct tug__resolver *resolver, struct tug__image *image,
                                struct tug_error *err)
{
    struct tug__extras *const extras = &image->extras;
    char text[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = TUG_OK;

    extras->is_made = true;
    extras->root = strdup(tug_digest_format(&image->result.digest, text));
    if (extras->root == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; extras->lost.root != NULL && i < extras->item_count; i++) {
        struct tug__extra *const item = &extras->items[i];

        item->is_kept = item->is_kept &&
                        !tug__signed_lacks(resolver->settings->store, &item->digest, &extras->lost);
    }
    qsort(extras->items, extras->item_count, sizeof *extras->items, compare_items);
    for (size_t i = 0; status == TUG_OK && i < extras->item_count; i++) {
        if (i == 0 || extras->items[i].question != extras->items[i - 1].question) {
            status = make(resolver, image, extras->items[i].question, i, err);
        }
    }
    return status;
}

enum tug_status tug__image_finish_extras(struct tug__resolver *resolver, struct tug__image *image,
                                         struct tug_error *err)
{
    enum tug_status status;

    if (image->extras.item_count == 0 || image->extras.is_made ||
        resolver->settings->options.dry_run) {
        return TUG_OK;
    }
    image->pending++; /* until all of it is requested */
    status = tug__image_use_late(resolver, image, err);
    image->pending--;
    return status == TUG_OK && image->pending == 0 && image->state == TUG__IMAGE_FETCHING
               ? make_all(resolver, image, err)
               : status;
}

uint8_t *tug__image_made_list(const struct tug__image *image, const struct tug_digest *digest)
{
    for (size_t i = 0; i < image->extras.question_count; i++) {
        if (tug_digest_equal(&image->extras.questions[i].made, digest)) {
            return (uint8_t *)image->extras.questions[i].list;
        }
    }
    return NULL;
}

size_t tug__image_extra_entries(const struct tug__image *image,
                                struct tug__index_entry *out_entries)
{
    const struct tug__extras *const extras = &image->extras;
    size_t count = 0;

    for (size_t i = 0; i < extras->item_count; i++) {
        const struct tug__extra *const item = &extras->items[i];
        const struct tug__question *const question = &extras->questions[item->question];
        const bool is_list = question->tag == NULL;

        if (question->name == NULL || !item->is_kept ||
            (count > 0 && out_entries != NULL && out_entries[count - 1].name == question->name)) {
            continue;
        }
        if (out_entries != NULL) {
            out_entries[count] = (struct tug__index_entry){
                .name = question->name,
                .media_type = is_list ? INDEX_TYPE : item->media_type,
                .digest = is_list ? question->made : item->digest,
                .size_bytes = is_list ? question->list_length : item->size_bytes,
                .source_host = tug_ref_host(image->ref),
                .source_repository = tug_ref_repository(image->ref),
                .platforms = is_list || item->is_index ? TUG__PLATFORMS_ALL : NULL,
                .refers_to = extras->root,
            };
        }
        count++;
    }
    return count;
}

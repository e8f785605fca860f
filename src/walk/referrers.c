/* SPDX-License-Identifier: Apache-2.0
 *
 * Find what refers to the images of a store, with its types.
 *
 * Knows: a walk, TUG__INDEX_REFERS_TO, documents. Does not know: registries, which entries are
 * named. Threads: as a walk.
 */
#include "walk/referrers.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "index/annotations.h"
#include "oci/digest.h"
#include "oci/document.h"
#include "oci/limits.h"
#include "store/store.h"
#include "walk/internal.h"

/* An entry that refers to a root; one that refers to several is there for each. */
struct tug__follower {
    struct tug_digest root; /* first: they are ordered by it */
    uint32_t image;
};

static int compare_followers(const void *a, const void *b)
{
    const struct tug__follower *const left = a;
    const struct tug__follower *const right = b;
    const int order = tug__digest_compare(a, b);

    return order != 0 ? order : (left->image > right->image) - (left->image < right->image);
}

bool tug__walk_is_follower(const struct tug__walk_image *image)
{
    return tug__walk_annotation(image, TUG__INDEX_REFERS_TO) != NULL;
}

/* Take the next digest of a list; what is none is left out. Returns: false at the end. */
static bool next_root(const char **list, struct tug_digest *out_root)
{
    while (*list != NULL && **list != '\0') {
        const char *const text = *list;
        const size_t length = strcspn(text, ",");

        *list += length + (text[length] == ',');
        if (tug_digest_parse(text, length, out_root, NULL) == TUG_OK) {
            return true;
        }
    }
    return false;
}

bool tug__walk_follows(const struct tug__walk_image *image, const struct tug__digest_set *roots)
{
    const char *list = tug__walk_annotation(image, TUG__INDEX_REFERS_TO);
    struct tug_digest found;
    bool is_found = false;

    while (!is_found && next_root(&list, &found)) {
        is_found = tug__digest_set_has(roots, &found);
    }
    return is_found;
}

char *tug__walk_followed(const struct tug__walk_image *image, const struct tug__digest_set *roots)
{
    const char *list = tug__walk_annotation(image, TUG__INDEX_REFERS_TO);
    const size_t most = list != NULL ? strlen(list) / 2 + 1 : 1; /* a digest has more characters */
    struct tug_digest *const found = calloc(most, sizeof *found);
    char *const text = malloc((list != NULL ? strlen(list) : 0) + 1);
    char *at = text;
    size_t count = 0;

    if (found == NULL || text == NULL) {
        free(found);
        free(text);
        return NULL;
    }
    while (count < most && next_root(&list, &found[count])) {
        count += tug__digest_set_has(roots, &found[count]);
    }
    qsort(found, count, sizeof *found, tug__digest_compare);
    *at = '\0';
    for (size_t i = 0; i < count; i++) {
        char digest[TUG_DIGEST_TEXT_MAX];

        if (i == 0 || !tug_digest_equal(&found[i], &found[i - 1])) {
            at = stpcpy(stpcpy(at, i > 0 ? "," : ""), tug_digest_format(&found[i], digest));
        }
    }
    free(found);
    return text;
}

static enum tug_status add_follower(struct tug__referrers *referrers, const struct tug_digest *root,
                                    uint32_t image, struct tug_error *err)
{
    struct tug__follower *const grown =
        tug__walk_grow(referrers->followers, referrers->follower_count,
                       &referrers->follower_capacity, sizeof *grown);

    if (grown == NULL) {
        return tug__fail_memory(err);
    }
    referrers->followers = grown;
    grown[referrers->follower_count++] = (struct tug__follower){*root, image};
    return TUG_OK;
}

enum tug_status tug__referrers_init(struct tug__referrers *out_referrers, struct tug_store *store,
                                    const struct tug__walk *walk, struct tug_error *err)
{
    const uint32_t count = tug__walk_counts(walk).images;
    enum tug_status status = TUG_OK;

    *out_referrers = (struct tug__referrers){.store = store, .walk = walk};
    for (uint32_t i = 0; status == TUG_OK && i < count; i++) {
        const char *list = tug__walk_annotation(tug__walk_image(walk, i), TUG__INDEX_REFERS_TO);
        struct tug_digest root;

        while (status == TUG_OK && next_root(&list, &root)) {
            status = add_follower(out_referrers, &root, i, err);
        }
    }
    if (out_referrers->follower_count > 0) {
        qsort(out_referrers->followers, out_referrers->follower_count,
              sizeof *out_referrers->followers, compare_followers);
    }
    return status;
}

static enum tug_status add_item(struct tug__referrers *referrers, const struct tug_digest *digest,
                                const char *type, const char *name, struct tug_error *err)
{
    struct tug_image_referrer **const grown =
        tug__walk_grow(referrers->items, referrers->count, &referrers->capacity, sizeof(void *));
    struct tug_image_referrer *const item = calloc(1, sizeof *item);
    char *const copy = type != NULL ? strdup(type) : NULL;

    if (grown != NULL) {
        referrers->items = grown;
    }
    if (grown == NULL || item == NULL || (copy == NULL && type != NULL)) {
        free(item);
        free(copy);
        return tug__fail_memory(err);
    }
    *item = (struct tug_image_referrer){.digest = *digest, .artifact_type = copy, .name = name};
    grown[referrers->count++] = item;
    return TUG_OK;
}

/* The type of a document that Cosign's tag names: its own, or that of its first layer. */
static const char *type_of(const struct tug__document *document)
{
    const size_t first = document->has_config;

    if (document->artifact_type != NULL || document->kind == TUG__MEDIA_INDEX) {
        return document->artifact_type;
    }
    return first < document->child_count ? document->children[first].media_type : NULL;
}

/* Add what a document says: a list, all of its entries; anything else, itself. is_list: it is there
 * for its entries. */
static enum tug_status add_document(struct tug__referrers *referrers,
                                    const struct tug__walk_blob *blob, const char *name,
                                    const struct tug__document *document, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    if (document->kind != TUG__MEDIA_INDEX || document->subject.algorithm != TUG_DIGEST_NONE) {
        return add_item(referrers, &blob->digest, type_of(document), name, err);
    }
    for (size_t i = 0; status == TUG_OK && i < document->child_count; i++) {
        status = add_item(referrers, &document->children[i].digest,
                          document->children[i].artifact_type, name, err);
    }
    return status;
}

static enum tug_status add_entry(struct tug__referrers *referrers, uint32_t number,
                                 struct tug_error *err)
{
    const struct tug__walk_image *const image = tug__walk_image(referrers->walk, number);
    const struct tug__walk_blob *blob;
    struct tug__document_text text = {.is_pinned = true};
    struct tug__document document = {0};
    struct tug__buf buf;
    enum tug_status status = TUG_OK;

    if (image->root == TUG__WALK_NONE) {
        return TUG_OK;
    }
    blob = tug__walk_blob(referrers->walk, image->root);
    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    if (tug__store_read(referrers->store, &blob->digest, &buf, NULL) == TUG_OK) {
        text.bytes = buf.data;
        text.length = buf.length;
        if (tug__document_parse(&text, &document, NULL) == TUG_OK) {
            status = add_document(referrers, blob, image->name, &document, err);
            tug__document_fini(&document);
        }
    }
    tug__buf_fini(&buf);
    return status;
}

static void forget_items(struct tug__referrers *referrers)
{
    for (size_t i = 0; i < referrers->count; i++) {
        free((char *)(uintptr_t)referrers->items[i]->artifact_type);
        free(referrers->items[i]);
    }
    referrers->count = 0;
}

enum tug_status tug__referrers_find(struct tug__referrers *referrers, const struct tug_digest *root,
                                    struct tug_error *err)
{
    size_t first = 0;
    size_t end = referrers->follower_count;
    enum tug_status status = TUG_OK;

    forget_items(referrers);
    while (first < end) {
        const size_t middle = first + (end - first) / 2;

        if (tug__digest_compare(&referrers->followers[middle].root, root) < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    for (; status == TUG_OK && end < referrers->follower_count &&
           tug_digest_equal(&referrers->followers[end].root, root);
         end++) {
        status = add_entry(referrers, referrers->followers[end].image, err);
    }
    return status;
}

void tug__referrers_fini(struct tug__referrers *referrers)
{
    forget_items(referrers);
    free(referrers->items);
    free(referrers->followers);
    *referrers = (struct tug__referrers){0};
}

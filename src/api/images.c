/* SPDX-License-Identifier: Apache-2.0
 *
 * The public functions that find, label and remove images: check arguments, complete references,
 * call the store.
 *
 * Knows: the store's interface, references. Does not know: how index.json is written.
 * Threads: see tug/images.h.
 */
#include <tug/tug.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/store.h"
#include "store/watch.h"

/* Texts that a user typed, with their references. */
struct wishes {
    struct tug__index_wanted *wanted; /* owned */
    struct tug_ref **refs;            /* owned; NULL for a text that is not a reference */
    size_t count;
};

static void wishes_fini(struct wishes *wishes)
{
    for (size_t i = 0; wishes->refs != NULL && i < wishes->count; i++) {
        tug_ref_destroy(wishes->refs[i]);
    }
    free(wishes->refs);
    free(wishes->wanted);
}

/* Parse texts, borrowed as long as the wishes. wishes_fini is due, even on failure. */
static enum tug_status wishes_init(struct wishes *wishes, const char *const *texts, size_t count,
                                   struct tug_error *err)
{
    *wishes = (struct wishes){
        .wanted = calloc(count + 1, sizeof *wishes->wanted),
        .refs = calloc(count + 1, sizeof(struct tug_ref *)),
        .count = count,
    };
    if (wishes->wanted == NULL || wishes->refs == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        struct tug_ref *ref = NULL;

        if (texts[i] == NULL) {
            return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "an image is NULL");
        }
        if (tug_ref_parse(texts[i], &ref, NULL) == TUG_ERR_NO_MEMORY) {
            return tug__fail_memory(err);
        }
        wishes->refs[i] = ref;
        wishes->wanted[i] = (struct tug__index_wanted){
            .text = texts[i],
            .full = ref != NULL ? tug_ref_name(ref) : NULL,
        };
    }
    return TUG_OK;
}

enum tug_status tug_store_find_image(struct tug_store *store, const char *text, char **out_name,
                                     struct tug_digest *out_digest, struct tug_error *err)
{
    struct tug_digest digest = {0};
    struct wishes wishes;
    char *name = NULL;
    enum tug_status status = wishes_init(&wishes, &text, 1, err);

    if (status == TUG_OK) {
        status = tug__store_index_pick(store, &wishes.wanted[0], &name, &digest, err);
    }
    wishes_fini(&wishes);
    if (status != TUG_OK) {
        return status;
    }
    if (out_digest != NULL) {
        *out_digest = digest;
    }
    if (out_name != NULL) {
        *out_name = name;
    } else {
        free(name);
    }
    return TUG_OK;
}

static enum tug_status check_labels(const char *const *labels, size_t count, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = tug_label_check(labels[i], err);
    }
    return status;
}

enum tug_status tug_store_label(struct tug_store *store, const char *text,
                                const char *const *labels, size_t label_count,
                                const struct tug_watch *watch, struct tug_error *err)
{
    struct tug__watch own = {0};
    struct wishes wishes = {0};
    enum tug_status status = check_labels(labels, label_count, err);

    if (status == TUG_OK) {
        status = tug__watch_begin(&own, watch, err);
    }
    if (status == TUG_OK) {
        status = wishes_init(&wishes, &text, 1, err);
    }
    if (status == TUG_OK) {
        const struct tug__lock_wait wait = tug__watch_lock_wait(&own);

        status = tug__store_index_label(store, &wishes.wanted[0], labels, label_count, &wait, err);
    }
    wishes_fini(&wishes);
    return status;
}

enum tug_status tug_store_remove(struct tug_store *store, const char *const *texts, size_t count,
                                 tug_removed_fn on_removed, void *context,
                                 const struct tug_watch *watch, struct tug_error *err)
{
    struct tug__watch own = {0};
    struct wishes wishes = {0};
    enum tug_status status = tug__watch_begin(&own, watch, err);

    if (status == TUG_OK) {
        status = wishes_init(&wishes, texts, count, err);
    }
    if (status == TUG_OK) {
        const struct tug__lock_wait wait = tug__watch_lock_wait(&own);
        const struct tug__index_removal removal = {
            .wanted = wishes.wanted,
            .count = count,
            .on_removed = on_removed,
            .context = context,
        };

        status = tug__store_index_remove(store, &removal, &wait, err);
    }
    wishes_fini(&wishes);
    return status;
}

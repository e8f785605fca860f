/* SPDX-License-Identifier: Apache-2.0
 *
 * Elements that are there for the sake of images: signatures and other referrers. They go with the
 * last image that they refer to.
 *
 * Knows: elements, edits. Does not know: why an image goes, documents. Threads: any.
 */
#include "index/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Longest text of TUG__INDEX_REFERS_TO: some 50 images. */
#define REFERS_TO_BYTES_MAX 4096

/* One such element. */
struct tug__index_follower {
    size_t place; /* in the edit */
    char *roots;  /* owned */
};

enum tug_status tug__index_followers_hold(struct tug__index_followers *followers,
                                          struct tug__index_edit *edit,
                                          const struct tug__index_element *element,
                                          struct tug_error *err)
{
    struct tug__index_follower *follower;

    if (followers->count == followers->capacity) {
        const size_t capacity = followers->capacity * 2 + 8;
        struct tug__index_follower *const grown =
            reallocarray(followers->items, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        followers->items = grown;
        followers->capacity = capacity;
    }
    follower = &followers->items[followers->count];
    follower->roots = strndup(element->refers_to, element->refers_to_length);
    if (follower->roots == NULL) {
        return tug__fail_memory(err);
    }
    followers->count++;
    return tug__index_edit_hold(edit, element, &follower->place, err);
}

/* Take the next digest of a list. Returns: false at its end; what is no digest is left out. */
static bool next_root(const char **list, struct tug_digest *out_digest)
{
    while (**list != '\0') {
        const size_t length = strcspn(*list, ",");
        const char *const text = *list;

        *list += length + (text[length] == ',');
        if (tug_digest_parse(text, length, out_digest, NULL) == TUG_OK) {
            return true;
        }
    }
    return false;
}

/* A search for images that stay. */
struct search {
    tug__index_stays_fn stays;
    void *context;
    const struct tug__digest_set *wanted;
    struct tug__digest_set *found;
};

static enum tug_status look_at(void *context, const struct tug__index_element *element,
                               struct tug_error *err)
{
    const struct search *const search = context;
    struct tug_digest digest;

    (void)err;
    if (element->refers_to == NULL && tug__index_element_digest(element, &digest) &&
        tug__digest_set_has(search->wanted, &digest) && search->stays(search->context, element)) {
        (void)tug__digest_set_add(search->found, &digest);
    }
    return TUG_OK;
}

/* Tell whether an image that is referred to is in a set. */
static bool has_root(const char *list, const struct tug__digest_set *set)
{
    struct tug_digest digest;
    bool is_there = false;

    while (!is_there && next_root(&list, &digest)) {
        is_there = tug__digest_set_has(set, &digest);
    }
    return is_there;
}

enum tug_status tug__index_followers_judge(const struct tug__index_followers *followers,
                                           struct tug__index_edit *edit, tug__index_stays_fn stays,
                                           void *context, struct tug__digest_set *roots,
                                           struct tug_error *err)
{
    struct tug__digest_set wanted = {0};
    struct search search = {.stays = stays, .context = context, .wanted = &wanted, .found = roots};
    struct tug__index_list list;
    struct tug_digest digest;
    enum tug_status status;

    if (followers->count == 0) {
        return TUG_OK;
    }
    for (size_t i = 0; i < followers->count; i++) {
        const char *at = followers->items[i].roots;

        while (next_root(&at, &digest)) {
            (void)tug__digest_set_add(&wanted, &digest);
        }
    }
    status = tug__index_scan(edit->text, edit->length, look_at, &search, &list, err);
    for (size_t i = 0; status == TUG_OK && i < followers->count; i++) {
        if (!has_root(followers->items[i].roots, roots)) {
            tug__index_edit_drop(edit, followers->items[i].place);
        }
    }
    tug__digest_set_fini(&wanted);
    return status;
}

void tug__index_followers_fini(struct tug__index_followers *followers)
{
    for (size_t i = 0; i < followers->count; i++) {
        free(followers->items[i].roots);
    }
    free(followers->items);
    *followers = (struct tug__index_followers){0};
}

enum tug_status tug__index_refers_to_join(const char *old, const char *new, char **out_text,
                                          struct tug_error *err)
{
    const size_t length = strlen(new);
    char *text;

    if (strstr(old, new) != NULL || length + 1 + strlen(old) > REFERS_TO_BYTES_MAX) {
        text = strdup(strstr(old, new) != NULL ? old : new);
    } else if (asprintf(&text, "%s,%s", new, old) < 0) {
        text = NULL;
    }
    if (text == NULL) {
        return tug__fail_memory(err);
    }
    *out_text = text;
    return TUG_OK;
}

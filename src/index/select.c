/* SPDX-License-Identifier: Apache-2.0
 *
 * Find the elements of an index that a user means: by name, by reference, by digest.
 *
 * Knows: names and digests of elements. Does not know: references, documents.
 * Threads: any; a selection belongs to one thread at a time.
 *
 * The index is scanned once for all wanted images.
 */
#include "index/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* A wanted text. */
struct tug__index_key {
    uint64_t hash;
    const char *text; /* borrowed; pinned: the digest follows, after an '@' */
    size_t length;
    size_t wanted; /* index of the wanted image */
    enum tug__index_fit fit;
};

static int compare_keys(const void *a, const void *b)
{
    const struct tug__index_key *const left = a;
    const struct tug__index_key *const right = b;

    return (left->hash > right->hash) - (left->hash < right->hash);
}

static void add_key(struct tug__index_selection *selection, const char *text, size_t length,
                    size_t wanted, enum tug__index_fit fit)
{
    selection->keys[selection->key_count++] = (struct tug__index_key){
        .hash = tug__index_name_hash(text, length),
        .text = text,
        .length = length,
        .wanted = wanted,
        .fit = fit,
    };
}

/* Add a key for a text as a name, and for what precedes the digest in it, if it has one. */
static void add_name_keys(struct tug__index_selection *selection, const char *text, size_t wanted,
                          enum tug__index_fit fit, enum tug__index_fit pinned_fit)
{
    const char *const at = strchr(text, '@');

    add_key(selection, text, strlen(text), wanted, fit);
    if (at != NULL) {
        add_key(selection, text, (size_t)(at - text), wanted, pinned_fit);
    }
}

static enum tug_status make_keys(struct tug__index_selection *selection, struct tug_error *err)
{
    selection->picks = calloc(selection->count + 1, sizeof *selection->picks);
    selection->keys = calloc(selection->count * 5 + 1, sizeof *selection->keys);
    if (selection->picks == NULL || selection->keys == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < selection->count; i++) {
        const struct tug__index_wanted *const wanted = &selection->wanted[i];

        add_name_keys(selection, wanted->text, i, TUG__INDEX_FIT_NAME, TUG__INDEX_FIT_PINNED);
        add_key(selection, wanted->text, strlen(wanted->text), i, TUG__INDEX_FIT_DIGEST);
        if (wanted->full != NULL) {
            add_name_keys(selection, wanted->full, i, TUG__INDEX_FIT_FULL,
                          TUG__INDEX_FIT_FULL_PINNED);
        }
    }
    qsort(selection->keys, selection->key_count, sizeof *selection->keys, compare_keys);
    return TUG_OK;
}

/* Find the first key with a hash, or the first one after it. */
static size_t first_key(const struct tug__index_selection *selection, uint64_t hash)
{
    size_t low = 0;
    size_t high = selection->key_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (selection->keys[middle].hash < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Tell whether an element has the digest that a key asks for, if it asks for one. */
static bool has_pinned_digest(const struct tug__index_key *key,
                              const struct tug__index_element *element)
{
    const bool is_pinned =
        key->fit == TUG__INDEX_FIT_PINNED || key->fit == TUG__INDEX_FIT_FULL_PINNED;
    const char *const digest = key->text + key->length + 1;

    return !is_pinned || (element->digest != NULL && strlen(digest) == element->digest_length &&
                          memcmp(digest, element->digest, element->digest_length) == 0);
}

/* Receives each key that an element fits. Returns: TUG_OK to go on. */
typedef enum tug_status (*fit_fn)(void *context, const struct tug__index_key *key,
                                  const struct tug__index_element *element, struct tug_error *err);

/* Call on_fit for each key with this text of the element. */
static enum tug_status each_fit(const struct tug__index_selection *selection,
                                const struct tug__index_element *element, bool is_digest,
                                fit_fn on_fit, void *context, struct tug_error *err)
{
    const char *const text = is_digest ? element->digest : element->name;
    const size_t length = is_digest ? element->digest_length : element->name_length;
    const uint64_t hash = text != NULL ? tug__index_name_hash(text, length) : 0;
    enum tug_status status = TUG_OK;

    for (size_t i = text != NULL ? first_key(selection, hash) : selection->key_count;
         status == TUG_OK && i < selection->key_count && selection->keys[i].hash == hash; i++) {
        const struct tug__index_key *const key = &selection->keys[i];

        if ((key->fit == TUG__INDEX_FIT_DIGEST) == is_digest && key->length == length &&
            memcmp(key->text, text, length) == 0 && has_pinned_digest(key, element)) {
            status = on_fit(context, key, element, err);
        }
    }
    return status;
}

static void forget(struct tug__index_pick *pick)
{
    free(pick->name);
    free(pick->other_name);
    *pick = (struct tug__index_pick){0};
}

static bool is_named(const char *name, const struct tug__index_element *element)
{
    return strlen(name) == element->name_length &&
           memcmp(name, element->name, element->name_length) == 0;
}

/* Note the name of an element that fits as well as those before it. */
static enum tug_status take_name(struct tug__index_pick *pick,
                                 const struct tug__index_element *element, struct tug_error *err)
{
    char *name;

    if (element->name == NULL || (pick->name != NULL && is_named(pick->name, element))) {
        return TUG_OK;
    }
    name = strndup(element->name, element->name_length);
    if (name == NULL) {
        return tug__fail_memory(err);
    }
    free(pick->other_name);
    pick->other_name = pick->name;
    pick->name = name;
    return TUG_OK;
}

static enum tug_status take_fit(void *context, const struct tug__index_key *key,
                                const struct tug__index_element *element, struct tug_error *err)
{
    const struct tug__index_selection *const selection = context;
    struct tug__index_pick *const pick = &selection->picks[key->wanted];
    struct tug_digest digest = {0};

    if (key->fit < pick->fit) {
        return TUG_OK;
    }
    if (key->fit > pick->fit) {
        forget(pick);
    }
    (void)tug__index_element_digest(element, &digest);
    pick->fit = key->fit;
    pick->digest = digest;
    pick->offset = element->offset;
    pick->length = element->length;
    return take_name(pick, element, err);
}

static enum tug_status take_element(void *context, const struct tug__index_element *element,
                                    struct tug_error *err)
{
    const enum tug_status status = each_fit(context, element, false, take_fit, context, err);

    return status == TUG_OK ? each_fit(context, element, true, take_fit, context, err) : status;
}

enum tug_status tug__index_select(const char *text, size_t length,
                                  const struct tug__index_wanted *wanted, size_t count,
                                  struct tug__index_selection *out_selection, struct tug_error *err)
{
    struct tug__index_selection selection = {.wanted = wanted, .count = count};
    struct tug__index_list list;
    enum tug_status status = make_keys(&selection, err);

    if (status == TUG_OK) {
        status = tug__index_scan(text, length, take_element, &selection, &list, err);
    }
    if (status != TUG_OK) {
        tug__index_selection_fini(&selection);
        return status;
    }
    *out_selection = selection;
    return TUG_OK;
}

/* For tug__index_selection_has: tell whether a key fits as well as the best. */
struct question {
    const struct tug__index_selection *selection;
    bool is_best;
};

static enum tug_status ask_fit(void *context, const struct tug__index_key *key,
                               const struct tug__index_element *element, struct tug_error *err)
{
    struct question *const question = context;

    (void)element;
    (void)err;
    question->is_best =
        question->is_best || question->selection->picks[key->wanted].fit == key->fit;
    return TUG_OK;
}

bool tug__index_selection_has(const struct tug__index_selection *selection,
                              const struct tug__index_element *element)
{
    struct question question = {.selection = selection};

    (void)each_fit(selection, element, false, ask_fit, &question, NULL);
    (void)each_fit(selection, element, true, ask_fit, &question, NULL);
    return question.is_best;
}

void tug__index_selection_fini(struct tug__index_selection *selection)
{
    for (size_t i = 0; selection->picks != NULL && i < selection->count; i++) {
        forget(&selection->picks[i]);
    }
    free(selection->picks);
    free(selection->keys);
    *selection = (struct tug__index_selection){0};
}

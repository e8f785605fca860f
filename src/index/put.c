/* SPDX-License-Identifier: Apache-2.0
 *
 * The edit of index.json that names images: an entry without news keeps its place, a changed one
 * comes last.
 *
 * Knows: elements and entries by name. Does not know: documents, the network.
 * Threads: any.
 *
 * A new entry inherits the labels and sources of the one that it replaces, and the sources of the
 * others with its root.
 */
#include "index/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"

#define NOWHERE SIZE_MAX

/* The name of an entry, in a table sorted for lookup. */
struct name {
    uint64_t hash;
    size_t position; /* in entries */
};

/* The last element with the name of an entry. */
struct old {
    size_t place; /* in the edit; NOWHERE: none */
    size_t offset, length;
};

/* The state of a decision. */
struct put {
    const struct tug__index_entry *entries; /* borrowed */
    size_t count;
    struct tug__index_edit *edit; /* borrowed */
    struct name *names;           /* owned; sorted */
    struct old *olds;             /* owned; one for each entry */
    struct tug__index_roots roots;
    struct tug__index_followers followers;
};

static int compare_names(const void *a, const void *b)
{
    const struct name *const left = a;
    const struct name *const right = b;

    if (left->hash != right->hash) {
        return left->hash < right->hash ? -1 : 1;
    }
    return (left->position > right->position) - (left->position < right->position);
}

/* Find the last entry of that name: among several, the last one counts. */
static size_t find_entry(const struct put *put, const char *name, size_t length)
{
    const uint64_t hash = tug__index_name_hash(name, length);
    size_t low = 0;
    size_t high = put->count;

    while (low < high) { /* to the first name after those with this hash */
        const size_t middle = low + (high - low) / 2;

        if (put->names[middle].hash <= hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low > 0 && put->names[low - 1].hash == hash; low--) {
        const char *const found = put->entries[put->names[low - 1].position].name;

        if (strlen(found) == length && memcmp(found, name, length) == 0) {
            return put->names[low - 1].position;
        }
    }
    return NOWHERE;
}

static enum tug_status set_up(struct put *put, struct tug_error *err)
{
    put->names = calloc(put->count + 1, sizeof *put->names);
    put->olds = calloc(put->count + 1, sizeof *put->olds);
    if (put->names == NULL || put->olds == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < put->count; i++) {
        const char *const name = put->entries[i].name;

        put->names[i] = (struct name){
            .hash = tug__index_name_hash(name, strlen(name)),
            .position = i,
        };
        put->olds[i].place = NOWHERE;
    }
    qsort(put->names, put->count, sizeof *put->names, compare_names);
    return tug__index_roots_init(&put->roots, put->entries, put->count, err);
}

/* Among several elements with the name of an entry, the last one counts, and the others are
 * dropped. */
static enum tug_status judge_element(void *context, const struct tug__index_element *element,
                                     struct tug_error *err)
{
    struct put *const put = context;
    const size_t position =
        element->name != NULL ? find_entry(put, element->name, element->name_length) : NOWHERE;
    struct old *const old = position != NOWHERE ? &put->olds[position] : NULL;
    enum tug_status status;

    if (old == NULL) {
        status = tug__index_roots_see(&put->roots, element, err);
        if (status != TUG_OK) {
            return status;
        }
        return element->refers_to != NULL
                   ? tug__index_followers_hold(&put->followers, put->edit, element, err)
                   : tug__index_edit_keep(put->edit, element, err);
    }
    if (old->place != NOWHERE) {
        tug__index_edit_drop(put->edit, old->place);
    }
    old->offset = element->offset;
    old->length = element->length;
    return tug__index_edit_hold(put->edit, element, &old->place, err);
}

/* Write the text of a new entry, with the known sources. */
static enum tug_status write_entry(struct put *put, const struct tug__index_entry *entry,
                                   const struct tug__json_value *old, struct tug_error *err)
{
    const size_t begin = put->edit->texts.length;
    struct tug__index_sources sources = {0};
    enum tug_status status = tug__index_sources_add_own(&sources, entry, err);

    if (status == TUG_OK) {
        status = tug__index_sources_add_all(&sources, old, err);
    }
    if (status == TUG_OK) {
        status = tug__index_roots_add(&put->roots, &entry->digest, put->edit->text, &sources, err);
    }
    if (status == TUG_OK) {
        status = tug__index_entry_append(&put->edit->texts, entry, old, &sources, err);
    }
    tug__index_sources_fini(&sources);
    return status == TUG_OK ? tug__index_edit_add(put->edit, begin, err) : status;
}

/* Add the platforms that an element has of the same root. One that does not say them stays so after
 * a fetch of metadata only: its content was fetched before. out_text: owned; what entry borrows. */
static enum tug_status join_platforms(struct tug__index_entry *entry,
                                      const struct tug__json_value *element, char **out_text,
                                      struct tug_error *err)
{
    const char *const old =
        tug__json_text(tug__json_get(tug__json_get(element, "annotations"), TUG__INDEX_PLATFORMS));
    const char *const digest = tug__json_text(tug__json_get(element, "digest"));
    char text[TUG_DIGEST_TEXT_MAX];
    const bool is_same =
        digest != NULL && strcmp(digest, tug_digest_format(&entry->digest, text)) == 0;
    const bool adds_nothing = is_same && old == NULL && entry->platforms != NULL &&
                              strcmp(entry->platforms, TUG__PLATFORMS_NONE) == 0;
    const enum tug_status status = tug__index_platforms_join(
        is_same ? old : NULL, adds_nothing ? NULL : entry->platforms, out_text, err);

    entry->platforms = *out_text;
    return status;
}

/* Decide what an entry refers to that replaces an element: an image stays one, and what refers to
 * another image, too, goes on doing so. out_text: owned; what entry borrows. */
static enum tug_status join_refers_to(struct tug__index_entry *entry,
                                      const struct tug__json_value *element, char **out_text,
                                      struct tug_error *err)
{
    const char *const old =
        tug__json_text(tug__json_get(tug__json_get(element, "annotations"), TUG__INDEX_REFERS_TO));
    enum tug_status status = TUG_OK;

    if (entry->refers_to != NULL && old != NULL) {
        status = tug__index_refers_to_join(old, entry->refers_to, out_text, err);
    }
    if (element != NULL) {
        entry->refers_to = *out_text;
    }
    return status;
}

/* Decide between an element and the entry of its name. */
static enum tug_status decide_old(struct put *put, size_t position, struct tug_error *err)
{
    const struct old *const old = &put->olds[position];
    struct tug__index_entry entry = put->entries[position];
    TUG__AUTO_FREE char *platforms = NULL;
    TUG__AUTO_FREE char *refers_to = NULL;
    struct tug__json *json = NULL;
    const struct tug__json_value *element;
    enum tug_status status = tug__json_parse(put->edit->text + old->offset, old->length,
                                             &tug__index_element_limits, &json, err);

    if (status == TUG_ERR_NO_MEMORY) {
        return status;
    }
    if (err != NULL) {
        *err = (struct tug_error){0}; /* an element too large to be read is replaced */
    }
    element = json != NULL ? tug__json_root(json) : NULL;
    status = join_platforms(&entry, element, &platforms, err);
    if (status == TUG_OK) {
        status = join_refers_to(&entry, element, &refers_to, err);
    }
    if (status == TUG_OK && !tug__index_entry_is_said(&entry, element)) {
        tug__index_edit_drop(put->edit, old->place);
        status = write_entry(put, &entry, tug__json_get(element, "annotations"), err);
    }
    tug__json_destroy(json);
    return status;
}

/* Tell whether an element is exactly the text of its entry alone: most are. */
static enum tug_status is_same_text(struct put *put, size_t position, bool *out_is_same,
                                    struct tug_error *err)
{
    const struct tug__index_entry *const entry = &put->entries[position];
    const struct old *const old = &put->olds[position];
    struct tug__buf *const texts = &put->edit->texts;
    const size_t begin = texts->length;
    struct tug__index_sources sources = {0};
    enum tug_status status = tug__index_sources_add_own(&sources, entry, err);

    if (status == TUG_OK) {
        status = tug__index_entry_append(texts, entry, NULL, &sources, err);
    }
    if (status == TUG_OK) {
        *out_is_same = texts->length - begin == old->length &&
                       memcmp(texts->data + begin, put->edit->text + old->offset, old->length) == 0;
    }
    tug__buf_cut(texts, begin);
    tug__index_sources_fini(&sources);
    return status;
}

static enum tug_status decide_entry(struct put *put, size_t position, struct tug_error *err)
{
    const char *const name = put->entries[position].name;
    bool is_same = false;
    enum tug_status status;

    if (find_entry(put, name, strlen(name)) != position) {
        return TUG_OK; /* a later one with that name counts */
    }
    if (put->olds[position].place == NOWHERE) {
        return write_entry(put, &put->entries[position], NULL, err);
    }
    status = is_same_text(put, position, &is_same, err);
    return status == TUG_OK && !is_same ? decide_old(put, position, err) : status;
}

/* Tell whether an element stays: no entry has its name. */
static bool stays(void *context, const struct tug__index_element *element)
{
    return element->name == NULL ||
           find_entry(context, element->name, element->name_length) == NOWHERE;
}

/* Drop what refers to images that the entries have replaced. */
static enum tug_status drop_followers(struct put *put, struct tug_error *err)
{
    struct tug__digest_set roots = {0};
    enum tug_status status;

    for (size_t i = 0; put->followers.count > 0 && i < put->count; i++) {
        if (put->entries[i].refers_to == NULL) {
            (void)tug__digest_set_add(&roots, &put->entries[i].digest);
        }
    }
    status = tug__index_followers_judge(&put->followers, put->edit, stays, put, &roots, err);
    tug__digest_set_fini(&roots);
    return status;
}

static void tear_down(struct put *put)
{
    tug__index_followers_fini(&put->followers);
    free(put->names);
    free(put->olds);
    tug__index_roots_fini(&put->roots);
}

enum tug_status tug__index_put_decide(void *context, struct tug__index_edit *edit,
                                      struct tug_error *err)
{
    const struct tug__index_put *const wanted = context;
    struct put put = {.entries = wanted->entries, .count = wanted->count, .edit = edit};
    enum tug_status status = set_up(&put, err);

    if (status == TUG_OK) {
        status = tug__index_scan(edit->text, edit->length, judge_element, &put, &edit->list, err);
    }
    for (size_t i = 0; status == TUG_OK && i < put.count; i++) {
        status = decide_entry(&put, i, err);
    }
    if (status == TUG_OK) {
        status = drop_followers(&put, err);
    }
    tear_down(&put);
    return status;
}

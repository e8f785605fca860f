/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits of index.json that label an image or remove images.
 *
 * Knows: selections. Does not know: locks, files.
 * Threads: any.
 */
#include "index/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* An edit that replaces the element at an offset. */
struct replacing {
    struct tug__index_edit *edit;
    size_t offset;
    size_t place;
};

static enum tug_status hold_one(void *context, const struct tug__index_element *element,
                                struct tug_error *err)
{
    struct replacing *const replacing = context;

    return element->offset == replacing->offset
               ? tug__index_edit_hold(replacing->edit, element, &replacing->place, err)
               : tug__index_edit_keep(replacing->edit, element, err);
}

/* Set the labels of the picked element. */
static enum tug_status relabel_pick(const struct tug__index_relabel *relabel,
                                    const struct tug__index_pick *pick,
                                    struct tug__index_edit *edit, struct tug_error *err)
{
    struct replacing replacing = {.edit = edit, .offset = pick->offset};
    const size_t begin = edit->texts.length;
    bool is_changed = false;
    enum tug_status status =
        tug__index_scan(edit->text, edit->length, hold_one, &replacing, &edit->list, err);

    if (status == TUG_OK) {
        status = tug__index_label_append(&edit->texts, edit->text + pick->offset, pick->length,
                                         relabel->labels, relabel->label_count, &is_changed, err);
    }
    if (status == TUG_OK && is_changed) {
        tug__index_edit_replace(edit, replacing.place, begin);
    }
    return status;
}

enum tug_status tug__index_relabel_decide(void *context, struct tug__index_edit *edit,
                                          struct tug_error *err)
{
    const struct tug__index_relabel *const relabel = context;
    struct tug__index_selection selection = {0};
    enum tug_status status =
        tug__index_select(edit->text, edit->length, relabel->wanted, 1, &selection, err);

    if (status == TUG_OK) {
        status = tug__index_selection_check(&selection, edit->text, edit->length, true, err);
    }
    if (status == TUG_OK) {
        status = relabel_pick(relabel, &selection.picks[0], edit, err);
    }
    tug__index_selection_fini(&selection);
    return status;
}

/* An edit that drops elements. */
struct removing {
    struct tug__index_leaving *leaving;
    const struct tug__index_selection *selection;
    struct tug__index_edit *edit;
    struct tug__index_followers followers;
};

/* Note a removed element. */
static enum tug_status add_gone(struct tug__index_leaving *leaving,
                                const struct tug__index_element *element, struct tug_error *err)
{
    struct tug__index_gone *gone;

    if (leaving->count == leaving->capacity) {
        const size_t capacity = leaving->capacity * 2 + 8;
        struct tug__index_gone *const grown =
            reallocarray(leaving->images, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        leaving->images = grown;
        leaving->capacity = capacity;
    }
    gone = &leaving->images[leaving->count];
    *gone = (struct tug__index_gone){0};
    (void)tug__index_element_digest(element, &gone->digest);
    if (element->name != NULL) {
        gone->name = strndup(element->name, element->name_length);
        if (gone->name == NULL) {
            return tug__fail_memory(err);
        }
    }
    leaving->count++;
    return TUG_OK;
}

static enum tug_status remove_element(void *context, const struct tug__index_element *element,
                                      struct tug_error *err)
{
    struct removing *const removing = context;
    size_t place = 0;
    enum tug_status status;

    if (!tug__index_selection_has(removing->selection, element)) {
        return element->refers_to != NULL
                   ? tug__index_followers_hold(&removing->followers, removing->edit, element, err)
                   : tug__index_edit_keep(removing->edit, element, err);
    }
    status = tug__index_edit_hold(removing->edit, element, &place, err);
    if (status == TUG_OK) {
        tug__index_edit_drop(removing->edit, place);
        status = add_gone(removing->leaving, element, err);
    }
    return status;
}

static bool stays(void *context, const struct tug__index_element *element)
{
    const struct removing *const removing = context;

    return !tug__index_selection_has(removing->selection, element);
}

enum tug_status tug__index_leaving_decide(void *context, struct tug__index_edit *edit,
                                          struct tug_error *err)
{
    struct tug__index_leaving *const leaving = context;
    struct tug__index_selection selection = {0};
    struct tug__digest_set roots = {0};
    struct removing removing = {.leaving = leaving, .selection = &selection, .edit = edit};
    enum tug_status status = tug__index_select(edit->text, edit->length, leaving->removal->wanted,
                                               leaving->removal->count, &selection, err);

    if (status == TUG_OK) {
        status = tug__index_selection_check(&selection, edit->text, edit->length, true, err);
    }
    if (status == TUG_OK) {
        status =
            tug__index_scan(edit->text, edit->length, remove_element, &removing, &edit->list, err);
    }
    if (status == TUG_OK) {
        status =
            tug__index_followers_judge(&removing.followers, edit, stays, &removing, &roots, err);
    }
    tug__digest_set_fini(&roots);
    tug__index_followers_fini(&removing.followers);
    tug__index_selection_fini(&selection);
    return status;
}

void tug__index_leaving_fini(struct tug__index_leaving *leaving)
{
    for (size_t i = 0; i < leaving->count; i++) {
        free(leaving->images[i].name);
    }
    free(leaving->images);
    *leaving = (struct tug__index_leaving){0};
}

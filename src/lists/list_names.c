/* SPDX-License-Identifier: Apache-2.0
 *
 * Refuse a list in which two references are to have the same name in the store.
 *
 * Knows: references, their options. Does not know: files, stores.
 * Threads: main.
 */
#include "list.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

/* What a reference is called in the store. */
struct naming {
    const char *name;
    size_t position;
    struct tug_ref *own; /* owned: of name=REF; NULL: the reference's own name */
};

static bool has_name(const struct ref_list *list, size_t position)
{
    return list->refs[position] != NULL &&
           strstr(ref_list_options(list, position), "name=") != NULL;
}

/* Tell how a reference is to be called. */
static enum tug_status find_name(const struct ref_list *list, size_t position,
                                 struct naming *out_naming, struct tug_error *err)
{
    struct line_options options = {0};
    enum tug_status status = TUG_OK;

    *out_naming = (struct naming){.position = position, .name = tug_ref_name(list->refs[position])};
    if (has_name(list, position)) {
        status = line_options_parse(ref_list_options(list, position), &options, err);
    }
    if (status == TUG_OK && options.name != NULL) {
        status = tug_ref_parse(options.name, &out_naming->own, err);
    }
    if (out_naming->own != NULL) {
        out_naming->name = tug_ref_name(out_naming->own);
    }
    line_options_fini(&options);
    return status;
}

static int compare_namings(const void *a, const void *b)
{
    const struct naming *const left = a;
    const struct naming *const right = b;
    const int order = strcmp(left->name, right->name);

    return order != 0 ? order
                      : (left->position > right->position) - (left->position < right->position);
}

/* Report the first name that different references share. */
static int compare_neighbours(const struct ref_list *list, struct naming *namings, size_t count)
{
    if (count > 1) {
        qsort(namings, count, sizeof *namings, compare_namings);
    }
    for (size_t i = 1; i < count; i++) {
        const char *const first = tug_ref_name(list->refs[namings[i - 1].position]);
        const char *const second = tug_ref_name(list->refs[namings[i].position]);

        if (strcmp(namings[i - 1].name, namings[i].name) == 0 && strcmp(first, second) != 0) {
            return report_usage("fetch", "'%s' and '%s' are both to have the name '%s'", first,
                                second, namings[i].name);
        }
    }
    return 0;
}

int ref_list_check_names(const struct ref_list *list)
{
    struct naming *namings;
    struct tug_error error = {0};
    enum tug_status status = TUG_OK;
    size_t first = 0, count = 0;
    int result;

    while (first < list->count && !has_name(list, first)) {
        first++;
    }
    if (first == list->count) {
        return 0; /* each has its own: nothing to compare */
    }
    namings = calloc(list->count, sizeof *namings);
    if (namings == NULL) {
        return report_no_memory();
    }
    for (size_t i = 0; status == TUG_OK && i < list->count; i++) {
        if (list->refs[i] != NULL) {
            status = find_name(list, i, &namings[count++], &error);
        }
    }
    if (status == TUG_OK) {
        result = compare_neighbours(list, namings, count);
    } else {
        report_error(NULL, error.message);
        result = report_exit_status(status);
    }
    for (size_t i = 0; i < count; i++) {
        tug_ref_destroy(namings[i].own);
    }
    free(namings);
    return result;
}

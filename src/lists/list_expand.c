/* SPDX-License-Identifier: Apache-2.0
 *
 * From patterns of tags to references.
 *
 * Knows: the public library, lists. Does not know: how a list is read, what becomes of it.
 * Threads: main.
 */
#include "list_expand.h"

#include <fnmatch.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tug/tug.h>

#include "list_internal.h"
#include "report.h"

/* What one pattern stands for. */
struct found {
    size_t repository; /* its place in the run */
    char **refs;       /* owned, each owned */
    size_t count;
    size_t capacity;
    bool is_told; /* the repository has its result */
};

struct expansion {
    struct ref_list *list;
    const struct list_source *source;
    const struct list_asking *asking;
    struct tug_fetch *fetch;
    struct found *found; /* one for each pattern */
    size_t repository_count;
    size_t total; /* references of all patterns */
    void *names;  /* tree of struct name: what the list will have */
};

/* A reference with its options. */
struct name {
    const char *ref;
    const char *options;
};

static void fail(struct list_glob *glob, enum tug_status code, const char *why)
{
    glob->error.code = code;
    (void)snprintf(glob->error.message, sizeof glob->error.message, "%s", why);
}

/* --- what the registries say --- */

static void add_found(struct expansion *expansion, size_t position, const char *ref)
{
    struct found *const found = &expansion->found[position];
    struct list_glob *const glob = &expansion->list->globs[position];

    if (expansion->total == EXPANDED_MAX) {
        fail(glob, TUG_ERR_TOO_LARGE, "the patterns of the list match more than 1000000 tags");
        return;
    }
    if (found->count == found->capacity) {
        const size_t capacity = found->capacity > 0 ? 2 * found->capacity : 16;
        char **const grown = reallocarray(found->refs, capacity, sizeof(char *));

        if (grown == NULL) {
            fail(glob, TUG_ERR_NO_MEMORY, "out of memory");
            return;
        }
        found->refs = grown;
        found->capacity = capacity;
    }
    found->refs[found->count] = strdup(ref);
    if (found->refs[found->count] == NULL) {
        fail(glob, TUG_ERR_NO_MEMORY, "out of memory");
        return;
    }
    found->count++;
    expansion->total++;
}

static void on_tag(void *context, const struct tug_tag *tag)
{
    struct expansion *const expansion = context;
    const struct ref_list *const list = expansion->list;

    for (size_t i = 0; i < list->glob_count; i++) {
        const struct list_glob *const glob = &list->globs[i];

        if (expansion->found[i].repository == tag->position &&
            fnmatch(list->items[glob->position] + glob->offset, tag->name, 0) == 0) {
            add_found(expansion, i, tag->ref);
        }
    }
}

static void on_event(void *context, const struct tug_event *event)
{
    struct expansion *const expansion = context;

    if (event->kind == TUG_EVENT_WARNING && !expansion->asking->is_quiet) {
        report_warning(event->text);
    }
    for (size_t i = 0; event->kind == TUG_EVENT_IMAGE && i < expansion->list->glob_count; i++) {
        struct list_glob *const glob = &expansion->list->globs[i];

        if (expansion->found[i].repository == event->image->position) {
            expansion->found[i].is_told = true;
            glob->error = glob->error.code == TUG_OK ? event->image->error : glob->error;
        }
    }
}

/* Tell whether two references are of the same repository. */
static bool is_same(const struct tug_ref *left, const struct tug_ref *right)
{
    return strcmp(tug_ref_host(left), tug_ref_host(right)) == 0 &&
           strcmp(tug_ref_repository(left), tug_ref_repository(right)) == 0;
}

/* Add the repository of a pattern to the run, unless an earlier pattern has. */
static enum tug_status add_repository(struct expansion *expansion, size_t position,
                                      struct tug_error *err)
{
    const struct ref_list *const list = expansion->list;
    const struct tug_ref *const ref = list->refs[list->globs[position].position];

    for (size_t i = 0; i < position; i++) {
        if (is_same(list->refs[list->globs[i].position], ref)) {
            expansion->found[position].repository = expansion->found[i].repository;
            return TUG_OK;
        }
    }
    expansion->found[position].repository = expansion->repository_count++;
    return tug_fetch_add(expansion->fetch, tug_ref_name(ref), err);
}

/* Ask the registries. Returns: 0, or the exit status. */
static int ask(struct expansion *expansion)
{
    const struct tug_tags_options options = {
        .size = sizeof options, .on_tag = on_tag, .tag_context = expansion};
    struct tug_error error = {0};
    const int status = expansion->asking->list_tags(expansion->fetch, &options, &error);

    if (status != 0) {
        return status;
    }
    for (size_t i = 0; i < expansion->list->glob_count; i++) {
        struct list_glob *const glob = &expansion->list->globs[i];

        if (!expansion->found[i].is_told) {
            glob->error = error; /* nothing was asked */
        } else if (glob->error.code == TUG_OK && expansion->found[i].count == 0) {
            fail(glob, TUG_ERR_NOT_FOUND, "no tag matches");
        }
    }
    return 0;
}

static int begin(struct expansion *expansion)
{
    struct tug_fetch_options options = *expansion->asking->options;
    struct tug_error error = {0};
    enum tug_status status;

    options.size = sizeof options;
    options.on_event = on_event;
    options.event_context = expansion;
    options.on_log = report_log_line;
    status = tug_fetch_create(NULL, &options, &expansion->fetch, &error);
    for (size_t i = 0; status == TUG_OK && i < expansion->list->glob_count; i++) {
        status = add_repository(expansion, i, &error);
    }
    if (status != TUG_OK) {
        report_error(NULL, error.message);
    }
    return report_exit_status(status);
}

/* --- the new list --- */

static int compare_names(const void *left, const void *right)
{
    const struct name *const one = left;
    const struct name *const other = right;
    const int order = strcmp(one->ref, other->ref);

    return order != 0 ? order : strcmp(one->options, other->options);
}

/* Note a reference. *out_is_new: whether it was not there. Both texts are borrowed. Returns: false
 * when there is no memory. */
static bool note_name(struct expansion *expansion, const char *ref, const char *options,
                      bool *out_is_new)
{
    struct name *const name = malloc(sizeof *name);
    const struct name *const *place;

    if (name == NULL) {
        return false;
    }
    *name = (struct name){.ref = ref, .options = options};
    place = tsearch(name, &expansion->names, compare_names);
    *out_is_new = place != NULL && *place == name;
    if (!*out_is_new) {
        free(name);
    }
    return place != NULL;
}

/* Append a reference that a pattern stands for. Returns: 0, or the exit status. */
static int append_found(struct expansion *expansion, struct ref_list *fresh, const char *ref,
                        const char *options)
{
    struct composed composed = {0};
    struct tug_error error = {0};
    bool is_new = false;
    int status = 0;

    text_puts(&composed.text, ref);
    if (composed.text.has_failed || tug_ref_parse(ref, &composed.ref, &error) != TUG_OK ||
        (list_is_in_shard(expansion->source, composed.ref) &&
         !note_name(expansion, ref, options, &is_new))) {
        status = report_no_memory();
    } else if (is_new) {
        status = list_append(fresh, &composed, options);
    }
    list_composed_fini(&composed);
    return status;
}

/* Take the references of the old list, with patterns replaced. */
static int rebuild(struct expansion *expansion, struct ref_list *fresh)
{
    struct ref_list *const list = expansion->list;
    size_t next = 0; /* of the patterns */
    int status = 0;

    for (size_t i = 0; status == 0 && i < list->count; i++) {
        const bool is_glob = next < list->glob_count && list->globs[next].position == i;
        struct list_glob *const glob = is_glob ? &list->globs[next] : NULL;

        if (!is_glob || glob->error.code != TUG_OK) {
            status = list_move(fresh, list, i, glob);
        }
        for (size_t j = 0; status == 0 && is_glob && glob->error.code == TUG_OK &&
                           j < expansion->found[next].count;
             j++) {
            status = append_found(expansion, fresh, expansion->found[next].refs[j],
                                  ref_list_options(list, i));
        }
        next += is_glob;
    }
    return status;
}

/* Note the references that are in the list by themselves. */
static bool note_all(struct expansion *expansion)
{
    const struct ref_list *const list = expansion->list;
    size_t next = 0;
    bool is_new;

    for (size_t i = 0; i < list->count; i++) {
        if (next < list->glob_count && list->globs[next].position == i) {
            next++;
        } else if (!note_name(expansion, tug_ref_name(list->refs[i]), ref_list_options(list, i),
                              &is_new)) {
            return false;
        }
    }
    return true;
}

static int replace(struct expansion *expansion)
{
    struct ref_list fresh = {0};
    const int status = note_all(expansion) ? rebuild(expansion, &fresh) : report_no_memory();

    tdestroy(expansion->names, free); /* it borrows from the old list */
    expansion->names = NULL;
    if (status != 0) {
        ref_list_fini(&fresh);
        return status;
    }
    ref_list_fini(expansion->list);
    *expansion->list = fresh;
    return 0;
}

static void found_fini(struct found *found, size_t count)
{
    for (size_t i = 0; found != NULL && i < count; i++) {
        for (size_t j = 0; j < found[i].count; j++) {
            free(found[i].refs[j]);
        }
        free(found[i].refs);
    }
    free(found);
}

int ref_list_expand(struct ref_list *list, const struct list_source *source,
                    const struct list_asking *asking)
{
    const size_t count = list->glob_count;
    struct expansion expansion = {.list = list, .source = source, .asking = asking};
    int status;

    if (count == 0) {
        return 0;
    }
    expansion.found = calloc(count, sizeof *expansion.found);
    status = expansion.found != NULL ? begin(&expansion) : report_no_memory();
    if (status == 0) {
        status = ask(&expansion);
    }
    if (status == 0) {
        status = replace(&expansion);
    }
    found_fini(expansion.found, count);
    tug_fetch_destroy(expansion.fetch);
    return status;
}

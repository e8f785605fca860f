/* SPDX-License-Identifier: Apache-2.0
 *
 * Set and remove labels within the text of one element; everything else stays byte for byte.
 *
 * Knows: the annotations of an element. Does not know: the network, what labels mean.
 * Threads: any.
 */
#include "index/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json_scan.h"

#define NOWHERE SIZE_MAX

/* A member of the annotations, as written. */
struct member {
    size_t begin;      /* of its name, quote included */
    size_t value, end; /* of its value */
    size_t label;      /* the label that sets its value; NOWHERE: none */
};

/* The state of a change. */
struct relabel {
    const char *text;
    size_t length;
    const char *const *labels;
    size_t count;
    struct member *members; /* owned; in order */
    size_t member_count, member_capacity;
    bool *is_used;     /* owned; per label: a member has its key */
    size_t begin, end; /* of the annotations' value; begin is 0: there are none */
    bool is_inside;    /* the scan is within them */
    bool has_failed;   /* a key could not be compared, without memory */
};

/* Tell whether the JSON text between quotes decodes to a text. relabel: notes a lack of memory. */
static bool means(struct relabel *relabel, const char *quoted, size_t length, const char *text,
                  size_t text_length)
{
    TUG__AUTO_FREE char *object = NULL;
    struct tug__json *parsed = NULL;
    const char *value;
    enum tug_status status;
    bool is_equal;

    if (memchr(quoted, '\\', length) == NULL) {
        return length == text_length && memcmp(quoted, text, length) == 0;
    }
    object = malloc(length + sizeof "{\"k\":\"\"}");
    if (object == NULL) {
        relabel->has_failed = true;
        return false;
    }
    (void)strcpy(mempcpy(stpcpy(object, "{\"k\":\""), quoted, length), "\"}");
    status = tug__json_parse(object, strlen(object), &tug__index_element_limits, &parsed, NULL);
    relabel->has_failed = relabel->has_failed || status == TUG_ERR_NO_MEMORY;
    if (status != TUG_OK) {
        return false;
    }
    value = tug__json_text(tug__json_get(tug__json_root(parsed), "k"));
    is_equal =
        value != NULL && strlen(value) == text_length && memcmp(value, text, text_length) == 0;
    tug__json_destroy(parsed);
    return is_equal;
}

static const char *label_value(const struct relabel *relabel, size_t label)
{
    return strchr(relabel->labels[label], '=') + 1;
}

static bool is_removed(const struct relabel *relabel, const struct member *member)
{
    return member->label != NOWHERE && *label_value(relabel, member->label) == '\0';
}

/* Find the label that counts for a key: the last one with it. */
static size_t find_label(struct relabel *relabel, const char *key, size_t length)
{
    for (size_t i = relabel->count; i-- > 0;) {
        if (means(relabel, key, length, relabel->labels[i], strcspn(relabel->labels[i], "="))) {
            return i;
        }
    }
    return NOWHERE;
}

static enum tug_status add_member(struct relabel *relabel,
                                  const struct tug__json_value_place *place, struct tug_error *err)
{
    const size_t label = find_label(relabel, relabel->text + place->key_offset, place->key_length);

    if (relabel->member_count == relabel->member_capacity) {
        const size_t capacity = relabel->member_capacity * 2 + 8;
        struct member *const grown = reallocarray(relabel->members, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        relabel->members = grown;
        relabel->member_capacity = capacity;
    }
    relabel->members[relabel->member_count++] = (struct member){
        .begin = place->key_offset - 1,
        .value = place->begin,
        .end = place->end,
        .label = label,
    };
    if (label != NOWHERE) {
        relabel->is_used[label] = true;
    }
    return TUG_OK;
}

static enum tug_status on_place(void *context, const struct tug__json_value_place *place,
                                struct tug_error *err)
{
    struct relabel *const relabel = context;
    const char *const key = relabel->text + place->key_offset;

    if (place->depth == 2 && place->end > 0 && relabel->is_inside) {
        return add_member(relabel, place, err);
    }
    if (place->depth != 1 ||
        !means(relabel, key, place->key_length, "annotations", strlen("annotations"))) {
        return TUG_OK;
    }
    relabel->is_inside = place->end == 0;
    relabel->begin = place->begin;
    relabel->end = place->end;
    return strchr("{n", relabel->text[place->begin]) != NULL
               ? TUG_OK
               : tug__fail(err, TUG_ERR_CONTENT, "its annotations are no object");
}

static enum tug_status put(struct tug__buf *buf, const struct relabel *relabel, size_t begin,
                           size_t end, struct tug_error *err)
{
    return tug__buf_append(buf, relabel->text + begin, end - begin, err);
}

/* Append a kept member with the text before it: the separator after another member, else the
 * beginning of the object. */
static enum tug_status put_member(struct tug__buf *buf, const struct relabel *relabel, size_t index,
                                  bool is_first, struct tug_error *err)
{
    const struct member *const member = &relabel->members[index];
    const size_t before = is_first ? relabel->begin + 1 : relabel->members[index - 1].end;
    const size_t begin = is_first ? relabel->members[0].begin : member->begin;
    enum tug_status status = put(buf, relabel, before, begin, err);

    if (member->label == NOWHERE) {
        return status == TUG_OK ? put(buf, relabel, member->begin, member->end, err) : status;
    }
    if (status == TUG_OK) {
        status = put(buf, relabel, member->begin, member->value, err);
    }
    return status == TUG_OK ? tug__json_append_string(buf, label_value(relabel, member->label), err)
                            : status;
}

/* Append a label without a member. */
static enum tug_status put_label(struct tug__buf *buf, const struct relabel *relabel, size_t label,
                                 bool is_first, struct tug_error *err)
{
    const char *const text = relabel->labels[label];
    TUG__AUTO_FREE char *key = strndup(text, strcspn(text, "="));
    enum tug_status status = is_first ? TUG_OK : tug__buf_append(buf, ",", 1, err);

    if (key == NULL) {
        return tug__fail_memory(err);
    }
    if (status == TUG_OK) {
        status = tug__json_append_string(buf, key, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_append(buf, ":", 1, err);
    }
    return status == TUG_OK ? tug__json_append_string(buf, label_value(relabel, label), err)
                            : status;
}

static bool is_new(const struct relabel *relabel, size_t label)
{
    return !relabel->is_used[label] && *label_value(relabel, label) != '\0' &&
           !tug__index_label_is_overridden(relabel->labels, relabel->count, label);
}

/* Append the annotations as an object. */
static enum tug_status put_object(struct tug__buf *buf, const struct relabel *relabel,
                                  struct tug_error *err)
{
    const size_t last = relabel->member_count;
    enum tug_status status = tug__buf_append(buf, "{", 1, err);
    bool is_first = true;

    for (size_t i = 0; status == TUG_OK && i < last; i++) {
        if (!is_removed(relabel, &relabel->members[i])) {
            status = put_member(buf, relabel, i, is_first, err);
            is_first = false;
        }
    }
    for (size_t i = 0; status == TUG_OK && i < relabel->count; i++) {
        if (is_new(relabel, i)) {
            status = put_label(buf, relabel, i, is_first, err);
            is_first = false;
        }
    }
    if (status == TUG_OK && last > 0) { /* the text before the end */
        return put(buf, relabel, relabel->members[last - 1].end, relabel->end, err);
    }
    return status == TUG_OK ? tug__buf_append(buf, "}", 1, err) : status;
}

/* Append the whole element. */
static enum tug_status put_element(struct tug__buf *buf, const struct relabel *relabel,
                                   struct tug_error *err)
{
    const bool has_annotations = relabel->begin > 0;
    size_t end = relabel->begin;
    enum tug_status status;

    if (!has_annotations) { /* after the last member */
        for (end = relabel->length - 1; end > 0 && strchr(" \t\r\n", relabel->text[end - 1]);) {
            end--;
        }
    }
    status = put(buf, relabel, 0, end, err);
    if (status == TUG_OK && !has_annotations) {
        status = tug__buf_printf(buf, err,
                                 "%s\"annotations\":", relabel->text[end - 1] == '{' ? "" : ",");
    }
    if (status == TUG_OK) {
        status = put_object(buf, relabel, err);
    }
    return status == TUG_OK
               ? put(buf, relabel, has_annotations ? relabel->end : end, relabel->length, err)
               : status;
}

/* Tell whether the labels change anything. */
static bool has_change(struct relabel *relabel)
{
    bool is_changed = false;

    for (size_t i = 0; !is_changed && i < relabel->count; i++) {
        is_changed = is_new(relabel, i);
    }
    for (size_t i = 0; !is_changed && i < relabel->member_count; i++) {
        const struct member *const member = &relabel->members[i];
        const char *const value =
            member->label != NOWHERE ? label_value(relabel, member->label) : NULL;

        is_changed =
            value != NULL && (*value == '\0' || relabel->text[member->value] != '"' ||
                              !means(relabel, relabel->text + member->value + 1,
                                     member->end - member->value - 2, value, strlen(value)));
    }
    return is_changed;
}

enum tug_status tug__index_label_append(struct tug__buf *buf, const char *element, size_t length,
                                        const char *const *labels, size_t count,
                                        bool *out_is_changed, struct tug_error *err)
{
    struct relabel relabel = {
        .text = element,
        .length = length,
        .labels = labels,
        .count = count,
        .is_used = calloc(count + 1, sizeof *relabel.is_used),
    };
    const struct tug__json_input input = {element, length, &tug__index_element_limits};
    struct tug__json_counts counts;
    enum tug_status status = relabel.is_used == NULL
                                 ? tug__fail_memory(err)
                                 : tug__json_scan(&input, on_place, &relabel, &counts, err);

    if (status == TUG_OK) {
        *out_is_changed = has_change(&relabel);
        status = relabel.has_failed ? tug__fail_memory(err) : TUG_OK;
    }
    if (status == TUG_OK) {
        status = *out_is_changed ? put_element(buf, &relabel, err)
                                 : tug__buf_append(buf, element, length, err);
    }
    free(relabel.members);
    free(relabel.is_used);
    return status;
}

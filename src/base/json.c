/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON documents and their typed getters. The only file that includes json-c.
 *
 * Knows: json-c, and what it lets through (hence json_scan.c). Does not know: OCI, files, HTTP.
 * Threads: a document belongs to one thread at a time.
 *
 * A value is json-c's object under another name: the cast below is the whole of the wrapping.
 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/error.h"
#include "base/json_scan.h"

struct tug__json {
    struct json_object *root;
};

/* json-c takes pointers to non-const also where it only reads. */
static struct json_object *object_of(const struct tug__json_value *value)
{
    union {
        const struct tug__json_value *value;
        struct json_object *object;
    } cast = {.value = value};

    return cast.object;
}

static const struct tug__json_value *value_of(const struct json_object *object)
{
    return (const struct tug__json_value *)object;
}

/* Count what json-c built. Depth is bounded by the scan. */
static void count_built(struct json_object *object, struct tug__json_counts *counts)
{
    if (json_object_is_type(object, json_type_object)) {
        json_object_object_foreach(object, key, member)
        {
            (void)key;
            counts->members++;
            count_built(member, counts);
        }
    } else if (json_object_is_type(object, json_type_array)) {
        const size_t length = json_object_array_length(object);

        counts->elements += length;
        for (size_t i = 0; i < length; i++) {
            count_built(json_object_array_get_idx(object, i), counts);
        }
    }
}

/* Build the tree of a text that passed the scan. */
static enum tug_status build(const struct tug__json_input *input,
                             const struct tug__json_counts *counts, struct json_object **out_root,
                             struct tug_error *err)
{
    struct json_tokener *const tokener = json_tokener_new_ex((int)input->limits->max_depth + 1);
    struct tug__json_counts built = {0};
    struct json_object *root;
    enum json_tokener_error code;

    if (tokener == NULL) {
        return tug__fail_memory(err);
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    root = json_tokener_parse_ex(tokener, input->text, (int)input->length);
    code = json_tokener_get_error(tokener);
    json_tokener_free(tokener);
    if (root == NULL || code != json_tokener_success) {
        json_object_put(root);
        return tug__fail(err, TUG_ERR_CONTENT, "not valid JSON: %s", json_tokener_error_desc(code));
    }
    count_built(root, &built);
    if (built.members != counts->members || built.elements != counts->elements) {
        json_object_put(root);
        return tug__fail(err, TUG_ERR_CONTENT, "an object names a member twice");
    }
    *out_root = root;
    return TUG_OK;
}

enum tug_status tug__json_parse(const char *text, size_t length,
                                const struct tug__json_limits *limits, struct tug__json **out_json,
                                struct tug_error *err)
{
    const struct tug__json_input input = {text, length, limits};
    struct tug__json_counts counts;
    struct tug__json *json;
    enum tug_status status = tug__json_scan(&input, NULL, NULL, &counts, err);

    if (status != TUG_OK) {
        return status;
    }
    json = calloc(1, sizeof *json);
    if (json == NULL) {
        return tug__fail_memory(err);
    }
    status = build(&input, &counts, &json->root, err);
    if (status != TUG_OK) {
        free(json);
        return status;
    }
    *out_json = json;
    return TUG_OK;
}

void tug__json_destroy(struct tug__json *json)
{
    if (json == NULL) {
        return;
    }
    json_object_put(json->root);
    free(json);
}

const struct tug__json_value *tug__json_root(const struct tug__json *json)
{
    return value_of(json->root);
}

const struct tug__json_value *tug__json_get(const struct tug__json_value *value, const char *key)
{
    struct json_object *member = NULL;

    if (!tug__json_is_object(value) || !json_object_object_get_ex(object_of(value), key, &member)) {
        return NULL;
    }
    return value_of(member);
}

bool tug__json_has(const struct tug__json_value *value, const char *key)
{
    return tug__json_is_object(value) && json_object_object_get_ex(object_of(value), key, NULL);
}

bool tug__json_is_object(const struct tug__json_value *value)
{
    return json_object_is_type(object_of(value), json_type_object) != 0;
}

bool tug__json_is_array(const struct tug__json_value *value)
{
    return json_object_is_type(object_of(value), json_type_array) != 0;
}

bool tug__json_is_true(const struct tug__json_value *value)
{
    return json_object_is_type(object_of(value), json_type_boolean) != 0 &&
           json_object_get_boolean(object_of(value)) != 0;
}

size_t tug__json_length(const struct tug__json_value *value)
{
    return tug__json_is_array(value) ? json_object_array_length(object_of(value)) : 0;
}

const struct tug__json_value *tug__json_at(const struct tug__json_value *value, size_t position)
{
    if (position >= tug__json_length(value)) {
        return NULL;
    }
    return value_of(json_object_array_get_idx(object_of(value), position));
}

const char *tug__json_text(const struct tug__json_value *value)
{
    if (!json_object_is_type(object_of(value), json_type_string)) {
        return NULL;
    }
    return json_object_get_string(object_of(value));
}

enum tug_status tug__json_get_string(const struct tug__json_value *value, const char *key,
                                     const char **out_text, struct tug_error *err)
{
    const struct tug__json_value *const member = tug__json_get(value, key);

    if (member != NULL && tug__json_text(member) == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "%s: not a string", key);
    }
    *out_text = member != NULL ? tug__json_text(member) : NULL;
    return TUG_OK;
}

enum tug_status tug__json_get_size(const struct tug__json_value *value, const char *key,
                                   uint64_t *out_size, struct tug_error *err)
{
    struct json_object *const member = object_of(tug__json_get(value, key));

    if (member == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "%s: missing", key);
    }
    if (!json_object_is_type(member, json_type_int)) {
        return tug__fail(err, TUG_ERR_CONTENT, "%s: not a whole number", key);
    }
    /* json-c clamps a number that does not fit, so one out of range stays out of range. */
    if (json_object_get_int64(member) < 0 || json_object_get_uint64(member) > (uint64_t)INT64_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "%s: out of range", key);
    }
    *out_size = json_object_get_uint64(member);
    return TUG_OK;
}

void tug__json_each_member(const struct tug__json_value *value,
                           bool (*each)(void *context, const char *key,
                                        const struct tug__json_value *member),
                           void *context)
{
    if (!tug__json_is_object(value)) {
        return;
    }
    json_object_object_foreach(object_of(value), key, member)
    {
        if (!each(context, key, value_of(member))) {
            return;
        }
    }
}

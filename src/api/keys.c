/* SPDX-License-Identifier: Apache-2.0
 *
 * Load the keys for signatures.
 *
 * Knows: keys by their interface. Does not know: signatures, images, registries.
 * Threads: see the header.
 */
#include "api/keys.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <tug/fetch.h>

#include "base/error.h"

enum tug_status tug_verify_key_check(const char *path, struct tug_error *err)
{
    struct tug__key *key = NULL;
    const enum tug_status status = tug__key_load(path, &key, err);

    tug__key_destroy(key);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(tug__key_name(a), tug__key_name(b));
}

/* Compare a name, which is searched for, with a key. */
static int compare_name_with_key(const void *name, const void *key)
{
    return strcmp(name, tug__key_name(key));
}

/* Find the key of a file, or load it. out_key: borrowed from keys. */
static enum tug_status get_key(struct tug__run_keys *keys, const char *path,
                               struct tug__key **out_key, struct tug_error *err)
{
    struct tug__key *const *const found = tfind(path, &keys->by_name, compare_name_with_key);
    enum tug_status status;

    if (found != NULL) {
        *out_key = *found;
        return TUG_OK;
    }
    status = tug__key_load(path, out_key, err);
    if (status == TUG_OK && tsearch(*out_key, &keys->by_name, compare_names) == NULL) {
        tug__key_destroy(*out_key);
        status = tug__fail_memory(err);
    }
    return status;
}

/* Get the keys of files. out_set: the array is owned, the keys are borrowed. */
static enum tug_status get_keys(struct tug__run_keys *keys, const char *const *paths, size_t count,
                                struct tug__keys *out_set, struct tug_error *err)
{
    struct tug__keys set = {0};
    enum tug_status status;

    set.keys = calloc(count + 1, sizeof *set.keys);
    status = set.keys != NULL ? TUG_OK : tug__fail_memory(err);
    for (; status == TUG_OK && set.count < count; set.count++) {
        status = get_key(keys, paths[set.count], &set.keys[set.count], err);
    }
    if (status != TUG_OK) {
        free(set.keys);
        return status;
    }
    *out_set = set;
    return TUG_OK;
}

enum tug_status tug__run_keys_load(struct tug__run_keys *keys, const char *const *paths,
                                   size_t count, struct tug_error *err)
{
    return count > 0 ? get_keys(keys, paths, count, &keys->run, err) : TUG_OK;
}

/* Free the set of a reference, unless it is the run's. */
static void free_set(struct tug__run_keys *keys, struct tug__keys *set)
{
    if (set != NULL && set != &keys->run) {
        free(set->keys);
        free(set);
    }
}

/* Make room for a position; those before that nobody noted have no keys. */
static enum tug_status make_room(struct tug__run_keys *keys, size_t position, struct tug_error *err)
{
    size_t capacity = keys->capacity > 0 ? keys->capacity : 16;
    struct tug__keys **grown;

    while (capacity <= position) {
        capacity *= 2;
    }
    if (capacity > keys->capacity) {
        grown = reallocarray(keys->of_refs, capacity, sizeof(struct tug__keys *));
        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        memset(grown + keys->capacity, 0, (capacity - keys->capacity) * sizeof(struct tug__keys *));
        keys->of_refs = grown;
        keys->capacity = capacity;
    }
    return TUG_OK;
}

enum tug_status tug__run_keys_add(struct tug__run_keys *keys, size_t position,
                                  const char *const *paths, size_t count, struct tug_error *err)
{
    struct tug__keys *set = keys->run.count > 0 ? &keys->run : NULL;
    enum tug_status status = TUG_OK;

    if (count == 0 && set == NULL && keys->of_refs == NULL) {
        return TUG_OK;
    }
    status = make_room(keys, position, err);
    if (status == TUG_OK && count > 0) {
        set = calloc(1, sizeof *set);
        status = set != NULL ? get_keys(keys, paths, count, set, err) : tug__fail_memory(err);
        if (status != TUG_OK) {
            free(set);
        }
    }
    if (status == TUG_OK) {
        free_set(keys, keys->of_refs[position]);
        keys->of_refs[position] = set;
    }
    return status;
}

const struct tug__keys *const *tug__run_keys_get(const struct tug__run_keys *keys)
{
    return (const struct tug__keys *const *)keys->of_refs;
}

static void destroy_key(void *key)
{
    tug__key_destroy(key);
}

void tug__run_keys_fini(struct tug__run_keys *keys)
{
    for (size_t i = 0; i < keys->capacity; i++) {
        free_set(keys, keys->of_refs[i]);
    }
    free(keys->of_refs);
    free(keys->run.keys);
    tdestroy(keys->by_name, destroy_key);
    *keys = (struct tug__run_keys){0};
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * index.json of a store in a temporary directory: entries put in, looked up, counted.
 * Errors: a failed assertion. Threads: the test's.
 */
#ifndef INDEX_PLACE_H
#define INDEX_PLACE_H

#include "base/json.h"
#include "index/internal.h"
#include "store/internal.h"
#include "unit/store/store_place.h"

#define INDEX_NAME "org.opencontainers.image.ref.name"
#define INDEX_FULL_NAME "io.containerd.image.name"
#define INDEX_OTHER_DIGEST "sha256:" PLACE_HEX

static const struct tug__json_limits index_limits = {64 * 1024 * 1024, 32, 4000000};

static inline struct tug__index_entry index_entry_of(const char *name, uint8_t number)
{
    struct tug__index_entry entry = {
        .name = name,
        .media_type = "application/vnd.oci.image.index.v1+json",
        .digest = {.algorithm = TUG_DIGEST_SHA256},
        .size_bytes = number,
        .source_host = "registry.example",
        .source_repository = "a/b",
    };

    memset(entry.digest.bytes, number, 32);
    return entry;
}

static inline void index_put(const struct place *place, const struct tug__index_entry *entries,
                             size_t count)
{
    struct tug_error err = {0};

    cr_assert_eq(tug__store_index_put(place->store, entries, count, NULL, &err), TUG_OK, "%s",
                 err.message);
}

static inline void index_put_one(const struct place *place, const char *name, uint8_t number)
{
    const struct tug__index_entry entry = index_entry_of(name, number);

    index_put(place, &entry, 1);
}

/* Which entry a name has: 0 for none. */
static inline uint8_t index_find(const struct place *place, const char *name)
{
    struct tug_digest digest = {0};
    bool found = true;

    cr_assert_eq(tug__store_index_find(place->store, name, &found, &digest, NULL), TUG_OK);
    return found ? digest.bytes[0] : 0;
}

/* The parsed index.json, which must be valid. */
static inline struct tug__json *index_load(const struct place *place)
{
    char *const text = place_get(place, "index.json");
    struct tug_error err = {0};
    struct tug__json *json = NULL;

    cr_assert_eq(tug__json_parse(text, strlen(text), &index_limits, &json, &err), TUG_OK, "%s: %s",
                 err.message, text);
    free(text);
    return json;
}

static inline size_t index_count(const struct place *place)
{
    struct tug__json *const json = index_load(place);
    const size_t count = tug__json_length(tug__json_get(tug__json_root(json), "manifests"));

    tug__json_destroy(json);
    return count;
}

#endif

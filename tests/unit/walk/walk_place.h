/* SPDX-License-Identifier: Apache-2.0
 *
 * A store of small blobs whose documents name each other, and a walk through it.
 * Errors: a failed assertion. Threads: the test's.
 */
#ifndef WALK_PLACE_H
#define WALK_PLACE_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "oci/digest.h"
#include "unit/store/store_place.h"
#include "walk/walk.h"

#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define CONFIG_TYPE "application/vnd.oci.image.config.v1+json"
#define LAYER_TYPE "application/vnd.oci.image.layer.v1.tar+gzip"

/* A blob of the store. */
struct item {
    struct tug_digest digest;
    char text[TUG_DIGEST_TEXT_MAX];
    size_t length;
};

/* Make a JSON text: ' stands for ". Returns: owned. */
__attribute__((__format__(__printf__, 1, 0))) static inline char *quoted(const char *format,
                                                                         va_list arguments)
{
    char *text = NULL;

    cr_assert_geq(vasprintf(&text, format, arguments), 0);
    for (char *at = text; *at != '\0'; at++) {
        *at = (char)(*at == '\'' ? '"' : *at);
    }
    return text;
}

/* The path of a blob. Returns: owned. */
static inline char *item_path(const struct place *place, const struct item *item)
{
    char hex[TUG_DIGEST_TEXT_MAX];
    char *path = NULL;

    cr_assert_geq(asprintf(&path, "%s/blobs/%s/%s", place->path,
                           tug__digest_algorithm_name(item->digest.algorithm),
                           tug__digest_hex(&item->digest, hex)),
                  0);
    return path;
}

/* Describe content without storing it. */
static inline struct item item_of(const char *text)
{
    struct item item = {.length = strlen(text)};

    cr_assert_eq(tug__digest_of(TUG_DIGEST_SHA256, text, item.length, &item.digest, NULL), TUG_OK);
    (void)tug_digest_format(&item.digest, item.text);
    return item;
}

/* Put a file where a blob belongs, whatever it holds. */
static inline void plant(const struct place *place, const struct item *item, const char *text)
{
    char *const path = item_path(place, item);

    (void)unlink(path);
    tmpdir_write(path, text, strlen(text));
    free(path);
}

static inline void drop(const struct place *place, const struct item *item)
{
    char *const path = item_path(place, item);

    cr_assert_eq(unlink(path), 0);
    free(path);
}

/* Store a blob; ' stands for ". */
__attribute__((__format__(__printf__, 2, 3))) static inline struct item store_item(
    const struct place *place, const char *format, ...)
{
    struct item item;
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = quoted(format, arguments);
    va_end(arguments);
    item = item_of(text);
    plant(place, &item, text);
    free(text);
    return item;
}

/* A descriptor as text: TYPE, an item, further members. */
#define DESCRIPTOR "{'mediaType':'%s','digest':'%s','size':%zu%s}"
#define OF(type, item) type, (item).text, (item).length, ""
#define OF_PLATFORM(type, item, platform) type, (item).text, (item).length, ",'platform':" platform
#define OF_NAME(type, item, name)                                                                  \
    type, (item).text, (item).length,                                                              \
        ",'annotations':{'org.opencontainers.image.ref.name':'" name "'}"
#define AMD64 "{'os':'linux','architecture':'amd64'}"
#define ARM64 "{'os':'linux','architecture':'arm64'}"

/* Write index.json: format and arguments are its manifests. */
__attribute__((__format__(__printf__, 2, 3))) static inline void write_index(
    const struct place *place, const char *format, ...)
{
    va_list arguments;
    char *entries;
    char *text = NULL;
    char *const path = tmpdir_join(place->path, "index.json");

    va_start(arguments, format);
    entries = quoted(format, arguments);
    va_end(arguments);
    cr_assert_geq(asprintf(&text, "{\"schemaVersion\":2,\"manifests\":[%s]}", entries), 0);
    tmpdir_write(path, text, strlen(text));
    free(path);
    free(text);
    free(entries);
}

/* Walk, which must succeed. */
static inline struct tug__walk *walk_store(const struct place *place,
                                           enum tug__walk_orphans orphans)
{
    const struct tug__walk_options options = {.orphans = orphans, .configs = true};
    struct tug_error err = {0};
    struct tug__walk *walk = NULL;

    cr_assert_eq(tug__walk_open(place->store, &options, &walk, &err), TUG_OK, "%s", err.message);
    return walk;
}

/* Look at a blob, which the walk must know. */
static inline const struct tug__walk_blob *seen(const struct tug__walk *walk,
                                                const struct item *item)
{
    const uint32_t number = tug__walk_find(walk, &item->digest);

    cr_assert_neq(number, TUG__WALK_NONE);
    return tug__walk_blob(walk, number);
}

/* An image of one layer. */
struct small_image {
    struct item config, layer, manifest;
};

static inline struct small_image store_image(const struct place *place, const char *seed,
                                             const char *architecture)
{
    struct small_image image;

    image.config = store_item(place,
                              "{'os':'linux','architecture':'%s','created':"
                              "'2024-05-06T07:08:09Z','seed':'%s'}",
                              architecture, seed);
    image.layer = store_item(place, "layer of %s", seed);
    image.manifest = store_item(place,
                                "{'schemaVersion':2,'mediaType':'" MANIFEST_TYPE
                                "','config':" DESCRIPTOR ",'layers':[" DESCRIPTOR "]}",
                                OF(CONFIG_TYPE, image.config), OF(LAYER_TYPE, image.layer));
    return image;
}

#endif

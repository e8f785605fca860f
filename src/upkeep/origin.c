/* SPDX-License-Identifier: Apache-2.0
 *
 * Read distribution sources and names as repositories.
 *
 * Knows: containerd's annotation, references. Does not know: registries, what is fetched.
 * Threads: a walk's.
 */
#include "upkeep/origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tug/ref.h>

#include "base/error.h"
#include "index/annotations.h"

#define SOURCE_KEY TUG__INDEX_SOURCE_PREFIX
/* Host and repository; longer ones are no reference. */
#define ORIGIN_TEXT_MAX 512

/* Add a text unless it is there. */
static enum tug_status add_text(struct tug__origins *origins, const char *text,
                                struct tug_error *err)
{
    char *copy;

    for (size_t i = 0; i < origins->count; i++) {
        if (strcmp(origins->texts[i], text) == 0) {
            return TUG_OK;
        }
    }
    if (origins->count == TUG__ORIGINS_MAX) {
        return TUG_OK;
    }
    copy = strdup(text);
    if (copy == NULL) {
        return tug__fail_memory(err);
    }
    origins->texts[origins->count++] = copy;
    return TUG_OK;
}

/* Add the repositories of one annotation, which are separated by commas. origin: all but the
 * repository. */
static enum tug_status add_repositories(struct tug__origins *origins,
                                        struct tug__index_origin *origin, const char *repositories,
                                        struct tug_error *err)
{
    size_t end = strlen(repositories);
    enum tug_status status = TUG_OK;

    while (status == TUG_OK && end > 0) {
        const char *const comma = memrchr(repositories, ',', end);
        const size_t begin = comma != NULL ? (size_t)(comma - repositories) + 1 : 0;
        char text[ORIGIN_TEXT_MAX];
        size_t host_length = 0;
        const char *host;
        int length;

        origin->repository = repositories + begin;
        origin->repository_length = end - begin;
        host = tug__index_origin_host(origin, &host_length);
        length = snprintf(text, sizeof text, "%.*s/%.*s", (int)host_length, host,
                          (int)(end - begin), repositories + begin);
        if (end > begin && length > 0 && (size_t)length < sizeof text) {
            status = add_text(origins, text, err);
        }
        end = begin > 0 ? begin - 1 : 0;
    }
    return status;
}

static enum tug_status add_sources(struct tug__origins *origins, const char *name,
                                   const char *annotations, struct tug_error *err)
{
    const struct tug__walk_image entry = {.annotations = annotations};
    struct tug__index_origin origin = {.name = name,
                                       .noted = tug__walk_annotation(&entry, TUG__INDEX_SOURCE)};
    enum tug_status status = TUG_OK;

    for (const char *key = annotations; status == TUG_OK && *key != '\0';) {
        const char *const value = key + strlen(key) + 1;

        if (strncmp(key, SOURCE_KEY, strlen(SOURCE_KEY)) == 0) {
            origin.host = key + strlen(SOURCE_KEY);
            status = add_repositories(origins, &origin, value, err);
        }
        key = value + strlen(value) + 1;
    }
    return status;
}

enum tug_status tug__origins_add(struct tug__origins *origins, const char *name,
                                 const char *annotations, struct tug_error *err)
{
    struct tug_ref *ref = NULL;
    char text[ORIGIN_TEXT_MAX];
    enum tug_status status = name != NULL ? tug_ref_parse(name, &ref, err) : TUG_OK;

    if (status == TUG_ERR_NO_MEMORY) {
        return status;
    } /* what is no reference came from nowhere */
    status = add_sources(origins, ref != NULL ? tug_ref_name(ref) : NULL, annotations, err);
    origins->source_count = origins->count;
    if (status == TUG_OK && ref != NULL) {
        (void)snprintf(text, sizeof text, "%s/%s", tug_ref_host(ref), tug_ref_repository(ref));
        status = add_text(origins, text, err);
    }
    tug_ref_destroy(ref);
    return status;
}

enum tug_status tug__origins_find(struct tug__walk *walk, uint32_t blob,
                                  struct tug__origins *out_origins, struct tug_error *err)
{
    const char *const *names;
    size_t count;
    enum tug_status status = tug__walk_names(walk, blob, &names, &count, err);

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        const uint32_t image = tug__walk_find_name(walk, names[i]);

        if (image != TUG__WALK_NONE && out_origins->count < TUG__ORIGINS_MAX) {
            status = tug__origins_add(out_origins, names[i],
                                      tug__walk_image(walk, image)->annotations, err);
        }
    }
    return status;
}

void tug__origins_fini(struct tug__origins *origins)
{
    for (size_t i = 0; i < origins->count; i++) {
        free(origins->texts[i]);
    }
    origins->count = 0;
    origins->source_count = 0;
}

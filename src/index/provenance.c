/* SPDX-License-Identifier: Apache-2.0
 *
 * The repositories that an image was fetched from, as annotations in containerd's spelling: a key
 * for each host, the repositories joined by commas.
 *
 * Knows: those annotations. Does not know: other annotations, the network.
 * Threads: any; a set belongs to one thread at a time.
 */
#include "index/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Most hosts in one entry; nearly every entry has one. */
#define HOSTS_MAX 16

struct tug__index_source {
    char *host; /* owned */
    char *repositories[TUG__INDEX_REPOSITORIES_MAX];
    size_t count;
    size_t bytes; /* of key and value */
};

size_t tug__index_host_length(const char *host)
{
    const char *const port = strrchr(host, ':');

    return port != NULL && strchr(port, ']') == NULL ? (size_t)(port - host) : strlen(host);
}

static bool is_text(const char *text, const char *other, size_t other_length)
{
    return strlen(text) == other_length && memcmp(text, other, other_length) == 0;
}

/* Tell whether "HOST[:PORT]/..." is on a host, whatever its port. out_length: of HOST[:PORT]. */
static bool is_on_host(const char *text, const char *host, size_t *out_length)
{
    size_t length = strlen(host);

    if (strncmp(text, host, length) != 0) {
        return false;
    }
    if (text[length] == ':') {
        length += 1 + strspn(text + length + 1, "0123456789");
    }
    *out_length = length;
    return text[length] == '/';
}

const char *tug__index_origin_host(const struct tug__index_origin *origin, size_t *out_length)
{
    if (origin->name != NULL && is_on_host(origin->name, origin->host, out_length)) {
        return origin->name;
    }
    if (origin->noted != NULL && is_on_host(origin->noted, origin->host, out_length) &&
        is_text(origin->noted + *out_length + 1, origin->repository, origin->repository_length)) {
        return origin->noted;
    }
    *out_length = strlen(origin->host);
    return origin->host;
}

static struct tug__index_source *find_host(const struct tug__index_sources *sources,
                                           const char *host, size_t length)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (is_text(sources->hosts[i].host, host, length)) {
            return &sources->hosts[i];
        }
    }
    return NULL;
}

static bool has_repository(const struct tug__index_source *source, const char *repository,
                           size_t length)
{
    for (size_t i = 0; i < source->count; i++) {
        if (is_text(source->repositories[i], repository, length)) {
            return true;
        }
    }
    return false;
}

static enum tug_status add_host(struct tug__index_sources *sources, const char *host, size_t length,
                                struct tug__index_source **out_source, struct tug_error *err)
{
    char *const copy = strndup(host, length);
    struct tug__index_source *const grown =
        reallocarray(sources->hosts, sources->count + 1, sizeof *grown);

    if (grown != NULL) {
        sources->hosts = grown;
    }
    if (copy == NULL || grown == NULL) {
        free(copy);
        return tug__fail_memory(err);
    }
    *out_source = &sources->hosts[sources->count++];
    **out_source = (struct tug__index_source){
        .host = copy,
        .bytes = strlen(TUG__INDEX_SOURCE_PREFIX) + length,
    };
    return TUG_OK;
}

enum tug_status tug__index_sources_add(struct tug__index_sources *sources, const char *host,
                                       size_t host_length, const char *repository,
                                       size_t repository_length, struct tug_error *err)
{
    struct tug__index_source *source = find_host(sources, host, host_length);
    char *copy;

    if (source == NULL && sources->count < HOSTS_MAX) {
        const enum tug_status status = add_host(sources, host, host_length, &source, err);

        if (status != TUG_OK) {
            return status;
        }
    }
    if (source == NULL || repository_length == 0 || source->count == TUG__INDEX_REPOSITORIES_MAX ||
        source->bytes + 1 + repository_length > TUG__INDEX_SOURCE_BYTES_MAX ||
        has_repository(source, repository, repository_length)) {
        return TUG_OK;
    }
    copy = strndup(repository, repository_length);
    if (copy == NULL) {
        return tug__fail_memory(err);
    }
    source->repositories[source->count++] = copy;
    source->bytes += 1 + repository_length;
    return TUG_OK;
}

enum tug_status tug__index_sources_add_own(struct tug__index_sources *sources,
                                           const struct tug__index_entry *entry,
                                           struct tug_error *err)
{
    return entry->source_host != NULL
               ? tug__index_sources_add(
                     sources, entry->source_host, tug__index_host_length(entry->source_host),
                     entry->source_repository, strlen(entry->source_repository), err)
               : TUG_OK;
}

bool tug__index_sources_have_own(const struct tug__json_value *annotations,
                                 const struct tug__index_entry *entry)
{
    char key[TUG__INDEX_SOURCE_BYTES_MAX + 1];
    const char *text;
    size_t length;

    if (entry->source_host == NULL) {
        return true;
    }
    (void)snprintf(key, sizeof key, "%s%.*s", TUG__INDEX_SOURCE_PREFIX,
                   (int)tug__index_host_length(entry->source_host), entry->source_host);
    for (text = tug__json_text(tug__json_get(annotations, key)); text != NULL && *text != '\0';
         text += length + (text[length] == ',' ? 1 : 0)) {
        length = strcspn(text, ",");
        if (is_text(entry->source_repository, text, length)) {
            return true;
        }
    }
    return false;
}

/* Destination of an entry's annotations. */
struct addition {
    struct tug__index_sources *sources;
    enum tug_status status;
    struct tug_error *err;
};

static bool add_member(void *context, const char *key, const struct tug__json_value *member)
{
    struct addition *const addition = context;
    const size_t prefix_length = strlen(TUG__INDEX_SOURCE_PREFIX);
    const char *const host = key + prefix_length;
    const char *text = tug__json_text(member);

    if (text == NULL || strncmp(key, TUG__INDEX_SOURCE_PREFIX, prefix_length) != 0) {
        return true;
    }
    while (addition->status == TUG_OK && *text != '\0') {
        const size_t length = strcspn(text, ",");

        addition->status = tug__index_sources_add(addition->sources, host, strlen(host), text,
                                                  length, addition->err);
        text += length;
        text += *text == ',' ? 1 : 0;
    }
    return addition->status == TUG_OK;
}

enum tug_status tug__index_sources_add_all(struct tug__index_sources *sources,
                                           const struct tug__json_value *annotations,
                                           struct tug_error *err)
{
    struct addition addition = {.sources = sources, .err = err};

    tug__json_each_member(annotations, add_member, &addition);
    return addition.status;
}

enum tug_status tug__index_sources_join(struct tug__index_sources *sources,
                                        const struct tug__index_sources *others,
                                        struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < others->count; i++) {
        const struct tug__index_source *const other = &others->hosts[i];

        for (size_t j = 0; status == TUG_OK && j < other->count; j++) {
            status =
                tug__index_sources_add(sources, other->host, strlen(other->host),
                                       other->repositories[j], strlen(other->repositories[j]), err);
        }
    }
    return status;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum tug_status append_source(struct tug__buf *buf, struct tug__index_source *source,
                                     struct tug_error *err)
{
    char key[TUG__INDEX_SOURCE_BYTES_MAX + 1];
    char value[TUG__INDEX_SOURCE_BYTES_MAX + 1];
    char *at = value;
    enum tug_status status;

    (void)stpcpy(stpcpy(key, TUG__INDEX_SOURCE_PREFIX), source->host);
    qsort(source->repositories, source->count, sizeof *source->repositories, compare_texts);
    for (size_t i = 0; i < source->count; i++) {
        at = stpcpy(stpcpy(at, i > 0 ? "," : ""), source->repositories[i]);
    }
    status = tug__buf_append(buf, ",", 1, err);
    if (status == TUG_OK) {
        status = tug__json_append_string(buf, key, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_append(buf, ":", 1, err);
    }
    return status == TUG_OK ? tug__json_append_string(buf, value, err) : status;
}

enum tug_status tug__index_sources_append(struct tug__buf *buf,
                                          const struct tug__index_sources *sources,
                                          struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < sources->count; i++) {
        if (sources->hosts[i].count > 0) {
            status = append_source(buf, &sources->hosts[i], err);
        }
    }
    return status;
}

void tug__index_sources_fini(struct tug__index_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        for (size_t j = 0; j < sources->hosts[i].count; j++) {
            free(sources->hosts[i].repositories[j]);
        }
        free(sources->hosts[i].host);
    }
    free(sources->hosts);
    *sources = (struct tug__index_sources){0};
}

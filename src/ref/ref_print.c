/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical form of a reference: fill in omitted parts and write the full name.
 *
 * Knows: the default registry and its peculiar names, the default tag.
 * Does not know: registries, the grammar.
 * Threads: any.
 */
#include "ref/ref.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_HOST "docker.io"
#define LEGACY_DEFAULT_HOST "index.docker.io"
#define OFFICIAL_PREFIX "library/"
#define DEFAULT_TAG "latest"

static bool is_text(struct tug__ref_slice slice, const char *text)
{
    return slice.start != NULL && slice.length == strlen(text) &&
           memcmp(slice.start, text, slice.length) == 0;
}

static struct tug__ref_slice slice_of(const char *text)
{
    return (struct tug__ref_slice){.start = text, .length = strlen(text)};
}

bool tug__ref_complete(struct tug__ref_parts *parts)
{
    if (parts->host.start == NULL || is_text(parts->host, LEGACY_DEFAULT_HOST)) {
        parts->host = slice_of(DEFAULT_HOST);
    }
    parts->is_official = is_text(parts->host, DEFAULT_HOST) &&
                         memchr(parts->repository.start, '/', parts->repository.length) == NULL;
    if (parts->tag.start == NULL && parts->digest.start == NULL) {
        parts->tag = slice_of(DEFAULT_TAG);
    }
    return parts->host.length + 1 + (parts->is_official ? strlen(OFFICIAL_PREFIX) : 0) +
               parts->repository.length <=
           TUG__REF_NAME_MAX;
}

/* Copy a slice. Returns: the end of the copy. */
static char *put(char *at, struct tug__ref_slice slice)
{
    memcpy(at, slice.start, slice.length);
    return at + slice.length;
}

/* Write HOST, NAME and TAG, each with its NUL. Returns: the end. */
static char *write_parts(struct tug_ref *ref, const struct tug__ref_parts *parts)
{
    char *at = ref->storage;

    ref->host = at;
    at = put(at, parts->host);
    *at++ = '\0';
    ref->repository = at;
    if (parts->is_official) {
        at = stpcpy(at, OFFICIAL_PREFIX);
    }
    at = put(at, parts->repository);
    *at++ = '\0';
    if (parts->tag.start != NULL) {
        ref->tag = at;
        at = put(at, parts->tag);
        *at++ = '\0';
    }
    return at;
}

/* Write HOST/NAME[:TAG][@DIGEST] from the parts written before. */
static void write_name(struct tug_ref *ref, char *at)
{
    ref->name = at;
    at = stpcpy(at, ref->host);
    *at++ = '/';
    at = stpcpy(at, ref->repository);
    if (ref->tag != NULL) {
        *at++ = ':';
        at = stpcpy(at, ref->tag);
    }
    if (ref->has_digest) {
        *at++ = '@';
        (void)tug_digest_format(&ref->digest, at);
    }
}

struct tug_ref *tug__ref_create(const struct tug__ref_parts *parts, const struct tug_digest *digest)
{
    const size_t parts_bytes = parts->host.length + 1 + strlen(OFFICIAL_PREFIX) +
                               parts->repository.length + 1 + parts->tag.length + 1;
    /* every part once more within the name, with separators in place of the NULs */
    struct tug_ref *const ref = calloc(1, sizeof *ref + 2 * parts_bytes + 1 + TUG_DIGEST_TEXT_MAX);

    if (ref == NULL) {
        return NULL;
    }
    if (digest != NULL) {
        ref->digest = *digest;
        ref->has_digest = true;
    }
    write_name(ref, write_parts(ref, parts));
    return ref;
}

void tug_ref_destroy(struct tug_ref *ref)
{
    free(ref);
}

const char *tug_ref_name(const struct tug_ref *ref)
{
    return ref->name;
}

const char *tug_ref_host(const struct tug_ref *ref)
{
    return ref->host;
}

const char *tug_ref_repository(const struct tug_ref *ref)
{
    return ref->repository;
}

const char *tug_ref_tag(const struct tug_ref *ref)
{
    return ref->tag;
}

const struct tug_digest *tug_ref_digest(const struct tug_ref *ref)
{
    return ref->has_digest ? &ref->digest : NULL;
}

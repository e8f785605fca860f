/* SPDX-License-Identifier: Apache-2.0
 *
 * Classify media types.
 *
 * Knows: the media types of image-spec 1.1.1 and of Docker, current, deprecated and withdrawn.
 * Does not know: documents, JSON.
 * Threads: any.
 */
#include "oci/media_type.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define OCI "application/vnd.oci."
#define DOCKER "application/vnd.docker."

/* A media type or, with is_prefix, all that begin with it. */
struct known_type {
    const char *name;
    enum tug__media_kind kind;
    bool is_prefix;
};

/* The first match counts. */
static const struct known_type known_types[] = {
    {OCI "image.manifest.v1+json", TUG__MEDIA_MANIFEST, false},
    {OCI "image.index.v1+json", TUG__MEDIA_INDEX, false},
    {OCI "image.config.v1+json", TUG__MEDIA_CONFIG, false},
    {OCI "image.layer.nondistributable.", TUG__MEDIA_FOREIGN, true},
    {OCI "image.layer.", TUG__MEDIA_LAYER, true},
    {OCI "artifact.manifest.v1+json", TUG__MEDIA_MANIFEST, false}, /* withdrawn, but still in use */
    {DOCKER "distribution.manifest.v2+json", TUG__MEDIA_MANIFEST, false},
    {DOCKER "distribution.manifest.list.v2+json", TUG__MEDIA_INDEX, false},
    {DOCKER "distribution.manifest.v1+json", TUG__MEDIA_SCHEMA1, false},
    {DOCKER "distribution.manifest.v1+prettyjws", TUG__MEDIA_SCHEMA1, false},
    {DOCKER "container.image.v1+json", TUG__MEDIA_CONFIG, false},
    {DOCKER "image.rootfs.foreign.diff.tar", TUG__MEDIA_FOREIGN, true},
    {DOCKER "image.rootfs.diff.tar", TUG__MEDIA_LAYER, true},
    {"application/vnd.erofs.layer.", TUG__MEDIA_LAYER, true},
};

/* Generic types, which say nothing about the content. */
static const char *const generic_types[] = {
    "",
    "application/json",
    "application/octet-stream",
    "text/plain",
};

/* Skip blanks, and find the length of the type without trailing parameters and blanks. */
static const char *bare_type(const char *media_type, size_t *out_length)
{
    const char *const start = media_type + strspn(media_type, " \t");
    size_t length = strcspn(start, ";");

    while (length > 0 && (start[length - 1] == ' ' || start[length - 1] == '\t')) {
        length--;
    }
    *out_length = length;
    return start;
}

static bool fits(const struct known_type *known, const char *type, size_t length)
{
    const size_t name_length = strlen(known->name);

    if (known->is_prefix ? length < name_length : length != name_length) {
        return false;
    }
    return strncasecmp(type, known->name, name_length) == 0;
}

enum tug__media_kind tug__media_kind(const char *media_type)
{
    size_t length;
    const char *type;

    if (media_type == NULL) {
        return TUG__MEDIA_OTHER;
    }
    type = bare_type(media_type, &length);
    for (size_t i = 0; i < sizeof known_types / sizeof known_types[0]; i++) {
        if (fits(&known_types[i], type, length)) {
            return known_types[i].kind;
        }
    }
    return TUG__MEDIA_OTHER;
}

bool tug__media_is_generic(const char *media_type)
{
    size_t length;
    const char *type;

    if (media_type == NULL) {
        return true;
    }
    type = bare_type(media_type, &length);
    for (size_t i = 0; i < sizeof generic_types / sizeof generic_types[0]; i++) {
        if (strlen(generic_types[i]) == length &&
            strncasecmp(type, generic_types[i], length) == 0) {
            return true;
        }
    }
    return false;
}

#define ACCEPTED                                                                                   \
    OCI "image.index.v1+json, " OCI "image.manifest.v1+json, " DOCKER                              \
        "distribution.manifest.list.v2+json, " DOCKER "distribution.manifest.v2+json, " OCI        \
        "artifact.manifest.v1+json"

const char *tug__media_accept(bool accepts_schema1)
{
    /* last: some registries convert to the first type that they know */
    return accepts_schema1 ? ACCEPTED ", " DOCKER "distribution.manifest.v1+prettyjws, " DOCKER
                                      "distribution.manifest.v1+json"
                           : ACCEPTED;
}

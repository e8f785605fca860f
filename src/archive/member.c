/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of an archive's members.
 *
 * Knows: the names that the formats use. Does not know: the store, JSON. Threads: any.
 *
 * Names of configs and layers in what `docker save` writes and its relatives write: HEX.json and
 * HEX/layer.tar (Docker up to 24, Nix, Bazel), HEX.tar (skopeo, podman), sha256:HEX and HEX.tar.gz
 * (kaniko, ko), config.json (jib), blobs/sha256/HEX.tar.gz (rules_oci). manifest.json, which says
 * what they are, comes last: what may be one of them has to be kept until then.
 */
#include "archive/member.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

#define HEX_LENGTH ((size_t)64)

static bool is_parent(const char *component, size_t length)
{
    return length == 2 && component[0] == '.' && component[1] == '.';
}

/* Add the components of a name to a normal one. Returns: NULL, or why not. */
static const char *add_components(char *name, size_t *length, const char *raw, bool may_go_up)
{
    while (*raw != '\0') {
        const size_t component = strcspn(raw, "/");
        const bool is_up = is_parent(raw, component);

        if (is_up && (!may_go_up || *length == 0)) {
            return "leads out of the archive";
        }
        if (is_up) {
            const char *slash;

            name[*length] = '\0';
            slash = strrchr(name, '/');
            *length = slash != NULL ? (size_t)(slash - name) : 0;
        } else if (component > 0 && !(component == 1 && raw[0] == '.')) {
            if (*length + component + 2 > TUG__ARCHIVE_NAME_MAX) {
                return "is too long";
            }
            if (*length > 0) {
                name[(*length)++] = '/';
            }
            memcpy(name + *length, raw, component);
            *length += component;
        }
        raw += component;
        raw += *raw == '/';
    }
    name[*length] = '\0';
    return NULL;
}

enum tug_status tug__member_name(const char *raw, char out_name[TUG__ARCHIVE_NAME_MAX],
                                 struct tug_error *err)
{
    size_t length = 0;
    const char *const why =
        raw[0] == '/' ? "is absolute" : add_components(out_name, &length, raw, false);

    return why == NULL
               ? TUG_OK
               : tug__fail(err, TUG_ERR_CONTENT, "the name of member '%.200s' %s", raw, why);
}

enum tug_status tug__member_target(const char *name, const char *target,
                                   char out_name[TUG__ARCHIVE_NAME_MAX], struct tug_error *err)
{
    const char *const slash = name != NULL ? strrchr(name, '/') : NULL;
    size_t length = slash != NULL ? (size_t)(slash - name) : 0;
    const char *why = "is absolute";

    if (target[0] != '/') {
        memcpy(out_name, name != NULL ? name : "", length);
        why = add_components(out_name, &length, target, name != NULL);
    }
    return why == NULL ? TUG_OK
                       : tug__fail(err, TUG_ERR_CONTENT,
                                   "the target '%.200s' of a link in the archive %s", target, why);
}

/* Get the digest of "ALGORITHM/HEX". */
static bool parse_blob(const char *text, struct tug_digest *out_digest)
{
    const char *const slash = strchr(text, '/');
    char digest[TUG_DIGEST_TEXT_MAX];
    const size_t length = strlen(text);

    if (slash == NULL || length >= sizeof digest) {
        return false;
    }
    memcpy(digest, text, length);
    digest[slash - text] = ':';
    return tug_digest_parse(digest, length, out_digest, NULL) == TUG_OK;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text);
    const size_t end_length = strlen(end);

    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static bool is_part(const char *name)
{
    static const char *const ends[] = {".json", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.zstd"};
    struct tug_digest digest;

    if (tug__member_digest(name, &digest)) {
        return true;
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends_with(name, ends[i])) {
            return true;
        }
    }
    return false;
}

enum tug__member_use tug__member_use(const char *name, struct tug_digest *out_digest)
{
    if (strcmp(name, "oci-layout") == 0) {
        return TUG__USE_LAYOUT;
    }
    if (strcmp(name, "index.json") == 0) {
        return TUG__USE_INDEX;
    }
    if (strcmp(name, "manifest.json") == 0) {
        return TUG__USE_DOCKER_LIST;
    }
    if (strncmp(name, "blobs/", 6) == 0 && parse_blob(name + 6, out_digest)) {
        return TUG__USE_BLOB;
    }
    return is_part(name) ? TUG__USE_PART : TUG__USE_NOTHING;
}

bool tug__member_digest(const char *name, struct tug_digest *out_digest)
{
    static const char prefix[] = "sha256:";
    const char *const slash = strrchr(name, '/');
    const char *component = slash != NULL ? slash + 1 : name;
    char digest[sizeof prefix + HEX_LENGTH];

    if (strncmp(component, prefix, sizeof prefix - 1) == 0) {
        component += sizeof prefix - 1;
    }
    if (strlen(component) < HEX_LENGTH ||
        (component[HEX_LENGTH] != '\0' && component[HEX_LENGTH] != '.')) {
        return false;
    }
    memcpy(digest, prefix, sizeof prefix - 1);
    memcpy(digest + sizeof prefix - 1, component, HEX_LENGTH);
    return tug_digest_parse(digest, sizeof prefix - 1 + HEX_LENGTH, out_digest, NULL) == TUG_OK;
}

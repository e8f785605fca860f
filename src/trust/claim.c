/* SPDX-License-Identifier: Apache-2.0
 *
 * What every form of signature has to show: one of the user's keys, and the right name.
 *
 * Knows: keys, media types of signatures. Does not know: documents, the forms of payloads.
 * Threads: any.
 */
#include "trust/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define COSIGN_ARTIFACT "application/vnd.dev.cosign.artifact.sig.v1+json"

/* Real ones nest 8 deep and have some 50 values; an envelope's payload is one of them. */
const struct tug__json_limits tug__signature_json = {
    .max_bytes = TUG__SIGNATURE_BYTES_MAX,
    .max_depth = 32,
    .max_values = 10000,
};

enum tug_status tug__keys_load(const char *const *paths, size_t count, struct tug__keys *out_keys,
                               struct tug_error *err)
{
    struct tug__keys keys = {.keys = calloc(count + 1, sizeof(struct tug__key *))};
    enum tug_status status = keys.keys != NULL ? TUG_OK : tug__fail_memory(err);

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = tug__key_load(paths[i], &keys.keys[i], err);
        keys.count += status == TUG_OK;
    }
    if (status != TUG_OK) {
        tug__keys_fini(&keys);
        return status;
    }
    *out_keys = keys;
    return TUG_OK;
}

void tug__keys_fini(struct tug__keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        tug__key_destroy(keys->keys[i]);
    }
    free(keys->keys);
    *keys = (struct tug__keys){0};
}

bool tug__is_bundle_type(const char *media_type)
{
    return strcmp(media_type, TUG__BUNDLE_TYPE) == 0 ||
           strcmp(media_type, "application/vnd.dev.sigstore.bundle+json;version=0.3") == 0;
}

bool tug__is_signature_type(const char *media_type)
{
    return strcmp(media_type, TUG__SIMPLE_TYPE) == 0 || tug__is_bundle_type(media_type);
}

bool tug__may_be_signature(const char *artifact_type)
{
    return artifact_type == NULL || artifact_type[0] == '\0' ||
           strcmp(artifact_type, COSIGN_ARTIFACT) == 0 || tug__is_signature_type(artifact_type);
}

enum tug_status tug__signature_check_keys(const struct tug__keys *keys, const void *message,
                                          size_t length, const uint8_t *signature,
                                          size_t signature_length, struct tug_error *err)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (tug__key_signed(keys->keys[i], message, length, signature, signature_length)) {
            return TUG_OK;
        }
    }
    return keys->count == 1
               ? tug__fail(err, TUG_ERR_CONTENT, "it was not made with the key of '%.80s' (%s)",
                           tug__key_name(keys->keys[0]), tug__key_kind(keys->keys[0]))
               : tug__fail(err, TUG_ERR_CONTENT, "it was made with none of the %zu keys",
                           keys->count);
}

enum tug_status tug__claim_check_name(const struct tug__claim *claim, const char *name,
                                      struct tug_error *err)
{
    struct tug_ref *ref = NULL;
    enum tug_status status;
    bool is_same;

    if (claim->ref == NULL) {
        return TUG_OK;
    }
    if (name == NULL || name[0] == '\0') {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "it names no repository, which --verify-any-name allows");
    }
    status = tug_ref_parse(name, &ref, NULL);
    if (status == TUG_ERR_NO_MEMORY) {
        return tug__fail_memory(err);
    }
    if (status != TUG_OK) {
        return tug__fail(err, TUG_ERR_CONTENT, "it is for '%.80s', which is not a reference", name);
    }
    is_same = strcmp(tug_ref_host(ref), tug_ref_host(claim->ref)) == 0 &&
              strcmp(tug_ref_repository(ref), tug_ref_repository(claim->ref)) == 0;
    tug_ref_destroy(ref);
    return is_same
               ? TUG_OK
               : tug__fail(err, TUG_ERR_CONTENT,
                           "it is for the repository of '%.80s', which --verify-any-name allows",
                           name);
}

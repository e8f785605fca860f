/* SPDX-License-Identifier: Apache-2.0
 *
 * Cosign's simple signing: a JSON payload, and its signature in an annotation.
 *
 * Knows: the payload. Does not know: keys, manifests.
 * Threads: any.
 */
#include "trust/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "oci/digest.h"

#define SIMPLE_KIND "cosign container image signature"
/* Cosign 3 writes this one. */
#define SIMPLE_KIND_3 "https://sigstore.dev/cosign/sign/v1"

/* Read a text that must be there. */
static enum tug_status get_text(const struct tug__json_value *value, const char *key,
                                const char **out_text, struct tug_error *err)
{
    const char *const names[] = {key, NULL};
    enum tug_status status = tug__json_check_names(value, names, err);

    if (status == TUG_OK) {
        status = tug__json_get_string(value, key, out_text, err);
    }
    if (status == TUG_OK && *out_text == NULL) {
        status = tug__fail(err, TUG_ERR_CONTENT, "its payload has no '%s'", key);
    }
    return status;
}

/* Compare what the payload says with the claim. */
static enum tug_status check_payload(const struct tug__json_value *root,
                                     const struct tug__claim *claim, struct tug_error *err)
{
    static const char *const top[] = {"critical", NULL};
    static const char *const parts[] = {"identity", "image", "type", NULL};
    const struct tug__json_value *const critical = tug__json_get(root, "critical");
    const char *kind = NULL;
    const char *text = NULL;
    const char *name = NULL;
    struct tug_digest digest;
    enum tug_status status = tug__json_check_names(root, top, err);

    if (status == TUG_OK) {
        status = tug__json_check_names(critical, parts, err);
    }
    if (status == TUG_OK) {
        status = get_text(critical, "type", &kind, err);
    }
    if (status == TUG_OK && strcmp(kind, SIMPLE_KIND) != 0 && strcmp(kind, SIMPLE_KIND_3) != 0) {
        status = tug__fail(err, TUG_ERR_CONTENT, "its payload is of type '%.60s'", kind);
    }
    if (status == TUG_OK) {
        status = get_text(tug__json_get(critical, "image"), "docker-manifest-digest", &text, err);
    }
    if (status == TUG_OK) {
        status = tug__digest_read(text, &digest, err);
    }
    if (status == TUG_OK && !tug_digest_equal(&digest, claim->digest)) {
        status = tug__fail(err, TUG_ERR_CONTENT, "it is for %s", text);
    }
    if (status == TUG_OK) {
        status = get_text(tug__json_get(critical, "identity"), "docker-reference", &name, err);
    }
    return status == TUG_OK ? tug__claim_check_name(claim, name, err) : status;
}

enum tug_status tug__simple_check(const struct tug__signature *signature, struct tug_error *err)
{
    struct tug__json *json = NULL;
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum tug_status status;

    if (signature->annotation == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "it has no annotation with a signature");
    }
    status = tug__base64_decode(signature->annotation, strlen(signature->annotation), &bytes,
                                &length, err);
    if (status != TUG_OK) {
        return tug__wrap(err, status, "its annotation");
    }
    status = tug__signature_check_keys(signature->keys, signature->payload, signature->length,
                                       bytes, length, err);
    free(bytes);
    if (status == TUG_OK) {
        status = tug__json_parse(signature->payload, signature->length, &tug__signature_json, &json,
                                 err);
    }
    if (status == TUG_OK) {
        status = check_payload(tug__json_root(json), signature->claim, err);
    }
    tug__json_destroy(json);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * sigstore bundles v0.3: a DSSE envelope around an in-toto statement.
 *
 * Knows: bundles, envelopes, statements. Does not know: keys, manifests.
 * Threads: any.
 */
#include "trust/internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/str.h"
#include "oci/digest.h"

#define PAYLOAD_TYPE "application/vnd.in-toto+json"
#define SIGN_PREDICATE "https://sigstore.dev/cosign/sign/v1"
/* Signatures in one envelope that are tried, and subjects of one statement. */
#define ENVELOPE_SIGNATURES_MAX 16
#define SUBJECTS_MAX 64

/* Decode a member in base64. out_bytes: owned. */
static enum tug_status get_bytes(const struct tug__json_value *value, const char *key,
                                 uint8_t **out_bytes, size_t *out_length, struct tug_error *err)
{
    const char *text = NULL;
    enum tug_status status = tug__json_get_string(value, key, &text, err);

    if (status == TUG_OK && text == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "its envelope has no '%s'", key);
    }
    if (status == TUG_OK) {
        status = tug__base64_decode(text, strlen(text), out_bytes, out_length, err);
    }
    return status == TUG_OK ? status : tug__wrap(err, status, "the '%s' of its envelope", key);
}

/* Write what an envelope's signatures are of (DSSE, "PAE"). pae: initialised by the caller. */
static enum tug_status encode(struct tug__buf *pae, const char *type, const uint8_t *payload,
                              size_t length, struct tug_error *err)
{
    enum tug_status status =
        tug__buf_printf(pae, err, "DSSEv1 %zu %s %zu ", strlen(type), type, length);

    return status == TUG_OK ? tug__buf_append(pae, payload, length, err) : status;
}

/* Check that a key made one of the signatures of an envelope. */
static enum tug_status check_signatures(const struct tug__signature *signature,
                                        const struct tug__json_value *list,
                                        const struct tug__buf *pae, struct tug_error *err)
{
    const size_t count = tug__json_length(list);
    enum tug_status status = TUG_ERR_CONTENT;

    if (count == 0 || count > ENVELOPE_SIGNATURES_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "its envelope has %zu signatures, not 1 to %d",
                         count, ENVELOPE_SIGNATURES_MAX);
    }
    for (size_t i = 0; i < count && status == TUG_ERR_CONTENT; i++) {
        uint8_t *bytes = NULL;
        size_t length = 0;

        status = get_bytes(tug__json_at(list, i), "sig", &bytes, &length, err);
        if (status == TUG_OK) {
            status = tug__signature_check_keys(signature->keys, pae->data, pae->length, bytes,
                                               length, err);
        }
        free(bytes);
    }
    return status;
}

/* Tell whether a subject of a statement has the digest of the claim. */
static bool has_digest(const struct tug__json_value *subject, const struct tug__claim *claim)
{
    const char *const algorithm = tug__digest_algorithm_name(claim->digest->algorithm);
    const char *const found =
        tug__json_text(tug__json_get(tug__json_get(subject, "digest"), algorithm));
    char hex[TUG_DIGEST_TEXT_MAX];

    return found != NULL && strcmp(found, tug__digest_hex(claim->digest, hex)) == 0;
}

/* Compare the subjects of a statement with the claim. */
static enum tug_status check_subjects(const struct tug__json_value *list,
                                      const struct tug__claim *claim, struct tug_error *err)
{
    const size_t count = tug__json_length(list);
    enum tug_status status =
        tug__fail(err, TUG_ERR_CONTENT, "its statement does not name the digest");

    for (size_t i = 0; i < count && i < SUBJECTS_MAX && status == TUG_ERR_CONTENT; i++) {
        const struct tug__json_value *const subject = tug__json_at(list, i);

        if (has_digest(subject, claim)) {
            status =
                tug__claim_check_name(claim, tug__json_text(tug__json_get(subject, "name")), err);
        }
    }
    return status;
}

/* Compare what a statement says with the claim. */
static enum tug_status check_statement(const uint8_t *bytes, size_t length,
                                       const struct tug__claim *claim, struct tug_error *err)
{
    static const char *const names[] = {"_type", "subject", "predicateType", NULL};
    struct tug__json *json = NULL;
    const char *predicate = NULL;
    enum tug_status status =
        tug__json_parse((const char *)bytes, length, &tug__signature_json, &json, err);

    if (status == TUG_OK) {
        status = tug__json_check_names(tug__json_root(json), names, err);
    }
    if (status == TUG_OK) {
        status = tug__json_get_string(tug__json_root(json), "predicateType", &predicate, err);
    }
    if (status == TUG_OK && (predicate == NULL || strcmp(predicate, SIGN_PREDICATE) != 0)) {
        status = tug__fail(err, TUG_ERR_CONTENT,
                           "it is an attestation of type '%.80s', which "
                           "says something else than that the image is signed",
                           predicate != NULL ? predicate : "");
    }
    if (status == TUG_OK) {
        status = check_subjects(tug__json_get(tug__json_root(json), "subject"), claim, err);
    }
    tug__json_destroy(json);
    return status;
}

static enum tug_status check_envelope(const struct tug__signature *signature,
                                      const struct tug__json_value *envelope, struct tug_error *err)
{
    const char *type = NULL;
    uint8_t *payload = NULL;
    size_t length = 0;
    struct tug__buf pae;
    enum tug_status status = tug__json_get_string(envelope, "payloadType", &type, err);

    tug__buf_init(&pae, TUG__SIGNATURE_BYTES_MAX);
    if (status == TUG_OK && (type == NULL || strcmp(type, PAYLOAD_TYPE) != 0)) {
        status = tug__fail(err, TUG_ERR_CONTENT,
                           "its envelope holds '%.80s', not an in-toto "
                           "statement",
                           type != NULL ? type : "");
    }
    if (status == TUG_OK) {
        status = get_bytes(envelope, "payload", &payload, &length, err);
    }
    if (status == TUG_OK) {
        status = encode(&pae, type, payload, length, err);
    }
    if (status == TUG_OK) {
        status = check_signatures(signature, tug__json_get(envelope, "signatures"), &pae, err);
    }
    if (status == TUG_OK) {
        status = check_statement(payload, length, signature->claim, err);
    }
    tug__buf_fini(&pae);
    free(payload);
    return status;
}

/* Check that a bundle is one that a key can prove. */
static enum tug_status check_bundle(const struct tug__signature *signature,
                                    const struct tug__json_value *root, struct tug_error *err)
{
    static const char *const names[] = {"mediaType", "verificationMaterial", "dsseEnvelope", NULL};
    const struct tug__json_value *const material = tug__json_get(root, "verificationMaterial");
    const char *type = NULL;
    enum tug_status status = tug__json_check_names(root, names, err);

    if (status == TUG_OK) {
        status = tug__json_get_string(root, "mediaType", &type, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    if (type == NULL || !tug__is_signature_type(type)) {
        return tug__fail(err, TUG_ERR_CONTENT, "it is a bundle of type '%.80s', not v0.3",
                         type != NULL ? type : "");
    }
    if (tug__json_has(material, "certificate") || tug__json_has(material, "x509CertificateChain")) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "it is signed with a certificate (keyless), which is not supported");
    }
    if (!tug__json_has(root, "dsseEnvelope")) {
        return tug__fail(err, TUG_ERR_CONTENT, "it is a bundle without a DSSE envelope");
    }
    return check_envelope(signature, tug__json_get(root, "dsseEnvelope"), err);
}

enum tug_status tug__bundle_check(const struct tug__signature *signature, struct tug_error *err)
{
    struct tug__json *json = NULL;
    enum tug_status status =
        tug__json_parse(signature->payload, signature->length, &tug__signature_json, &json, err);

    if (status == TUG_OK) {
        status = check_bundle(signature, tug__json_root(json), err);
    }
    tug__json_destroy(json);
    return status;
}

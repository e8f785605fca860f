/* SPDX-License-Identifier: Apache-2.0
 *
 * The judgement: which of the signatures found counts, and why the others do not.
 *
 * Knows: manifests of signatures. Does not know: the forms of payloads, OpenSSL.
 * Threads: any.
 */
#include "trust/trust.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "oci/document.h"
#include "oci/limits.h"
#include "trust/internal.h"

#define SIGNATURE_ANNOTATION "dev.cosignproject.cosign/signature"
#define CERTIFICATE_ANNOTATION "dev.sigstore.cosign/certificate"
/* Reasons that a message has room for. */
#define REASONS_MAX 3

void tug__verdict_tell(struct tug__verdict *verdict, const struct tug_digest *digest,
                       const char *reason)
{
    const size_t used = strlen(verdict->reasons);
    char text[TUG_DIGEST_TEXT_MAX];
    char told[sizeof verdict->reasons];

    if (verdict->told_count >= REASONS_MAX) {
        return;
    }
    (void)snprintf(told, sizeof told, "%.19s: %s", tug_digest_format(digest, text), reason);
    if (strstr(verdict->reasons, told) != NULL) {
        return; /* the same payload again, in another manifest */
    }
    (void)snprintf(verdict->reasons + used, sizeof verdict->reasons - used, "%s%s",
                   used > 0 ? "; " : "", told);
    verdict->told_count++;
}

/* Judge one signature whose payload is at hand. */
static enum tug_status check_payload(const struct tug__signature *signature,
                                     const struct tug__descriptor *layer, struct tug_error *err)
{
    const enum tug_status status = tug__is_bundle_type(layer->media_type)
                                       ? tug__bundle_check(signature, err)
                                       : tug__simple_check(signature, err);

    if (status == TUG_ERR_CONTENT &&
        tug__descriptor_annotation(layer, CERTIFICATE_ANNOTATION) != NULL) {
        return tug__advise(err, status,
                           "it has a certificate (keyless signing), which is not supported");
    }
    return status;
}

/* Judge one layer of a signature's manifest. */
static enum tug_status check_layer(const struct tug__keys *keys, const struct tug__claim *claim,
                                   const struct tug__descriptor *layer,
                                   const struct tug__payloads *payloads, struct tug_error *err)
{
    struct tug__signature signature = {
        .keys = keys,
        .claim = claim,
        .annotation = tug__descriptor_annotation(layer, SIGNATURE_ANNOTATION),
    };
    struct tug__buf payload;
    enum tug_status status;

    if (layer->size_bytes > TUG__SIGNATURE_BYTES_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "its payload has %" PRIu64 " bytes, over the limit of %zu",
                         layer->size_bytes, TUG__SIGNATURE_BYTES_MAX);
    }
    tug__buf_init(&payload, TUG__SIGNATURE_BYTES_MAX);
    status = payloads->read(payloads->context, &layer->digest, &payload, err);
    if (status == TUG_OK && payload.length == 0) {
        status = tug__fail(err, TUG_ERR_CONTENT, "its payload is empty");
    }
    if (status == TUG_OK) {
        signature.payload = payload.data;
        signature.length = payload.length;
        status = check_payload(&signature, layer, err);
    }
    tug__buf_fini(&payload);
    return status;
}

/* Judge the layers of a manifest, until one counts. */
static enum tug_status add_layers(struct tug__verdict *verdict, const struct tug__keys *keys,
                                  const struct tug__claim *claim,
                                  const struct tug__document *document,
                                  const struct tug__payloads *payloads, struct tug_error *err)
{
    for (size_t i = document->has_config ? 1 : 0; i < document->child_count; i++) {
        const struct tug__descriptor *const layer = &document->children[i];
        struct tug_error why = {0};
        enum tug_status status;

        if (!tug__is_signature_type(layer->media_type)) {
            continue;
        }
        if (verdict->seen_count >= TUG__SIGNATURES_MAX) {
            tug__verdict_tell(verdict, &layer->digest, "too many signatures: not looked at");
            return TUG_OK;
        }
        verdict->seen_count++;
        status = check_layer(keys, claim, layer, payloads, &why);
        if (status == TUG_OK) {
            verdict->is_signed = true;
            return TUG_OK;
        }
        if (status == TUG_ERR_NO_MEMORY) {
            return tug__fail_memory(err);
        }
        tug__verdict_tell(verdict, &layer->digest, why.message);
    }
    return TUG_OK;
}

enum tug_status tug__verdict_add(struct tug__verdict *verdict, const struct tug__keys *keys,
                                 const struct tug__claim *claim, const struct tug_digest *digest,
                                 const char *bytes, size_t length,
                                 const struct tug__payloads *payloads, struct tug_error *err)
{
    const struct tug__document_text text = {.bytes = bytes, .length = length, .is_pinned = true};
    struct tug__document document = {0};
    struct tug_error why = {0};
    enum tug_status status;

    if (verdict->is_signed) {
        return TUG_OK;
    }
    status = tug__document_parse(&text, &document, &why);
    if (status == TUG_ERR_NO_MEMORY) {
        return tug__fail_memory(err);
    }
    if (status != TUG_OK) {
        tug__verdict_tell(verdict, digest, why.message);
        return TUG_OK;
    }
    if (document.kind == TUG__MEDIA_MANIFEST) {
        status = add_layers(verdict, keys, claim, &document, payloads, err);
    }
    tug__document_fini(&document);
    return status;
}

enum tug_status tug__verdict_check(const struct tug__verdict *verdict, struct tug_error *err)
{
    if (verdict->is_signed) {
        return TUG_OK;
    }
    if (verdict->seen_count == 0 && verdict->told_count == 0) {
        return tug__fail(err, TUG_ERR_CONTENT, "it is not signed: no signature was found");
    }
    if (verdict->seen_count == 0) {
        return tug__fail(err, TUG_ERR_CONTENT, "no signature was found that can be read: %s",
                         verdict->reasons);
    }
    if (verdict->seen_count == 1) {
        return tug__fail(err, TUG_ERR_CONTENT, "the one signature found does not count: %s",
                         verdict->reasons);
    }
    return tug__fail(err, TUG_ERR_CONTENT, "none of the %zu signatures found counts: %s%s",
                     verdict->seen_count, verdict->reasons,
                     verdict->seen_count > verdict->told_count ? "; …" : "");
}

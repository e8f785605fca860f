/* SPDX-License-Identifier: Apache-2.0
 *
 * Hand signatures from the store to the judgement.
 *
 * Knows: the store, documents, the verdict's interface. Does not know: how signatures got there,
 * requests, OpenSSL.
 * Threads: any.
 */
#include "plan/signed.h"

#include <string.h>

#include "base/error.h"
#include "oci/document.h"
#include "oci/limits.h"
#include "store/store.h"

/* Read a payload; a tug__payloads function. */
static enum tug_status read_payload(void *context, const struct tug_digest *digest,
                                    struct tug__buf *buf, struct tug_error *err)
{
    struct tug_error why = {0};
    const enum tug_status status = tug__store_read(context, digest, buf, &why);

    if (status == TUG_ERR_STORE && tug__store_is_removed(&why)) {
        return tug__fail(err, TUG_ERR_STORE, "its payload is not in the store");
    }
    if (status != TUG_OK && err != NULL) {
        *err = why;
    }
    return status;
}

/* Judge the signatures in one manifest. */
static enum tug_status judge_manifest(const struct tug__signed_question *question,
                                      const struct tug_digest *manifest,
                                      struct tug__verdict *verdict, struct tug_error *err)
{
    const struct tug__claim claim = {.digest = question->digest, .ref = question->ref};
    const struct tug__payloads payloads = {.read = read_payload, .context = question->store};
    struct tug_error why = {0};
    struct tug__buf text;
    enum tug_status status;

    tug__buf_init(&text, TUG__MANIFEST_BYTES_MAX);
    status = tug__store_read(question->store, manifest, &text, &why);
    if (status == TUG_OK) {
        status = tug__verdict_add(verdict, question->keys, &claim, manifest, text.data, text.length,
                                  &payloads, err);
    } else if (status == TUG_ERR_NO_MEMORY) {
        status = tug__fail_memory(err);
    } else {
        tug__verdict_tell(verdict, manifest, why.message);
        status = TUG_OK;
    }
    tug__buf_fini(&text);
    return status;
}

enum tug_status tug__signed_judge(const struct tug__signed_question *question,
                                  struct tug__verdict *verdict, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < question->manifest_count; i++) {
        if (verdict->is_signed || verdict->seen_count >= TUG__SIGNATURES_MAX) {
            break;
        }
        if (i >= TUG__SIGNATURES_MAX) {
            tug__verdict_tell(verdict, &question->manifests[i], "too many: not looked at");
            break;
        }
        status = judge_manifest(question, &question->manifests[i], verdict, err);
    }
    return status;
}

bool tug__signed_lacks(struct tug_store *store, const struct tug_digest *manifest,
                       const struct tug__digest_set *lost)
{
    struct tug__document document = {0};
    struct tug__document_text text = {.is_pinned = true};
    struct tug__buf buf;
    bool lacks = true;

    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    if (tug__store_read(store, manifest, &buf, NULL) == TUG_OK) {
        text.bytes = buf.data;
        text.length = buf.length;
        lacks = tug__document_parse(&text, &document, NULL) != TUG_OK;
    }
    for (size_t i = 0; i < document.child_count && !lacks; i++) {
        lacks = tug__digest_set_has(lost, &document.children[i].digest);
    }
    tug__document_fini(&document);
    tug__buf_fini(&buf);
    return lacks;
}

bool tug__digest_tag_read(const char *tag, struct tug_digest *out_digest, const char **out_end)
{
    const size_t dash = strcspn(tag, "-");
    const size_t length = dash + strcspn(tag + dash, ".");
    char text[TUG_DIGEST_TEXT_MAX];

    if (tag[dash] == '\0' || length >= sizeof text) {
        return false;
    }
    memcpy(text, tag, length);
    text[length] = '\0';
    text[dash] = ':';
    if (tug_digest_parse(text, length, out_digest, NULL) != TUG_OK) {
        return false;
    }
    *out_end = tag + length;
    return true;
}

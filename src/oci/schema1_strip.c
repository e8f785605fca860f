/* SPDX-License-Identifier: Apache-2.0
 *
 * Take the signatures off a schema 1 manifest.
 *
 * Knows: RFC 7515 in the form that Docker gave it: the signed bytes are the document up to an
 * offset and an end of their own, both named by the protected header of each signature.
 * Does not know: the network, keys.
 * Threads: any.
 */
#include "oci/schema1.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "oci/limits.h"

static const struct tug__json_limits limits = {
    .max_bytes = TUG__MANIFEST_BYTES_MAX,
    .max_depth = TUG__JSON_DEPTH_MAX,
    .max_values = TUG__JSON_VALUES_MAX,
};

/* Put the payload together. header: the decoded protected header. */
static enum tug_status join(const char *bytes, size_t length, const struct tug__json_value *header,
                            struct tug__buf *payload, struct tug_error *err)
{
    const char *const tail = tug__json_text(tug__json_get(header, "formatTail"));
    uint64_t head_bytes = 0;
    uint8_t *end = NULL;
    size_t end_bytes = 0;
    enum tug_status status = tug__json_get_size(header, "formatLength", &head_bytes, err);

    if (status == TUG_OK && (tail == NULL || head_bytes > length)) {
        status =
            tug__fail(err, TUG_ERR_CONTENT, "%s: %s", tail == NULL ? "formatTail" : "formatLength",
                      tail == NULL ? "missing" : "beyond the end");
    }
    if (status == TUG_OK) {
        status = tug__base64url_decode(tail, strlen(tail), &end, &end_bytes, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_append(payload, bytes, (size_t)head_bytes, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_append(payload, end, end_bytes, err);
    }
    free(end);
    return status;
}

/* Strip by the first signature. */
static enum tug_status strip(const char *bytes, size_t length,
                             const struct tug__json_value *signature, struct tug__buf *payload,
                             struct tug_error *err)
{
    const char *const text = tug__json_text(tug__json_get(signature, "protected"));
    struct tug__json *json = NULL;
    uint8_t *header = NULL;
    size_t header_bytes = 0;
    enum tug_status status = TUG_OK;

    if (text == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "protected: missing");
    }
    status = tug__base64url_decode(text, strlen(text), &header, &header_bytes, err);
    if (status == TUG_OK) {
        status = tug__json_parse((const char *)header, header_bytes, &limits, &json, err);
    }
    if (status == TUG_OK) {
        status = join(bytes, length, tug__json_root(json), payload, err);
    }
    tug__json_destroy(json);
    free(header);
    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "protected");
}

enum tug_status tug__schema1_strip(const char *bytes, size_t length, struct tug__buf *payload,
                                   bool *out_is_signed, struct tug_error *err)
{
    const size_t begin = payload->length;
    struct tug__json *json = NULL;
    const struct tug__json_value *signatures;
    enum tug_status status = tug__json_parse(bytes, length, &limits, &json, err);

    if (status != TUG_OK) {
        return status;
    }
    signatures = tug__json_get(tug__json_root(json), "signatures");
    *out_is_signed = tug__json_length(signatures) > 0;
    if (*out_is_signed) {
        status = strip(bytes, length, tug__json_at(signatures, 0), payload, err);
    }
    tug__json_destroy(json);
    if (status != TUG_OK) {
        tug__buf_cut(payload, begin);
        return tug__wrap(err, status, "signatures[0]");
    }
    return TUG_OK;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Text helpers.
 *
 * Knows: OpenSSL's base64. Does not know: JSON, the store, HTTP.
 * Threads: any.
 */
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/error.h"

bool tug__parse_u64(const char *text, size_t length, uint64_t *out_value)
{
    uint64_t value = 0;

    if (length == 0) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        const unsigned digit = (unsigned char)text[i] - (unsigned)'0';

        if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out_value = value;
    return true;
}

char *tug__strndup(const char *text, size_t length)
{
    char *const copy = malloc(length + 1);

    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

bool tug__text_copy(char **out_copy, const char *text)
{
    *out_copy = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out_copy != NULL;
}

enum tug_status tug__base64_decode(const char *text, size_t length, uint8_t **out_bytes,
                                   size_t *out_length, struct tug_error *err)
{
    size_t padding = 0;
    uint8_t *bytes;
    int decoded;

    while (padding < 2 && padding < length && text[length - 1 - padding] == '=') {
        padding++;
    }
    /* EVP_DecodeBlock accepts white space at both ends, strict base64 does not. */
    for (size_t i = 0; i + padding < length; i++) {
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", text[i]) ==
                NULL ||
            text[i] == '\0') {
            return tug__fail(err, TUG_ERR_CONTENT, "not base64");
        }
    }
    if (length % 4 != 0 || length > INT32_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "not base64");
    }
    bytes = malloc(length / 4 * 3 + 1);
    if (bytes == NULL) {
        return tug__fail_memory(err);
    }
    decoded = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
    if (decoded < 0) {
        free(bytes);
        return tug__fail(err, TUG_ERR_CONTENT, "not base64");
    }
    *out_bytes = bytes;
    *out_length = (size_t)decoded - padding;
    return TUG_OK;
}

enum tug_status tug__base64url_decode(const char *text, size_t length, uint8_t **out_bytes,
                                      size_t *out_length, struct tug_error *err)
{
    const size_t padding = (4 - length % 4) % 4;
    char *copy;
    enum tug_status status;

    if (memchr(text, '+', length) != NULL || memchr(text, '/', length) != NULL ||
        memchr(text, '=', length) != NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "not base64url");
    }
    copy = malloc(length + padding + 1);
    if (copy == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < length; i++) {
        copy[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
    }
    memset(copy + length, '=', padding);
    status = tug__base64_decode(copy, length + padding, out_bytes, out_length, err);
    free(copy);
    return status;
}

char *tug__base64_encode(const void *bytes, size_t length)
{
    char *text;

    if (length > INT32_MAX / 2) {
        return NULL;
    }
    text = malloc((length + 2) / 3 * 4 + 1);
    if (text != NULL) {
        (void)EVP_EncodeBlock((unsigned char *)text, bytes, (int)length);
    }
    return text;
}

void tug__wipe(void *bytes, size_t length)
{
    if (length > 0) {
        OPENSSL_cleanse(bytes, length);
    }
}

void tug__wipe_free(char *text)
{
    if (text != NULL) {
        tug__wipe(text, strlen(text));
        free(text);
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests: parse, print, compare, compute.
 *
 * Knows: image-spec 1.1.1 "Digests" and the algorithms registered there, base/hash.h.
 * Does not know: files, documents.
 * Threads: any.
 */
#include "oci/digest.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

/* Most bytes of a refused digest shown in a message. */
#define SHOWN_MAX 100

/* A registered algorithm that tug verifies. */
struct algorithm {
    const char *name;
    size_t length; /* bytes */
};

static const struct algorithm algorithms[] = {
    [TUG_DIGEST_NONE] = {"", 0},
    [TUG_DIGEST_SHA256] = {"sha256", 32},
    [TUG_DIGEST_SHA384] = {"sha384", 48},
    [TUG_DIGEST_SHA512] = {"sha512", 64},
};

#define ALGORITHM_COUNT (sizeof algorithms / sizeof algorithms[0])

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* [a-z0-9]+([+._-][a-z0-9]+)* */
static bool is_algorithm(const char *text, size_t length)
{
    bool is_start = true; /* of a component */

    for (size_t i = 0; i < length; i++) {
        if (is_lower_alnum(text[i])) {
            is_start = false;
        } else if (is_start || text[i] == '\0' || strchr("+._-", text[i]) == NULL) {
            return false;
        } else {
            is_start = true;
        }
    }
    return !is_start;
}

/* [a-zA-Z0-9=_-]+, as the specification allows for any algorithm */
static bool is_encoded(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const bool is_upper = text[i] >= 'A' && text[i] <= 'Z';

        if (!is_lower_alnum(text[i]) && !is_upper && text[i] != '=' && text[i] != '_' &&
            text[i] != '-') {
            return false;
        }
    }
    return length > 0;
}

static enum tug_digest_algorithm find_algorithm(const char *name, size_t length)
{
    for (size_t i = 1; i < ALGORITHM_COUNT; i++) {
        if (strlen(algorithms[i].name) == length && memcmp(algorithms[i].name, name, length) == 0) {
            return (enum tug_digest_algorithm)i;
        }
    }
    return TUG_DIGEST_NONE;
}

/* The value of each lower-case hex digit and 1; 0: no such digit. */
static const unsigned char hex_values[UCHAR_MAX + 1] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

static bool decode_hex(const char *hex, uint8_t *out_bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned high = hex_values[(unsigned char)hex[2 * i]];
        const unsigned low = hex_values[(unsigned char)hex[2 * i + 1]];

        if (high == 0 || low == 0) {
            return false;
        }
        out_bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    return true;
}

static enum tug_status refuse(const char *text, size_t length, enum tug_status code,
                              const char *why, struct tug_error *err)
{
    const bool is_cut = length > SHOWN_MAX;

    return tug__fail(err, code, "digest '%.*s%s': %s", is_cut ? SHOWN_MAX : (int)length, text,
                     is_cut ? "..." : "", why);
}

enum tug_status tug_digest_parse(const char *text, size_t length, struct tug_digest *out_digest,
                                 struct tug_error *err)
{
    const char *const colon = length > 0 ? memchr(text, ':', length) : NULL;
    const size_t name_length = colon != NULL ? (size_t)(colon - text) : 0;
    const size_t hex_length = colon != NULL ? length - name_length - 1 : 0;
    struct tug_digest digest = {0};

    if (colon == NULL || !is_algorithm(text, name_length)) {
        return refuse(text, length, TUG_ERR_INVALID_ARGUMENT, "not of the form algorithm:hex", err);
    }
    digest.algorithm = find_algorithm(text, name_length);
    if (digest.algorithm != TUG_DIGEST_NONE &&
        hex_length == 2 * tug__digest_length(digest.algorithm) &&
        decode_hex(colon + 1, digest.bytes, hex_length / 2)) {
        *out_digest = digest;
        return TUG_OK;
    }
    if (!is_encoded(colon + 1, hex_length)) {
        return refuse(text, length, TUG_ERR_INVALID_ARGUMENT, "bad characters after the ':'", err);
    }
    if (digest.algorithm == TUG_DIGEST_NONE) {
        return refuse(text, length, TUG_ERR_UNSUPPORTED, "its algorithm is not supported", err);
    }
    return refuse(text, length, TUG_ERR_INVALID_ARGUMENT,
                  hex_length != 2 * tug__digest_length(digest.algorithm)
                      ? "wrong length for its algorithm"
                      : "not lower-case hex",
                  err);
}

char *tug_digest_format(const struct tug_digest *digest, char out_text[TUG_DIGEST_TEXT_MAX])
{
    const char *const name = tug__digest_algorithm_name(digest->algorithm);
    char hex[TUG_DIGEST_TEXT_MAX];
    char *end;

    if (name[0] == '\0') {
        out_text[0] = '\0';
        return out_text;
    }
    end = stpcpy(out_text, name);
    *end++ = ':';
    (void)strcpy(end, tug__digest_hex(digest, hex));
    return out_text;
}

bool tug_digest_equal(const struct tug_digest *a, const struct tug_digest *b)
{
    return a->algorithm == b->algorithm && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

int tug__digest_compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct tug_digest)); /* unused bytes are zero */
}

const char *tug__digest_algorithm_name(enum tug_digest_algorithm algorithm)
{
    return (size_t)algorithm < ALGORITHM_COUNT ? algorithms[algorithm].name : "";
}

size_t tug__digest_length(enum tug_digest_algorithm algorithm)
{
    return (size_t)algorithm < ALGORITHM_COUNT ? algorithms[algorithm].length : 0;
}

char *tug__digest_hex(const struct tug_digest *digest, char out_text[TUG_DIGEST_TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    const size_t count = tug__digest_length(digest->algorithm);

    for (size_t i = 0; i < count; i++) {
        out_text[2 * i] = digits[digest->bytes[i] >> 4];
        out_text[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
    out_text[2 * count] = '\0';
    return out_text;
}

char *tug__digest_tag(const struct tug_digest *digest, char out_text[TUG_DIGEST_TEXT_MAX])
{
    char hex[TUG_DIGEST_TEXT_MAX];

    (void)snprintf(out_text, TUG_DIGEST_TEXT_MAX, "%s-%.64s",
                   tug__digest_algorithm_name(digest->algorithm), tug__digest_hex(digest, hex));
    return out_text;
}

enum tug_status tug__digest_of(enum tug_digest_algorithm algorithm, const void *bytes,
                               size_t length, struct tug_digest *out_digest, struct tug_error *err)
{
    struct tug_digest digest = {.algorithm = algorithm};
    struct tug__hash *hash = NULL;
    enum tug_status status = tug__hash_create(tug__digest_algorithm_name(algorithm), &hash, err);

    _Static_assert(sizeof digest.bytes == TUG__HASH_BYTES_MAX, "a digest holds any hash");
    if (status == TUG_OK) {
        status = tug__hash_update(hash, bytes, length, err);
    }
    if (status == TUG_OK) {
        status = tug__hash_finish(hash, digest.bytes, err);
    }
    if (status == TUG_OK) {
        *out_digest = digest;
    }
    tug__hash_destroy(hash);
    return status;
}

enum tug_status tug__digest_read(const char *text, struct tug_digest *out_digest,
                                 struct tug_error *err)
{
    const enum tug_status status = tug_digest_parse(text, strlen(text), out_digest, err);

    if (status != TUG_ERR_INVALID_ARGUMENT) {
        return status;
    }
    if (err != NULL) {
        err->code = TUG_ERR_CONTENT;
    }
    return TUG_ERR_CONTENT;
}

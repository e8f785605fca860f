/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-2 over OpenSSL's EVP.
 *
 * Knows: OpenSSL's EVP. Does not know: digests, files, HTTP.
 * Threads: a hash belongs to one thread at a time.
 */
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/error.h"

_Static_assert(TUG__HASH_BYTES_MAX >= EVP_MAX_MD_SIZE, "every result fits");

struct tug__hash {
    EVP_MD_CTX *context;
    const EVP_MD *type; /* static in OpenSSL */
};

static const EVP_MD *find_type(const char *name)
{
    if (strcmp(name, "sha256") == 0) {
        return EVP_sha256();
    }
    if (strcmp(name, "sha384") == 0) {
        return EVP_sha384();
    }
    return strcmp(name, "sha512") == 0 ? EVP_sha512() : NULL;
}

enum tug_status tug__hash_create(const char *name, struct tug__hash **out_hash,
                                 struct tug_error *err)
{
    struct tug__hash *const hash = calloc(1, sizeof *hash);

    if (hash == NULL) {
        return tug__fail_memory(err);
    }
    hash->type = find_type(name);
    hash->context = EVP_MD_CTX_new();
    if (hash->context == NULL) {
        tug__hash_destroy(hash);
        return tug__fail_memory(err);
    }
    if (hash->type == NULL || EVP_DigestInit_ex(hash->context, hash->type, NULL) != 1) {
        tug__hash_destroy(hash);
        return tug__fail(err, TUG_ERR_INTERNAL, "OpenSSL does not provide '%s'", name);
    }
    *out_hash = hash;
    return TUG_OK;
}

void tug__hash_destroy(struct tug__hash *hash)
{
    if (hash == NULL) {
        return;
    }
    EVP_MD_CTX_free(hash->context);
    free(hash);
}

enum tug_status tug__hash_update(struct tug__hash *hash, const void *bytes, size_t length,
                                 struct tug_error *err)
{
    if (length > 0 && EVP_DigestUpdate(hash->context, bytes, length) != 1) {
        return tug__fail(err, TUG_ERR_INTERNAL, "OpenSSL failed to hash");
    }
    return TUG_OK;
}

enum tug_status tug__hash_finish(struct tug__hash *hash, uint8_t out_bytes[TUG__HASH_BYTES_MAX],
                                 struct tug_error *err)
{
    memset(out_bytes, 0, TUG__HASH_BYTES_MAX);
    if (EVP_DigestFinal_ex(hash->context, out_bytes, NULL) != 1 ||
        EVP_DigestInit_ex(hash->context, hash->type, NULL) != 1) {
        return tug__fail(err, TUG_ERR_INTERNAL, "OpenSSL failed to finish a hash");
    }
    return TUG_OK;
}

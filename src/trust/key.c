/* SPDX-License-Identifier: Apache-2.0
 *
 * Public keys over OpenSSL's EVP.
 *
 * Knows: OpenSSL's keys. Does not know: what is signed, images, the store.
 * Threads: a key belongs to one thread at a time.
 */
#include "trust/key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/fs.h"

/* A PEM file of a public key: RSA of 8192 bits takes 1.5 KiB. */
#define KEY_FILE_MAX ((size_t)64 * 1024)
/* Smaller RSA keys can be broken; larger ones make each check expensive. */
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192

enum key_kind { KEY_NONE = 0, KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA };

static const char *const kind_names[] = {
    [KEY_NONE] = "none",       [KEY_P256] = "ECDSA P-256", [KEY_P384] = "ECDSA P-384",
    [KEY_ED25519] = "Ed25519", [KEY_RSA] = "RSA",
};

struct tug__key {
    char *name; /* owned */
    EVP_PKEY *pkey;
    enum key_kind kind;
};

#define BEGIN_KEY "BEGIN PUBLIC KEY-----"

/* What else people pass for a public key. Returns: static text; NULL: it might be one. */
static const char *find_other(const char *pem)
{
    static const struct {
        const char *label;
        const char *what;
    } others[] = {
        {"PRIVATE KEY-----", "a private key: pass the public one"},
        {"BEGIN CERTIFICATE-----", "a certificate: signatures are checked by key only"},
        {"BEGIN PGP ", "an OpenPGP key: only signatures of Cosign and sigstore are checked"},
        {"BEGIN RSA PUBLIC KEY-----",
         "a key in the form of PKCS #1: convert it with 'openssl rsa -RSAPublicKey_in -pubout'"},
        {"ssh-", "a key of SSH: convert it with 'ssh-keygen -e -m PKCS8'"},
    };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strstr(pem, others[i].label) != NULL) {
            return others[i].what;
        }
    }
    pem = strstr(pem, BEGIN_KEY);
    return pem != NULL && strstr(pem + 1, BEGIN_KEY) != NULL
               ? "a file of several keys: give each a file of its own"
               : NULL;
}

static enum key_kind find_kind(const EVP_PKEY *pkey)
{
    char group[32] = "";
    size_t length = 0;
    int bits;

    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_EC:
        (void)EVP_PKEY_get_group_name(pkey, group, sizeof group, &length);
        if (strcmp(group, "prime256v1") == 0) {
            return KEY_P256;
        }
        return strcmp(group, "secp384r1") == 0 ? KEY_P384 : KEY_NONE;
    case EVP_PKEY_ED25519:
        return KEY_ED25519;
    case EVP_PKEY_RSA:
        bits = EVP_PKEY_get_bits(pkey);
        return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX ? KEY_RSA : KEY_NONE;
    default:
        return KEY_NONE;
    }
}

static EVP_PKEY *read_pem(const char *pem, size_t length)
{
    BIO *const bio = BIO_new_mem_buf(pem, (int)length);
    EVP_PKEY *const pkey = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    ERR_clear_error();
    return pkey;
}

enum tug_status tug__key_parse(const char *name, const char *pem, size_t length,
                               struct tug__key **out_key, struct tug_error *err)
{
    const char *const other = length > 0 ? find_other(pem) : NULL;
    struct tug__key *key;

    if (other != NULL) {
        return tug__fail(err, TUG_ERR_CONFIG, "'%s' is %s", name, other);
    }
    key = calloc(1, sizeof *key);
    if (key == NULL || (key->name = strdup(name)) == NULL) {
        free(key);
        return tug__fail_memory(err);
    }
    key->pkey = length > 0 ? read_pem(pem, length) : NULL;
    if (key->pkey == NULL) {
        tug__key_destroy(key);
        return tug__fail(err, TUG_ERR_CONFIG,
                         "'%s' is not a public key in PEM (-----BEGIN PUBLIC KEY-----)", name);
    }
    key->kind = find_kind(key->pkey);
    if (key->kind == KEY_NONE) {
        tug__key_destroy(key);
        return tug__fail(err, TUG_ERR_CONFIG,
                         "'%s' is none of the supported keys: ECDSA on P-256 or P-384, Ed25519, "
                         "RSA of %d to %d bits",
                         name, RSA_BITS_MIN, RSA_BITS_MAX);
    }
    *out_key = key;
    return TUG_OK;
}

enum tug_status tug__key_load(const char *path, struct tug__key **out_key, struct tug_error *err)
{
    struct tug__buf text;
    enum tug_status status;

    tug__buf_init(&text, KEY_FILE_MAX);
    status = tug__fs_read_config(path, &text, err);
    status = status == TUG_OK           ? tug__key_parse(path, text.data, text.length, out_key, err)
             : status == TUG_ERR_CONFIG ? tug__wrap(err, status, "key")
                                        : status;
    tug__buf_fini(&text);
    return status;
}

void tug__key_destroy(struct tug__key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->pkey);
        free(key->name);
        free(key);
    }
}

const char *tug__key_name(const struct tug__key *key)
{
    return key->name;
}

const char *tug__key_kind(const struct tug__key *key)
{
    return kind_names[key->kind];
}

/* A signature and what it is of. */
struct signed_message {
    const void *message;
    size_t length;
    const uint8_t *signature;
    size_t signature_length;
};

/* Check with one scheme. digest: NULL: none (Ed25519). padding: of RSA; 0: none. */
static bool check(const struct tug__key *key, const struct signed_message *what,
                  const EVP_MD *digest, int padding)
{
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *scheme = NULL;
    bool is_good = false;

    if (context != NULL && EVP_DigestVerifyInit(context, &scheme, digest, NULL, key->pkey) == 1 &&
        (padding == 0 || EVP_PKEY_CTX_set_rsa_padding(scheme, padding) == 1)) {
        is_good = EVP_DigestVerify(context, what->signature, what->signature_length, what->message,
                                   what->length) == 1;
    }
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_good;
}

bool tug__key_signed(const struct tug__key *key, const void *message, size_t length,
                     const uint8_t *signature, size_t signature_length)
{
    const struct signed_message what = {message, length, signature, signature_length};

    switch (key->kind) {
    case KEY_P256:
        return check(key, &what, EVP_sha256(), 0);
    case KEY_P384:
        return check(key, &what, EVP_sha384(), 0) || check(key, &what, EVP_sha256(), 0);
    case KEY_ED25519:
        return check(key, &what, NULL, 0);
    case KEY_RSA:
        return check(key, &what, EVP_sha256(), RSA_PKCS1_PADDING) ||
               check(key, &what, EVP_sha256(), RSA_PKCS1_PSS_PADDING);
    case KEY_NONE:
    default:
        return false;
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Trusted certificates, client certificates. The only file that includes OpenSSL's TLS.
 *
 * Knows: OpenSSL. Does not know: libcurl, hosts, HTTP.
 * Threads: any; X509_STORE locks itself, and a lock of ours is held while the bundle is read.
 */
#include "http/tls.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "base/str.h"
#include "http/ca_places.h"

struct tug__trust {
    X509_STORE *store;

    /* Guards the rest. Held while the bundle is read: no connection can go on before. */
    pthread_mutex_t reading;
    char *bundle;             /* owned; still to be read; NULL: none, or it has been tried */
    struct tug_error failure; /* of reading it */
};

/* Fail with OpenSSL's reason, which is short and never a secret. */
static enum tug_status fail_openssl(struct tug_error *err, const char *what, const char *file)
{
    const unsigned long code = ERR_peek_last_error();
    const char *const reason = ERR_reason_error_string(code);

    ERR_clear_error();
    return tug__fail(err, TUG_ERR_CONFIG, "%s '%s': %s", what, file,
                     reason != NULL ? reason : "it cannot be used");
}

/* Distinguish a missing file from a malformed one. */
static enum tug_status check_readable(const char *what, const char *file, struct tug_error *err)
{
    if (access(file, R_OK) != 0) {
        return tug__fail_errno(err, TUG_ERR_CONFIG, errno, "%s '%s'", what, file);
    }
    return TUG_OK;
}

static enum tug_status add_file(X509_STORE *store, const char *file, struct tug_error *err)
{
    const enum tug_status status = check_readable("CA file", file, err);

    if (status == TUG_OK && X509_STORE_load_file(store, file) != 1) {
        return fail_openssl(err, "CA file", file);
    }
    return status;
}

/* The system may have neither: then only the files are trusted. */
static enum tug_status fill(struct tug__trust *trust, const struct tug__ca_places *system,
                            const char *const *files, size_t file_count, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    trust->store = X509_STORE_new();
    if (trust->store == NULL || !tug__text_copy(&trust->bundle, system->bundle)) {
        return tug__fail_memory(err);
    }
    if (system->directory != NULL && X509_STORE_load_path(trust->store, system->directory) != 1) {
        status = fail_openssl(err, "CA directory", system->directory);
    }
    for (size_t i = 0; status == TUG_OK && i < file_count; i++) {
        status = add_file(trust->store, files[i], err);
    }
    return status;
}

enum tug_status tug__trust_create(const struct tug__ca_places *system, const char *const *files,
                                  size_t file_count, struct tug__trust **out_trust,
                                  struct tug_error *err)
{
    struct tug__trust *const trust = calloc(1, sizeof *trust);
    enum tug_status status;

    if (trust == NULL) {
        return tug__fail_memory(err);
    }
    (void)pthread_mutex_init(&trust->reading, NULL); /* cannot fail without attributes */
    status = fill(trust, system, files, file_count, err);
    if (status != TUG_OK) {
        tug__trust_destroy(trust);
        return status;
    }
    *out_trust = trust;
    return TUG_OK;
}

void tug__trust_destroy(struct tug__trust *trust)
{
    if (trust != NULL) {
        X509_STORE_free(trust->store);
        (void)pthread_mutex_destroy(&trust->reading);
        free(trust->bundle);
        free(trust);
    }
}

/* Read the system's bundle, unless that was tried before. */
static enum tug_status read_bundle(struct tug__trust *trust, struct tug_error *err)
{
    enum tug_status status;

    (void)pthread_mutex_lock(&trust->reading);
    if (trust->bundle != NULL) {
        (void)add_file(trust->store, trust->bundle, &trust->failure);
        free(trust->bundle);
        trust->bundle = NULL;
    }
    status = trust->failure.code;
    if (status != TUG_OK) {
        *err = trust->failure;
    }
    (void)pthread_mutex_unlock(&trust->reading);
    return status;
}

enum tug_status tug__trust_apply(struct tug__trust *trust, void *ssl_context, struct tug_error *err)
{
    const enum tug_status status = read_bundle(trust, err);

    if (status == TUG_OK) {
        SSL_CTX_set1_cert_store(ssl_context, trust->store);
    }
    return status;
}

/* Tell whether a server accepts the issuer of a certificate in this file. */
static bool is_wanted(const STACK_OF(X509_NAME) * authorities, const char *file)
{
    BIO *const bio = BIO_new_file(file, "r");
    bool is_found = false;
    X509 *certificate;

    while (!is_found && bio != NULL &&
           (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        for (int i = 0; !is_found && i < sk_X509_NAME_num(authorities); i++) {
            is_found = X509_NAME_cmp(sk_X509_NAME_value(authorities, i),
                                     X509_get_issuer_name(certificate)) == 0;
        }
        X509_free(certificate);
    }
    BIO_free(bio);
    ERR_clear_error(); /* PEM_read_bio_X509 reports the end of a file as an error */
    return is_found;
}

/* OpenSSL asks for a certificate. Returns: 1, or 0 when there is none. */
static int choose_client(SSL *ssl, void *context)
{
    const struct tug__client_choice *const choice = context;
    const STACK_OF(X509_NAME) *const authorities = SSL_get0_peer_CA_list(ssl);
    const struct tug__client_pair *pair = &choice->pairs[0];

    for (size_t i = 0; authorities != NULL && i < choice->count; i++) {
        if (is_wanted(authorities, choice->pairs[i].certificate_file)) {
            pair = &choice->pairs[i];
            break;
        }
    }
    return SSL_use_certificate_chain_file(ssl, pair->certificate_file) == 1 &&
           SSL_use_PrivateKey_file(ssl,
                                   pair->key_file != NULL ? pair->key_file : pair->certificate_file,
                                   SSL_FILETYPE_PEM) == 1;
}

/* The same for a connection that may lead to a proxy. */
static int choose_client_by_name(SSL *ssl, void *context)
{
    const struct tug__client_choice *const choice = context;
    const char *const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const size_t length = name != NULL ? strlen(name) : 0;

    if (length == 0 || strncasecmp(name, choice->host, length) != 0 ||
        (choice->host[length] != '\0' && choice->host[length] != ':')) {
        return 1; /* none */
    }
    return choose_client(ssl, context);
}

void tug__client_choice_apply(const struct tug__client_choice *choice, bool has_tls_proxy,
                              void *ssl_context)
{
    union {
        const struct tug__client_choice *choice;
        void *argument; /* choose_client only reads */
    } const as = {choice};

    SSL_CTX_set_cert_cb(ssl_context, has_tls_proxy ? choose_client_by_name : choose_client,
                        as.argument);
}

/* There is no terminal here: a key with a passphrase is refused instead of prompting for it. */
static int no_passphrase(char *buf, int size, int rwflag, void *context)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)context;
    return -1;
}

enum tug_status tug__tls_check_client(const char *certificate_file, const char *key_file,
                                      struct tug_error *err)
{
    const char *const key = key_file != NULL ? key_file : certificate_file;
    enum tug_status status = check_readable("client certificate", certificate_file, err);
    SSL_CTX *context;

    if (status == TUG_OK) {
        status = check_readable("client key", key, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        return tug__fail_memory(err);
    }
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file) != 1) {
        status = fail_openssl(err, "client certificate", certificate_file);
    } else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        /* Also when the key belongs to another certificate. */
        status = fail_openssl(err, "client key", key);
    }
    SSL_CTX_free(context);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures: made with OpenSSL as the specifications say, and everything that must not count.
 */
#include "trust/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/str.h"
#include "oci/digest.h"

#define HEX "1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER "2222222222222222222222222222222222222222222222222222222222222222"
#define SIMPLE "application/vnd.dev.cosign.simplesigning.v1+json"
#define BUNDLE "application/vnd.dev.sigstore.bundle.v0.3+json"
#define SIGN "https://sigstore.dev/cosign/sign/v1"

/* --- making signatures --- */

/* P-256, P-384, P-521, Ed25519, RSA-2048, RSA-1024 */
static EVP_PKEY *make_key(const char *kind)
{
    EVP_PKEY *pkey = NULL;

    if (strcmp(kind, "Ed25519") == 0) {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    } else if (strncmp(kind, "RSA-", 4) == 0) {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)atoi(kind + 4));
    } else {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    }
    cr_assert(pkey != NULL, "%s: no key", kind);
    return pkey;
}

static char *public_pem(EVP_PKEY *pkey)
{
    BIO *const bio = BIO_new(BIO_s_mem());
    char *bytes;
    char *text;
    long length;

    cr_assert_eq(PEM_write_bio_PUBKEY(bio, pkey), 1);
    length = BIO_get_mem_data(bio, &bytes);
    text = tug__strndup(bytes, (size_t)length);
    BIO_free(bio);
    return text;
}

/* Returns: the signature in base64. */
static char *sign(EVP_PKEY *pkey, const char *digest, bool is_pss, const char *message,
                  size_t length)
{
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    const EVP_MD *const md = digest != NULL ? EVP_get_digestbyname(digest) : NULL;
    EVP_PKEY_CTX *scheme = NULL;
    uint8_t bytes[1024];
    size_t size = sizeof bytes;

    cr_assert_eq(EVP_DigestSignInit(context, &scheme, md, NULL, pkey), 1);
    if (is_pss) {
        cr_assert_eq(EVP_PKEY_CTX_set_rsa_padding(scheme, RSA_PKCS1_PSS_PADDING), 1);
    }
    cr_assert_eq(EVP_DigestSign(context, bytes, &size, (const uint8_t *)message, length), 1);
    EVP_MD_CTX_free(context);
    return tug__base64_encode(bytes, size);
}

static struct tug__keys trust(EVP_PKEY *pkey)
{
    struct tug__keys keys = {.keys = calloc(1, sizeof(struct tug__key *)), .count = 1};
    char *const pem = public_pem(pkey);
    struct tug_error error = {0};

    cr_assert_eq(tug__key_parse("key.pub", pem, strlen(pem), &keys.keys[0], &error), TUG_OK, "%s",
                 error.message);
    free(pem);
    return keys;
}

/* --- judging --- */

/* A signature in a manifest of one layer. */
struct sample {
    const char *media_type;
    const char *payload;
    const char *annotation; /* NULL: none */
    const char *more;       /* further annotations, each with a comma before it */
    uint64_t size_bytes;    /* as the manifest says; 0: the payload's */
    size_t copies;          /* layers; 0: 1 */
};

static enum tug_status read_payload(void *context, const struct tug_digest *digest,
                                    struct tug__buf *buf, struct tug_error *err)
{
    const struct sample *const sample = context;

    (void)digest;
    return tug__buf_append(buf, sample->payload, strlen(sample->payload), err);
}

static enum tug_status judge(const struct tug__keys *keys, const struct sample *sample,
                             const char *name, struct tug__verdict *out_verdict,
                             struct tug_error *error)
{
    const struct tug__payloads payloads = {read_payload, (void *)(uintptr_t)sample};
    struct tug_digest digest;
    struct tug_ref *ref = NULL;
    struct tug__claim claim = {.digest = &digest};
    struct tug__buf text;
    enum tug_status status;

    cr_assert_eq(tug_digest_parse("sha256:" HEX, 71, &digest, NULL), TUG_OK);
    cr_assert(name == NULL || tug_ref_parse(name, &ref, NULL) == TUG_OK);
    claim.ref = ref;
    tug__buf_init(&text, (size_t)16 * 1024 * 1024);
    (void)tug__buf_printf(&text, NULL,
                          "{\"schemaVersion\":2,\"mediaType\":"
                          "\"application/vnd.oci.image.manifest.v1+json\",\"config\":{"
                          "\"mediaType\":\"application/vnd.oci.empty.v1+json\",\"digest\":"
                          "\"sha256:" OTHER "\",\"size\":2},\"layers\":[");
    for (size_t i = 0; i < (sample->copies > 0 ? sample->copies : 1); i++) {
        (void)tug__buf_printf(
            &text, NULL,
            "%s{\"mediaType\":\"%s\",\"digest\":\"sha256:" OTHER "\",\"size\":%zu,"
            "\"annotations\":{\"a\":\"b\"%s%s%s%s}}",
            i > 0 ? "," : "", sample->media_type,
            sample->size_bytes > 0 ? (size_t)sample->size_bytes : strlen(sample->payload),
            sample->annotation != NULL ? ",\"dev.cosignproject.cosign/signature\":\"" : "",
            sample->annotation != NULL ? sample->annotation : "",
            sample->annotation != NULL ? "\"" : "", sample->more != NULL ? sample->more : "");
    }
    (void)tug__buf_printf(&text, NULL, "]}");
    *out_verdict = (struct tug__verdict){0};
    cr_assert_eq(tug__verdict_add(out_verdict, keys, &claim, &digest, text.data, text.length,
                                  &payloads, NULL),
                 TUG_OK);
    status = tug__verdict_check(out_verdict, error);
    tug__buf_fini(&text);
    tug_ref_destroy(ref);
    return status;
}

static void expect_signed(const struct tug__keys *keys, const struct sample *sample,
                          const char *name)
{
    struct tug__verdict verdict;
    struct tug_error error = {0};

    cr_assert_eq(judge(keys, sample, name, &verdict, &error), TUG_OK, "%s", error.message);
}

/* why: a part of the message */
static void expect_refused(const struct tug__keys *keys, const struct sample *sample,
                           const char *name, const char *why)
{
    struct tug__verdict verdict;
    struct tug_error error = {0};

    cr_assert_eq(judge(keys, sample, name, &verdict, &error), TUG_ERR_CONTENT, "it counts: %s",
                 why);
    cr_assert(strstr(error.message, why) != NULL, "'%s' not in '%s'", why, error.message);
}

static char *simple_payload(const char *name, const char *hex, const char *type)
{
    char *text = NULL;

    cr_assert_geq(asprintf(&text,
                           "{\"critical\":{\"identity\":{\"docker-reference\":\"%s\"},\"image\":{"
                           "\"docker-manifest-digest\":\"sha256:%s\"},\"type\":\"%s\"},"
                           "\"optional\":null}",
                           name, hex, type),
                  0);
    return text;
}

static char *good_payload(void)
{
    return simple_payload("reg.test/team/app", HEX, "cosign container image signature");
}

/* --- simple signing --- */

Test(trust_simple, every_kind_of_key)
{
    static const struct {
        const char *kind, *digest;
        bool is_pss;
    } cases[] = {
        {"P-256", "SHA256", false}, {"P-384", "SHA384", false},    {"P-384", "SHA256", false},
        {"Ed25519", NULL, false},   {"RSA-2048", "SHA256", false}, {"RSA-2048", "SHA256", true},
    };
    char *const payload = good_payload();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EVP_PKEY *const pkey = make_key(cases[i].kind);
        struct tug__keys keys = trust(pkey);
        char *const text = sign(pkey, cases[i].digest, cases[i].is_pss, payload, strlen(payload));
        const struct sample sample = {SIMPLE, payload, text, NULL, 0, 0};

        expect_signed(&keys, &sample, "reg.test/team/app:v1");
        tug__keys_fini(&keys);
        free(text);
        EVP_PKEY_free(pkey);
    }
    free(payload);
}

Test(trust_simple, what_does_not_count)
{
    EVP_PKEY *const pkey = make_key("P-256");
    EVP_PKEY *const wrong = make_key("P-256");
    EVP_PKEY *const curve = make_key("P-384");
    struct tug__keys keys = trust(pkey);
    char *const payload = good_payload();
    char *const text = sign(pkey, "SHA256", false, payload, strlen(payload));
    char *const by_wrong = sign(wrong, "SHA256", false, payload, strlen(payload));
    char *const by_curve = sign(curve, "SHA256", false, payload, strlen(payload));
    char *const changed = simple_payload("reg.test/team/app", HEX, "Cosign container signature");
    struct sample sample = {SIMPLE, payload, text, NULL, 0, 0};

    expect_signed(&keys, &sample, "reg.test/team/app");
    expect_refused(&keys, &sample, "reg.test/team/other", "for the repository of 'reg.test/team/");
    expect_refused(&keys, &sample, "other.test/team/app", "--verify-any-name");
    expect_signed(&keys, &sample, NULL);
    sample.annotation = by_wrong;
    expect_refused(&keys, &sample, NULL, "not made with the key of 'key.pub' (ECDSA P-256)");
    sample.annotation = by_curve;
    expect_refused(&keys, &sample, NULL, "not made with the key");
    sample.annotation = "////";
    expect_refused(&keys, &sample, NULL, "not made with the key");
    sample.annotation = "%";
    expect_refused(&keys, &sample, NULL, "its annotation");
    sample.annotation = NULL;
    expect_refused(&keys, &sample, NULL, "no annotation");
    sample.annotation = by_wrong;
    sample.more = ",\"dev.sigstore.cosign/certificate\":\"-----BEGIN\"";
    expect_refused(&keys, &sample, NULL, "keyless");
    sample = (struct sample){SIMPLE, changed, text, NULL, 0, 0};
    expect_refused(&keys, &sample, NULL, "not made with the key");
    sample = (struct sample){SIMPLE, payload, text, NULL, (uint64_t)1 << 30, 0};
    expect_refused(&keys, &sample, NULL, "over the limit");
    sample = (struct sample){SIMPLE, payload, by_wrong, NULL, 0, 10000};
    expect_refused(&keys, &sample, NULL, "none of the 256 signatures");
    sample = (struct sample){"application/json", payload, text, NULL, 0, 0};
    expect_refused(&keys, &sample, NULL, "no signature was found");

    tug__keys_fini(&keys);
    free(text);
    free(by_wrong);
    free(by_curve);
    free(changed);
    free(payload);
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(wrong);
    EVP_PKEY_free(curve);
}

/* Signed, but for something else. */
Test(trust_simple, what_a_payload_must_say)
{
    static const struct {
        const char *payload, *why;
    } cases[] = {
        {"{}", "no 'type'"},
        {"{\"critical\":{\"type\":\"atomic container signature\"}}", "of type 'atomic"},
        {"{\"critical\":{\"type\":\"cosign container image signature\"}}",
         "no 'docker-manifest-digest'"},
        {"{\"critical\":{\"type\":\"cosign container image signature\",\"image\":{"
         "\"docker-manifest-digest\":\"sha256:" OTHER "\"}}}",
         "it is for sha256:2222"},
        {"{\"critical\":{\"type\":\"cosign container image signature\",\"image\":{"
         "\"docker-manifest-digest\":\"md5:1\"}}}",
         "md5"},
        {"{\"critical\":{\"type\":\"cosign container image signature\",\"image\":{"
         "\"docker-manifest-digest\":\"sha256:" HEX "\"}}}",
         "no 'docker-reference'"},
        {"{\"critical\":{\"type\":\"cosign container image signature\",\"image\":{"
         "\"docker-manifest-digest\":\"sha256:" OTHER "\",\"Docker-Manifest-Digest\":\"sha256:" HEX
         "\"}}}",
         "Docker-Manifest-Digest"},
        {"{\"critical\":{\"type\":\"cosign container image signature\",\"image\":{"
         "\"docker-manifest-digest\":\"sha256:" HEX
         "\"},\"identity\":{\"docker-reference\":\"\"}}}",
         "names no repository"},
        {"[]", "JSON"},
    };
    EVP_PKEY *const pkey = make_key("Ed25519");
    struct tug__keys keys = trust(pkey);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *const text = sign(pkey, NULL, false, cases[i].payload, strlen(cases[i].payload));
        const struct sample sample = {SIMPLE, cases[i].payload, text, NULL, 0, 0};

        expect_refused(&keys, &sample, "reg.test/team/app", cases[i].why);
        free(text);
    }
    tug__keys_fini(&keys);
    EVP_PKEY_free(pkey);
}

/* Cosign writes index.docker.io, skopeo the full reference. */
Test(trust_simple, names_are_compared_as_references)
{
    static const char *const names[] = {"index.docker.io/library/nginx", "docker.io/library/nginx",
                                        "docker.io/library/nginx:1.27", "nginx"};
    EVP_PKEY *const pkey = make_key("Ed25519");
    struct tug__keys keys = trust(pkey);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *const payload = simple_payload(names[i], HEX, SIGN);
        char *const text = sign(pkey, NULL, false, payload, strlen(payload));
        const struct sample sample = {SIMPLE, payload, text, NULL, 0, 0};

        expect_signed(&keys, &sample, "nginx:1");
        expect_refused(&keys, &sample, "nginx/nginx", "is for the repository");
        free(text);
        free(payload);
    }
    tug__keys_fini(&keys);
    EVP_PKEY_free(pkey);
}

/* --- bundles --- */

static char *make_statement(const char *subject, const char *predicate)
{
    char *text = NULL;

    cr_assert_geq(asprintf(&text,
                           "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[%s],"
                           "\"predicateType\":\"%s\",\"predicate\":{}}",
                           subject, predicate),
                  0);
    return text;
}

/* material, type: of the bundle */
static char *make_bundle(EVP_PKEY *pkey, const char *statement, const char *material,
                         const char *type)
{
    char *const payload = tug__base64_encode(statement, strlen(statement));
    char *pae = NULL;
    char *signature;
    char *bundle = NULL;

    cr_assert_geq(asprintf(&pae, "DSSEv1 28 application/vnd.in-toto+json %zu %s", strlen(statement),
                           statement),
                  0);
    signature = sign(pkey, "SHA256", false, pae, strlen(pae));
    cr_assert_geq(asprintf(&bundle,
                           "{\"mediaType\":\"%s\",\"verificationMaterial\":{%s},"
                           "\"dsseEnvelope\":{\"payload\":\"%s\",\"payloadType\":"
                           "\"application/vnd.in-toto+json\",\"signatures\":[{\"sig\":\"AAAA\"},"
                           "{\"sig\":\"%s\"}]}}",
                           type, material, payload, signature),
                  0);
    free(payload);
    free(pae);
    free(signature);
    return bundle;
}

Test(trust_bundle, what_counts_and_what_does_not)
{
#define NAMED(hex) "{\"name\":\"reg.test/team/app\",\"digest\":{\"sha256\":\"" hex "\"}}"
#define NAMELESS "{\"digest\":{\"sha256\":\"" HEX "\"}}"
#define KEYED "\"publicKey\":{\"hint\":\"x\"},\"tlogEntries\":[]"
    static const struct {
        const char *subject, *predicate, *material, *type;
        const char *name; /* NULL: any */
        const char *why;  /* NULL: it counts */
    } cases[] = {
        {NAMED(HEX), SIGN, KEYED, BUNDLE, "reg.test/team/app", NULL},
        {NAMED(OTHER) "," NAMED(HEX), SIGN, KEYED, BUNDLE, "reg.test/team/app", NULL},
        {NAMED(HEX), SIGN, KEYED, "application/vnd.dev.sigstore.bundle+json;version=0.3", NULL,
         NULL},
        {NAMELESS, SIGN, KEYED, BUNDLE, NULL, NULL},
        {NAMELESS, SIGN, KEYED, BUNDLE, "reg.test/team/app", "names no repository"},
        {NAMED(HEX), SIGN, KEYED, BUNDLE, "reg.test/team/other", "for the repository of"},
        {NAMED(OTHER), SIGN, KEYED, BUNDLE, NULL, "does not name the digest"},
        {"", SIGN, KEYED, BUNDLE, NULL, "does not name the digest"},
        {NAMED(HEX), "https://spdx.dev/Document", KEYED, BUNDLE, NULL, "an attestation of type"},
        {NAMED(HEX), SIGN, "\"certificate\":{}", BUNDLE, NULL, "keyless"},
        {NAMED(HEX), SIGN, "\"x509CertificateChain\":{}", BUNDLE, NULL, "keyless"},
        {NAMED(HEX), SIGN, KEYED, "application/vnd.dev.sigstore.bundle+json;version=0.1", NULL,
         "not v0.3"},
    };
    EVP_PKEY *const pkey = make_key("P-256");
    EVP_PKEY *const wrong = make_key("P-256");
    struct tug__keys keys = trust(pkey);
    struct tug__keys others = trust(wrong);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *const statement = make_statement(cases[i].subject, cases[i].predicate);
        char *const bundle = make_bundle(pkey, statement, cases[i].material, cases[i].type);
        const struct sample sample = {BUNDLE, bundle, NULL, NULL, 0, 0};

        if (cases[i].why == NULL) {
            expect_signed(&keys, &sample, cases[i].name);
            expect_refused(&others, &sample, cases[i].name, "not made with the key");
        } else {
            expect_refused(&keys, &sample, cases[i].name, cases[i].why);
        }
        free(bundle);
        free(statement);
    }
    tug__keys_fini(&keys);
    tug__keys_fini(&others);
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(wrong);
}

Test(trust_bundle, other_envelopes_are_refused)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"{\"mediaType\":\"" BUNDLE "\",\"messageSignature\":{}}", "without a DSSE envelope"},
        {"{\"mediaType\":\"" BUNDLE "\",\"dsseEnvelope\":{\"payloadType\":\"text/plain\"}}",
         "holds 'text/plain'"},
        {"{\"mediaType\":\"" BUNDLE
         "\",\"dsseEnvelope\":{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"e30="
         "\",\"signatures\":[]}}",
         "0 signatures"},
        {"{\"mediaType\":\"" BUNDLE
         "\",\"dsseEnvelope\":{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"%\","
         "\"signatures\":[]}}",
         "the 'payload' of its envelope"},
        {"nonsense", "JSON"},
    };
    EVP_PKEY *const pkey = make_key("P-256");
    struct tug__keys keys = trust(pkey);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct sample sample = {BUNDLE, cases[i].text, NULL, NULL, 0, 0};

        expect_refused(&keys, &sample, NULL, cases[i].why);
    }
    tug__keys_fini(&keys);
    EVP_PKEY_free(pkey);
}

/* --- keys --- */

Test(trust_key, only_public_keys_of_known_kinds)
{
    static const char *const kinds[] = {"P-521", "RSA-1024"};
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "a private key"},
        {"-----BEGIN CERTIFICATE-----\n", "a certificate"},
        {"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "an OpenPGP key"},
        {"-----BEGIN RSA PUBLIC KEY-----\n", "PKCS #1"},
        {"ssh-ed25519 AAAA\n", "SSH"},
        {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "not a public key"},
        {"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n-----BEGIN PUBLIC KEY-----\n",
         "a file of several keys"},
        {"", "not a public key"},
    };
    struct tug__key *key = NULL;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        EVP_PKEY *const pkey = make_key(kinds[i]);
        char *const pem = public_pem(pkey);
        struct tug_error error = {0};

        cr_assert_eq(tug__key_parse("k", pem, strlen(pem), &key, &error), TUG_ERR_CONFIG);
        cr_assert(strstr(error.message, "none of the supported keys") != NULL, "%s", error.message);
        free(pem);
        EVP_PKEY_free(pkey);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tug_error error = {0};

        cr_assert_eq(tug__key_parse("k", cases[i].text, strlen(cases[i].text), &key, &error),
                     TUG_ERR_CONFIG);
        cr_assert(strstr(error.message, cases[i].why) != NULL, "'%s' not in '%s'", cases[i].why,
                  error.message);
    }
}

Test(trust_key, a_file_that_is_not_there)
{
    const char *const paths[] = {"/nonexistent/cosign.pub"};
    struct tug__keys keys;
    struct tug_error error = {0};

    cr_assert_eq(tug__keys_load(paths, 1, &keys, &error), TUG_ERR_CONFIG);
    cr_assert(strstr(error.message, "/nonexistent/cosign.pub") != NULL, "%s", error.message);
}

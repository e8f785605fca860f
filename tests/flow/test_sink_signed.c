/* SPDX-License-Identifier: Apache-2.0
 *
 * A program with a store of its own that wants signed images only: signatures are looked at where
 * they are, which is with the program. (tests/cli/fetch_signed.sh has the forms of signatures.)
 *
 * Knows: the public API, Cosign's simple signing. Does not know: queues.
 * Threads: criterion's; callbacks come on those of a run.
 */
#include "keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

TestSuite(sink_signed, .timeout = 60);

#define PAYLOAD_TYPE "application/vnd.dev.cosign.simplesigning.v1+json"

struct scene {
    struct flow flow;
    struct keeper keeper;
    struct build_image_result built;
    EVP_PKEY *key;
    char *key_file;
    const char *key_files[1];
    char signature[FAKE_DIGEST_SIZE]; /* the manifest's digest */
    char payload[FAKE_DIGEST_SIZE];
};

/* Write the public half of a new key. */
static EVP_PKEY *make_key(const struct scene *scene, const char *name, char **out_path)
{
    EVP_PKEY *const key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    BIO *const file = BIO_new(BIO_s_mem());
    char *text;
    long length;

    cr_assert_eq(PEM_write_bio_PUBKEY(file, key), 1);
    length = BIO_get_mem_data(file, &text);
    *out_path = tmpdir_join(scene->flow.directory, name);
    tmpdir_write(*out_path, text, (size_t)length);
    BIO_free(file);
    return key;
}

/* A signature of a text, in base64. */
static char *sign(EVP_PKEY *key, const char *text)
{
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    unsigned char bytes[128];
    size_t length = sizeof bytes;
    char *const base64 = malloc(2 * sizeof bytes);

    cr_assert_eq(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
    cr_assert_eq(EVP_DigestSign(context, bytes, &length, (const unsigned char *)text, strlen(text)),
                 1);
    (void)EVP_EncodeBlock((unsigned char *)base64, bytes, (int)length);
    EVP_MD_CTX_free(context);
    return base64;
}

static void add_signature(struct scene *scene)
{
    struct fake_registry *const registry = scene->flow.registry;
    char *const payload =
        build_text("{\"critical\":{\"identity\":{\"docker-reference\":\"%s/app\"},"
                   "\"image\":{\"docker-manifest-digest\":\"%s\"},"
                   "\"type\":\"cosign container image signature\"},\"optional\":null}",
                   fake_registry_host(registry), scene->built.manifest.digest);
    char *const signature = sign(scene->key, payload);
    char *const tag = build_text("sha256-%s.sig", strchr(scene->built.manifest.digest, ':') + 1);
    char config[FAKE_DIGEST_SIZE];
    char *manifest;

    fake_blob_add(registry, "app", NULL, payload, strlen(payload), scene->payload);
    fake_blob_add(registry, "app", NULL, "{}", 2, config);
    manifest = build_text(
        "{\"schemaVersion\":2,\"mediaType\":\"" BUILD_OCI_MANIFEST "\","
        "\"config\":{\"mediaType\":\"" BUILD_OCI_CONFIG "\",\"digest\":\"%s\",\"size\":2},"
        "\"layers\":[{\"mediaType\":\"" PAYLOAD_TYPE "\",\"digest\":\"%s\",\"size\":%zu,"
        "\"annotations\":{\"dev.cosignproject.cosign/signature\":\"%s\"}}]}",
        config, scene->payload, strlen(payload), signature);
    fake_manifest_add(registry,
                      &(struct fake_manifest){.repo = "app", .tag = tag, .json = manifest},
                      scene->signature);
    free(manifest);
    free(tag);
    free(signature);
    free(payload);
}

static void open_scene(struct scene *scene)
{
    static const uint64_t sizes[] = {300000, 20000};

    *scene = (struct scene){0};
    flow_open(&scene->flow, NULL);
    keeper_init(&scene->keeper);
    scene->flow.sink = &scene->keeper.sink;
    build_image_add(
        scene->flow.registry,
        &(struct build_image){.repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = 2},
        &scene->built);
    scene->key = make_key(scene, "key.pub", &scene->key_file);
    scene->key_files[0] = scene->key_file;
    scene->flow.options.verify_keys = scene->key_files;
    scene->flow.options.verify_key_count = 1;
}

static void close_scene(struct scene *scene)
{
    EVP_PKEY_free(scene->key);
    free(scene->key_file);
    keeper_fini(&scene->keeper);
    flow_close(&scene->flow);
}

/* The signature is handed over, too, and read from there in the next run. */
Test(sink_signed, image_that_a_key_signed)
{
    struct scene scene;

    open_scene(&scene);
    add_signature(&scene);
    for (unsigned run = 0; run < 2; run++) {
        cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "run %u: %s", run,
                     scene.flow.seen.error.message);
        cr_assert_not_null(keeper_find(&scene.keeper, scene.built.manifest.digest));
        cr_assert_not_null(keeper_find(&scene.keeper, scene.built.layers[0].digest));
        cr_assert_not_null(keeper_find(&scene.keeper, scene.signature));
        cr_assert_not_null(keeper_find(&scene.keeper, scene.payload));
        cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_WARNING], 0, "%s", scene.flow.seen.warning);
    }
    cr_assert_eq(scene.flow.seen.image.bytes_fetched, 0);
    close_scene(&scene);
}

/* What has come stays with the program, but the image has failed. */
Test(sink_signed, image_that_nobody_signed)
{
    struct scene scene;

    open_scene(&scene);
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_ERR_CONTENT, "%s",
                 scene.flow.seen.error.message);
    cr_assert_eq(scene.flow.seen.image.status, TUG_ERR_CONTENT);
    close_scene(&scene);
}

Test(sink_signed, image_that_another_key_signed)
{
    struct scene scene;
    EVP_PKEY *other;
    char *other_file;

    open_scene(&scene);
    add_signature(&scene);
    other = make_key(&scene, "other.pub", &other_file);
    scene.key_files[0] = other_file;
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_ERR_CONTENT);
    cr_assert(strstr(scene.flow.seen.error.message, "sign") != NULL, "%s",
              scene.flow.seen.error.message);
    EVP_PKEY_free(other);
    free(other_file);
    close_scene(&scene);
}

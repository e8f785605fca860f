/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures in a store: what is handed to the judgement, and up to which limits.
 */
#include "plan/signed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "rsa_8192.h"
#include "sigstore_bundle.h"
#include "support/tmpdir.h"

#define PAYLOAD "2222222222222222222222222222222222222222222222222222222222222222"
#define SIMPLE "application/vnd.dev.cosign.simplesigning.v1+json"

/* A store of blobs whose names are numbers, and the question about it. */
struct scene {
    char *directory;
    struct tug_store *store;
    struct tug__keys keys;
    struct tug_digest digest;
    struct tug_digest manifests[TUG__SIGNATURES_MAX + 2];
    struct tug__signed_question question;
};

static struct tug_digest parse(const char *hex)
{
    struct tug_digest digest;
    char text[TUG_DIGEST_TEXT_MAX];

    (void)snprintf(text, sizeof text, "sha256:%s", hex);
    cr_assert_eq(tug_digest_parse(text, strlen(text), &digest, NULL), TUG_OK);
    return digest;
}

static void put(const struct scene *scene, const char *hex, const char *text)
{
    char name[128];
    char *path;

    (void)snprintf(name, sizeof name, "store/blobs/sha256/%s", hex);
    path = tmpdir_join(scene->directory, name);
    tmpdir_write(path, text, strlen(text));
    free(path);
}

/* Add a manifest of one payload. number: of the manifest; type, length: of the payload;
 * annotations: of it, in JSON. */
static void put_payload(struct scene *scene, unsigned number, const char *type, size_t length,
                        const char *annotations)
{
    char *text = NULL;
    char hex[65];

    (void)snprintf(hex, sizeof hex, "%064x", number);
    cr_assert_geq(
        asprintf(&text,
                 "{\"schemaVersion\":2,\"mediaType\":"
                 "\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":"
                 "\"application/vnd.oci.empty.v1+json\",\"digest\":\"sha256:" PAYLOAD
                 "\",\"size\":2},\"layers\":[{\"mediaType\":\"%s\",\"digest\":\"sha256:" PAYLOAD
                 "\",\"size\":%zu,\"annotations\":{%s}}]}",
                 type, length, annotations),
        0);
    put(scene, hex, text);
    free(text);
    scene->manifests[scene->question.manifest_count++] = parse(hex);
}

/* Add one of a simple signature. more: further annotations, each with a comma before it. */
static void put_manifest(struct scene *scene, unsigned number, const char *signature,
                         const char *more)
{
    char *annotations = NULL;

    cr_assert_geq(
        asprintf(&annotations, "\"dev.cosignproject.cosign/signature\":\"%s\"%s", signature, more),
        0);
    put_payload(scene, number, SIMPLE, strlen(rsa_8192_payload), annotations);
    free(annotations);
}

static void open_scene(struct scene *scene)
{
    char *path;

    *scene = (struct scene){.directory = tmpdir_create(), .digest = parse(RSA_8192_DIGEST)};
    path = tmpdir_join(scene->directory, "store");
    cr_assert_eq(tug_store_open(path, NULL, &scene->store, NULL), TUG_OK);
    free(path);
    for (size_t i = 0; i < 2; i++) {
        path = tmpdir_join(scene->directory, i == 0 ? "store/blobs" : "store/blobs/sha256");
        (void)mkdir(path, 0700); /* it may be there */
        free(path);
    }
    scene->keys = (struct tug__keys){.keys = calloc(1, sizeof(struct tug__key *)), .count = 1};
    cr_assert_eq(
        tug__key_parse("key.pub", rsa_8192_pem, strlen(rsa_8192_pem), &scene->keys.keys[0], NULL),
        TUG_OK);
    scene->question = (struct tug__signed_question){
        .store = scene->store,
        .keys = &scene->keys,
        .digest = &scene->digest,
        .manifests = scene->manifests,
    };
    put(scene, PAYLOAD, rsa_8192_payload);
}

static void close_scene(struct scene *scene)
{
    tug__keys_fini(&scene->keys);
    tug_store_close(scene->store);
    tmpdir_remove(scene->directory);
}

/* why: part of the error; NULL: it is signed. */
static void expect(const struct scene *scene, const char *why)
{
    struct tug__verdict verdict = {0};
    struct tug_error error = {0};
    enum tug_status status;

    cr_assert_eq(tug__signed_judge(&scene->question, &verdict, &error), TUG_OK);
    status = tug__verdict_check(&verdict, &error);
    cr_assert_eq(status, why == NULL ? TUG_OK : TUG_ERR_CONTENT, "%s", error.message);
    cr_assert(why == NULL || strstr(error.message, why) != NULL, "%s", error.message);
}

Test(pipeline_signed, nothing_is_no_signature)
{
    struct scene scene;

    open_scene(&scene);
    expect(&scene, "no signature was found");
    close_scene(&scene);
}

/* The largest annotations that are read: longer than those of any layer. */
Test(pipeline_signed, the_largest_key_and_a_certificate)
{
    struct scene scene;
    char more[4200];

    open_scene(&scene);
    (void)snprintf(more, sizeof more, ",\"dev.sigstore.cosign/certificate\":\"%04000d\"", 0);
    put_manifest(&scene, 1, "AAAA", more);
    expect(&scene, "it has a certificate (keyless signing), which is not supported");
    put_manifest(&scene, 2, rsa_8192_signature, more);
    expect(&scene, NULL);
    close_scene(&scene);
}

/* What another program writes, members that tug does not know included. */
Test(pipeline_signed, a_bundle_of_sigstores_own_library)
{
    static const char type[] = "application/vnd.dev.sigstore.bundle.v0.3+json";
    struct scene scene;
    struct tug_ref *ref = NULL;

    open_scene(&scene);
    put(&scene, PAYLOAD, sigstore_bundle);
    put_payload(&scene, 1, type, strlen(sigstore_bundle), "");
    expect(&scene, "not made with the key of 'key.pub' (RSA)");
    tug__key_destroy(scene.keys.keys[0]);
    cr_assert_eq(
        tug__key_parse("key.pub", sigstore_pem, strlen(sigstore_pem), &scene.keys.keys[0], NULL),
        TUG_OK);
    cr_assert_eq(tug_ref_parse("reg.test/team/app:1", &ref, NULL), TUG_OK);
    scene.question.ref = ref;
    expect(&scene, NULL);
    tug_ref_destroy(ref);
    cr_assert_eq(tug_ref_parse("reg.test/team/other:1", &ref, NULL), TUG_OK);
    scene.question.ref = ref;
    expect(&scene, "it is for the repository of 'reg.test/team/app'");
    tug_ref_destroy(ref);
    close_scene(&scene);
}

Test(pipeline_signed, what_is_not_there_is_a_reason)
{
    struct scene scene;
    char *path;

    open_scene(&scene);
    scene.manifests[scene.question.manifest_count++] = parse(PAYLOAD);
    expect(&scene, "no signature was found that can be read: sha256:222222222222: ");
    scene.question.manifest_count = 0;
    put_manifest(&scene, 1, rsa_8192_signature, "");
    path = tmpdir_join(scene.directory, "store/blobs/sha256/" PAYLOAD);
    cr_assert_eq(remove(path), 0);
    free(path);
    expect(&scene, "the one signature found does not count: sha256:222222222222: its payload is "
                   "not in the store");
    close_scene(&scene);
}

Test(pipeline_signed, there_is_an_end_to_them)
{
    struct scene scene;

    open_scene(&scene);
    for (unsigned i = 0; i < TUG__SIGNATURES_MAX; i++) {
        put_manifest(&scene, 1 + i, "AAAA", "");
    }
    put_manifest(&scene, 1000, rsa_8192_signature, "");
    expect(&scene, "none of the 256 signatures found counts");
    scene.question.manifests = scene.manifests + 1;
    scene.question.manifest_count--;
    expect(&scene, NULL);
    for (unsigned i = 0; i < TUG__SIGNATURES_MAX; i++) {
        scene.manifests[i] = parse(PAYLOAD); /* no manifests */
    }
    scene.question.manifests = scene.manifests;
    scene.question.manifest_count++;
    expect(&scene, "no signature was found that can be read");
    close_scene(&scene);
}

Test(pipeline_signed, tags_that_are_digests)
{
    static const struct {
        const char *tag;
        const char *end; /* NULL: it is another tag */
    } cases[] = {
        {"sha256-" PAYLOAD ".sig", ".sig"},
        {"sha256-" PAYLOAD ".att", ".att"},
        {"sha256-" PAYLOAD, ""},
        {"sha256-" PAYLOAD ".a.b", ".a.b"},
        {"sha256:" PAYLOAD ".sig", NULL},
        {"sha256-" PAYLOAD "2.sig", NULL},
        {"sha256-2222.sig", NULL},
        {"sha256" PAYLOAD ".sig", NULL},
        {"md5-" PAYLOAD ".sig", NULL},
        {"1.2-3.sig", NULL},
        {"latest", NULL},
        {"-", NULL},
        {"", NULL},
    };
    const struct tug_digest wanted = parse(PAYLOAD);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tug_digest digest = {0};
        const char *end = NULL;
        const bool is_one = tug__digest_tag_read(cases[i].tag, &digest, &end);

        cr_assert_eq(is_one, cases[i].end != NULL, "%s", cases[i].tag);
        cr_assert(!is_one || (tug_digest_equal(&digest, &wanted) && strcmp(end, cases[i].end) == 0),
                  "%s", cases[i].tag);
    }
}

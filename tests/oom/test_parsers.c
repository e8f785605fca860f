/* SPDX-License-Identifier: Apache-2.0
 *
 * The parsers without memory: right error, nothing leaked.
 *
 * Knows: the parsers' headers. Does not know: which allocations they make.
 * Threads: one.
 */
#include <string.h>

#include <criterion/criterion.h>
#include <tug/ref.h>

#include "auth/authfile.h"
#include "auth/credential.h"
#include "hosts/hosts.h"
#include "oci/document.h"
#include "oom.h"
#include "support/tmpdir.h"

#define DIGEST                                                                                     \
    "\"digest\":\"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""

static enum tug_status parse_ref(void *context, struct tug_error *err)
{
    struct tug_ref *ref = NULL;
    const enum tug_status status = tug_ref_parse(context, &ref, err);

    tug_ref_destroy(ref);
    return status;
}

Test(oom_parsers, references)
{
    static char text[] = "example.org:5000/some/name:tag@sha256:"
                         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static char shorter[] = "nginx";

    oom_each(parse_ref, NULL, text, 1);
    oom_each(parse_ref, NULL, shorter, 1);
}

static enum tug_status parse_document(void *context, struct tug_error *err)
{
    const struct tug__document_text text = {.bytes = context, .length = strlen(context)};
    struct tug__document document = {0};
    const enum tug_status status = tug__document_parse(&text, &document, err);

    tug__document_fini(&document);
    return status;
}

Test(oom_parsers, documents)
{
    static char manifest[] =
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
        "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\"," DIGEST
        ",\"size\":3,\"data\":\"YWJj\"},\"annotations\":{\"a\":\"b\"},"
        "\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\"," DIGEST
        ",\"size\":3,\"annotations\":{\"c\":\"d\"},\"urls\":[\"https://example.org/a\",\"https://"
        "example.org/b\"]}]}";
    static char index[] =
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
        "\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\"," DIGEST
        ",\"size\":3,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\","
        "\"os.features\":[\"x\"]}},{\"mediaType\":\"application/"
        "vnd.oci.image.index.v1+json\"," DIGEST ",\"size\":4}]}";

    oom_each(parse_document, NULL, manifest, 4);
    oom_each(parse_document, NULL, index, 3);
}

static enum tug_status parse_hosts(void *context, struct tug_error *err)
{
    static const struct tug__hosts_place place = {.host = "docker.io", .path = "hosts.toml"};
    struct tug__hosts_file *file = NULL;
    const char *const text = context;
    const enum tug_status status = tug__hosts_parse(text, strlen(text), &place, &file, err);

    tug__hosts_destroy(file);
    return status;
}

Test(oom_parsers, hosts)
{
    static char text[] = "server = \"https://registry.example\"\n"
                         "ca = [\"a.pem\", \"b.pem\"]\n"
                         "[header]\n\"X-A\" = \"b\"\n"
                         "[host.\"https://mirror.example/v2/a\"]\n"
                         "capabilities = [\"pull\", \"resolve\"]\n"
                         "override_path = true\nskip_verify = false\ndial_timeout = \"3s\"\n"
                         "client = [[\"c.pem\", \"k.pem\"], [\"d.pem\", \"\"]]\n"
                         "[host.\"https://mirror.example/v2/a\".header]\n"
                         "\"X-B\" = [\"c\", \"d\"]\n"
                         "[host.\"http://127.0.0.1:5000\"]\n";

    oom_each(parse_hosts, NULL, text, 20);
}

#define AUTHS                                                                                      \
    "{\"auths\":{\"h.example\":{\"auth\":\"bWU6c2VjcmV0\"},"                                       \
    "\"https://index.docker.io/v1/\":{\"username\":\"u\",\"password\":\"p\"},"                     \
    "\"t.example/a/b\":{\"identitytoken\":\"abc\"}},"                                              \
    "\"credHelpers\":{\"x.example\":\"none\"},"                                                    \
    "\"HttpHeaders\":{\"X-A\":\"b\"}}"

static enum tug_status find_credential(void *context, struct tug_error *err)
{
    static const struct tug__authfile_text input = {AUTHS, sizeof AUTHS - 1, "config.json",
                                                    TUG__AUTHFILE_FULL};
    struct tug__authfile *file = NULL;
    struct tug__credential credential = {0};
    enum tug_status status = tug__authfile_parse(&input, &file, err);

    if (status == TUG_OK) {
        status = tug__authfile_find(file, context, "a/b", &credential, err);
    }
    tug__credential_fini(&credential);
    tug__authfile_destroy(file);
    return status;
}

Test(oom_parsers, auth_files)
{
    static char host[] = "h.example";
    static char hub[] = "docker.io";

    oom_each(find_credential, NULL, host, 5);
    oom_each(find_credential, NULL, hub, 5);
}

static const char *home;

static const char *get_env(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "DOCKER_CONFIG") == 0 ? home : NULL;
}

static enum tug_status get_credential(void *context, struct tug_error *err)
{
    struct tug__credentials *credentials = NULL;
    struct tug__credential credential = {0};
    enum tug_status status = tug__credentials_create(
        &(struct tug__credential_settings){.get_env = get_env}, &credentials, err);

    if (status == TUG_OK) {
        status = tug__credentials_get(
            credentials, &(struct tug__credential_request){.host = context, .repository = "a/b"},
            &credential, err);
    }
    tug__credential_fini(&credential);
    tug__credentials_destroy(credentials);
    return status;
}

Test(oom_parsers, credentials)
{
    static char host[] = "h.example";
    char *const directory = tmpdir_create();
    char *const path = tmpdir_join(directory, "config.json");

    tmpdir_write(path, AUTHS, strlen(AUTHS));
    home = directory;
    oom_each(get_credential, NULL, host, 6);
    free(path);
    tmpdir_remove(directory);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversion of manifests and indexes: media types change, and no other byte.
 */
#include "convert/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "oci/digest.h"
#include "oci/limits.h"

#define OCI "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."
#define DOCKER_MANIFEST DOCKER "distribution.manifest.v2+json"
#define DOCKER_LIST DOCKER "distribution.manifest.list.v2+json"
#define HEX16 "0123456789abcdef"
#define DIGEST "'digest':'sha256:" HEX16 HEX16 HEX16 HEX16 "'"
#define OTHER16 "fedcba9876543210"
#define OTHER "sha256:" OTHER16 OTHER16 OTHER16 OTHER16

/* Convert a text, in which ' stands for ". media_type: as announced. out_text: owned; NULL: nothing
 * has changed. */
static enum tug_status convert(const char *given, const char *media_type,
                               const struct tug__converted *entries, char **out_text,
                               struct tug_error *err)
{
    char *const text = strdup(given);
    const struct tug__document_text parsed = {
        .bytes = text, .length = strlen(text), .media_type = media_type, .is_pinned = true};
    struct tug__conversion_input input = {
        .bytes = text, .length = strlen(text), .entries = entries};
    struct tug__document document = {0};
    struct tug__buf output;
    bool is_changed = false;
    enum tug_status status;
    size_t length;

    for (char *at = text; *at != '\0'; at++) {
        *at = (char)(*at == '\'' ? '"' : *at);
    }
    cr_assert_eq(tug__document_parse(&parsed, &document, err), TUG_OK, "%s", err->message);
    input.document = &document;
    tug__buf_init(&output, TUG__MANIFEST_BYTES_MAX);
    status = tug__convert_document(&input, &output, &is_changed, err);
    cr_assert(status == TUG_OK || output.length == 0);
    *out_text = status == TUG_OK && is_changed ? tug__buf_steal(&output, &length) : NULL;
    tug__buf_fini(&output);
    tug__document_fini(&document);
    free(text);
    return status;
}

/* expected: ' stands for "; NULL: nothing changes. */
static void expect(const char *given, const char *media_type, const struct tug__converted *entries,
                   const char *expected)
{
    char *const wanted = expected != NULL ? strdup(expected) : NULL;
    struct tug_error err = {0};
    char *text = NULL;

    for (char *at = wanted; at != NULL && *at != '\0'; at++) {
        *at = (char)(*at == '\'' ? '"' : *at);
    }
    cr_assert_eq(convert(given, media_type, entries, &text, &err), TUG_OK, "%s", err.message);
    cr_assert_eq(text == NULL, wanted == NULL, "%s", given);
    cr_assert(wanted == NULL || strcmp(text, wanted) == 0, "%s\n%s", text, wanted);
    free(text);
    free(wanted);
}

Test(convert_document, a_docker_manifest_changes_in_its_types_only)
{
    expect("{ 'layers' : [\n\t{'size':3, 'mediaType' : '" DOCKER
           "image.rootfs.diff.tar.gzip'," DIGEST ",'annotations':{'mediaType':'" DOCKER_MANIFEST
           "'}},\n"
           "{'mediaType':'" DOCKER "image.rootfs.foreign.diff.tar.gzip','size':4," DIGEST
           ",'urls':['https://a/b']}, {'mediaType':'x/y','size':5," DIGEST "} ],\n"
           " 'config':{'mediaType':'" DOCKER "container.image.v1+json','size':2," DIGEST "},\n"
           "'x':1e3, 'mediaType':'" DOCKER_MANIFEST "', 'schemaVersion':2 }\n",
           DOCKER_MANIFEST, NULL,
           "{ 'layers' : [\n\t{'size':3, 'mediaType' : '" OCI "layer.v1.tar+gzip'," DIGEST
           ",'annotations':{'mediaType':'" DOCKER_MANIFEST "'}},\n"
           "{'mediaType':'" OCI "layer.nondistributable.v1.tar+gzip','size':4," DIGEST
           ",'urls':['https://a/b']}, {'mediaType':'x/y','size':5," DIGEST "} ],\n"
           " 'config':{'mediaType':'" OCI "config.v1+json','size':2," DIGEST "},\n"
           "'x':1e3, 'mediaType':'" OCI "manifest.v1+json', 'schemaVersion':2 }\n");
}

Test(convert_document, f51_an_octet_stream_config_of_docker_becomes_a_config)
{
    expect("{'schemaVersion':2,'mediaType':'" DOCKER_MANIFEST
           "','config':{'mediaType':'application/octet-stream','size':2," DIGEST "},'layers':[]}",
           DOCKER_MANIFEST, NULL,
           "{'schemaVersion':2,'mediaType':'" OCI "manifest.v1+json','config':{'mediaType':'" OCI
           "config.v1+json','size':2," DIGEST "},'layers':[]}");
    /* an artifact may have such a config */
    expect("{'schemaVersion':2,'config':{'mediaType':'application/octet-stream','size':2," DIGEST
           "},'layers':[]}",
           OCI "manifest.v1+json", NULL, NULL);
}

Test(convert_document, what_is_oci_stays)
{
    expect("{'schemaVersion':2,'mediaType':'" OCI "manifest.v1+json','config':{'mediaType':'" OCI
           "config.v1+json','size':2," DIGEST "},'layers':[{'mediaType':'" OCI
           "layer.v1.tar+gzip','size':3," DIGEST "}]}",
           OCI "manifest.v1+json", NULL, NULL);
    expect("{'schemaVersion':2,'mediaType':'" OCI "index.v1+json','manifests':[{'mediaType':'" OCI
           "manifest.v1+json','size':3," DIGEST "}]}",
           OCI "index.v1+json", NULL, NULL);
}

Test(convert_document, docker_layers_in_an_oci_manifest_change)
{
    expect("{'schemaVersion':2,'config':{'mediaType':'" OCI "config.v1+json','size':2," DIGEST
           "},'layers':[{'mediaType':'" DOCKER "image.rootfs.diff.tar','size':3," DIGEST "}]}",
           OCI "manifest.v1+json", NULL,
           "{'schemaVersion':2,'config':{'mediaType':'" OCI "config.v1+json','size':2," DIGEST
           "},'layers':[{'mediaType':'" OCI "layer.v1.tar','size':3," DIGEST "}]}");
}

Test(convert_document, an_entry_gets_type_digest_and_size_of_what_it_became)
{
    struct tug__converted entries[2] = {{.media_type = OCI "manifest.v1+json", .size_bytes = 777}};

    cr_assert_eq(tug__digest_read(OTHER, &entries[0].digest, NULL), TUG_OK);
    expect(
        "{'schemaVersion':2,'mediaType':'" DOCKER_LIST
        "','manifests':[{'size':3,'platform':{'os':'linux','architecture':'amd64','size':1}," DIGEST
        ",'mediaType':'" DOCKER_MANIFEST "'},{'mediaType':'" DOCKER_MANIFEST "','size':4," DIGEST
        "}]}",
        DOCKER_LIST, entries,
        "{'schemaVersion':2,'mediaType':'" OCI "index.v1+json','manifests':[{'size':777,"
        "'platform':{'os':'linux','architecture':'amd64','size':1},'digest':'" OTHER
        "','mediaType':'" OCI "manifest.v1+json'},{'mediaType':'" DOCKER_MANIFEST
        "','size':4," DIGEST "}]}");
    /* one without a type, which the specification wants */
    expect("{'schemaVersion':2,'manifests':[{'size':3," DIGEST "},{'size':4," DIGEST "}]}",
           DOCKER_LIST, entries,
           "{'schemaVersion':2,'manifests':[{'mediaType':'" OCI
           "manifest.v1+json','size':777,'digest':'" OTHER "'},{'size':4," DIGEST "}]}");
}

Test(convert_document, the_own_type_counts_when_the_announced_one_differs)
{
    expect("{'schemaVersion':2,'mediaType':'" DOCKER_MANIFEST "','config':{'mediaType':'" OCI
           "config.v1+json','size':2," DIGEST "},'layers':[]}",
           OCI "manifest.v1+json", NULL,
           "{'schemaVersion':2,'mediaType':'" OCI "manifest.v1+json','config':{'mediaType':'" OCI
           "config.v1+json','size':2," DIGEST "},'layers':[]}");
}

Test(convert_document, members_that_hide_behind_escapes_are_refused)
{
    struct tug_error err = {0};
    char *text = NULL;

    cr_assert_eq(convert("{'schemaVersion':2,'mediaType':'" DOCKER_MANIFEST
                         "','config':{'media\\u0054ype':'" DOCKER
                         "container.image.v1+json','size':2," DIGEST "},'layers':[]}",
                         DOCKER_MANIFEST, NULL, &text, &err),
                 TUG_ERR_CONTENT);
    cr_assert_not_null(strstr(err.message, "cannot be converted"), "%s", err.message);
    cr_assert_eq(convert("{'schemaVersion':2,'mediaType':'" DOCKER_MANIFEST
                         "','config':{'mediaType':'a/b','size':2," DIGEST
                         "},'l\\u0061yers':[{'mediaType':'" DOCKER
                         "image.rootfs.diff.tar','size':2," DIGEST "}]}",
                         DOCKER_MANIFEST, NULL, &text, &err),
                 TUG_ERR_CONTENT);
    /* escapes in a value are no obstacle */
    expect("{'schemaVersion':2,'config':{'mediaType':'application\\/vnd.docker.container.image.v1"
           "+json','size':2," DIGEST "},'layers':[]}",
           OCI "manifest.v1+json", NULL,
           "{'schemaVersion':2,'config':{'mediaType':'" OCI "config.v1+json','size':2," DIGEST
           "},'layers':[]}");
}

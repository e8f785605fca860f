/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests and indexes: what is read, and everything ambiguous that is refused.
 */
#include "oci/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/buf.h"
#include "oci/limits.h"

#define HEX32 "0123456789abcdef0123456789abcdef"
#define HEX64 HEX32 HEX32
#define DIGEST "'digest':'sha256:" HEX64 "'"
#define BLOB "{" DIGEST ",'size':1}"
#define CONFIG                                                                                     \
    "'config':{'mediaType':'application/vnd.oci.image.config.v1+json'," DIGEST ",'size':2}"
#define LAYER "{'mediaType':'application/vnd.oci.image.layer.v1.tar+gzip'," DIGEST ",'size':3}"
#define MANIFEST_HEAD "{'schemaVersion':2,"
#define MANIFEST MANIFEST_HEAD CONFIG ",'layers':[" LAYER "," LAYER "]}"
#define INDEX "{'schemaVersion':2,'manifests':[" BLOB "]}"

#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"
#define SCHEMA1 "application/vnd.docker.distribution.manifest.v1+prettyjws"
#define ARTIFACT "application/vnd.oci.artifact.manifest.v1+json"

/* How a document is asked for. */
#define BY_TAG false
#define PINNED true

/* Parse text, in which ' stands for ". */
static enum tug_status parse(const char *text, const char *media_type, bool is_pinned,
                             struct tug__document *out_document, struct tug_error *err)
{
    char *const copy = strdup(text);
    const struct tug__document_text content = {
        .bytes = copy, .length = strlen(copy), .media_type = media_type, .is_pinned = is_pinned};
    enum tug_status status;

    for (char *at = copy; *at != '\0'; at++) {
        *at = (char)(*at == '\'' ? '"' : *at);
    }
    status = tug__document_parse(&content, out_document, err);
    free(copy);
    return status;
}

static void expect(const char *text, const char *media_type, bool is_pinned,
                   enum tug__media_kind kind, const char *effective)
{
    struct tug__document document = {0};
    struct tug_error err = {0};

    cr_assert_eq(parse(text, media_type, is_pinned, &document, &err), TUG_OK, "%s: %s", text,
                 err.message);
    cr_assert_eq(document.kind, kind, "%s", text);
    cr_assert_str_eq(document.media_type, effective);
    tug__document_fini(&document);
}

static void refuse(const char *text, const char *media_type, bool is_pinned,
                   enum tug_status expected, const char *message)
{
    struct tug__document document;
    struct tug__document before;
    struct tug_error err = {0};

    memset(&document, 0x5a, sizeof document);
    before = document;
    cr_assert_eq(parse(text, media_type, is_pinned, &document, &err), expected, "%s: '%s'", text,
                 err.message);
    cr_assert_eq(err.code, expected, "%s", text);
    cr_assert_not_null(strstr(err.message, message), "%s: '%s'", text, err.message);
    cr_assert_eq(memcmp(&document, &before, sizeof document), 0, "%s: output touched", text);
}

Test(oci_document, reads_a_manifest_config_first)
{
    struct tug__document document;

    cr_assert_eq(parse(MANIFEST, OCI_MANIFEST, BY_TAG, &document, NULL), TUG_OK);
    cr_assert_eq(document.kind, TUG__MEDIA_MANIFEST);
    cr_assert_eq(document.child_count, 3);
    cr_assert(document.has_config);
    cr_assert_eq(document.children[0].kind, TUG__MEDIA_CONFIG);
    cr_assert_eq(document.children[0].size_bytes, 2);
    cr_assert_eq(document.children[1].kind, TUG__MEDIA_LAYER);
    cr_assert_eq(document.children[2].size_bytes, 3);
    tug__document_fini(&document);
    tug__document_fini(&document);
}

Test(oci_document, reads_an_index_in_its_order)
{
    struct tug__document document;

    cr_assert_eq(parse("{'schemaVersion':2,'mediaType':'" OCI_INDEX "','manifests':["
                       "{'mediaType':'" OCI_MANIFEST "'," DIGEST ",'size':10,"
                       "'platform':{'os':'linux','architecture':'amd64'}},"
                       "{'mediaType':'" OCI_INDEX "'," DIGEST ",'size':11}]}",
                       OCI_INDEX, BY_TAG, &document, NULL),
                 TUG_OK);
    cr_assert_eq(document.kind, TUG__MEDIA_INDEX);
    cr_assert_eq(document.child_count, 2);
    cr_assert_not(document.has_config);
    cr_assert(document.children[0].has_platform);
    cr_assert_eq(document.children[1].kind, TUG__MEDIA_INDEX);
    cr_assert_eq(document.children[1].size_bytes, 11);
    tug__document_fini(&document);
}

Test(oci_document, reads_an_empty_index)
{
    expect("{'schemaVersion':2,'manifests':[]}", OCI_INDEX, BY_TAG, TUG__MEDIA_INDEX, OCI_INDEX);
    expect("{'schemaVersion':2,'manifests':null}", OCI_INDEX, BY_TAG, TUG__MEDIA_INDEX, OCI_INDEX);
}

Test(oci_document, takes_the_type_from_whom_it_knows)
{
    expect(MANIFEST, DOCKER_MANIFEST, BY_TAG, TUG__MEDIA_MANIFEST, DOCKER_MANIFEST);
    expect(MANIFEST, "Application/Vnd.OCI.image.manifest.v1+json; charset=utf-8", BY_TAG,
           TUG__MEDIA_MANIFEST, OCI_MANIFEST);
    expect(INDEX, DOCKER_INDEX, BY_TAG, TUG__MEDIA_INDEX, DOCKER_INDEX);
    expect("{'mediaType':'" DOCKER_INDEX "','schemaVersion':2,'manifests':[]}", DOCKER_INDEX,
           BY_TAG, TUG__MEDIA_INDEX, DOCKER_INDEX);
}

Test(oci_document, t21_generic_types_leave_it_to_the_document)
{
    static const char *const types[] = {NULL, "", "application/json", "text/plain; charset=utf-8",
                                        "application/octet-stream"};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        expect("{'mediaType':'" DOCKER_MANIFEST "','schemaVersion':2," CONFIG ",'layers':[]}",
               types[i], BY_TAG, TUG__MEDIA_MANIFEST, DOCKER_MANIFEST);
        expect(MANIFEST, types[i], BY_TAG, TUG__MEDIA_MANIFEST, OCI_MANIFEST);
        expect(INDEX, types[i], PINNED, TUG__MEDIA_INDEX, OCI_INDEX);
        refuse("{'schemaVersion':2}", types[i], BY_TAG, TUG_ERR_CONTENT,
               "neither an index nor a manifest");
        refuse("{'schemaVersion':2,'mediaType':'a/b','manifests':[]}", types[i], PINNED,
               TUG_ERR_CONTENT, "mediaType: 'a/b' is neither");
    }
}

Test(oci_document, t21_refuses_index_and_manifest_in_one)
{
    static const char *const types[] = {NULL, OCI_MANIFEST, OCI_INDEX};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        for (int is_pinned = 0; is_pinned <= 1; is_pinned++) {
            refuse("{'schemaVersion':2,'manifests':[],'layers':[]}", types[i], is_pinned,
                   TUG_ERR_CONTENT, "ambiguous");
            refuse("{'schemaVersion':2,'manifests':[]," CONFIG "}", types[i], is_pinned,
                   TUG_ERR_CONTENT, "ambiguous");
            refuse("{'schemaVersion':2,'manifests':null,'layers':[]}", types[i], is_pinned,
                   TUG_ERR_CONTENT, "ambiguous");
            refuse("{'schemaVersion':2,'manifests':[],'config':null}", types[i], is_pinned,
                   TUG_ERR_CONTENT, "ambiguous");
        }
    }
}

Test(oci_document, t21_refuses_another_kind_than_announced)
{
    for (int is_pinned = 0; is_pinned <= 1; is_pinned++) {
        refuse(INDEX, OCI_MANIFEST, is_pinned, TUG_ERR_CONTENT, "has 'manifests'");
        refuse(MANIFEST, OCI_INDEX, is_pinned, TUG_ERR_CONTENT, "no 'manifests'");
        refuse("{'schemaVersion':2,'mediaType':'" OCI_INDEX "'," CONFIG "}", OCI_MANIFEST,
               is_pinned, TUG_ERR_CONTENT, "but its mediaType is '" OCI_INDEX "'");
        refuse("{'schemaVersion':2,'mediaType':'" OCI_MANIFEST "','manifests':[]}", OCI_INDEX,
               is_pinned, TUG_ERR_CONTENT, "but its mediaType is '" OCI_MANIFEST "'");
        refuse("{'schemaVersion':2,'mediaType':'" OCI_MANIFEST "','manifests':[]}", NULL, is_pinned,
               TUG_ERR_CONTENT, "has 'manifests'");
        refuse("{'schemaVersion':2,'mediaType':'" OCI_INDEX "'}", NULL, is_pinned, TUG_ERR_CONTENT,
               "no 'manifests'");
        refuse("{'schemaVersion':2,'mediaType':'application/vnd.oci.image.config.v1+json'," CONFIG
               "}",
               OCI_MANIFEST, is_pinned, TUG_ERR_CONTENT, "but its mediaType is");
    }
}

Test(oci_document, t21_a_tag_must_give_the_announced_type)
{
    static const char docker[] =
        "{'schemaVersion':2,'mediaType':'" DOCKER_MANIFEST "'," CONFIG ",'layers':[]}";
    static const char strange[] =
        "{'schemaVersion':2,'mediaType':'application/x'," CONFIG ",'layers':[]}";

    refuse(docker, OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT, "but its mediaType is");
    refuse(strange, OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT, "but its mediaType is");
    // pinned: the bytes are the ones that were meant, the descriptor's type counts
    expect(docker, OCI_MANIFEST, PINNED, TUG__MEDIA_MANIFEST, OCI_MANIFEST);
    expect(strange, OCI_MANIFEST, PINNED, TUG__MEDIA_MANIFEST, OCI_MANIFEST);
}

Test(oci_document, t21_refuses_types_that_are_no_document)
{
    refuse(MANIFEST, "text/html", BY_TAG, TUG_ERR_CONTENT, "announced as 'text/html'");
    refuse(MANIFEST, "application/vnd.oci.image.layer.v1.tar", PINNED, TUG_ERR_CONTENT,
           "announced as");
}

Test(oci_document, refuses_schema_1_by_any_sign)
{
    static const char fs_layers[] = "{'schemaVersion':1,'fsLayers':[],'history':[]}";
    static const char null_layers[] = "{'schemaVersion':2,'fsLayers':null," CONFIG "}";
    static const char version[] = "{'schemaVersion':1," CONFIG "}";
    static const char own_type[] = "{'schemaVersion':2,'mediaType':'" SCHEMA1 "'," CONFIG "}";
    static const char why[] = "schema 1 manifests are no longer supported";

    refuse(fs_layers, NULL, BY_TAG, TUG_ERR_UNSUPPORTED, why);
    refuse(fs_layers, "application/json", BY_TAG, TUG_ERR_UNSUPPORTED, why);
    refuse(fs_layers, SCHEMA1, BY_TAG, TUG_ERR_UNSUPPORTED, why);
    refuse(null_layers, OCI_MANIFEST, PINNED, TUG_ERR_UNSUPPORTED, why);
    refuse(version, OCI_MANIFEST, BY_TAG, TUG_ERR_UNSUPPORTED, why);
    refuse(own_type, NULL, BY_TAG, TUG_ERR_UNSUPPORTED, why);
    refuse(MANIFEST, "application/vnd.docker.distribution.manifest.v1+json", PINNED,
           TUG_ERR_UNSUPPORTED, why);
}

Test(oci_document, wants_schema_version_2)
{
    refuse("{" CONFIG "}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT, "schemaVersion");
    refuse("{'mediaType':'" OCI_MANIFEST "'," CONFIG "}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "schemaVersion");
    refuse("{'schemaVersion':3," CONFIG "}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "schemaVersion: not 2");
    refuse("{'schemaVersion':0," CONFIG "}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "schemaVersion: not 2");
    refuse("{'schemaVersion':'2'," CONFIG "}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "schemaVersion");
    refuse("{'schemaVersion':null," CONFIG "}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "schemaVersion");
    refuse("{'schemaVersion':2.5," CONFIG "}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "schemaVersion");
}

Test(oci_document, tolerates_artifacts)
{
    // unknown and empty configs
    expect("{'schemaVersion':2,'artifactType':'a/b','config':{'mediaType':"
           "'application/vnd.oci.empty.v1+json'," DIGEST ",'size':2,'data':'e30='},"
           "'layers':[" BLOB "],'subject':{'x':1}}",
           OCI_MANIFEST, BY_TAG, TUG__MEDIA_MANIFEST, OCI_MANIFEST);
    // no layers, in both ways to write none
    expect("{'schemaVersion':2," CONFIG ",'layers':[]}", OCI_MANIFEST, BY_TAG, TUG__MEDIA_MANIFEST,
           OCI_MANIFEST);
    expect("{'schemaVersion':2," CONFIG ",'layers':null}", OCI_MANIFEST, BY_TAG,
           TUG__MEDIA_MANIFEST, OCI_MANIFEST);
}

Test(oci_document, f10_a_manifest_has_config_and_layers)
{
    refuse(MANIFEST_HEAD CONFIG "}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT, "layers: missing");
    refuse(MANIFEST_HEAD "'layers':[" LAYER "]}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "config: missing");
    refuse(MANIFEST_HEAD "'config':null,'layers':[" LAYER "]}", DOCKER_MANIFEST, PINNED,
           TUG_ERR_CONTENT, "config: missing");
    refuse(MANIFEST_HEAD "'blobs':[" BLOB "]}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "config: missing");
}

/* Go's parsers take a name in any case, and two letters beyond ASCII for 'k' and 's'. */
Test(oci_document, f10_refuses_names_in_another_case)
{
    static const char *const others[] = {
        "Layers",    "LAYERS",    "layer\xc5\xbf", "\\u004cayers",  "Config",
        "Manifests", "MediaType", "mediatype",     "SchemaVersion", "FsLayers",
        "Blobs",     "Subject",   "ArtifactType",
    };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char text[1000];

        (void)snprintf(text, sizeof text, MANIFEST_HEAD CONFIG ",'layers':[],'%s':[]}", others[i]);
        refuse(text, OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT, "in case only");
    }
    refuse(MANIFEST_HEAD CONFIG ",'Layers':[" LAYER "]}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "'Layers' differs from 'layers' in case only");
    refuse("{'schemaVersion':2,'Manifests':[]}", OCI_INDEX, BY_TAG, TUG_ERR_CONTENT,
           "in case only");
    refuse("{'schemaVersion':2,'manifests':[{" DIGEST ",'size':1,'Digest':'x'}]}", OCI_INDEX,
           BY_TAG, TUG_ERR_CONTENT, "manifests[0]: 'Digest' differs");
    refuse("{'schemaVersion':2,'manifests':[{" DIGEST ",'size':1,'platform':{'OS':'linux'}}]}",
           OCI_INDEX, BY_TAG, TUG_ERR_CONTENT, "manifests[0]: platform: 'OS' differs");
    // what nobody knows may be written in any way
    expect(MANIFEST_HEAD CONFIG ",'layers':[],'Vendor':1,'annotations':{'Digest':'x'}}",
           OCI_MANIFEST, BY_TAG, TUG__MEDIA_MANIFEST, OCI_MANIFEST);
}

Test(oci_document, reads_the_blobs_of_the_withdrawn_artifact_manifest)
{
    struct tug__document document;

    // that kind alone has no schemaVersion
    cr_assert_eq(parse("{'mediaType':'" ARTIFACT "','blobs':[" BLOB "," BLOB "]}", ARTIFACT, BY_TAG,
                       &document, NULL),
                 TUG_OK);
    cr_assert_eq(document.kind, TUG__MEDIA_MANIFEST);
    cr_assert_eq(document.child_count, 2);
    cr_assert_not(document.has_config);
    tug__document_fini(&document);
    refuse("{'mediaType':'" ARTIFACT "'}", NULL, BY_TAG, TUG_ERR_CONTENT, "none of");
    // elsewhere `blobs` is somebody's extension
    expect("{'schemaVersion':2," CONFIG ",'layers':[],'blobs':7}", OCI_MANIFEST, BY_TAG,
           TUG__MEDIA_MANIFEST, OCI_MANIFEST);
}

Test(oci_document, refuses_a_manifest_of_nothing)
{
    refuse("{'schemaVersion':2}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT, "none of");
    refuse("{'schemaVersion':2,'config':null}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT, "none of");
}

Test(oci_document, names_the_place_of_a_mistake)
{
    refuse(MANIFEST_HEAD CONFIG ",'layers':[" LAYER "," LAYER "," LAYER ",{" DIGEST
                                ",'size':1.5}]}",
           OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT, "layers[3]: size");
    refuse(MANIFEST_HEAD "'config':{" DIGEST "}}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "config: size");
    refuse(MANIFEST_HEAD "'config':[]}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "config: not an object");
    refuse(MANIFEST_HEAD "'layers':{}}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "layers: not an array");
    refuse(MANIFEST_HEAD "'layers':[null]}", OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT,
           "layers[0]: not an object");
    refuse("{'schemaVersion':2,'manifests':[" BLOB ",{'size':1,'digest':'sha256:x'}]}", OCI_INDEX,
           BY_TAG, TUG_ERR_CONTENT, "manifests[1]: digest 'sha256:x'");
    refuse("{'schemaVersion':2,'manifests':[{'size':1,'digest':'blake3:" HEX64 "'}]}", OCI_INDEX,
           BY_TAG, TUG_ERR_UNSUPPORTED, "manifests[0]: digest 'blake3:");
    refuse("{'schemaVersion':2,'manifests':'x'}", OCI_INDEX, BY_TAG, TUG_ERR_CONTENT,
           "manifests: not an array");
    refuse("{'mediaType':{},'schemaVersion':2,'manifests':[]}", OCI_INDEX, BY_TAG, TUG_ERR_CONTENT,
           "mediaType");
}

Test(oci_document, refuses_overlong_and_unprintable_types)
{
    char type[TUG__MEDIA_TYPE_MAX + 2];

    memset(type, 'a', sizeof type - 1);
    type[sizeof type - 1] = '\0';
    refuse(MANIFEST, type, BY_TAG, TUG_ERR_CONTENT, "over the limit of 256");
    refuse(MANIFEST, "a/\x1b[2J", BY_TAG, TUG_ERR_CONTENT,
           "characters not allowed in a media type");
    refuse("{'schemaVersion':2,'mediaType':'a\\u000d','layers':[]}", OCI_MANIFEST, PINNED,
           TUG_ERR_CONTENT, "characters not allowed in a media type");
}

Test(oci_document, refuses_what_is_no_json_object)
{
    static const char *const texts[] = {
        "", " ", "[]", "null", "'x'", "{", "{}x", "{'a':1,'a':2}", "<html>404</html>"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refuse(texts[i], OCI_MANIFEST, BY_TAG, TUG_ERR_CONTENT, "");
    }
}

Test(oci_document, t25_refuses_duplicate_keys_in_descriptors)
{
    refuse("{'schemaVersion':2,'layers':[{" DIGEST ",'size':1,'size':2}]}", OCI_MANIFEST, BY_TAG,
           TUG_ERR_CONTENT, "");
    refuse("{'schemaVersion':2,'layers':[{" DIGEST "," DIGEST ",'size':1}]}", OCI_MANIFEST, BY_TAG,
           TUG_ERR_CONTENT, "");
}

/* Parse head, then count times the unit (with commas, unless it is a single character), then tail.
 */
static enum tug_status parse_repeated(const char *head, const char *unit, size_t count,
                                      const char *tail, struct tug__document *out_document,
                                      struct tug_error *err)
{
    struct tug__buf buf;
    enum tug_status status;

    tug__buf_init(&buf, (size_t)64 * 1024 * 1024);
    cr_assert_eq(tug__buf_printf(&buf, NULL, "%s", head), TUG_OK);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(tug__buf_printf(&buf, NULL, "%s%s", i > 0 && unit[1] != '\0' ? "," : "", unit),
                     TUG_OK);
    }
    cr_assert_eq(tug__buf_printf(&buf, NULL, "%s", tail), TUG_OK);
    status = parse(buf.data, NULL, BY_TAG, out_document, err);
    tug__buf_fini(&buf);
    return status;
}

Test(oci_document, reads_thirty_thousand_layers)
{
    struct tug__document document;
    struct tug_error err = {0};

    cr_assert_eq(
        parse_repeated(MANIFEST_HEAD CONFIG ",'layers':[", BLOB, 30000, "]}", &document, &err),
        TUG_OK, "%s", err.message);
    cr_assert_eq(document.child_count, 30001);
    cr_assert_eq(document.children[30000].size_bytes, 1);
    tug__document_fini(&document);
}

Test(oci_document, t25_refuses_a_million_layers)
{
    struct tug__document document;
    struct tug_error err = {0};

    cr_assert_eq(
        parse_repeated("{'schemaVersion':2,'layers':[", BLOB, 1000000 / 20, "]}", &document, &err),
        TUG_ERR_TOO_LARGE);
    cr_assert_eq(
        parse_repeated("{'schemaVersion':2,'layers':[", "{}", 1000000, "]}", &document, &err),
        TUG_ERR_TOO_LARGE);
}

Test(oci_document, t25_refuses_deep_nesting)
{
    struct tug__document document;
    struct tug_error err = {0};

    cr_assert_eq(
        parse_repeated("{'schemaVersion':2,'layers':[],'x':", "[", 100000, "", &document, &err),
        TUG_ERR_TOO_LARGE, "%s", err.message);
}

Test(oci_document, t25_refuses_five_megabytes)
{
    struct tug__document document;
    struct tug_error err = {0};

    cr_assert_eq(
        parse_repeated("{'schemaVersion':2,'layers':[]", " ", 5000000, "}", &document, &err),
        TUG_ERR_TOO_LARGE);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Schema 1 manifests: the chain of layers, the platform, everything that contradicts itself, and
 * signatures taken off.
 */
#include "oci/schema1.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "oci/document.h"
#include "oci/limits.h"

#define A16 "aaaaaaaaaaaaaaaa"
#define B16 "bbbbbbbbbbbbbbbb"
#define C16 "cccccccccccccccc"
#define A A16 A16 A16 A16
#define B B16 B16 B16 B16
#define C C16 C16 C16 C16
#define PLATFORM "\\\"os\\\":\\\"linux\\\",\\\"architecture\\\":\\\"amd64\\\""
#define FS(ID) "{\"blobSum\":\"sha256:" ID "\"}"
/* A history: members with escaped quotes. */
#define H(MEMBERS) "{\"v1Compatibility\":\"{" MEMBERS "}\"}"
#define ID(X) "\\\"id\\\":\\\"" X "\\\""
#define PARENT(X) ",\\\"parent\\\":\\\"" X "\\\""
#define DOCUMENT(LAYERS, HISTORY)                                                                  \
    "{\"schemaVersion\":1,\"name\":\"a/b\",\"tag\":\"1\",\"architecture\":\"amd64\","              \
    "\"fsLayers\":[" LAYERS "],\"history\":[" HISTORY "]}"

static struct tug__schema1 parse(const char *text)
{
    struct tug__schema1 schema1 = {0};
    struct tug_error err = {0};

    cr_assert_eq(tug__schema1_parse(text, strlen(text), &schema1, &err), TUG_OK, "%s", err.message);
    return schema1;
}

static void refuse(const char *text, enum tug_status status, const char *why)
{
    struct tug__schema1 schema1 = {0};
    struct tug_error err = {0};

    cr_assert_eq(tug__schema1_parse(text, strlen(text), &schema1, &err), status, "%s: %s", why,
                 err.message);
    cr_assert_not_null(strstr(err.message, why), "%s", err.message);
    cr_assert_eq(schema1.count, 0);
}

Test(schema1, the_lowest_layer_comes_first)
{
    struct tug__schema1 schema1 = parse(DOCUMENT(
        FS(C) "," FS(B) "," FS(A), H(ID(C) PARENT(B) ",\\\"throwaway\\\":true," PLATFORM) "," H(
                                       ID(B) PARENT(A)) "," H(ID(A))));
    char text[TUG_PLATFORM_TEXT_MAX];

    cr_assert_eq(schema1.count, 3);
    cr_assert_eq(schema1.layers[0].blob.bytes[0], 0xaa);
    cr_assert_eq(schema1.layers[2].blob.bytes[0], 0xcc);
    cr_assert_not(schema1.layers[0].is_throwaway);
    cr_assert(schema1.layers[2].is_throwaway);
    cr_assert_str_eq(tug_platform_format(&schema1.platform, text), "linux/amd64");
    cr_assert_str_eq(schema1.os, "");
    tug__schema1_fini(&schema1);
}

Test(schema1, a_layer_named_twice_in_a_row_counts_once)
{
    struct tug__schema1 schema1 = parse(DOCUMENT(
        FS(C) "," FS(B) "," FS(A), H(ID(B) PARENT(A)) "," H(ID(B) PARENT(A)) "," H(ID(A))));

    cr_assert_eq(schema1.count, 2);
    cr_assert_eq(schema1.layers[1].blob.bytes[0], 0xbb, "the lower one counts, as in Docker");
    tug__schema1_fini(&schema1);
}

Test(schema1, the_manifest_says_what_the_history_does_not)
{
    struct tug__schema1 schema1 = parse(DOCUMENT(FS(A), H(ID(A))));
    char text[TUG_PLATFORM_TEXT_MAX];

    cr_assert_str_eq(schema1.os, "linux");
    cr_assert_str_eq(schema1.architecture, "amd64");
    cr_assert_str_eq(tug_platform_format(&schema1.platform, text), "linux/amd64");
    tug__schema1_fini(&schema1);
    schema1 = parse(DOCUMENT(FS(A), H(ID(A) ",\\\"architecture\\\":\\\"arm64\\\"")));
    cr_assert_str_eq(schema1.architecture, "");
    cr_assert_str_eq(tug_platform_format(&schema1.platform, text), "linux/arm64");
    tug__schema1_fini(&schema1);
    refuse("{\"schemaVersion\":1,\"fsLayers\":[" FS(A) "],\"history\":[" H(ID(A)) "]}",
           TUG_ERR_CONTENT, "architecture: missing");
}

Test(schema1, counts_have_to_match)
{
    refuse(DOCUMENT(FS(A) "," FS(A), H(ID(A))), TUG_ERR_CONTENT, "2 fsLayers and 1 of history");
    refuse(DOCUMENT(FS(A), H(ID(A)) "," H(ID(A))), TUG_ERR_CONTENT, "1 fsLayers and 2 of history");
    refuse(DOCUMENT("", ""), TUG_ERR_CONTENT, "0 fsLayers");
    refuse("{\"schemaVersion\":1}", TUG_ERR_CONTENT, "0 fsLayers");
}

Test(schema1, too_many_layers_are_refused)
{
    struct tug__buf text;
    struct tug_error err = {0};

    tug__buf_init(&text, TUG__MANIFEST_BYTES_MAX);
    (void)tug__buf_printf(&text, &err, "{\"schemaVersion\":1,\"fsLayers\":[");
    for (size_t i = 0; i <= TUG__SCHEMA1_LAYERS_MAX; i++) {
        (void)tug__buf_printf(&text, &err, "%s{}", i > 0 ? "," : "");
    }
    (void)tug__buf_printf(&text, &err, "],\"history\":[]}");
    refuse(text.data, TUG_ERR_TOO_LARGE, "more than 1024");
    tug__buf_fini(&text);
}

Test(schema1, the_ids_have_to_be_a_chain)
{
    refuse(DOCUMENT(FS(A), H(ID(A) PARENT(B))), TUG_ERR_CONTENT, "the lowest layer has a parent");
    refuse(DOCUMENT(FS(B) "," FS(A), H(ID(B) PARENT(C)) "," H(ID(A))), TUG_ERR_CONTENT,
           "the parent of layer 'bbbbbbbbbbbb' is 'cccccccccccc', but below it is 'aaaaaaaaaaaa'");
    refuse(
        DOCUMENT(FS(A) "," FS(B) "," FS(A), H(ID(A) PARENT(B)) "," H(ID(B) PARENT(A)) "," H(ID(A))),
        TUG_ERR_CONTENT, "layer 'aaaaaaaaaaaa' is its own ancestor");
    refuse(DOCUMENT(FS(A), H(ID(A "a"))), TUG_ERR_CONTENT, "id: longer than 64 characters");
    refuse(DOCUMENT(FS(A), H(ID(A) PARENT(B "b"))), TUG_ERR_CONTENT,
           "parent: longer than 64 characters");
}

/* An id is good for nothing but the order, so tools that wrote none, or others than Docker's, made
 * images all the same. */
Test(schema1, ids_may_be_missing_or_of_another_form)
{
    struct tug__schema1 schema1 =
        parse(DOCUMENT(FS(C) "," FS(B) "," FS(A), H("") "," H("") "," H("")));

    cr_assert_eq(schema1.count, 3, "layers without an id are not the same one");
    cr_assert_eq(schema1.layers[0].blob.bytes[0], 0xaa);
    tug__schema1_fini(&schema1);
    schema1 = parse(DOCUMENT(FS(B) "," FS(A), H(ID("top") PARENT("base")) "," H(ID("base"))));
    cr_assert_eq(schema1.count, 2);
    tug__schema1_fini(&schema1);
    schema1 = parse(DOCUMENT(FS(B) "," FS(A), H(ID("top")) "," H(ID("base"))));
    cr_assert_eq(schema1.count, 2, "no parent is named");
    tug__schema1_fini(&schema1);
    refuse(DOCUMENT(FS(B) "," FS(A), H(ID("top") PARENT("low")) "," H(ID("base"))), TUG_ERR_CONTENT,
           "the parent of layer 'top' is 'low', but below it is 'base'");
}

Test(schema1, a_history_has_to_be_an_object)
{
    refuse(DOCUMENT(FS(A), "{\"v1Compatibility\":\"no JSON\"}"), TUG_ERR_CONTENT,
           "layer 1: history.v1Compatibility: not valid JSON");
    refuse(DOCUMENT(FS(A), "{\"v1Compatibility\":\"\"}"), TUG_ERR_CONTENT, "not valid JSON");
    refuse(DOCUMENT(FS(A), "{\"v1Compatibility\":{}}"), TUG_ERR_CONTENT, "missing");
    refuse(DOCUMENT(FS(A), "{}"), TUG_ERR_CONTENT, "history.v1Compatibility: missing");
    refuse(DOCUMENT(FS(A), "null"), TUG_ERR_CONTENT, "history.v1Compatibility: missing");
    refuse(DOCUMENT("null", H(ID(A))), TUG_ERR_CONTENT, "fsLayers.blobSum: missing");
    refuse(DOCUMENT("{\"blobSum\":\"sha256:12\"}", H(ID(A))), TUG_ERR_CONTENT, "fsLayers.blobSum");
    refuse(DOCUMENT(FS(A), H(ID(A) ",\\\"ThrowAway\\\":true")), TUG_ERR_CONTENT,
           "'ThrowAway' differs from 'throwaway' in case only");
}

Test(schema1, two_schemas_in_one_are_refused)
{
    refuse("{\"schemaVersion\":1,\"fsLayers\":[],\"layers\":[]}", TUG_ERR_CONTENT, "ambiguous");
    refuse("{\"schemaVersion\":2,\"fsLayers\":[]}", TUG_ERR_CONTENT, "ambiguous");
}

Test(schema1, a_document_lists_the_layers_that_are_needed)
{
    static const char text[] =
        DOCUMENT(FS(B) "," FS(A), H(ID(B) PARENT(A) ",\\\"throwaway\\\":true") "," H(ID(A)));
    struct tug__document_text input = {.bytes = text,
                                       .length = sizeof text - 1,
                                       .media_type = "application/json",
                                       .accepts_schema1 = true};
    struct tug__document document = {0};
    struct tug_error err = {0};

    cr_assert_eq(tug__document_parse(&input, &document, &err), TUG_OK, "%s", err.message);
    cr_assert_eq(document.kind, TUG__MEDIA_SCHEMA1);
    cr_assert_str_eq(document.media_type, TUG__SCHEMA1_TYPE);
    cr_assert_eq(document.child_count, 1);
    cr_assert_eq(document.children[0].digest.bytes[0], 0xaa);
    cr_assert_eq(document.children[0].kind, TUG__MEDIA_LAYER);
    cr_assert_not(document.has_config);
    cr_assert_str_eq(document.platform.architecture, "amd64");
    tug__document_fini(&document);
    input.media_type = "application/vnd.oci.image.manifest.v1+json";
    cr_assert_eq(tug__document_parse(&input, &document, &err), TUG_ERR_CONTENT);
    input.media_type = NULL;
    input.accepts_schema1 = false;
    cr_assert_eq(tug__document_parse(&input, &document, &err), TUG_ERR_UNSUPPORTED);
    cr_assert_not_null(strstr(err.message, "--convert oci"), "%s", err.message);
}

/* {"formatLength":12,"formatTail":"Cn0"}: the tail is a line feed and '}'. */
#define PROTECTED "eyJmb3JtYXRMZW5ndGgiOjEyLCJmb3JtYXRUYWlsIjoiQ24wIn0"

static void expect_strip(const char *text, bool is_signed, const char *expected)
{
    struct tug__buf payload;
    struct tug_error err = {0};
    bool was_signed = !is_signed;

    tug__buf_init(&payload, 1000);
    cr_assert_eq(tug__schema1_strip(text, strlen(text), &payload, &was_signed, &err), TUG_OK, "%s",
                 err.message);
    cr_assert_eq(was_signed, is_signed);
    cr_assert_str_eq(payload.data != NULL ? payload.data : "", expected);
    tug__buf_fini(&payload);
}

static void refuse_strip(const char *text, const char *why)
{
    struct tug__buf payload;
    struct tug_error err = {0};
    bool is_signed = false;

    tug__buf_init(&payload, 1000);
    cr_assert_eq(tug__schema1_strip(text, strlen(text), &payload, &is_signed, &err),
                 TUG_ERR_CONTENT, "%s", why);
    cr_assert_not_null(strstr(err.message, why), "%s", err.message);
    cr_assert_eq(payload.length, 0);
    tug__buf_fini(&payload);
}

Test(schema1, signatures_are_taken_off)
{
    expect_strip("{\n \"abc\":123,\"signatures\":[{\"protected\":\"" PROTECTED "\"}]}", true,
                 "{\n \"abc\":123\n}");
    expect_strip("{\"abc\":123}", false, "");
    expect_strip("{\"signatures\":[]}", false, "");
}

Test(schema1, signatures_that_say_nothing_are_refused)
{
    refuse_strip("{\"signatures\":[{}]}", "protected: missing");
    refuse_strip("{\"signatures\":[{\"protected\":\"e30\"}]}", "formatLength: missing");
    refuse_strip("{\"signatures\":[{\"protected\":\"!\"}]}", "not base64");
    /* {"formatLength":99999,"formatTail":""} */
    refuse_strip("{\"signatures\":[{\"protected\":"
                 "\"eyJmb3JtYXRMZW5ndGgiOjk5OTk5LCJmb3JtYXRUYWlsIjoiIn0\"}]}",
                 "formatLength: beyond the end");
    /* {"formatLength":3} */
    refuse_strip("{\"signatures\":[{\"protected\":\"eyJmb3JtYXRMZW5ndGgiOjN9\"}]}",
                 "formatTail: missing");
    refuse_strip("not JSON", "not valid JSON");
}

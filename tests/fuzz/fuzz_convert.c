/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz the conversion of manifests and indexes, of schema 1, and its signatures.
 * Whatever comes out is a document again, converting it again changes nothing, and what a schema 1
 * conversion computed is found in its output. Input: a byte for the announced type, the document.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "convert/convert.h"
#include "convert/schema1.h"
#include "oci/limits.h"

/* Enough for all members several times; longer texts only slow the search down. */
#define INPUT_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

/* Convert the output of a conversion: it stays. */
static void require_settled(const struct tug__buf *bytes, const char *media_type)
{
    const struct tug__document_text text = {
        .bytes = bytes->data, .length = bytes->length, .media_type = media_type, .is_pinned = true};
    struct tug__document document = {0};
    struct tug__buf output;
    bool is_changed = true;

    tug__buf_init(&output, TUG__MANIFEST_BYTES_MAX);
    require(tug__document_parse(&text, &document, NULL) == TUG_OK);
    const struct tug__conversion_input input = {
        .bytes = bytes->data, .length = bytes->length, .document = &document};
    require(tug__convert_document(&input, &output, &is_changed, NULL) == TUG_OK && !is_changed);
    tug__document_fini(&document);
    tug__buf_fini(&output);
}

static void convert(const struct tug__document_text *text, const struct tug__document *document)
{
    struct tug__converted *const entries = calloc(document->child_count + 1, sizeof *entries);
    struct tug__conversion_input input = {
        .bytes = text->bytes, .length = text->length, .document = document};
    const char *const type = tug__convert_type(document->media_type);
    struct tug__buf output;
    struct tug_error err = {0};
    bool is_changed = false;

    tug__buf_init(&output, TUG__MANIFEST_BYTES_MAX);
    if (entries != NULL && document->kind == TUG__MEDIA_INDEX) { /* every other entry */
        for (size_t i = 0; i < document->child_count; i += 2) {
            entries[i].media_type = "application/vnd.oci.image.manifest.v1+json";
            entries[i].digest = document->children[i].digest;
            entries[i].digest.bytes[0] ^= 1U;
            entries[i].size_bytes = i;
        }
        input.entries = entries;
    }
    if (tug__convert_document(&input, &output, &is_changed, &err) != TUG_OK) {
        require(err.code != TUG_OK && output.length == 0);
    } else if (is_changed) {
        require_settled(&output, type != NULL ? type : document->media_type);
    }
    tug__buf_fini(&output);
    free(entries);
}

static void convert_schema1(const struct tug__schema1 *schema1)
{
    struct tug__layer_facts *const facts = calloc(schema1->count, sizeof *facts);
    struct tug__layer_facts *const recalled = calloc(schema1->count, sizeof *recalled);
    struct tug__buf config, manifest;

    tug__buf_init(&config, TUG__CONFIG_BYTES_MAX);
    tug__buf_init(&manifest, TUG__MANIFEST_BYTES_MAX);
    for (size_t i = 0; i < schema1->count; i++) {
        facts[i] = (struct tug__layer_facts){
            .is_blank = i % 3 == 2,
            .diff_id = schema1->layers[i].blob,
            .size_bytes = i,
            .media_type = "application/vnd.oci.image.layer.v1.tar+gzip",
        };
    }
    if (tug__convert_schema1_config(schema1, facts, &config, NULL) == TUG_OK) {
        require(tug__convert_schema1_manifest(schema1, facts, &schema1->layers[0].blob,
                                              config.length, &manifest, NULL) == TUG_OK);
        require_settled(&manifest, NULL);
        require(tug__convert_schema1_recall(schema1, &config, &manifest, recalled));
        for (size_t i = 0; i < schema1->count; i++) {
            require(schema1->layers[i].is_throwaway || facts[i].is_blank == recalled[i].is_blank);
            require(recalled[i].media_type == NULL ||
                    tug_digest_equal(&facts[i].diff_id, &recalled[i].diff_id));
        }
    }
    tug__buf_fini(&config);
    tug__buf_fini(&manifest);
    free(facts);
    free(recalled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {
        NULL,
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    };
    struct tug__document document = {0};
    struct tug__schema1 schema1 = {0};
    struct tug__buf payload;
    bool is_signed = false;

    if (size == 0 || size > INPUT_MAX) {
        return 0;
    }
    struct tug__document_text text = {.bytes = (const char *)data + 1,
                                      .length = size - 1,
                                      .media_type = types[data[0] & 3],
                                      .is_pinned = true,
                                      .accepts_schema1 = true};
    tug__buf_init(&payload, TUG__MANIFEST_BYTES_MAX);
    if (tug__schema1_strip(text.bytes, text.length, &payload, &is_signed, NULL) == TUG_OK &&
        is_signed && payload.length > 0) {
        text.bytes = payload.data;
        text.length = payload.length;
    }
    if (tug__document_parse(&text, &document, NULL) == TUG_OK) {
        if (document.kind != TUG__MEDIA_SCHEMA1) {
            convert(&text, &document);
        } else if (tug__schema1_parse(text.bytes, text.length, &schema1, NULL) == TUG_OK) {
            convert_schema1(&schema1);
        }
        tug__document_fini(&document);
    }
    tug__schema1_fini(&schema1);
    tug__buf_fini(&payload);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image builders: JSON documents of images, put into a fake registry.
 * Knows: the image formats, the fake registry's content calls. Does not know: HTTP.
 * Threads: any.
 */
#include "builders.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The four media types of a family. */
struct types {
    const char *manifest;
    const char *index;
    const char *config;
    const char *layer;
};

/* "OS/ARCH[/VARIANT]", split. */
struct platform {
    char os[64];
    char arch[64];
    char variant[64];
};

static const struct types *types_of(enum build_family family)
{
    static const struct types oci = {BUILD_OCI_MANIFEST, BUILD_OCI_INDEX, BUILD_OCI_CONFIG,
                                     BUILD_OCI_LAYER};
    static const struct types docker = {BUILD_DOCKER_MANIFEST, BUILD_DOCKER_INDEX,
                                        BUILD_DOCKER_CONFIG, BUILD_DOCKER_LAYER};
    return family == BUILD_DOCKER ? &docker : &oci;
}

_Noreturn static void give_up(const char *what)
{
    fprintf(stderr, "test support: %s\n", what);
    abort();
}

char *build_text(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    const int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0) {
        give_up("no memory for text");
    }
    return text;
}

char *build_descriptor_json(const struct build_descriptor *descriptor, const char *more)
{
    return build_text("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%" PRIu64 "%s%s}",
                      descriptor->media_type, descriptor->digest, descriptor->size_bytes,
                      more != NULL ? "," : "", more != NULL ? more : "");
}

/* Write a descriptor and free the text it took. */
static void print_descriptor(FILE *out, const struct build_descriptor *descriptor, const char *more)
{
    char *const text = build_descriptor_json(descriptor, more);
    fputs(text, out);
    free(text);
}

static void print_more(FILE *out, const char *more)
{
    if (more != NULL) {
        fprintf(out, ",%s", more);
    }
}

static FILE *open_text(char **memory, size_t *size)
{
    FILE *const out = open_memstream(memory, size);
    if (out == NULL) {
        give_up("no memory for a document");
    }
    return out;
}

static struct platform split_platform(const char *text)
{
    struct platform platform = {"linux", "amd64", ""};
    if (text != NULL &&
        sscanf(text, "%63[^/]/%63[^/]/%63[^/]", platform.os, platform.arch, platform.variant) < 2) {
        give_up("a platform is OS/ARCH[/VARIANT]");
    }
    return platform;
}

/* "\"os\":…,\"architecture\":…[,\"variant\":…]" */
static void print_platform(FILE *out, const char *text)
{
    const struct platform platform = split_platform(text);
    fprintf(out, "\"architecture\":\"%s\",\"os\":\"%s\"", platform.arch, platform.os);
    if (platform.variant[0] != '\0') {
        fprintf(out, ",\"variant\":\"%s\"", platform.variant);
    }
}

/* Add a document under the algorithm's digest and describe it. Frees json. */
static void add_manifest(struct fake_registry *registry, struct fake_manifest manifest,
                         const char *algorithm, char *json, struct build_descriptor *out)
{
    char digest[FAKE_DIGEST_SIZE];
    fake_digest(algorithm, json, strlen(json), digest);
    manifest.digest = digest;
    manifest.json = json;
    fake_manifest_add(registry, &manifest, NULL);
    if (out != NULL) {
        out->media_type = manifest.media_type;
        out->size_bytes = strlen(json);
        memcpy(out->digest, digest, sizeof(digest));
    }
    free(json);
}

static void add_layers(struct fake_registry *registry, const struct build_image *image,
                       struct build_image_result *result)
{
    if (image->layer_count > BUILD_LAYERS_MAX) {
        give_up("too many layers");
    }
    result->layer_count = image->layer_count;
    for (size_t i = 0; i < image->layer_count; i++) {
        struct build_descriptor *const layer = &result->layers[i];
        layer->media_type = types_of(image->family)->layer;
        layer->size_bytes = image->layer_sizes[i];
        fake_digest_generated(image->algorithm, layer->size_bytes, image->seed + i, layer->digest);
        fake_blob_add_generated(registry, image->repo, layer->digest, layer->size_bytes,
                                image->seed + i, NULL);
        result->total_bytes += layer->size_bytes;
    }
}

static void add_config(struct fake_registry *registry, const struct build_image *image,
                       struct build_image_result *result)
{
    char *json = NULL;
    size_t size = 0;
    FILE *const out = open_text(&json, &size);
    fputc('{', out);
    print_platform(out, image->platform);
    fputs(",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[", out);
    for (size_t i = 0; i < result->layer_count; i++) {
        fprintf(out, "%s\"%s\"", i > 0 ? "," : "", result->layers[i].digest);
    }
    fputs("]}}", out);
    fclose(out);
    result->config.media_type = types_of(image->family)->config;
    result->config.size_bytes = size;
    fake_digest(image->algorithm, json, size, result->config.digest);
    fake_blob_add(registry, image->repo, result->config.digest, json, size, NULL);
    result->total_bytes += size;
    free(json);
}

static char *manifest_json(const struct build_image *image, const struct build_image_result *result)
{
    char *json = NULL;
    size_t size = 0;
    FILE *const out = open_text(&json, &size);
    fprintf(out, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":",
            types_of(image->family)->manifest);
    print_descriptor(out, &result->config, NULL);
    fputs(",\"layers\":[", out);
    for (size_t i = 0; i < result->layer_count; i++) {
        fputs(i > 0 ? "," : "", out);
        print_descriptor(out, &result->layers[i], NULL);
    }
    fputc(']', out);
    print_more(out, image->more);
    fputc('}', out);
    fclose(out);
    return json;
}

void build_image_add(struct fake_registry *registry, const struct build_image *image,
                     struct build_image_result *out_result)
{
    struct build_image_result *const result = calloc(1, sizeof(*result));
    if (result == NULL) {
        give_up("no memory for an image");
    }
    add_layers(registry, image, result);
    add_config(registry, image, result);
    const struct fake_manifest manifest = {
        .repo = image->repo, .tag = image->tag, .media_type = types_of(image->family)->manifest};
    add_manifest(registry, manifest, image->algorithm, manifest_json(image, result),
                 &result->manifest);
    result->total_bytes += result->manifest.size_bytes;
    if (out_result != NULL) {
        *out_result = *result;
    }
    free(result);
}

/* The members of an index entry behind mediaType, digest and size. Owned; starts with a comma
 * unless empty. */
static char *entry_members(const struct build_entry *entry)
{
    char *text = NULL;
    size_t size = 0;
    FILE *const out = open_text(&text, &size);
    if (entry->attests != NULL) {
        fprintf(out,
                ",\"platform\":{\"architecture\":\"unknown\",\"os\":\"unknown\"},"
                "\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\","
                "\"vnd.docker.reference.digest\":\"%s\"}",
                entry->attests);
    } else if (entry->platform != NULL) {
        fputs(",\"platform\":{", out);
        print_platform(out, entry->platform);
        fputc('}', out);
    }
    print_more(out, entry->more);
    fclose(out);
    return text;
}

void build_index_add(struct fake_registry *registry, const struct build_index *index,
                     struct build_descriptor *out_descriptor)
{
    const char *const media_type = types_of(index->family)->index;
    char *json = NULL;
    size_t size = 0;
    FILE *const out = open_text(&json, &size);
    fprintf(out, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[", media_type);
    for (size_t i = 0; i < index->entry_count; i++) {
        char *const members = entry_members(&index->entries[i]);
        fputs(i > 0 ? "," : "", out);
        print_descriptor(out, index->entries[i].descriptor, members[0] == ',' ? members + 1 : NULL);
        free(members);
    }
    fputc(']', out);
    print_more(out, index->more);
    fputc('}', out);
    fclose(out);
    const struct fake_manifest manifest = {
        .repo = index->repo, .tag = index->tag, .media_type = media_type};
    add_manifest(registry, manifest, index->algorithm, json, out_descriptor);
}

void build_attestation_add(struct fake_registry *registry, const char *repo, const char *subject,
                           struct build_descriptor *out_descriptor)
{
    static const char config_text[] =
        "{\"architecture\":\"unknown\",\"os\":\"unknown\",\"config\":{},"
        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
    struct build_descriptor config = {.media_type = BUILD_OCI_CONFIG,
                                      .size_bytes = sizeof(config_text) - 1};
    struct build_descriptor layer = {.media_type = BUILD_IN_TOTO};
    char *const statement = build_text("{\"_type\":\"https://in-toto.io/Statement/v0.1\","
                                       "\"subject\":[{\"name\":\"image\",\"digest\":\"%s\"}]}",
                                       subject);
    layer.size_bytes = strlen(statement);
    fake_blob_add(registry, repo, NULL, statement, layer.size_bytes, layer.digest);
    fake_blob_add(registry, repo, NULL, config_text, config.size_bytes, config.digest);
    char *const config_json = build_descriptor_json(&config, NULL);
    char *const layer_json = build_descriptor_json(
        &layer,
        "\"annotations\":{\"in-toto.io/predicate-type\":\"https://slsa.dev/provenance/v1\"}");
    char *const json = build_text("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,"
                                  "\"layers\":[%s]}",
                                  BUILD_OCI_MANIFEST, config_json, layer_json);
    build_manifest_raw(registry, repo, NULL, BUILD_OCI_MANIFEST, json, out_descriptor);
    free(json);
    free(layer_json);
    free(config_json);
    free(statement);
}

void build_multi_add(struct fake_registry *registry, const struct build_multi *multi,
                     struct build_image_result *out_images, struct build_descriptor *out_index)
{
    const size_t count = multi->platform_count;
    struct build_entry *const entries = calloc(count * 2 + 1, sizeof(*entries));
    struct build_descriptor *const descriptors = calloc(count * 2 + 1, sizeof(*descriptors));
    struct build_image_result *const result = calloc(1, sizeof(*result));
    size_t used = 0;
    if (entries == NULL || descriptors == NULL || result == NULL) {
        give_up("no memory for an index");
    }
    for (size_t i = 0; i < count; i++) {
        struct build_image image = multi->image;
        image.tag = NULL;
        image.platform = multi->platforms[i];
        image.seed += i * BUILD_LAYERS_MAX;
        build_image_add(registry, &image, result);
        if (out_images != NULL) {
            out_images[i] = *result;
        }
        struct build_descriptor *const made = &descriptors[used];
        *made = result->manifest;
        entries[used++] = (struct build_entry){.descriptor = made, .platform = image.platform};
        if (multi->attestations) {
            struct build_descriptor *const proof = &descriptors[used];
            build_attestation_add(registry, image.repo, made->digest, proof);
            entries[used++] = (struct build_entry){.descriptor = proof, .attests = made->digest};
        }
    }
    const struct build_index index = {.repo = multi->image.repo,
                                      .tag = multi->image.tag,
                                      .family = multi->image.family,
                                      .algorithm = multi->image.algorithm,
                                      .entries = entries,
                                      .entry_count = used};
    build_index_add(registry, &index, out_index);
    free(result);
    free(descriptors);
    free(entries);
}

void build_manifest_raw(struct fake_registry *registry, const char *repo, const char *tag,
                        const char *media_type, const char *json,
                        struct build_descriptor *out_descriptor)
{
    const struct fake_manifest manifest = {.repo = repo, .tag = tag, .media_type = media_type};
    add_manifest(registry, manifest, NULL, build_text("%s", json), out_descriptor);
}

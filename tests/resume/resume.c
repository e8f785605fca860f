/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at a store from outside, whatever state it is in.
 *
 * Knows: the OCI layout. Does not know: how it came to be.
 * Threads: main.
 */
#include "resume/resume.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "support/builders.h"
#include "support/fake_registry.h"
#include "support/tmpdir.h"

#include <openssl/evp.h>

void resume_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

uint64_t resume_random(uint64_t *state, uint64_t limit)
{
    uint64_t mixed = *state += UINT64_C(0x9E3779B97F4A7C15);

    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return (mixed ^ mixed >> 31) % limit;
}

/* The SHA-256 of a file, in hex. */
static void hash_file(const char *path, char out_hex[65])
{
    static unsigned char piece[1 << 18];
    unsigned char digest[32];
    EVP_MD_CTX *const hash = EVP_MD_CTX_new();
    FILE *const file = fopen(path, "re");
    size_t length;

    if (file == NULL || hash == NULL) {
        resume_fail("cannot read '%s'", path);
    }
    EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    while ((length = fread(piece, 1, sizeof piece, file)) > 0) {
        EVP_DigestUpdate(hash, piece, length);
    }
    EVP_DigestFinal_ex(hash, digest, NULL);
    EVP_MD_CTX_free(hash);
    fclose(file);
    for (size_t i = 0; i < sizeof digest; i++) {
        snprintf(out_hex + 2 * i, 3, "%02x", digest[i]);
    }
}

size_t resume_check_blobs(const char *store, const char *when)
{
    char *const path = tmpdir_join(store, "blobs/sha256");
    DIR *const directory = opendir(path);
    struct dirent *entry;
    size_t count = 0;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        char hex[65];
        char *file;

        if (entry->d_name[0] == '.') {
            continue;
        }
        file = tmpdir_join(path, entry->d_name);
        hash_file(file, hex);
        if (strcmp(hex, entry->d_name) != 0) {
            resume_fail("%s: blob %s is %s", when, entry->d_name, hex);
        }
        free(file);
        count++;
    }
    if (directory != NULL) {
        closedir(directory);
    }
    free(path);
    return count;
}

static void check_descriptor(const char *store, struct json_object *descriptor, const char *when,
                             int depth);

/* The descriptors that a document names under a key: one, or a list. */
static void check_named(const char *store, struct json_object *document, const char *key,
                        const char *when, int depth)
{
    struct json_object *named = NULL;

    if (!json_object_object_get_ex(document, key, &named)) {
        return;
    }
    if (!json_object_is_type(named, json_type_array)) {
        check_descriptor(store, named, when, depth);
        return;
    }
    for (size_t i = 0; i < json_object_array_length(named); i++) {
        check_descriptor(store, json_object_array_get_idx(named, i), when, depth);
    }
}

static void check_descriptor(const char *store, struct json_object *descriptor, const char *when,
                             int depth)
{
    struct json_object *digest = NULL;
    struct json_object *size = NULL;
    struct json_object *document;
    size_t length = 0;
    char *path;
    char *bytes;

    if (!json_object_object_get_ex(descriptor, "digest", &digest) ||
        !json_object_object_get_ex(descriptor, "size", &size) ||
        strncmp(json_object_get_string(digest), "sha256:", 7) != 0) {
        resume_fail("%s: no descriptor: %s", when, json_object_to_json_string(descriptor));
    }
    path = build_text("%s/blobs/sha256/%s", store, json_object_get_string(digest) + 7);
    bytes = tmpdir_read(path, &length);
    if (bytes == NULL || (int64_t)length != json_object_get_int64(size)) {
        resume_fail("%s: index.json names %s, which is not there", when,
                    json_object_get_string(digest));
    }
    document = depth > 0 && length < 1000000 ? json_tokener_parse(bytes) : NULL;
    if (document != NULL && json_object_is_type(document, json_type_object)) {
        check_named(store, document, "manifests", when, depth - 1);
        check_named(store, document, "config", when, 0);
        check_named(store, document, "layers", when, 0);
    }
    json_object_put(document);
    free(bytes);
    free(path);
}

/* The document index.json, owned. out_entries: its list. Returns: NULL when there is no file. */
static struct json_object *read_index(const char *store, const char *when,
                                      struct json_object **out_entries)
{
    char *const path = tmpdir_join(store, "index.json");
    char *const text = tmpdir_read(path, NULL);
    struct json_object *const index = text != NULL ? json_tokener_parse(text) : NULL;

    if (text != NULL && !json_object_object_get_ex(index, "manifests", out_entries)) {
        resume_fail("%s: index.json is no index: '%s'", when, text);
    }
    free(text);
    free(path);
    return index;
}

size_t resume_check_index(const char *store, const char *when)
{
    struct json_object *entries = NULL;
    struct json_object *const index = read_index(store, when, &entries);
    const size_t count = index != NULL ? json_object_array_length(entries) : 0;

    if (index != NULL) {
        check_named(store, index, "manifests", when, 2);
    }
    json_object_put(index);
    return count;
}

bool resume_is_named(const char *store, const char *name)
{
    struct json_object *entries = NULL;
    struct json_object *const index = read_index(store, name, &entries);
    const size_t count = index != NULL ? json_object_array_length(entries) : 0;
    bool is_named = false;

    for (size_t i = 0; i < count && !is_named; i++) {
        struct json_object *annotations = NULL;
        struct json_object *value = NULL;

        json_object_object_get_ex(json_object_array_get_idx(entries, i), "annotations",
                                  &annotations);
        json_object_object_get_ex(annotations, "org.opencontainers.image.ref.name", &value);
        is_named = value != NULL && strcmp(json_object_get_string(value), name) == 0;
    }
    json_object_put(index);
    return is_named;
}

size_t resume_count_partials(const char *store, const char *ending)
{
    char *const path = tmpdir_join(store, "ingest/sha256");
    DIR *const directory = opendir(path);
    struct dirent *entry;
    size_t count = 0;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        const size_t length = strlen(entry->d_name);
        const size_t tail = strlen(ending);

        count += entry->d_name[0] != '.' && length >= tail &&
                 strcmp(entry->d_name + length - tail, ending) == 0;
    }
    if (directory != NULL) {
        closedir(directory);
    }
    free(path);
    return count;
}

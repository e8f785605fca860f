/* SPDX-License-Identifier: Apache-2.0
 *
 * Make an OCI layout with two versions of an image of one layer that has a table of contents.
 *
 *   make-toc LAYOUT FORMAT FILES BYTES EVERY
 *
 * FORMAT: zstd, zstd-split or estargz. FILES files of up to BYTES bytes each; every EVERY-th
 * differs in the second version. The versions are named 1 and 2.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fake_registry.h"
#include "toc_layer.h"

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* Write a file below the layout. */
static void write_file(const char *layout, const char *name, const void *bytes, size_t size)
{
    char path[4096];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", layout, name);
    file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        fail(path);
    }
}

/* Write a blob; its digest goes to out_digest. */
static void write_blob(const char *layout, const void *bytes, size_t size,
                       char out_digest[FAKE_DIGEST_SIZE])
{
    char name[FAKE_DIGEST_SIZE + 32];

    fake_digest("sha256", bytes, size, out_digest);
    (void)snprintf(name, sizeof name, "blobs/sha256/%s", out_digest + strlen("sha256:"));
    write_file(layout, name, bytes, size);
}

static size_t add_version(const char *layout, enum toc_format format, const struct toc_file *files,
                          size_t count, char out_digest[FAKE_DIGEST_SIZE])
{
    static const char config[] = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},"
                                 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
    struct toc_layer layer;
    char config_digest[FAKE_DIGEST_SIZE];
    char layer_digest[FAKE_DIGEST_SIZE];
    char *annotations;
    char text[4096];

    toc_layer_make(format, files, count, &layer);
    annotations = toc_layer_annotations(&layer);
    write_blob(layout, layer.bytes, layer.size, layer_digest);
    write_blob(layout, config, strlen(config), config_digest);
    (void)snprintf(text, sizeof text,
                   "{\"schemaVersion\":2,\"mediaType\":"
                   "\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":"
                   "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu},"
                   "\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+%s\","
                   "\"digest\":\"%s\",\"size\":%zu,\"annotations\":{%s}}]}",
                   config_digest, strlen(config), format == TOC_ESTARGZ ? "gzip" : "zstd",
                   layer_digest, layer.size, annotations);
    write_blob(layout, text, strlen(text), out_digest);
    free(annotations);
    toc_layer_free(&layer);
    return strlen(text);
}

static void make_folder(const char *layout, const char *name)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s", layout, name);
    if (mkdir(path, 0755) != 0) {
        fail(path);
    }
}

static void make_files(struct toc_file *files, size_t count, size_t bytes)
{
    for (size_t i = 0; i < count; i++) {
        char *const name = malloc(48);

        (void)snprintf(name, 48, "d/of/some/length/file%08zu", i);
        files[i] = (struct toc_file){
            .name = name, .size = (i * 7919) % bytes + 1, .seed = i + 1, .mtime = 1000};
    }
}

int main(int argc, char **argv)
{
    static const char entry[] = "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
                                "\"digest\":\"%s\",\"size\":%zu,\"annotations\":"
                                "{\"org.opencontainers.image.ref.name\":\"%d\"}}";
    char digests[2][FAKE_DIGEST_SIZE];
    char index[2048] = "{\"schemaVersion\":2,\"manifests\":[";
    enum toc_format format;
    struct toc_file *files;
    size_t count;

    if (argc != 6) {
        fprintf(stderr, "usage: make-toc LAYOUT zstd|zstd-split|estargz FILES BYTES EVERY\n");
        return 2;
    }
    format = strcmp(argv[2], "zstd") == 0         ? TOC_ZSTD
             : strcmp(argv[2], "zstd-split") == 0 ? TOC_ZSTD_SPLIT
                                                  : TOC_ESTARGZ;
    count = strtoul(argv[3], NULL, 10);
    files = calloc(count, sizeof *files);
    make_files(files, count, strtoul(argv[4], NULL, 10));
    if (mkdir(argv[1], 0755) != 0) {
        fail(argv[1]);
    }
    make_folder(argv[1], "blobs");
    make_folder(argv[1], "blobs/sha256");
    for (int version = 1; version <= 2; version++) {
        const size_t every = strtoul(argv[5], NULL, 10);
        size_t size;

        for (size_t i = every - 1; version == 2 && i < count; i += every) {
            files[i].seed += count;
            files[i].mtime++;
        }
        size = add_version(argv[1], format, files, count, digests[version - 1]);
        (void)snprintf(index + strlen(index), sizeof index - strlen(index), "%s",
                       version == 2 ? "," : "");
        (void)snprintf(index + strlen(index), sizeof index - strlen(index), entry,
                       digests[version - 1], size, version);
    }
    (void)snprintf(index + strlen(index), sizeof index - strlen(index), "]}");
    write_file(argv[1], "index.json", index, strlen(index));
    write_file(argv[1], "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", 30);
    return 0;
}

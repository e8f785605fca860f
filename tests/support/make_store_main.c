/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make-store: write a store of many small blobs.
 *
 *     make-store DIRECTORY IMAGES LAYERS
 *
 * Each of IMAGES has a config and a manifest of its own and names LAYERS layers; the first two of
 * them are shared by a hundred images, the others are its own. So there are about IMAGES x LAYERS
 * blobs. Layers hold a few bytes, configs and manifests are as long as real ones. The directory
 * must not exist. The same arguments make the same bytes.
 * Threads: one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/digest.h"

#define TEXT_MAX ((size_t)1024 * 1024)
/* Layers that are shared, and by how many images. */
#define SHARED_LAYERS 2
#define SHARED_BY 100

/* Text being written. */
struct text {
    char bytes[TEXT_MAX];
    size_t length;
};

/* A blob that was written. */
struct blob {
    char digest[TUG_DIGEST_TEXT_MAX];
    size_t length;
};

static struct text manifest_text;
static struct text config_text;

_Noreturn static void fail(const char *what)
{
    perror(what);
    exit(1);
}

__attribute__((__format__(__printf__, 2, 3))) static void add(struct text *text, const char *format,
                                                              ...)
{
    const size_t room = sizeof text->bytes - text->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text->bytes + text->length, room, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= room) {
        errno = EOVERFLOW;
        fail("text");
    }
    text->length += (size_t)length;
}

static struct blob write_blob(int dir_fd, const char *bytes, size_t length)
{
    struct blob blob = {.length = length};
    struct tug_digest digest;
    char hex[TUG_DIGEST_TEXT_MAX];
    int fd;

    if (tug__digest_of(TUG_DIGEST_SHA256, bytes, length, &digest, NULL) != TUG_OK) {
        errno = ENOMEM;
        fail("digest");
    }
    (void)tug_digest_format(&digest, blob.digest);
    fd = openat(dir_fd, tug__digest_hex(&digest, hex), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                0444);
    if (fd < 0 && errno == EEXIST) {
        return blob;
    }
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length || close(fd) != 0) {
        fail(hex);
    }
    return blob;
}

static struct blob write_layer(int dir_fd, unsigned image, unsigned layer)
{
    const bool is_shared = layer < SHARED_LAYERS;
    char bytes[64];
    const int length =
        snprintf(bytes, sizeof bytes, "%s %u, layer %u\n", is_shared ? "base" : "image",
                 is_shared ? image / SHARED_BY : image, layer);

    return write_blob(dir_fd, bytes, (size_t)length);
}

/* Write an image. Returns: its manifest. */
static struct blob write_image(int dir_fd, unsigned image, unsigned layer_count)
{
    struct blob config;

    manifest_text.length = 0;
    config_text.length = 0;
    add(&config_text,
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"2026-01-%02uT10:00:00Z\","
        "\"config\":{\"Env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin\"],"
        "\"Cmd\":[\"app\",\"%u\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[",
        1 + image % 28, image);
    for (unsigned i = 0; i < layer_count; i++) {
        const struct blob layer = write_layer(dir_fd, image, i);

        add(&manifest_text,
            "%s{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\","
            "\"digest\":\"%s\",\"size\":%zu}",
            i > 0 ? "," : "", layer.digest, layer.length);
        add(&config_text, "%s\"%s\"", i > 0 ? "," : "", layer.digest);
    }
    add(&config_text, "]},\"history\":[");
    for (unsigned i = 0; i < layer_count; i++) {
        add(&config_text,
            "%s{\"created\":\"2026-01-01T10:00:00Z\",\"created_by\":\"RUN /bin/sh -c apt-get "
            "update "
            "\\u0026\\u0026 apt-get install -y package-%u # buildkit\",\"comment\":\"buildkit\"}",
            i > 0 ? "," : "", i);
    }
    add(&config_text, "]}");
    config = write_blob(dir_fd, config_text.bytes, config_text.length);
    {
        static struct text whole;

        whole.length = 0;
        add(&whole,
            "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
            "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
            "\"digest\":\"%s\",\"size\":%zu},\"layers\":[%s]}",
            config.digest, config.length, manifest_text.bytes);
        return write_blob(dir_fd, whole.bytes, whole.length);
    }
}

static FILE *open_file(const char *name)
{
    FILE *const file = fopen(name, "wxe");

    if (file == NULL) {
        fail(name);
    }
    return file;
}

static void close_file(FILE *file)
{
    if (fclose(file) != 0) {
        fail("write");
    }
}

int main(int argc, char **argv)
{
    const unsigned long images = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    const unsigned long layers = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    FILE *index;
    int dir_fd;

    if (images == 0 || images > 10000000 || layers > 1000) {
        fputs("usage: make-store DIRECTORY IMAGES LAYERS\n", stderr);
        return 2;
    }
    if (mkdir(argv[1], 0755) != 0 || chdir(argv[1]) != 0 || mkdir("blobs", 0755) != 0 ||
        mkdir("blobs/sha256", 0755) != 0 || mkdir("ingest", 0755) != 0 ||
        mkdir("ingest/sha256", 0755) != 0) {
        fail(argv[1]);
    }
    dir_fd = open("blobs/sha256", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) {
        fail("blobs/sha256");
    }
    index = open_file("index.json");
    fputs("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
          "\"manifests\":[",
          index);
    for (unsigned i = 0; i < images; i++) {
        const struct blob root = write_image(dir_fd, i, (unsigned)layers);

        fprintf(index,
                "%s{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
                "\"digest\":\"%s\",\"size\":%zu,\"annotations\":{"
                "\"io.containerd.image.name\":\"registry.example.org/team/app-%u:1\","
                "\"org.opencontainers.image.ref.name\":\"registry.example.org/team/app-%u:1\","
                "\"containerd.io/distribution.source.registry.example.org\":\"team/app-%u\"}}",
                i > 0 ? "," : "", root.digest, root.length, i, i, i);
    }
    fputs("]}", index);
    close_file(index);
    index = open_file("oci-layout");
    fputs("{\"imageLayoutVersion\":\"1.0.0\"}", index);
    close_file(index);
    return 0;
}

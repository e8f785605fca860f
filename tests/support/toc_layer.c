/* SPDX-License-Identifier: Apache-2.0 */
#include "toc_layer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <zlib.h>
#include <zstd.h>

#define BLOCK 512
#define ZSTD_PREFIX "io.github.containers.zstd-chunked."

static void need(int is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "toc_layer: %s\n", what);
        abort();
    }
}

/* --- a growing buffer --- */

struct bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

static void add(struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->capacity <= bytes->size + size) {
        bytes->capacity = 2 * (bytes->size + size + 1);
        bytes->data = realloc(bytes->data, bytes->capacity);
        need(bytes->data != NULL, "no memory");
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    bytes->data[bytes->size] = 0;
}

static void add_text(struct bytes *bytes, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));

static void add_text(struct bytes *bytes, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    add(bytes, text, strlen(text));
}

/* A context serves all frames: to make one takes much longer than a frame of a few KiB. */
static void add_zstd(struct bytes *bytes, const void *data, size_t size)
{
    static ZSTD_CCtx *context; /* of the test's thread; stays */
    const size_t bound = ZSTD_compressBound(size);
    uint8_t *const packed = malloc(bound);
    size_t length;

    context = context != NULL ? context : ZSTD_createCCtx();
    need(context != NULL, "no memory");
    length = ZSTD_compressCCtx(context, packed, bound, data, size, 3);
    need(!ZSTD_isError(length), "zstd");
    add(bytes, packed, length);
    free(packed);
}

/* The same holds for these. */
static void add_gzip(struct bytes *bytes, const void *data, size_t size)
{
    static z_stream zlib;
    uint8_t *packed;

    need(zlib.state != NULL
             ? deflateReset(&zlib) == Z_OK
             : deflateInit2(&zlib, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK,
         "gzip");
    packed = malloc(deflateBound(&zlib, size));
    zlib.next_in = (Bytef *)(uintptr_t)data;
    zlib.avail_in = (uInt)size;
    zlib.next_out = packed;
    zlib.avail_out = (uInt)deflateBound(&zlib, size);
    need(deflate(&zlib, Z_FINISH) == Z_STREAM_END, "gzip");
    add(bytes, packed, zlib.total_out);
    free(packed);
}

static char *digest_of(const void *data, size_t size, char out_text[80])
{
    uint8_t hash[32];

    need(EVP_Digest(data, size, hash, NULL, EVP_sha256(), NULL) == 1, "sha256");
    (void)strcpy(out_text, "sha256:");
    for (size_t i = 0; i < sizeof hash; i++) {
        (void)sprintf(out_text + 7 + 2 * i, "%02x", hash[i]);
    }
    return out_text;
}

/* --- assembling --- */

static void add_skippable(struct bytes *layer, const void *data, size_t size)
{
    const uint8_t head[8] = {0x50,
                             0x2a,
                             0x4d,
                             0x18,
                             (uint8_t)size,
                             (uint8_t)(size >> 8),
                             (uint8_t)(size >> 16),
                             (uint8_t)(size >> 24)};

    add(layer, head, sizeof head);
    add(layer, data, size);
}

static void annotate(struct toc_layer *layer, const char *key, const char *value)
{
    need(layer->annotation_count < TOC_ANNOTATIONS_MAX, "too many annotations");
    (void)snprintf(layer->keys[layer->annotation_count], sizeof *layer->keys, "%s", key);
    (void)snprintf(layer->values[layer->annotation_count++], sizeof *layer->values, "%s", value);
}

/* The text with the digest of the packed tar-split in it. */
static char *fill_in(const char *json, const char *digest)
{
    const char *const mark = strstr(json, "%DIGEST%");
    struct bytes text = {0};

    if (mark == NULL) {
        return strdup(json);
    }
    add(&text, json, (size_t)(mark - json));
    add(&text, digest, strlen(digest));
    add(&text, mark + strlen("%DIGEST%"), strlen(mark) - strlen("%DIGEST%"));
    return (char *)text.data;
}

static void spoil(struct bytes *packed, size_t count)
{
    for (size_t i = 0; i < count && packed->size / 2 + i < packed->size; i++) {
        packed->data[packed->size / 2 + i] ^= 0x5a;
    }
}

static void assemble_zstd(const struct toc_parts *parts, struct toc_layer *layer)
{
    struct bytes out = {0};
    struct bytes toc = {0};
    struct bytes split = {0};
    char digest[80] = "";
    char text[160];
    char *json;
    const uint8_t footer[64] = "a footer that no reader needs";

    add(&out, parts->body, parts->body_size);
    if (parts->tar_split != NULL) {
        add_zstd(&split, parts->tar_split, strlen(parts->tar_split));
        (void)digest_of(split.data, split.size, digest);
    }
    json = fill_in(parts->json, digest);
    add_zstd(&toc, json, strlen(json));
    annotate(layer, ZSTD_PREFIX "manifest-checksum", digest_of(toc.data, toc.size, digest));
    (void)snprintf(text, sizeof text, "%zu:%zu:%" PRIu64 ":1", out.size + 8, toc.size,
                   parts->toc_raw_lie != 0 ? parts->toc_raw_lie : (uint64_t)strlen(json));
    annotate(layer, ZSTD_PREFIX "manifest-position", text);
    spoil(&toc, parts->packed_junk);
    add_skippable(&out, toc.data, toc.size);
    if (parts->tar_split != NULL) {
        (void)snprintf(text, sizeof text, "%zu:%zu:%zu", out.size + 8, split.size,
                       strlen(parts->tar_split));
        annotate(layer, ZSTD_PREFIX "tarsplit-position", text);
        add_skippable(&out, split.data, split.size);
    }
    add_skippable(&out, footer, sizeof footer);
    layer->bytes = out.data;
    layer->size = out.size;
    free(json);
    free(toc.data);
    free(split.data);
}

static void set_octal(char *field, size_t width, uint64_t value)
{
    (void)snprintf(field, width, "%0*" PRIo64, (int)width - 1, value);
}

static void make_header(char header[BLOCK], const struct toc_file *file, char type)
{
    unsigned sum = 0;

    memset(header, 0, BLOCK);
    (void)snprintf(header, 100, "%s", file->name);
    (void)snprintf(header + 157, 100, "%s", file->link != NULL ? file->link : "");
    set_octal(header + 100, 8, type == '5' ? 0755 : 0644);
    set_octal(header + 108, 8, 0);
    set_octal(header + 116, 8, 0);
    set_octal(header + 124, 12, file->size);
    set_octal(header + 136, 12, file->mtime);
    memset(header + 148, ' ', 8);
    header[156] = type;
    memcpy(header + 257, "ustar\00000", 8);
    for (size_t i = 0; i < BLOCK; i++) {
        sum += (unsigned char)header[i];
    }
    (void)snprintf(header + 148, 8, "%06o", sum);
}

static void add_footer(struct bytes *out, size_t toc_offset)
{
    uint8_t footer[51] = {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 26, 0, 'S', 'G', 22, 0};
    static const uint8_t rest[] = {1, 0, 0, 0xff, 0xff};
    char text[24];

    (void)snprintf(text, sizeof text, "%016zxSTARGZ", toc_offset);
    memcpy(footer + 16, text, 22);
    memcpy(footer + 38, rest, sizeof rest);
    add(out, footer, sizeof footer);
}

static void assemble_estargz(const struct toc_parts *parts, struct toc_layer *layer)
{
    static const char zeros[2 * BLOCK];
    struct bytes out = {0};
    struct bytes tar = {0};
    struct bytes toc = {0};
    const size_t length = strlen(parts->json);
    char header[BLOCK];
    char digest[80];

    add(&out, parts->body, parts->body_size);
    make_header(header, &(struct toc_file){.name = "stargz.index.json", .size = length}, '0');
    add(&tar, header, sizeof header);
    add(&tar, parts->json, length);
    add(&tar, zeros, (BLOCK - length % BLOCK) % BLOCK);
    add(&tar, zeros, sizeof zeros);
    add_gzip(&toc, tar.data, tar.size);
    annotate(layer, "containerd.io/snapshot/stargz/toc.digest",
             digest_of(parts->json, length, digest));
    spoil(&toc, parts->packed_junk);
    add(&out, toc.data, toc.size);
    add_footer(&out, parts->body_size);
    layer->bytes = out.data;
    layer->size = out.size;
    free(tar.data);
    free(toc.data);
}

void toc_layer_assemble(enum toc_format format, const struct toc_parts *parts,
                        struct toc_layer *out_layer)
{
    *out_layer = (struct toc_layer){.body_size = parts->body_size};
    if (format == TOC_ESTARGZ) {
        assemble_estargz(parts, out_layer);
    } else {
        assemble_zstd(parts, out_layer);
    }
}

/* --- files --- */

/* State of making a layer of files. */
struct making {
    enum toc_format format;
    struct bytes body;
    struct bytes headers; /* of the archive, since the last content */
    struct bytes json;
    struct bytes split;
};

/* Text or noise: half of each, so that it can be compressed. */
static uint8_t *make_content(size_t size, uint64_t seed)
{
    uint8_t *const content = malloc(size + 1);
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

    for (size_t i = 0; i < size; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        content[i] = (uint8_t)(i % 2 == 0 ? 'a' : state);
    }
    return content;
}

static void pack(const struct making *making, struct bytes *out, const void *data, size_t size)
{
    if (making->format == TOC_ESTARGZ) {
        add_gzip(out, data, size);
    } else {
        add_zstd(out, data, size);
    }
}

static void add_raw_line(struct making *making)
{
    const size_t size = making->headers.size;
    char *const text = malloc(size * 4 / 3 + 8);

    (void)EVP_EncodeBlock((unsigned char *)text, making->headers.data, (int)size);
    add_text(&making->split, "{\"type\":2,\"payload\":\"");
    add(&making->split, text, strlen(text));
    add_text(&making->split, "\",\"position\":0}\n");
    free(text);
}

/* Compress the headers gathered so far. */
static void end_headers(struct making *making)
{
    if (making->headers.size > 0) {
        add_raw_line(making);
        pack(making, &making->body, making->headers.data, making->headers.size);
        making->headers.size = 0;
    }
}

static void add_entry(struct making *making, const struct toc_file *file, char type)
{
    add_text(&making->json, "%s{\"type\":\"%s\",\"name\":\"%s\",\"modtime\":\"%" PRIu64 "\"",
             making->json.size > 30 ? "," : "",
             type == '5'   ? "dir"
             : type == '1' ? "hardlink"
                           : "reg",
             file->name, file->mtime);
    if (file->link != NULL) {
        add_text(&making->json, ",\"linkName\":\"%s\"", file->link);
    }
}

static void add_content(struct making *making, const struct toc_file *file)
{
    uint8_t *const content = make_content(file->size, file->seed);
    const size_t total = (file->size + TOC_CHUNK_BYTES - 1) / TOC_CHUNK_BYTES;
    static const char zeros[BLOCK];
    struct bytes chunks = {0};
    char digest[80];

    end_headers(making);
    add_text(&making->json, ",\"size\":%zu,\"digest\":\"%s\",\"offset\":%zu", file->size,
             digest_of(content, file->size, digest), making->body.size);
    for (size_t i = 0; i < total; i++) {
        const size_t at = i * TOC_CHUNK_BYTES;
        const size_t size = file->size - at < TOC_CHUNK_BYTES ? file->size - at : TOC_CHUNK_BYTES;

        if (i > 0) {
            add_text(&chunks, ",{\"type\":\"chunk\",\"name\":\"%s\",\"offset\":%zu", file->name,
                     making->body.size);
        }
        if (total > 1) {
            add_text(i > 0 ? &chunks : &making->json,
                     ",\"chunkOffset\":%zu,\"chunkSize\":%zu,\"chunkDigest\":\"%s\"", at, size,
                     digest_of(content + at, size, digest));
        }
        if (i > 0) {
            add_text(&chunks, "}");
        }
        pack(making, &making->body, content + at, size);
    }
    if (making->format != TOC_ESTARGZ) {
        add_text(&making->json, ",\"endOffset\":%zu", making->body.size);
    }
    add_text(&making->json, "}");
    if (chunks.size > 0) {
        add(&making->json, chunks.data, chunks.size);
    }
    add_text(&making->split, "{\"type\":1,\"size\":%zu,\"name\":\"%s\",\"payload\":\"AAAA\"}\n",
             file->size, file->name);
    add(&making->headers, zeros, (BLOCK - file->size % BLOCK) % BLOCK);
    free(chunks.data);
    free(content);
}

void toc_layer_make(enum toc_format format, const struct toc_file *files, size_t count,
                    struct toc_layer *out_layer)
{
    static const char zeros[2 * BLOCK];
    struct making making = {.format = format};
    struct toc_parts parts;

    add_text(&making.json, "{\"version\":1,\"entries\":[");
    for (size_t i = 0; i < count; i++) {
        const struct toc_file *const file = &files[i];
        const char type = file->link != NULL ? '1' : file->size == 0 ? '5' : '0';
        char header[BLOCK];

        make_header(header, file, type);
        add(&making.headers, header, sizeof header);
        add_entry(&making, file, type);
        if (type == '0') {
            add_content(&making, file);
        } else {
            add_text(&making.json, "}");
        }
    }
    add(&making.headers, zeros, sizeof zeros);
    end_headers(&making);
    add_text(&making.json,
             format == TOC_ZSTD_SPLIT ? "],\"tarSplitDigest\":\"%%DIGEST%%\"}" : "]}");
    parts = (struct toc_parts){
        .body = making.body.data,
        .body_size = making.body.size,
        .json = (const char *)making.json.data,
        .tar_split = format == TOC_ZSTD_SPLIT ? (const char *)making.split.data : NULL,
    };
    toc_layer_assemble(format, &parts, out_layer);
    out_layer->json = (char *)making.json.data;
    free(making.body.data);
    free(making.headers.data);
    free(making.split.data);
}

char *toc_layer_annotations(const struct toc_layer *layer)
{
    struct bytes text = {0};

    for (size_t i = 0; i < layer->annotation_count; i++) {
        add_text(&text, "%s\"%s\":\"%s\"", i > 0 ? "," : "", layer->keys[i], layer->values[i]);
    }
    return (char *)text.data;
}

void toc_layer_free(struct toc_layer *layer)
{
    free(layer->bytes);
    free(layer->json);
    *layer = (struct toc_layer){0};
}

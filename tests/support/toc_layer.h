/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers with a table of contents, made from the formats' descriptions: zstd:chunked with and
 * without tar-split, and eStargz.
 *
 *     struct toc_layer layer;
 *     toc_layer_make(TOC_ZSTD, files, count, &layer);   a real archive of generated files
 *     toc_layer_assemble(TOC_ZSTD, &parts, &layer);     any body, any text: also lies
 *
 * Errors: abort(). Threads: any.
 */
#ifndef TOC_LAYER_H
#define TOC_LAYER_H

#include <stddef.h>
#include <stdint.h>

enum toc_format {
    TOC_ZSTD,       /* as skopeo 1.9 writes it */
    TOC_ZSTD_SPLIT, /* as newer ones do, with tar-split */
    TOC_ESTARGZ,
};

/* A file of the archive. */
struct toc_file {
    const char *name;
    size_t size;      /* 0: a directory, unless link is set */
    uint64_t seed;    /* of its content */
    uint64_t mtime;   /* seconds */
    const char *link; /* a hard link to that; NULL: none */
};

/* What a layer is made of. Texts are borrowed. */
struct toc_parts {
    const void *body; /* frames */
    size_t body_size;
    const char *json;      /* the table of contents; %DIGEST% becomes the tar-split's digest */
    const char *tar_split; /* NULL: none */
    uint64_t toc_raw_lie;  /* announced length of the text; 0: the truth */
    size_t packed_junk;    /* bytes at the middle of the packed TOC that are spoilt afterwards */
};

#define TOC_ANNOTATIONS_MAX 3

struct toc_layer {
    uint8_t *bytes; /* owned */
    size_t size;
    size_t body_size;
    char keys[TOC_ANNOTATIONS_MAX][80];
    char values[TOC_ANNOTATIONS_MAX][160];
    size_t annotation_count;
    char *json; /* of toc_layer_make; owned */
};

/* Bytes in one chunk; a file with more has several. */
#define TOC_CHUNK_BYTES 40000

/* Make a layer of files. */
void toc_layer_make(enum toc_format format, const struct toc_file *files, size_t count,
                    struct toc_layer *out_layer);
/* Put a layer together from given parts; the digests in its annotations are true. */
void toc_layer_assemble(enum toc_format format, const struct toc_parts *parts,
                        struct toc_layer *out_layer);
/* Write the annotations as members of a JSON object, without its braces. Returns: owned. */
char *toc_layer_annotations(const struct toc_layer *layer);
void toc_layer_free(struct toc_layer *layer);

#endif

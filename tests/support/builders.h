/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image builders: put configs, manifests and indexes into a fake registry with a few calls.
 *
 *     struct build_image_result image;
 *     build_image_add(reg, &(struct build_image){.repo = "a/b", .tag = "1",
 *                     .layer_sizes = (uint64_t[]){1000, 5 << 20}, .layer_count = 2}, &image);
 *
 * Layer content is generated: never compressed or tar, whatever its media type says.
 * Errors: abort() with a message, as in fake_registry.h. Threads: any.
 */
#ifndef BUILDERS_H
#define BUILDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_registry.h"

#define BUILD_LAYERS_MAX 512

#define BUILD_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define BUILD_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define BUILD_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define BUILD_OCI_LAYER "application/vnd.oci.image.layer.v1.tar+gzip"
#define BUILD_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define BUILD_DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"
#define BUILD_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define BUILD_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar.gzip"
#define BUILD_IN_TOTO "application/vnd.in-toto+json"

/* Which set of media types. */
enum build_family { BUILD_OCI = 0, BUILD_DOCKER };

/* Enough to name a piece of content. */
struct build_descriptor {
    const char *media_type; /* static text, or what the caller gave */
    char digest[FAKE_DIGEST_SIZE];
    uint64_t size_bytes;
};

/* What to build; zero is an OCI image for linux/amd64 without layers. */
struct build_image {
    const char *repo; /* NULL: every repository */
    const char *tag;  /* NULL: none */
    enum build_family family;
    const char *platform;        /* "OS/ARCH[/VARIANT]"; NULL: linux/amd64 */
    const uint64_t *layer_sizes; /* bytes */
    size_t layer_count;          /* at most BUILD_LAYERS_MAX */
    uint64_t seed;               /* the layers' content: layer i has seed + i */
    const char *algorithm;       /* of all digests; NULL: sha256 */
    const char *more;            /* members for the end of the manifest: "\"subject\":{…}" */
};

/* What was built. */
struct build_image_result {
    struct build_descriptor manifest;
    struct build_descriptor config;
    struct build_descriptor layers[BUILD_LAYERS_MAX];
    size_t layer_count;
    uint64_t total_bytes; /* manifest + config + all layers */
};

/* One entry of an index. */
struct build_entry {
    const struct build_descriptor *descriptor;
    const char *platform; /* "OS/ARCH[/VARIANT]"; NULL: the entry has none */
    const char *attests;  /* digest of the manifest this one attests: adds the annotations and
                             platform unknown/unknown */
    const char *more;     /* members for the end of the entry */
};

/* An index (or Docker manifest list). */
struct build_index {
    const char *repo; /* NULL: every repository */
    const char *tag;  /* NULL: none */
    enum build_family family;
    const struct build_entry *entries;
    size_t entry_count;
    const char *algorithm; /* of its digest; NULL: sha256 */
    const char *more;      /* members for the end of the index */
};

/*
 * Add a manifest with its config and generated layers.
 * image: borrowed for the call. out_result: filled; NULL allowed.
 * Blocks: while hashing the layers, about a second per GiB.
 */
void build_image_add(struct fake_registry *registry, const struct build_image *image,
                     struct build_image_result *out_result);

/*
 * Add an index of manifests that are already there (or not: nothing is checked).
 * out_descriptor: filled; NULL allowed.
 */
void build_index_add(struct fake_registry *registry, const struct build_index *index,
                     struct build_descriptor *out_descriptor);

/*
 * Add an attestation manifest (an in-toto layer), for an index entry with .attests.
 * subject: digest of the image manifest it speaks of.
 */
void build_attestation_add(struct fake_registry *registry, const char *repo, const char *subject,
                           struct build_descriptor *out_descriptor);

/* An index of one image per platform, all made alike but with different layers. */
struct build_multi {
    struct build_image image; /* repo, tag (of the index), family, layers; platform is ignored */
    const char *const *platforms;
    size_t platform_count;
    bool attestations; /* one unknown/unknown entry after each image */
};

/*
 * Build the images and the index that names them.
 * out_images: platform_count results in order, or NULL. out_index: filled; NULL allowed.
 * Image i has layers of seed + i * BUILD_LAYERS_MAX.
 */
void build_multi_add(struct fake_registry *registry, const struct build_multi *multi,
                     struct build_image_result *out_images, struct build_descriptor *out_index);

/*
 * Add a document exactly as it is, for malformed cases.
 * repo: NULL for every one. tag: NULL for none. media_type: kept by reference in the result.
 * out_descriptor: its real digest and size; NULL allowed.
 */
void build_manifest_raw(struct fake_registry *registry, const char *repo, const char *tag,
                        const char *media_type, const char *json,
                        struct build_descriptor *out_descriptor);

/*
 * Write printf-like text into new memory.
 * Returns: owned; free().
 */
char *build_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * The descriptor as a JSON object, with more members if more is not NULL.
 * Returns: owned; free().
 */
char *build_descriptor_json(const struct build_descriptor *descriptor, const char *more);

#endif

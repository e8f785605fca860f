/* SPDX-License-Identifier: Apache-2.0
 *
 * The images named in a store: list, find, label and remove them.
 *
 * The store's index.json is the only record: one descriptor for each image, with its full name,
 * labels and the repositories it was fetched from as annotations. What else is said of an image is
 * found by reading its documents.
 */
#ifndef TUG_IMAGES_H
#define TUG_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>
#include <tug/store.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* One platform of an image, that is one manifest. Later versions add members at the end. */
struct tug_image_platform {
    struct tug_platform platform; /* all empty: the documents do not say it */
    struct tug_digest digest;     /* of the manifest */
    bool is_stored;               /* the manifest itself is in the store */
    uint64_t blobs_missing;       /* that the manifest names and the store lacks, or has in a wrong
                                     size; the manifest itself is counted */
    uint64_t bytes_missing;       /* their size, as far as documents in the store say it */
    bool is_complete;             /* nothing is missing */
};

/* What refers to an image: a signature, an SBOM, an attestation. Later versions add members at the
 * end. */
struct tug_image_referrer {
    struct tug_digest digest;  /* of its manifest, or index */
    const char *artifact_type; /* of what one of Cosign's tags names, the type of its first layer;
                                  NULL: not said */
    const char *name;          /* of the entry of index.json that leads to it */
};

/* An image of the store. Pointers are borrowed for the call that it is handed to; texts are raw,
 * see tug_text_escape. */
struct tug_image_info {
    const char *name; /* full reference, or what another tool wrote; NULL: the entry has no name */
    struct tug_digest digest; /* of the root: index or manifest */
    const char *media_type;   /* of the root */
    uint64_t size_bytes;      /* of the root */
    bool is_index;
    /* In the documents' order; attestations and other manifests without a platform are left out
     * when some have one; none when the root is neither index nor manifest: an entry may name any
     * blob.
     */
    const struct tug_image_platform *const *platforms;
    size_t platform_count;
    bool is_complete; /* at least one platform (or the blob) is, and so are all that were fetched,
                         if the entry tells which; else no manifest that is stored lacks anything */
    uint64_t blobs;   /* of it in the store, each digest counted once, root included */
    uint64_t content_bytes;    /* their size */
    uint64_t shared_bytes;     /* of these: needed by another image, too */
    const char *created;       /* as the config of the first complete platform says (RFC 3339);
                                  NULL: it does not */
    const char *const *labels; /* "KEY=VALUE", in the order of index.json */
    size_t label_count;
    const char *const *sources; /* "HOST/REPOSITORY" that it was fetched from, in the order of
                                   index.json */
    size_t source_count;
    /* What was fetched that refers to it (tug_fetch_options.referrers), and to that; in the order
     * that they were found in */
    struct {
        const struct tug_image_referrer *const *items;
        size_t count;
        bool is_entry; /* this entry is of no image, but there for what refers to one */
    } referrers;
};

/* Receives an image. It may call the same functions on the store as a tug_blob_fn. Returns:
 * anything but TUG_OK (with err filled) ends the listing with it. */
typedef enum tug_status (*tug_image_fn)(void *context, const struct tug_image_info *image,
                                        struct tug_error *err);

/* Call on_image for each entry of index.json, in its order. Of entries with the same name the last
 * one counts, and the others are handed on without a name. watch: may be NULL.
 * Returns: TUG_OK. Errors: TUG_ERR_STORE (I/O, index.json is not a valid index), TUG_ERR_CANCELLED,
 * TUG_ERR_NO_MEMORY, and what on_image returns. A document that is damaged fails nothing: its image
 * is not complete. Threads: any; the store may be changed meanwhile. Blocks: on the disk. */
enum tug_status tug_store_each_image(struct tug_store *store, tug_image_fn on_image, void *context,
                                     const struct tug_watch *watch, struct tug_error *err);

/* Find an image by text that a user typed: a name exactly as in index.json, else a reference,
 * completed as by tug_ref_parse, else one of these followed by "@" and the digest of its root, else
 * the full digest of a root. Among several entries the last one counts.
 * text: borrowed. out_name: the name in index.json; owned by the caller, free(3); NULL when the
 * entry has none; may be NULL. out_digest: of the root; may be NULL. Both untouched on failure.
 * Returns: TUG_OK. Errors: TUG_ERR_NOT_FOUND (the message names a similar image if there is one),
 * TUG_ERR_STORE, TUG_ERR_NO_MEMORY. Threads: any. Blocks: on the disk. */
enum tug_status tug_store_find_image(struct tug_store *store, const char *text, char **out_name,
                                     struct tug_digest *out_digest, struct tug_error *err);

/* Set labels of an image: "KEY=VALUE"; "KEY=" removes one, and removing a missing one is not an
 * error. Nothing else in the entry changes, and it keeps its place.
 * text: as for tug_store_find_image. labels: label_count strings, borrowed; the last one with a key
 * counts. watch: for the wait for another process that changes index.json; may be NULL.
 * Returns: TUG_OK. Errors: as tug_store_find_image, tug_label_check; TUG_ERR_INVALID_ARGUMENT also
 * for a digest that has several names; TUG_ERR_STORE also for a read-only store, unless nothing
 * changes; TUG_ERR_CANCELLED. Threads: any. Blocks: on the disk and other processes. */
enum tug_status tug_store_label(struct tug_store *store, const char *text,
                                const char *const *labels, size_t label_count,
                                const struct tug_watch *watch, struct tug_error *err);

/* Receives a removed image. name: from index.json, raw; NULL: none. digest: of the root; unset: not
 * valid. Both borrowed for the call. */
typedef void (*tug_removed_fn)(void *context, const char *name, const struct tug_digest *digest);

/* Remove images from index.json: all of them or, if one is not found, none. Their content stays
 * until tug_store_prune.
 * texts: count texts, each as for tug_store_find_image; the same image twice is not an error. All
 * entries with the name are removed. on_removed: called for each removed entry, after index.json is
 * written; may be NULL.
 * Returns, errors: as tug_store_label. Threads: any. Blocks: on the disk and other processes. */
enum tug_status tug_store_remove(struct tug_store *store, const char *const *texts, size_t count,
                                 tug_removed_fn on_removed, void *context,
                                 const struct tug_watch *watch, struct tug_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The images named in a store: find, label and remove them.
 *
 * The store's index.json is the only record: one descriptor for each image, with its full name,
 * labels and the repositories it was fetched from as annotations.
 */
#ifndef TUG_IMAGES_H
#define TUG_IMAGES_H

#include <stddef.h>

#include <tug/error.h>
#include <tug/oci.h>
#include <tug/store.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Find an image by text that a user typed: a name exactly as in index.json, else a reference,
 * completed as by tug_ref_parse, else the full digest of a root. Among several entries the last one
 * counts.
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

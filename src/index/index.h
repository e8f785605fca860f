/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the index room: index.json as text. It reports the elements and their names, finds
 * those that a user means, and edits the text: images are named, labelled or removed, and
 * everything else stays byte for byte, whichever tool wrote it.
 *
 * An edit: tug__index_edit_init with the old text; one of the deciding functions; if
 * tug__index_edit_is_needed, tug__index_edit_write; tug__index_edit_fini.
 *
 * Threads: any; an edit or a selection belongs to one thread at a time. Blocks: only
 * tug__index_edit_write.
 */
#ifndef TUG_INDEX_INDEX_H
#define TUG_INDEX_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/oci.h>

#include "base/buf.h"
#include "base/json.h"

/* The text of an index.json that names no image. */
#define TUG__INDEX_EMPTY                                                                           \
    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","              \
    "\"manifests\":[]}"

/* Most bytes of an index.json, so that an offset fits into 32 bits. */
#define TUG__INDEX_BYTES_MAX ((size_t)256 * 1024 * 1024)
/* Limits of an index.json, and of one element that is parsed into values: small. */
extern const struct tug__json_limits tug__index_limits;
extern const struct tug__json_limits tug__index_element_limits;

/* One element of `manifests`. Borrowed from the scan, for the callback only. */
struct tug__index_element {
    size_t offset, length; /* within the text of the index */
    const char *text;      /* the element: length bytes, not NUL-terminated */
    const char *name;      /* not NUL-terminated; NULL: none */
    size_t name_length;
    const char *digest; /* as written, unchecked; not NUL-terminated; NULL: none */
    size_t digest_length;
    const char *refers_to; /* TUG__INDEX_REFERS_TO; not NUL-terminated; NULL: it is an image */
    size_t refers_to_length;
    uint64_t sources_hash; /* of its distribution sources; 0: none. Equal ones hash alike */
};

/* Receive an element. Returns: anything but TUG_OK ends the scan with that status. */
typedef enum tug_status (*tug__index_element_fn)(void *context,
                                                 const struct tug__index_element *element,
                                                 struct tug_error *err);

/* The value of `manifests` within the text: from '[' up to and including ']', or null, which counts
 * as empty. */
struct tug__index_list {
    size_t begin, end;
};

/* Report the elements of an index with their names, in order.
 * text: borrowed for the call. out_list: untouched on failure, which may come after any number of
 * elements. Errors: TUG_ERR_CONTENT (not JSON, or no index), TUG_ERR_TOO_LARGE (a limit),
 * TUG_ERR_NO_MEMORY, and any status that on_element returns. */
enum tug_status tug__index_scan(const char *text, size_t length, tug__index_element_fn on_element,
                                void *context, struct tug__index_list *out_list,
                                struct tug_error *err);
/* Hash of a name, for lookups. */
uint64_t tug__index_name_hash(const char *name, size_t length);
/* Get the digest of an element. Returns: false when it has no valid one. */
bool tug__index_element_digest(const struct tug__index_element *element,
                               struct tug_digest *out_digest);

/* Tell whether a text is an index, all of it. */
bool tug__index_is_valid(const char *text, size_t length);
/* Find out how much of a damaged text is a whole index: one that was written twice, or that has
 * something behind its end. Returns: length of that; 0: the beginning is none. */
size_t tug__index_salvage(const char *text, size_t length);

/* --- an edit --- */

/* An edit of index.json in progress. Fields are private to the room, except texts. */
struct tug__index_edit {
    const char *text; /* borrowed */
    size_t length;
    struct tug__index_list list;
    struct tug__buf texts;      /* of new and replacing elements, one after the other */
    struct tug__edit_run *runs; /* owned; in the order of the new text */
    size_t run_count, run_capacity;
    bool is_open;    /* the last run may still grow */
    bool is_changed; /* the new text differs */
};

/* Start an edit. text: borrowed as long as the edit; tug__index_edit_fini is due. */
void tug__index_edit_init(struct tug__index_edit *out_edit, const char *text, size_t length);
/* Tell whether the index has to change at all. */
bool tug__index_edit_is_needed(const struct tug__index_edit *edit);
/* Length of the new text in bytes. */
size_t tug__index_edit_length(const struct tug__index_edit *edit);
/* Write the new text to an empty file. edit: a struct tug__index_edit. Errors: TUG_ERR_STORE. */
enum tug_status tug__index_edit_write(void *edit, int fd, struct tug_error *err);
/* Free what an edit holds. A zeroed one is allowed. */
void tug__index_edit_fini(struct tug__index_edit *edit);

/* Decide on an edit: pass all elements of edit->text to it, and set edit->list. Errors:
 * TUG_ERR_CONTENT and TUG_ERR_TOO_LARGE: the text is not a valid index; any other. */
typedef enum tug_status (*tug__index_decide_fn)(void *context, struct tug__index_edit *edit,
                                                struct tug_error *err);

/* --- naming images --- */

/* One image for index.json. All borrowed for the call. */
struct tug__index_entry {
    const char *name;       /* full reference */
    const char *media_type; /* of the root */
    struct tug_digest digest;
    uint64_t size_bytes;
    const char *source_host; /* registry host and repository: a distribution source. NULL: none */
    const char *source_repository;
    const char *left_out;  /* digests of blobs that the image lacks; NULL: none */
    const char *platforms; /* TUG__INDEX_PLATFORMS; NULL: none. An entry with the same root keeps
                              those that it has, too */
    const struct tug_platform *platform;     /* of a manifest; NULL: not said */
    const struct tug_digest *index_digest;   /* of the index that it was chosen from; NULL: none */
    const struct tug_digest *converted_from; /* TUG__INDEX_CONVERTED_FROM; NULL: none */
    const char *refers_to;                   /* TUG__INDEX_REFERS_TO; NULL: it is an image */
    const char *const *labels;               /* "KEY=VALUE"; "KEY=" removes the label */
    size_t label_count;
};

/* Input of an edit that names images, see tug__store_index_put. */
struct tug__index_put {
    const struct tug__index_entry *entries; /* borrowed */
    size_t count;
};
/* Decide as described at tug__store_index_put. context: a struct tug__index_put. */
enum tug_status tug__index_put_decide(void *context, struct tug__index_edit *edit,
                                      struct tug_error *err);

/* --- finding elements --- */

/* A wanted image, as a user typed it. All borrowed. */
struct tug__index_wanted {
    const char *text; /* a name in index.json, or the digest of a root */
    const char *full; /* text as a full reference; NULL: it is not a reference */
};

/* How well an element fits a wanted image; higher is better. */
enum tug__index_fit {
    TUG__INDEX_FIT_NONE = 0,
    TUG__INDEX_FIT_DIGEST,      /* the text is its digest */
    TUG__INDEX_FIT_FULL_PINNED, /* the full reference is its name, '@' and its digest */
    TUG__INDEX_FIT_PINNED,      /* the text is its name, '@' and its digest */
    TUG__INDEX_FIT_FULL,        /* the text as a full reference is its name */
    TUG__INDEX_FIT_NAME,        /* the text is its name */
};

/* The elements that fit best; the last of them counts. */
struct tug__index_pick {
    enum tug__index_fit fit;
    size_t offset, length;    /* of the last one, within the text of the index */
    struct tug_digest digest; /* of the last one; unset: it has no valid one */
    char *name;               /* of the last one; owned; NULL: none */
    char *other_name;         /* owned; another name that fits; NULL: none */
};

/* A search for images. Fields are private to the room, except picks. */
struct tug__index_selection {
    const struct tug__index_wanted *wanted; /* borrowed */
    size_t count;
    struct tug__index_pick *picks; /* owned; one per wanted image */
    struct tug__index_key *keys;   /* owned; sorted: wanted names and digests */
    size_t key_count;
};

/* Find images in an index. text, wanted: borrowed as long as the selection, for which
 * tug__index_selection_fini is due; untouched on failure. Errors: as tug__index_scan. */
enum tug_status tug__index_select(const char *text, size_t length,
                                  const struct tug__index_wanted *wanted, size_t count,
                                  struct tug__index_selection *out_selection,
                                  struct tug_error *err);
/* Check that each image was found; with is_exact, also that none has several names.
 * Errors: TUG_ERR_NOT_FOUND: the message names a similar image of the index, if there is one, or
 * says that a digest is not whole, or which digest the image has instead;
 * TUG_ERR_INVALID_ARGUMENT: a digest that has several names. */
enum tug_status tug__index_selection_check(const struct tug__index_selection *selection,
                                           const char *text, size_t length, bool is_exact,
                                           struct tug_error *err);
/* Free a selection. A zeroed one is allowed. */
void tug__index_selection_fini(struct tug__index_selection *selection);

/* --- labelling and removing images --- */

/* Labels for an edit. All borrowed. */
struct tug__index_relabel {
    const struct tug__index_wanted *wanted;
    const char *const *labels;
    size_t label_count;
};
/* Decide as described at tug__store_index_label. context: a struct tug__index_relabel. */
enum tug_status tug__index_relabel_decide(void *context, struct tug__index_edit *edit,
                                          struct tug_error *err);

/* Images to remove. All borrowed. */
struct tug__index_removal {
    const struct tug__index_wanted *wanted;
    size_t count;
    /* Called for each removed entry, in order. name: NULL: none; digest: unset: not valid. NULL:
     * not reported. */
    void (*on_removed)(void *context, const char *name, const struct tug_digest *digest);
    void *context;
};

/* Input and result of an edit that removes images. */
struct tug__index_leaving {
    const struct tug__index_removal *removal; /* borrowed */
    struct tug__index_gone *images;           /* owned; in the order of the index */
    size_t count, capacity;
};
/* One removed image. */
struct tug__index_gone {
    char *name;               /* owned; NULL: none */
    struct tug_digest digest; /* unset: it has no valid one */
};
/* Decide as described at tug__store_index_remove. context: a struct tug__index_leaving; afterwards
 * it has the removed images, and tug__index_leaving_fini is due. */
enum tug_status tug__index_leaving_decide(void *context, struct tug__index_edit *edit,
                                          struct tug_error *err);
/* Free what was collected. */
void tug__index_leaving_fini(struct tug__index_leaving *leaving);

#endif

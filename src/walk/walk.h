/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the walk room: index.json, the documents reachable from it, and the blobs that these
 * name, read once and kept in memory as a graph of numbers.
 *
 * A blob is every digest that has a file in the store, or that an entry or a document names. Blobs
 * are numbered from 0, and so are images: the entries of index.json, in its order. A document is a
 * manifest or an index. A stored document is read if it is reachable; its bytes are hashed, so its
 * references can be relied on. A damaged one is marked (problem), and is never an error.
 *
 * index.json is read before the files are listed, so all files of an image in it are seen, even
 * while a fetch is adding images. Otherwise a walk shows the store as it was when the walk began;
 * only the caller's locks keep it accurate.
 *
 * Memory: about 200 bytes for each blob and 20 for each reference; a document's text is dropped
 * once it is parsed.
 *
 * Threads: a walk belongs to one thread at a time, even for queries; tug__walk_open starts several
 * to read documents, and joins them. Blocks: tug__walk_open on the disk, the others never.
 */
#ifndef TUG_WALK_WALK_H
#define TUG_WALK_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>
#include <tug/store.h>

#include "oci/media_type.h"
#include "store/watch.h"

/* No blob, no image. */
#define TUG__WALK_NONE UINT32_MAX

/* State of a blob's file. */
enum tug__blob_state {
    TUG__BLOB_ABSENT = 0,
    TUG__BLOB_PRESENT,
    TUG__BLOB_WRONG_SIZE, /* a regular file, but with none of the sizes given for it */
    TUG__BLOB_NOT_A_FILE, /* a link, directory, FIFO or device */
};

/* One blob. Texts live as long as the walk. */
struct tug__walk_blob {
    struct tug_digest digest;
    enum tug__blob_state state;
    uint64_t size_bytes; /* as given by documents; if they differ, the file's if one of them gives
                            that, else the first. Of a file that nothing names, the file's */
    uint64_t file_bytes; /* of the file; 0 without one */
    uint64_t disk_bytes; /* space used by the file */
    int64_t modified_s;  /* of the file, seconds since the epoch */
    uint64_t inode;      /* of the file: close numbers are mostly close on disk */
    const char *media_type; /* from the first reference that gives one, else a document's own; NULL:
                               unknown */
    const char *problem;    /* of a document: why it cannot be read, one line, escaped; NULL: it was
                               read, or did not have to be */
    enum tug__media_kind kind; /* of media_type, and of a document that was read, its own */
    bool is_named;             /* by an entry or by a document that was read, as entry, child or
                                  subject: then size_bytes and media_type are said by it (but not of
                                  a subject) */
    bool is_reached;           /* needed by index.json: see tug__walk_open */
    bool is_read;              /* a document that was read: its children are known */
};

/* Role of a blob in a document. */
enum tug__walk_role {
    TUG__ROLE_MANIFEST = 0, /* one of the manifests of an index */
    TUG__ROLE_CONFIG,
    TUG__ROLE_LAYER,
    TUG__ROLE_SUBJECT, /* the subject: not part of its content */
};

/* A reference from a document to a blob. */
struct tug__walk_child {
    uint32_t blob;
    enum tug__walk_role role;
    const struct tug_platform *platform; /* of an entry of an index; NULL: not given */
};

/* An entry of index.json. Texts live as long as the walk. */
struct tug__walk_image {
    const char *name; /* the full name if it has one, else the name by another tool. NULL: none, or
                         a later entry has the same */
    uint32_t root;    /* blob; TUG__WALK_NONE: the entry cannot be read */
    const char *problem;     /* why the entry cannot be read; NULL: it can */
    uint64_t size_bytes;     /* of the root, from the entry */
    const char *media_type;  /* of the root, from the entry; "": none */
    const char *annotations; /* all that are strings: key, NUL, value, NUL for each, in order, and a
                                NUL at the end */
};

/* A name under blobs/ that is not a blob's. */
struct tug__walk_foreign {
    const char *path; /* below the store's root, raw */
    bool is_dir;
};

/* Numbers of items. */
struct tug__walk_counts {
    uint32_t blobs;
    uint32_t images;
    uint32_t foreign;
    uint32_t problems; /* unreadable entries and reached documents */
};

/* Which unreachable documents to read as well. */
enum tug__walk_orphans {
    TUG__ORPHANS_NONE = 0,
    TUG__ORPHANS_REFERRERS, /* those with a subject: they are reached if that is. Required to decide
                               which blobs are needed */
    TUG__ORPHANS_ALL, /* all, so that their children have sizes: images being fetched have no name
                         yet */
};

struct tug__walk_options {
    enum tug__walk_orphans orphans;
    bool configs;             /* read configs, for tug__walk_config */
    struct tug__watch *watch; /* checked for a stop; NULL: never stop */
    /* Receives the error when index.json cannot be read, and the walk goes on with the entries
     * before that place; NULL: that is an error. */
    struct tug_error *index_error;
};

struct tug__walk;

/* Read a store.
 * Reached are: the roots of index.json; everything that reached documents name, at any depth,
 * including their subjects; and, unless orphans is NONE, stored documents whose subject is reached.
 * options: borrowed, NULL: all zero. out_walk: owned, for tug__walk_close; untouched on failure.
 * Errors: TUG_ERR_STORE (index.json, a directory), TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY,
 * TUG_ERR_TOO_LARGE (more than 2^31 blobs or names). */
enum tug_status tug__walk_open(struct tug_store *store, const struct tug__walk_options *options,
                               struct tug__walk **out_walk, struct tug_error *err);
/* Free a walk; NULL is allowed. */
void tug__walk_close(struct tug__walk *walk);

struct tug__walk_counts tug__walk_counts(const struct tug__walk *walk);
/* Get a blob, an image, a foreign name by its number, which must be below the count. Borrowed. */
const struct tug__walk_blob *tug__walk_blob(const struct tug__walk *walk, uint32_t blob);
const struct tug__walk_image *tug__walk_image(const struct tug__walk *walk, uint32_t image);
const struct tug__walk_foreign *tug__walk_foreign(const struct tug__walk *walk, uint32_t number);

/* Find a blob. Returns: TUG__WALK_NONE when the digest has neither a file nor a reference. */
uint32_t tug__walk_find(const struct tug__walk *walk, const struct tug_digest *digest);
/* Get the numbers of all blobs, by digest in ascending order. Borrowed; NULL when out of memory. */
const uint32_t *tug__walk_sorted(struct tug__walk *walk);
/* Get the references of a document, in order; the subject comes last. out_count: 0 unless is_read.
 * Borrowed. */
const struct tug__walk_child *tug__walk_children(const struct tug__walk *walk, uint32_t blob,
                                                 size_t *out_count);
/* Find an image by its name, or (NULL) the last one that has this root. Returns: TUG__WALK_NONE:
 * there is none. */
uint32_t tug__walk_find_name(const struct tug__walk *walk, const char *name);
uint32_t tug__walk_find_root(const struct tug__walk *walk, uint32_t root);

/* Find an annotation of an image. Returns: NULL: none. Borrowed. */
const char *tug__walk_annotation(const struct tug__walk_image *image, const char *key);
/* Tell whether an image is known to lack a blob: a foreign layer that was left out. */
bool tug__walk_is_left_out(const struct tug__walk *walk, uint32_t image, uint32_t blob);

/* Receives a needed blob. parent: the document that names it, NULL for the first one. Returns:
 * anything but TUG_OK ends the iteration with it. */
typedef enum tug_status (*tug__walk_blob_fn)(void *context, uint32_t blob, struct tug_error *err);

/* Call on_blob for a blob and everything it needs, each once, including absent ones; a document
 * comes before the blobs it names. A subject is not needed. on_blob must not start another
 * iteration, nor call tug__walk_names.
 * Errors: TUG_ERR_NO_MEMORY, and what on_blob returns. */
enum tug_status tug__walk_each_needed(struct tug__walk *walk, uint32_t blob,
                                      tug__walk_blob_fn on_blob, void *context,
                                      struct tug_error *err);
/* Find the images that need a blob, by name in ascending order; those without a name are left out.
 * out_names: borrowed, valid until the next call. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__walk_names(struct tug__walk *walk, uint32_t blob,
                                const char *const **out_names, size_t *out_count,
                                struct tug_error *err);

/* Facts from a config. */
struct tug__walk_config {
    const struct tug_platform *platform; /* NULL: not given */
    const char *created;                 /* raw; NULL: not given */
};

/* Get the facts from a config. All NULL unless configs were read, and this is one. */
struct tug__walk_config tug__walk_config(const struct tug__walk *walk, uint32_t blob);

#endif

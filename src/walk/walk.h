/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the walk room: index.json, the documents that it leads to, and the blobs that these
 * name, read once and kept in memory as a graph of numbers.
 *
 * A blob is every digest that the store has a file for, or that an entry or a document names. Blobs
 * have numbers from 0 on, and so have images: the entries of index.json, in its order. A document
 * is a manifest or an index. A document that is there is read if anything leads to it; its bytes
 * are hashed, so what it names can be relied on. One that is damaged is marked (problem), never an
 * error.
 *
 * Index.json is read before the files are listed: of an image that a fetch names meanwhile, all
 * files are seen. Otherwise a walk is what was there when it began; only the caller's locks keep it
 * true.
 *
 * Memory: about 140 bytes for each blob and 20 for each time that one is named; a document's text
 * is dropped once it is read.
 *
 * Threads: a walk belongs to one thread at a time, also for looking at it; tug__walk_open uses
 * several for reading documents, and ends them. Blocks: tug__walk_open on the disk, the rest never.
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

/* What is where a blob should be. */
enum tug__blob_state {
    TUG__BLOB_ABSENT = 0,
    TUG__BLOB_PRESENT,
    TUG__BLOB_WRONG_SIZE, /* a regular file, but of no size that is said of it */
    TUG__BLOB_NOT_A_FILE, /* a link, directory, FIFO or device */
};

/* One blob. Texts live as long as the walk. */
struct tug__walk_blob {
    struct tug_digest digest;
    enum tug__blob_state state;
    uint64_t size_bytes;    /* as documents say; when they differ, the file's if one of them says
                               that, else the first. Of a file that nothing names, the file's */
    uint64_t file_bytes;    /* of the file; 0 without one */
    uint64_t disk_bytes;    /* that the file takes up */
    int64_t modified_s;     /* of the file, seconds since the epoch */
    uint64_t inode;         /* of the file: near numbers are mostly near on the disk */
    const char *media_type; /* as what named it first says; a document without that: as it says
                               itself; NULL: nobody says it */
    const char *problem;    /* of a document: why it cannot be read, one line, escaped; NULL: it was
                               read, or need not be */
    enum tug__media_kind kind; /* of media_type, and of a document that was read, its own */
    bool is_named;             /* by an entry or by a document that was read, as entry, child or
                                  subject: then size_bytes and media_type are said by it (a subject has
                                  neither) */
    bool is_reached;           /* needed by index.json: see tug__walk_open */
    bool is_read;              /* a document that was read: its children are known */
};

/* How a document names a blob. */
enum tug__walk_role {
    TUG__ROLE_MANIFEST = 0, /* one of the manifests of an index */
    TUG__ROLE_CONFIG,
    TUG__ROLE_LAYER,
    TUG__ROLE_SUBJECT, /* what it refers to: no part of its content */
};

/* A document names a blob. */
struct tug__walk_child {
    uint32_t blob;
    enum tug__walk_role role;
    const struct tug_platform *platform; /* of one of the manifests of an index; NULL: not said */
};

/* An entry of index.json. Texts live as long as the walk. */
struct tug__walk_image {
    const char *name;    /* the full name if it has one, else what another tool wrote. NULL: none,
                            or a later entry has the same */
    uint32_t root;       /* blob; TUG__WALK_NONE: the entry is none that can be read */
    const char *problem; /* why it cannot be read; NULL: it can */
    uint64_t size_bytes; /* of the root, as the entry says */
    const char *media_type;  /* of the root, as the entry says; "": it does not */
    const char *annotations; /* key, NUL, value, NUL for each, in their order, and a NUL at the end.
                                All that are texts */
};

/* A name under blobs/ that is no blob's. */
struct tug__walk_foreign {
    const char *path; /* below the store's root, raw */
    bool is_dir;
};

/* How many there are. */
struct tug__walk_counts {
    uint32_t blobs;
    uint32_t images;
    uint32_t foreign;
    uint32_t problems; /* documents that are reached and cannot be read, entries that cannot be */
};

/* Which documents that nothing leads to are read as well. */
enum tug__walk_orphans {
    TUG__ORPHANS_NONE = 0,
    TUG__ORPHANS_REFERRERS, /* those with a subject: they are reached if that is. For everything
                               that judges what is needed */
    TUG__ORPHANS_ALL,       /* all, so that their children have sizes: images that are being fetched
                               have no name yet */
};

struct tug__walk_options {
    enum tug__walk_orphans orphans;
    bool configs;             /* read configs, for tug__walk_config */
    struct tug__watch *watch; /* asked whether to stop; NULL: nobody */
    /* Filled, with the walk going on without entries, when index.json cannot be read; NULL: that is
     * an error. */
    struct tug_error *index_error;
};

struct tug__walk;

/* Read a store.
 * Reached is: each entry of index.json; what documents that are reached name, however deeply, also
 * as their subject; and, with orphans not NONE, stored documents whose subject is reached.
 * options: borrowed, NULL: all zero. out_walk: owned, for tug__walk_close; untouched on failure.
 * Errors: TUG_ERR_STORE (index.json, a directory), TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY,
 * TUG_ERR_TOO_LARGE (more than 2^31 blobs or names). */
enum tug_status tug__walk_open(struct tug_store *store, const struct tug__walk_options *options,
                               struct tug__walk **out_walk, struct tug_error *err);
/* Free a walk; NULL is allowed. */
void tug__walk_close(struct tug__walk *walk);

struct tug__walk_counts tug__walk_counts(const struct tug__walk *walk);
/* Look at a blob, an image, a foreign name by its number, which is below the count. Borrowed. */
const struct tug__walk_blob *tug__walk_blob(const struct tug__walk *walk, uint32_t blob);
const struct tug__walk_image *tug__walk_image(const struct tug__walk *walk, uint32_t image);
const struct tug__walk_foreign *tug__walk_foreign(const struct tug__walk *walk, uint32_t number);

/* Find a blob. Returns: TUG__WALK_NONE when there is neither a file nor a name of that digest. */
uint32_t tug__walk_find(const struct tug__walk *walk, const struct tug_digest *digest);
/* All blobs by digest in ascending order: numbers, as many as there are blobs. Borrowed; NULL
 * without memory. */
const uint32_t *tug__walk_sorted(struct tug__walk *walk);
/* What a document names, in its order; the subject comes last. out_count: 0 unless is_read.
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

/* Receives a blob that is needed. parent: the document that names it, NULL for the first one.
 * Returns: anything but TUG_OK ends the iteration with it. */
typedef enum tug_status (*tug__walk_blob_fn)(void *context, uint32_t blob, struct tug_error *err);

/* Call on_blob for a blob and all that it needs, each once, absent ones, too; a document comes
 * before what it names. A subject is not needed. on_blob must not begin another iteration, nor call
 * tug__walk_names.
 * Errors: TUG_ERR_NO_MEMORY, and what on_blob returns. */
enum tug_status tug__walk_each_needed(struct tug__walk *walk, uint32_t blob,
                                      tug__walk_blob_fn on_blob, void *context,
                                      struct tug_error *err);
/* Find the images that need a blob, by name in ascending order; those without a name are left out.
 * out_names: borrowed, true until the next call. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__walk_names(struct tug__walk *walk, uint32_t blob,
                                const char *const **out_names, size_t *out_count,
                                struct tug_error *err);

/* What a config says. */
struct tug__walk_config {
    const struct tug_platform *platform; /* NULL: it does not say */
    const char *created;                 /* raw; NULL: it does not say */
};

/* Look at what a config says. All NULL unless configs were read, and this is one. */
struct tug__walk_config tug__walk_config(const struct tug__walk *walk, uint32_t blob);

#endif

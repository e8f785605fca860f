/* SPDX-License-Identifier: Apache-2.0
 *
 * Declarations shared by the files of the walk room. */
#ifndef TUG_WALK_INTERNAL_H
#define TUG_WALK_INTERNAL_H

#include "oci/document.h"
#include "walk/walk.h"

/* Storage that lives as long as the walk, in pieces that never move. All zero is an empty pool. */
struct tug__pool {
    struct tug__pool_piece *pieces; /* owned; newest first */
    const char **slots;             /* owned; hash table of interned copies */
    size_t slot_count, kept_count;
};

/* Keep a copy of bytes, without alignment. A NUL follows, which is not counted. Returns: borrowed
 * from the pool; NULL when out of memory. */
char *tug__pool_copy(struct tug__pool *pool, const void *bytes, size_t length);
/* The same, interned: equal bytes have the same address. */
const char *tug__pool_keep(struct tug__pool *pool, const void *bytes, size_t length);
void tug__pool_fini(struct tug__pool *pool);

/* Private facts about a blob, besides struct tug__walk_blob. */
struct tug__node {
    uint32_t first_child, child_count; /* valid once it is read */
    uint32_t first_referrer;           /* link, TUG__WALK_NONE: none */
    uint32_t last_image;               /* last image with it as root; TUG__WALK_NONE: none */
    bool has_file;                     /* there is a name under blobs/ */
    bool has_size;                     /* an entry or a document gives it */
    bool is_document;                  /* named as one, or possibly one: read once reached */
    bool is_listed;  /* named by an entry or an index: a document if its content looks like one */
    bool is_certain; /* and its media type is that of a document */
};

/* A document with a blob as its subject. */
struct tug__referrer {
    uint32_t blob;
    uint32_t next; /* next with the same subject; TUG__WALK_NONE: none */
};

/* A list of numbers. */
struct tug__numbers {
    uint32_t *items; /* owned */
    size_t count, capacity;
};

/* The entries of index.json. All arrays here and below are owned. */
struct tug__entries {
    struct tug__walk_image *images;
    uint32_t *older; /* per image: the one before it with the same root */
    size_t count, capacity;
    uint32_t *named; /* images with a name, by name */
    uint32_t *ranks; /* per image: its index there */
    size_t named_count;
};

/* What documents name, and what refers to what. */
struct tug__links {
    struct tug__walk_child *children;
    size_t child_count, child_capacity;
    struct tug__referrer *referrers;
    size_t referrer_count, referrer_capacity;
};

/* For looking around in the graph: made on first use (needs.c). */
struct tug__lookout {
    uint32_t *sorted;
    uint32_t *parents_end; /* per blob: where its parents end; they begin where those of the one
                              before end */
    uint32_t *parents;
    uint32_t *marks; /* per blob: the last iteration that visited it */
    uint32_t mark;
    struct tug__numbers stack;
    struct tug__numbers ranks;
    const char **names;
};

struct tug__walk {
    struct tug_store *store; /* borrowed; used by tug__walk_open only */
    struct tug__watch *watch;
    struct tug__pool pool;

    struct tug__walk_blob *blobs; /* blob_count elements */
    struct tug__node *nodes;      /* one per blob */
    uint32_t blob_count, blob_capacity;
    struct tug__slot *slots; /* hash table of blobs by digest; a power of two */
    size_t slot_count;
    uint64_t seed; /* of the hash: digests cannot be chosen to collide */

    struct tug__links links;
    struct tug__entries entries;
    struct tug__walk_foreign *foreign;
    size_t foreign_count, foreign_capacity;
    struct tug__numbers queue;        /* reached but not handled yet */
    struct tug__walk_config *configs; /* one per blob; NULL: not read */
    struct tug__lookout lookout;
};

/* --- arrays.c --- */

/* Make room for one more item in an array. capacity: in and out. Returns: the array, perhaps moved;
 * NULL when out of memory; items is then still valid. */
void *tug__walk_grow(void *items, size_t count, size_t *capacity, size_t item_bytes);
/* Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__numbers_push(struct tug__numbers *numbers, uint32_t number,
                                  struct tug_error *err);

/* --- table.c --- */

/* Find a blob, or add it. Errors: TUG_ERR_NO_MEMORY, TUG_ERR_TOO_LARGE. */
enum tug_status tug__walk_add(struct tug__walk *walk, const struct tug_digest *digest,
                              uint32_t *out_blob, struct tug_error *err);
/* --- graph.c --- */

/* A reference to a blob in an entry or a document. */
struct tug__naming {
    const struct tug_digest *digest;
    bool has_size;
    uint64_t size_bytes;
    const char *media_type;    /* "": not said */
    enum tug__media_kind kind; /* of media_type */
    bool is_listed;            /* by an entry or an index */
};
/* Note the facts in a reference. Errors: as tug__walk_add. */
enum tug_status tug__walk_name(struct tug__walk *walk, const struct tug__naming *naming,
                               uint32_t *out_blob, struct tug_error *err);
/* Record a size that is given for a blob: the first one counts, unless the file has another. */
enum tug_status tug__walk_note_size(struct tug__walk *walk, uint32_t blob, uint64_t size_bytes,
                                    struct tug_error *err);
/* Mark a blob as reached; if it was not, queue it. */
enum tug_status tug__walk_reach(struct tug__walk *walk, uint32_t blob, struct tug_error *err);
/* Add everything a document names, and mark it as read. document: borrowed. */
enum tug_status tug__walk_take_document(struct tug__walk *walk, uint32_t blob,
                                        const struct tug__document *document,
                                        struct tug_error *err);
/* Reach the blobs that a document names, and the referrers of a blob. */
enum tug_status tug__walk_spread(struct tug__walk *walk, uint32_t blob, struct tug_error *err);
/* Determine the state of a blob from its file and the references to it. */
void tug__walk_settle(struct tug__walk *walk, uint32_t blob);

/* --- the steps of tug__walk_open, in their order --- */

/* Read index.json (entries.c); roots are reached. */
enum tug_status tug__walk_read_entries(struct tug__walk *walk, struct tug_error *err);
/* Put images in the order of their names (entries.c); of those with the same one, the last keeps
 * it. */
enum tug_status tug__walk_rank_images(struct tug__walk *walk, struct tug_error *err);
/* List blobs/ (files.c). */
enum tug_status tug__walk_list_files(struct tug__walk *walk, struct tug_error *err);
/* Read documents until the queue is empty (read.c). */
enum tug_status tug__walk_read_reached(struct tug__walk *walk, struct tug_error *err);
/* Read documents that are not reached (read.c). Some may be reached then. */
enum tug_status tug__walk_read_orphans(struct tug__walk *walk, enum tug__walk_orphans orphans,
                                       struct tug_error *err);
/* Read the configs of documents that are reached (read.c). */
enum tug_status tug__walk_read_configs(struct tug__walk *walk, struct tug_error *err);

/* What is to be read of a file, and what came of it (content.c). */
enum tug__content_use {
    TUG__USE_DOCUMENT, /* it is reached */
    TUG__USE_REFERRER, /* it may be a document with a subject */
    TUG__USE_ANY,      /* it may be a document */
    TUG__USE_CONFIG,
};
struct tug__content {
    /* set by the caller */
    enum tug__content_use use;
    uint32_t blob;
    struct tug_digest digest;
    uint64_t size_bytes;
    const char *media_type; /* NULL: unknown; borrowed */
    bool is_listed, is_certain;
    /* set by the reader; owned: tug__content_fini */
    enum tug_status status; /* of what ends the walk; else TUG_OK */
    int os_errno;           /* of status */
    bool is_gone;           /* the file went away */
    bool has_document;
    struct tug__document document;
    char *problem;
    struct tug__config_glance config;
};

/* Read one file. buffer: scratch, owned by the caller, grown as needed. Threads: any. */
void tug__content_read(struct tug_store *store, struct tug__content *content, char **buffer,
                       size_t *buffer_bytes);
void tug__content_fini(struct tug__content *content);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Donors: layers of stores that have a table of contents (chunked.h), so that newer versions of
 * them can be made of their bytes.
 *
 * The documents of a store say which they are. Reading them costs some microseconds each, so it is
 * done once in a run, and only when a layer with a table of contents is to be fetched.
 */
#ifndef TUG_POOL_DONORS_H
#define TUG_POOL_DONORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>
#include <tug/store.h>

#include "chunked/chunked.h"

/* Documents that are read of one store, the newest first, donors that are kept of all stores, of
 * which the run's own has half at most if there are others, and of these and the run's own layers.
 */
#define TUG__DONOR_DOCUMENTS_MAX 4096
#define TUG__DONORS_STORED_MAX 4096
#define TUG__DONORS_MAX 8192
/* Lists of donors by their repository: a power of two. */
#define TUG__DONOR_LISTS 1024

/* One layer. */
struct tug__donor {
    struct tug_store *store; /* borrowed */
    struct tug_digest digest;
    struct tug__chunked_place place;
    uint64_t repository; /* tug__repository_hash of its image's name; 0: none */
    unsigned number;     /* among the layers of its manifest */
    uint64_t age;        /* smaller is newer */
    bool is_bad; /* it cannot be read, or what was made of it was wrong: not to be used again */
    struct tug__donor *next_near; /* in the list of its repository */
    struct tug__donor *next;      /* in the list of all */
};

/* Donors, the newest first. All zero: none. */
struct tug__donor_list {
    struct tug__donor *first, *last;
};

/* All that are known. */
struct tug__donors {
    struct tug__donor_list all;   /* each owned: they do not move */
    struct tug__donor_list *near; /* owned: TUG__DONOR_LISTS, by the hash of the repository */
    size_t count;
    struct tug_store *const *stores; /* to be searched; borrowed. The run's own comes first */
    size_t store_count;
    struct tug_error unread; /* of the first of the others whose index.json could not be read */
};

/* Ask whether to stop. */
struct tug__search_stop {
    bool (*should_stop)(void *context);
    void *context;
};

/* Hash a repository, "HOST/REPOSITORY": of a reference, or of an image's full name, whose tag and
 * digest are left out. */
uint64_t tug__repository_hash(const char *name, size_t length);

/* Search the stores for donors. What cannot be read has none (unread). Errors: TUG_ERR_CANCELLED,
 * TUG_ERR_NO_MEMORY. Threads: one at a time. Blocks: on the disk. */
enum tug_status tug__donors_find(struct tug__donors *donors, const struct tug__search_stop *stop,
                                 struct tug_error *err);
/* Add one that is the newest of all (age 0), or the oldest. Returns: it, borrowed; NULL: out of
 * memory, or there are too many. */
struct tug__donor *tug__donors_add(struct tug__donors *donors, const struct tug__donor *donor);
/* A layer is not to be used again, in whatever image or store it is. */
void tug__donors_give_up(struct tug__donors *donors, const struct tug_digest *digest);
/* The list of donors of a repository; there may be some of others in it. NULL: none. */
const struct tug__donor_list *tug__donors_near(const struct tug__donors *donors,
                                               uint64_t repository);
/* Free all donors. */
void tug__donors_fini(struct tug__donors *donors);

#endif

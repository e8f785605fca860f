/* SPDX-License-Identifier: Apache-2.0
 *
 * Find the layers with a table of contents: index.json, backwards, and the documents that it names.
 *
 * Knows: the store's interface, documents. Does not know: HTTP, retries, the engine.
 * Threads: the job's worker; see donors.h.
 */
#include "pool/donors.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/fnv.h"
#include "oci/document.h"
#include "oci/limits.h"
#include "store/store.h"

/* Indexes within indexes are not searched deeper. */
#define DEPTH_MAX 3

/* An image of index.json. */
struct root {
    struct tug_digest digest;
    uint64_t repository;
};

/* State of the search of one store. */
struct search {
    struct tug__donors *donors;
    struct tug_store *store;
    const struct tug__search_stop *stop;
    struct root *roots; /* owned */
    size_t root_count, root_capacity;
    size_t documents;  /* read so far */
    size_t donors_max; /* in all, with those of the stores before it */
    uint64_t age;      /* of the present image */
    uint64_t repository;
};

uint64_t tug__repository_hash(const char *name, size_t length)
{
    const char *const at_sign = memchr(name, '@', length);
    const char *slash;
    const char *colon;

    length = at_sign != NULL ? (size_t)(at_sign - name) : length;
    slash = memrchr(name, '/', length);
    colon = memrchr(name, ':', length);
    if (colon != NULL && (slash == NULL || colon > slash)) {
        length = (size_t)(colon - name);
    }
    return tug__fnv_add(TUG__FNV_START, name, length) | 1;
}

/* Put a donor into both lists, at the end that is right for its age. */
static void link_donor(struct tug__donors *donors, struct tug__donor *donor)
{
    struct tug__donor_list *const all = &donors->all;
    struct tug__donor_list *const near = &donors->near[(donor->repository >> 1) % TUG__DONOR_LISTS];

    if (donor->age == 0) {
        donor->next = all->first;
        donor->next_near = near->first;
    }
    *(all->first == NULL || donor->age == 0 ? &all->first : &all->last->next) = donor;
    *(near->first == NULL || donor->age == 0 ? &near->first : &near->last->next_near) = donor;
    if (donor->next == NULL) {
        all->last = donor;
    }
    if (donor->next_near == NULL) {
        near->last = donor;
    }
    donors->count++;
}

struct tug__donor *tug__donors_add(struct tug__donors *donors, const struct tug__donor *donor)
{
    struct tug__donor *added;

    if (donors->count == TUG__DONORS_MAX) {
        return NULL;
    }
    if (donors->near == NULL) {
        donors->near = calloc(TUG__DONOR_LISTS, sizeof *donors->near);
    }
    added = donors->near != NULL ? malloc(sizeof *added) : NULL;
    if (added != NULL) {
        *added = *donor;
        added->next = NULL;
        added->next_near = NULL;
        link_donor(donors, added);
    }
    return added;
}

void tug__donors_give_up(struct tug__donors *donors, const struct tug_digest *digest)
{
    for (struct tug__donor *donor = donors->all.first; donor != NULL; donor = donor->next) {
        donor->is_bad = donor->is_bad || tug_digest_equal(&donor->digest, digest);
    }
}

const struct tug__donor_list *tug__donors_near(const struct tug__donors *donors,
                                               uint64_t repository)
{
    return donors->near != NULL ? &donors->near[(repository >> 1) % TUG__DONOR_LISTS] : NULL;
}

void tug__donors_fini(struct tug__donors *donors)
{
    while (donors->all.first != NULL) {
        struct tug__donor *const donor = donors->all.first;

        donors->all.first = donor->next;
        free(donor);
    }
    free(donors->near);
    donors->near = NULL;
    donors->all.last = NULL;
    donors->count = 0;
}

/* Note one element of index.json. */
static enum tug_status on_entry(void *context, const struct tug__index_element *element,
                                struct tug_error *err)
{
    struct search *const search = context;
    struct root root = {0};

    if (element->refers_to != NULL || !tug__index_element_digest(element, &root.digest)) {
        return TUG_OK;
    }
    if (element->name != NULL) {
        root.repository = tug__repository_hash(element->name, element->name_length);
    }
    if (search->root_count == search->root_capacity) {
        const size_t capacity = search->root_capacity > 0 ? 2 * search->root_capacity : 64;
        struct root *const roots = realloc(search->roots, capacity * sizeof *roots);

        if (roots == NULL) {
            return tug__fail_memory(err);
        }
        search->roots = roots;
        search->root_capacity = capacity;
    }
    search->roots[search->root_count++] = root;
    return TUG_OK;
}

/* Note a layer, if it is a donor. */
static void add_layer(struct search *search, const struct tug__descriptor *layer, unsigned number)
{
    struct tug__donor donor = {
        .store = search->store,
        .digest = layer->digest,
        .repository = search->repository,
        .number = number,
        .age = search->age,
    };
    bool is_present = false;
    uint64_t size_bytes = 0;

    if (search->donors->count < search->donors_max && tug__chunked_find(layer, &donor.place) &&
        tug_store_stat(search->store, &layer->digest, &is_present, &size_bytes, NULL) == TUG_OK &&
        is_present && size_bytes == layer->size_bytes) {
        (void)tug__donors_add(search->donors, &donor);
    }
}

static void read_document(struct search *search, const struct tug_digest *digest,
                          const char *media_type, unsigned depth);

/* The children of a document: layers of a manifest, documents of an index. */
static void read_children(struct search *search, const struct tug__document *document,
                          unsigned depth)
{
    const size_t first = document->has_config ? 1 : 0;

    if (document->kind == TUG__MEDIA_MANIFEST) {
        for (size_t i = first; i < document->child_count; i++) {
            add_layer(search, &document->children[i], (unsigned)(i - first));
        }
        return;
    }
    for (size_t i = 0; i < document->child_count && depth < DEPTH_MAX; i++) {
        read_document(search, &document->children[i].digest, document->children[i].media_type,
                      depth + 1);
    }
}

/* Read a document of the store, if it has it. Bounded depth: no cycle goes on. */
static void read_document(struct search *search, const struct tug_digest *digest,
                          const char *media_type, unsigned depth)
{
    struct tug__buf buf;
    struct tug__document document;

    if (search->documents == TUG__DONOR_DOCUMENTS_MAX ||
        search->donors->count == search->donors_max ||
        search->stop->should_stop(search->stop->context)) {
        return;
    }
    search->documents++;
    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    if (tug__store_read(search->store, digest, &buf, NULL) == TUG_OK) {
        const struct tug__document_text text = {
            .bytes = buf.data, .length = buf.length, .media_type = media_type, .is_pinned = true};

        if (tug__document_parse(&text, &document, NULL) == TUG_OK) {
            read_children(search, &document, depth);
            tug__document_fini(&document);
        }
    }
    tug__buf_fini(&buf);
}

/* Search one store, its newest images first. */
static enum tug_status search_store(struct search *search, struct tug_error *err)
{
    const enum tug_status status = tug__store_scan_index(search->store, on_entry, search, err);

    for (size_t i = search->root_count; i-- > 0;) {
        search->repository = search->roots[i].repository;
        read_document(search, &search->roots[i].digest, NULL, 0);
        search->age++;
    }
    free(search->roots);
    return status;
}

/* How many donors may be kept of a store: of the run's own one half, of the others what is left to
 * each. */
static size_t room_for(const struct tug__donors *donors, size_t store)
{
    const size_t left = donors->store_count - store;

    return (TUG__DONORS_STORED_MAX - donors->count) / (store == 0 && left > 2 ? 2 : left);
}

enum tug_status tug__donors_find(struct tug__donors *donors, const struct tug__search_stop *stop,
                                 struct tug_error *err)
{
    uint64_t age = 1; /* layers of this run are newer */

    for (size_t i = 0; i < donors->store_count; i++) {
        struct search search = {
            .donors = donors,
            .store = donors->stores[i],
            .stop = stop,
            .donors_max = donors->count + room_for(donors, i),
            .age = age,
        };
        struct tug_error error = {0};

        if (search_store(&search, &error) == TUG_ERR_NO_MEMORY) {
            return tug__fail_memory(err);
        }
        if (i > 0 && donors->unread.code == TUG_OK) {
            donors->unread = error;
        }
        age = search.age;
        if (stop->should_stop(stop->context)) {
            return tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
        }
    }
    return TUG_OK;
}

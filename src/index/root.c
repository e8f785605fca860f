/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries and elements of an index with the same root, and the sources of that root.
 *
 * Knows: digests, distribution sources. Does not know: names, documents, the network.
 * Threads: any; roots belong to one thread at a time.
 *
 * Thousands of names may have one root. Among elements with equal sources one is remembered, and of
 * the others as many as an entry has room for; they are read when a source is needed.
 */
#include "index/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define NOWHERE SIZE_MAX
/* Most elements remembered per root. */
#define RELATIVES_MAX TUG__INDEX_REPOSITORIES_MAX

struct tug__index_root {
    struct tug_digest digest;
    struct tug__index_sources
        sources;          /* owned; of the entries and, with is_read, of the elements */
    size_t last_relative; /* NOWHERE: none */
    size_t relative_count;
    bool is_read; /* the elements' sources are among sources */
};

/* An element with one of the roots. */
struct tug__index_relative {
    size_t offset, length; /* within the text */
    uint64_t sources_hash;
    size_t previous; /* another one with the same root; NOWHERE: none */
};

static int compare_roots(const void *a, const void *b)
{
    const struct tug__index_root *const left = a;
    const struct tug__index_root *const right = b;

    return memcmp(&left->digest, &right->digest, sizeof left->digest);
}

static struct tug__index_root *find_root(const struct tug__index_roots *roots,
                                         const struct tug_digest *digest)
{
    const struct tug__index_root key = {.digest = *digest};

    return roots->count > 0 ? bsearch(&key, roots->roots, roots->count, sizeof key, compare_roots)
                            : NULL;
}

/* Keep one root per digest. */
static void drop_equal(struct tug__index_roots *roots)
{
    size_t kept = 0;

    for (size_t i = 0; i < roots->count; i++) {
        if (kept == 0 || compare_roots(&roots->roots[kept - 1], &roots->roots[i]) != 0) {
            roots->roots[kept++] = roots->roots[i];
        }
    }
    roots->count = kept;
}

enum tug_status tug__index_roots_init(struct tug__index_roots *out_roots,
                                      const struct tug__index_entry *entries, size_t count,
                                      struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    *out_roots = (struct tug__index_roots){.roots = calloc(count + 1, sizeof *out_roots->roots)};
    if (out_roots->roots == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        out_roots->roots[i].digest = entries[i].digest;
        out_roots->roots[i].last_relative = NOWHERE;
    }
    out_roots->count = count;
    qsort(out_roots->roots, count, sizeof *out_roots->roots, compare_roots);
    drop_equal(out_roots);
    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = tug__index_sources_add_own(&find_root(out_roots, &entries[i].digest)->sources,
                                            &entries[i], err);
    }
    return status;
}

/* Tell whether an element with the same sources is remembered. */
static bool is_known(const struct tug__index_roots *roots, const struct tug__index_root *root,
                     uint64_t sources_hash)
{
    for (size_t at = root->last_relative; at != NOWHERE; at = roots->relatives[at].previous) {
        if (roots->relatives[at].sources_hash == sources_hash) {
            return true;
        }
    }
    return false;
}

static bool make_room(struct tug__index_roots *roots)
{
    const size_t capacity = roots->relative_capacity > 0 ? roots->relative_capacity * 2 : 16;
    struct tug__index_relative *grown;

    if (roots->relative_count < roots->relative_capacity) {
        return true;
    }
    grown = reallocarray(roots->relatives, capacity, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    roots->relatives = grown;
    roots->relative_capacity = capacity;
    return true;
}

enum tug_status tug__index_roots_see(struct tug__index_roots *roots,
                                     const struct tug__index_element *element,
                                     struct tug_error *err)
{
    struct tug_digest digest;
    struct tug__index_root *root;

    if (element->sources_hash == 0 || !tug__index_element_digest(element, &digest)) {
        return TUG_OK;
    }
    root = find_root(roots, &digest);
    if (root == NULL || root->relative_count == RELATIVES_MAX ||
        is_known(roots, root, element->sources_hash)) {
        return TUG_OK;
    }
    if (!make_room(roots)) {
        return tug__fail_memory(err);
    }
    roots->relatives[roots->relative_count] = (struct tug__index_relative){
        .offset = element->offset,
        .length = element->length,
        .sources_hash = element->sources_hash,
        .previous = root->last_relative,
    };
    root->last_relative = roots->relative_count++;
    root->relative_count++;
    return TUG_OK;
}

/* Read the sources of the remembered elements. */
static enum tug_status read_relatives(const struct tug__index_roots *roots,
                                      struct tug__index_root *root, const char *text,
                                      struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t at = root->last_relative; status == TUG_OK && at != NOWHERE;) {
        const struct tug__index_relative *const relative = &roots->relatives[at];
        struct tug__json *json = NULL;

        status = tug__json_parse(text + relative->offset, relative->length,
                                 &tug__index_element_limits, &json, NULL);
        if (status == TUG_OK) {
            status = tug__index_sources_add_all(
                &root->sources, tug__json_get(tug__json_root(json), "annotations"), err);
        } else if (status == TUG_ERR_NO_MEMORY) {
            status = tug__fail_memory(err);
        } else {
            status = TUG_OK; /* too large to be read: its sources stay unknown */
        }
        tug__json_destroy(json);
        at = relative->previous;
    }
    root->is_read = true;
    return status;
}

enum tug_status tug__index_roots_add(struct tug__index_roots *roots,
                                     const struct tug_digest *digest, const char *text,
                                     struct tug__index_sources *sources, struct tug_error *err)
{
    struct tug__index_root *const root = find_root(roots, digest);
    enum tug_status status = TUG_OK;

    if (root == NULL) {
        return TUG_OK;
    }
    if (!root->is_read) {
        status = read_relatives(roots, root, text, err);
    }
    return status == TUG_OK ? tug__index_sources_join(sources, &root->sources, err) : status;
}

void tug__index_roots_fini(struct tug__index_roots *roots)
{
    for (size_t i = 0; i < roots->count; i++) {
        tug__index_sources_fini(&roots->roots[i].sources);
    }
    free(roots->roots);
    free(roots->relatives);
    *roots = (struct tug__index_roots){0};
}

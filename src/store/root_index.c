/* SPDX-License-Identifier: Apache-2.0
 *
 * index.json: which images the store has.
 *
 * Knows: the annotations that name an image. Does not know: documents, the network, whether the
 * content is present. Threads: any; a change is made under the store's lock.
 *
 * Memory: the text once, plus less than 64 MiB, however many names it has: 8 bytes for each name
 * (all names), or 12 for each run of kept elements (a change); TUG__INDEX_BYTES_MAX has room for no
 * more than 5 million of either. A change adds the texts of its own entries.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fs.h"
#include "index/index.h"
#include "store/internal.h"
#include "store/list.h"

/* Read index.json; a missing one counts as empty. out_text: tug__buf_fini is due. */
static enum tug_status read_text(const struct tug_store *store, struct tug__buf *out_text,
                                 struct tug_error *err)
{
    enum tug_status status;

    tug__buf_init(out_text, TUG__INDEX_BYTES_MAX);
    status = store->root_fd >= 0
                 ? tug__fs_read_file(store->root_fd, "index.json", out_text, err)
                 : tug__fail_errno(err, TUG_ERR_STORE, ENOENT, "cannot open 'index.json'");
    if (status != TUG_OK && err->os_errno == ENOENT) {
        *err = (struct tug_error){0};
        status = tug__buf_append(out_text, TUG__INDEX_EMPTY, strlen(TUG__INDEX_EMPTY), err);
    }
    return status;
}

/* Name the file in an error; a broken index.json is an error of the store. An image that was not
 * found is not an error of the file. */
static enum tug_status name_error(const struct tug_store *store, enum tug_status status,
                                  struct tug_error *err)
{
    if (status == TUG_ERR_NOT_FOUND || status == TUG_ERR_INVALID_ARGUMENT) {
        return status;
    }
    if (status != TUG_ERR_NO_MEMORY) {
        err->code = TUG_ERR_STORE;
        status = TUG_ERR_STORE;
    }
    return tug__wrap(err, status, "'%s/index.json'", store->path);
}

/* A change of index.json, for write_change. */
struct change {
    const struct tug_store *store;
    struct tug__index_edit *edit;
};

/* The new file gets the mode, group and (as root) owner of the one that it replaces. */
static enum tug_status write_change(void *context, int fd, struct tug_error *err)
{
    const struct change *const change = context;
    struct stat old = {
        .st_uid = change->store->root_owner,
        .st_gid = change->store->root_group,
        .st_mode = 0644,
    };

    (void)fstatat(change->store->root_fd, "index.json", &old, AT_SYMLINK_NOFOLLOW);
    tug__access_give(fd, old.st_uid, old.st_gid, old.st_mode & 0777);
    return tug__index_edit_write(change->edit, fd, err);
}

/* Replace index.json by the edited text. */
static enum tug_status replace_text(struct tug_store *store, struct tug__index_edit *edit,
                                    struct tug_error *err)
{
    struct change change = {.store = store, .edit = edit};
    const struct tug__fs_replacement replacement = {
        .temporary = "index.json.tmp",
        .name = "index.json",
        .mode = 0600, /* write_change sets the final one */
        .sync = store->is_durable,
        .write = write_change,
        .context = &change,
    };
    enum tug_status status;

    if (tug__index_edit_length(edit) > TUG__INDEX_BYTES_MAX) {
        return tug__fail(err, TUG_ERR_STORE, "'%s/index.json' would be longer than %zu bytes",
                         store->path, TUG__INDEX_BYTES_MAX);
    }
    status = tug__store_sync_blobs(store, err);
    return status == TUG_OK ? tug__fs_replace(store->root_fd, &replacement, err) : status;
}

/* The change to make. */
struct decision {
    tug__index_decide_fn decide;
    void *context;
};

/* Make a change. refusal: why index.json cannot be changed; NULL: the lock is held. */
static enum tug_status apply(struct tug_store *store, const struct decision *decision,
                             const struct tug_error *refusal, struct tug_error *err)
{
    struct tug__index_edit edit = {0};
    struct tug__buf text;
    enum tug_status status = read_text(store, &text, err);

    if (status == TUG_OK) {
        tug__index_edit_init(&edit, text.data, text.length);
        status = decision->decide(decision->context, &edit, err);
    }
    if (status != TUG_OK) {
        status = name_error(store, status, err);
    } else if (tug__index_edit_is_needed(&edit)) {
        if (refusal != NULL) {
            *err = *refusal;
        }
        status = refusal != NULL ? refusal->code : replace_text(store, &edit, err);
    }
    tug__index_edit_fini(&edit);
    tug__buf_fini(&text);
    return status;
}

/* Make a change under the lock. */
static enum tug_status change(struct tug_store *store, const struct decision *decision,
                              const struct tug__lock_wait *wait, struct tug_error *err)
{
    struct tug_error scratch = {0};
    struct tug_error refusal = {0};
    int lock_fd = -1;
    enum tug_status status = tug__store_lock(store, wait, &lock_fd, &refusal);

    err = err != NULL ? err : &scratch;
    if (status == TUG_OK) {
        status = apply(store, decision, NULL, err);
        tug__store_unlock(lock_fd);
        return status;
    }
    if (refusal.os_errno == EROFS || refusal.os_errno == EACCES) {
        return apply(store, decision, &refusal, err); /* perhaps nothing has to change */
    }
    *err = refusal;
    return status;
}

enum tug_status tug__store_index_put(struct tug_store *store,
                                     const struct tug__index_entry *entries, size_t count,
                                     const struct tug__lock_wait *wait, struct tug_error *err)
{
    struct tug__index_put put = {.entries = entries, .count = count};

    return tug__store_has_sink(store)
               ? TUG_OK
               : change(store, &(struct decision){tug__index_put_decide, &put}, wait, err);
}

enum tug_status tug__store_index_label(struct tug_store *store,
                                       const struct tug__index_wanted *wanted,
                                       const char *const *labels, size_t label_count,
                                       const struct tug__lock_wait *wait, struct tug_error *err)
{
    struct tug__index_relabel relabel = {
        .wanted = wanted,
        .labels = labels,
        .label_count = label_count,
    };

    return change(store, &(struct decision){tug__index_relabel_decide, &relabel}, wait, err);
}

enum tug_status tug__store_index_remove(struct tug_store *store,
                                        const struct tug__index_removal *removal,
                                        const struct tug__lock_wait *wait, struct tug_error *err)
{
    struct tug__index_leaving leaving = {.removal = removal};
    const enum tug_status status =
        change(store, &(struct decision){tug__index_leaving_decide, &leaving}, wait, err);

    for (size_t i = 0; status == TUG_OK && removal->on_removed != NULL && i < leaving.count; i++) {
        removal->on_removed(removal->context, leaving.images[i].name, &leaving.images[i].digest);
    }
    tug__index_leaving_fini(&leaving);
    return status;
}

/* Read index.json and pass each element to on_element. */
static enum tug_status walk(const struct tug_store *store, tug__index_element_fn on_element,
                            void *context, struct tug_error *err)
{
    struct tug_error scratch = {0};
    struct tug__index_list list;
    struct tug__buf text;
    enum tug_status status;

    err = err != NULL ? err : &scratch;
    status = read_text(store, &text, err);
    if (status == TUG_OK) {
        status = tug__index_scan(text.data, text.length, on_element, context, &list, err);
    }
    tug__buf_fini(&text);
    return status == TUG_OK ? TUG_OK : name_error(store, status, err);
}

enum tug_status tug__store_scan_index(struct tug_store *store, tug__index_element_fn on_element,
                                      void *context, struct tug_error *err)
{
    return walk(store, on_element, context, err);
}

/* A listing of entries, for hand_on. */
struct listing {
    tug__store_entry_fn on_entry;
    void *context;
    size_t number;
    enum tug_status refusal; /* of on_entry */
};

static enum tug_status hand_on(void *context, const struct tug__index_element *element,
                               struct tug_error *err)
{
    struct listing *const listing = context;

    listing->refusal =
        listing->on_entry(listing->context, listing->number++, element->text, element->length, err);
    return listing->refusal;
}

enum tug_status tug__store_list_entries(struct tug_store *store, tug__store_entry_fn on_entry,
                                        void *context, struct tug_error *err)
{
    struct listing listing = {.on_entry = on_entry, .context = context};
    struct tug_error error = {0};
    const enum tug_status status = walk(store, hand_on, &listing, &error);

    if (status == TUG_OK) {
        return TUG_OK;
    }
    if (err != NULL) {
        *err = error;
        /* what the caller refused is no fault of the file */
        err->code = listing.refusal != TUG_OK ? listing.refusal : status;
    }
    return listing.refusal != TUG_OK ? listing.refusal : status;
}

/* A lookup of one name. */
struct lookup {
    const char *name;
    size_t length;
    bool is_found;
    struct tug_digest digest;
};

static enum tug_status match_element(void *context, const struct tug__index_element *element,
                                     struct tug_error *err)
{
    struct lookup *const lookup = context;

    (void)err;
    if (element->name != NULL && element->name_length == lookup->length &&
        memcmp(element->name, lookup->name, lookup->length) == 0 &&
        tug__index_element_digest(element, &lookup->digest)) {
        lookup->is_found = true;
    }
    return TUG_OK;
}

enum tug_status tug__store_index_find(struct tug_store *store, const char *name, bool *out_found,
                                      struct tug_digest *out_digest, struct tug_error *err)
{
    struct lookup lookup = {.name = name, .length = strlen(name)};
    const enum tug_status status = walk(store, match_element, &lookup, err);

    if (status != TUG_OK) {
        return status;
    }
    *out_found = lookup.is_found;
    if (lookup.is_found) {
        *out_digest = lookup.digest;
    }
    return TUG_OK;
}

/* Return the result of a selection; the name is moved out of it. */
static enum tug_status take_pick(const struct tug__index_wanted *wanted,
                                 struct tug__index_pick *pick, char **out_name,
                                 struct tug_digest *out_digest, struct tug_error *err)
{
    if (pick->digest.algorithm == TUG_DIGEST_NONE) {
        return tug__fail(err, TUG_ERR_CONTENT, "the entry of '%.300s' has no valid digest",
                         wanted->text);
    }
    *out_digest = pick->digest;
    *out_name = pick->name;
    pick->name = NULL;
    return TUG_OK;
}

enum tug_status tug__store_index_pick(struct tug_store *store,
                                      const struct tug__index_wanted *wanted, char **out_name,
                                      struct tug_digest *out_digest, struct tug_error *err)
{
    struct tug__index_selection selection = {0};
    struct tug_error scratch = {0};
    struct tug__buf text;
    enum tug_status status;

    err = err != NULL ? err : &scratch;
    status = read_text(store, &text, err);
    if (status == TUG_OK) {
        status = tug__index_select(text.data, text.length, wanted, 1, &selection, err);
    }
    if (status == TUG_OK) {
        status = tug__index_selection_check(&selection, text.data, text.length, false, err);
    }
    if (status == TUG_OK) {
        status = take_pick(wanted, &selection.picks[0], out_name, out_digest, err);
    }
    tug__index_selection_fini(&selection);
    tug__buf_fini(&text);
    return status == TUG_OK ? TUG_OK : name_error(store, status, err);
}

/* All names, while they are collected. */
struct gathering {
    struct tug__index_names names;
    size_t capacity;
};

static enum tug_status gather_name(void *context, const struct tug__index_element *element,
                                   struct tug_error *err)
{
    struct gathering *const gathering = context;
    struct tug__index_names *const names = &gathering->names;

    if (element->name == NULL) {
        return TUG_OK;
    }
    if (names->count == gathering->capacity) {
        const size_t capacity = gathering->capacity > 0 ? gathering->capacity * 2 : 64;
        uint64_t *const grown = reallocarray(names->hashes, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        names->hashes = grown;
        gathering->capacity = capacity;
    }
    names->hashes[names->count++] = tug__index_name_hash(element->name, element->name_length);
    return TUG_OK;
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

enum tug_status tug__store_index_names(struct tug_store *store, struct tug__index_names *out_names,
                                       struct tug_error *err)
{
    struct gathering gathering = {0};
    struct tug__index_names *const names = &gathering.names;
    const enum tug_status status = walk(store, gather_name, &gathering, err);

    if (status != TUG_OK) {
        tug__index_names_fini(names);
        return status;
    }
    if (names->count > 0) {
        qsort(names->hashes, names->count, sizeof *names->hashes, compare_hashes);
    }
    *out_names = *names;
    return TUG_OK;
}

bool tug__index_names_has(const struct tug__index_names *names, const char *name)
{
    const uint64_t hash = tug__index_name_hash(name, strlen(name));

    return names->count > 0 &&
           bsearch(&hash, names->hashes, names->count, sizeof hash, compare_hashes) != NULL;
}

void tug__index_names_fini(struct tug__index_names *names)
{
    free(names->hashes);
    *names = (struct tug__index_names){0};
}

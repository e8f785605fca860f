/* SPDX-License-Identifier: Apache-2.0
 *
 * Write an index.json anew from what the store has.
 *
 * Knows: walks, the form of an index. Does not know: registries, locks, names of files.
 * Threads: the verification's.
 */
#include "upkeep/recover.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/json.h"
#include "index/index.h"
#include "oci/descriptor.h"
#include "store/list.h"
#include "store/recover.h"
#include "walk/walk.h"

#define INDEX_HEAD                                                                                 \
    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","              \
    "\"manifests\":["

/* An index that is being written. */
struct writing {
    struct tug__buf *text;   /* borrowed */
    size_t kept;             /* entries taken over from the old one */
    size_t nameless;         /* documents that are listed without a name */
    enum tug_status failure; /* of memory, while entries were taken over */
};

/* The comma before another entry. */
static const char *separator(const struct writing *writing)
{
    return writing->kept + writing->nameless > 0 ? "," : "";
}

/* Take over an entry of the old index that names a document; others are left out. */
static enum tug_status keep_entry(void *context, size_t number, const char *text, size_t length,
                                  struct tug_error *err)
{
    struct writing *const writing = context;
    struct tug__descriptor descriptor = {0};
    struct tug__json *json = NULL;
    enum tug_status status = tug__json_parse(text, length, &tug__index_element_limits, &json, NULL);

    (void)number;
    if (status == TUG_OK) {
        status = tug__descriptor_read(tug__json_root(json), &descriptor, NULL);
    }
    tug__json_destroy(json);
    if (status != TUG_OK) {
        return TUG_OK;
    }
    tug__descriptor_fini(&descriptor);
    status = tug__buf_printf(writing->text, err, "%s", separator(writing));
    if (status == TUG_OK) {
        status = tug__buf_append(writing->text, text, length, err);
    }
    writing->kept += status == TUG_OK;
    writing->failure = status;
    return status;
}

static enum tug_status append_root(struct writing *writing, const struct tug__walk_blob *blob,
                                   struct tug_error *err)
{
    struct tug__buf *const text = writing->text;
    char digest[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = tug__buf_printf(text, err, "%s{\"mediaType\":", separator(writing));

    if (status == TUG_OK) {
        status = tug__json_append_string(text, blob->media_type, err);
    }
    return status == TUG_OK
               ? tug__buf_printf(text, err, ",\"digest\":\"%s\",\"size\":%" PRIu64 "}",
                                 tug_digest_format(&blob->digest, digest), blob->file_bytes)
               : status;
}

/* Add all documents that neither an entry nor another document names. */
static enum tug_status append_roots(struct tug_store *store, struct tug__watch *watch,
                                    struct writing *writing, struct tug_error *err)
{
    struct tug_error index_error = {0};
    const struct tug__walk_options options = {
        .orphans = TUG__ORPHANS_ALL,
        .watch = watch,
        .index_error = &index_error,
    };
    struct tug__walk *walk = NULL;
    enum tug_status status = tug__walk_open(store, &options, &walk, err);

    if (status != TUG_OK) {
        return status;
    }
    for (uint32_t i = 0; status == TUG_OK && i < tug__walk_counts(walk).blobs; i++) {
        const struct tug__walk_blob *const blob = tug__walk_blob(walk, i);

        if (blob->is_read && !blob->is_named && blob->media_type != NULL) {
            status = append_root(writing, blob, err);
            writing->nameless += status == TUG_OK;
        }
    }
    tug__walk_close(walk);
    return status;
}

/* Write an index of the entries that can be read, and of all documents that those do not name. */
static enum tug_status write_anew(struct tug_store *store, struct tug__watch *watch,
                                  struct tug__buf *text, struct tug__recovered *out_recovered,
                                  struct tug_error *err)
{
    struct writing writing = {.text = text};
    enum tug_status status = tug__buf_printf(text, err, INDEX_HEAD);

    if (status == TUG_OK) {
        (void)tug__store_list_entries(store, keep_entry, &writing, err);
        status = writing.failure;
    }
    if (status == TUG_OK) {
        status = append_roots(store, watch, &writing, err);
    }
    *out_recovered = (struct tug__recovered){writing.kept, writing.nameless};
    return status == TUG_OK ? tug__buf_printf(text, err, "]}") : status;
}

enum tug_status tug__index_recover(struct tug_store *store, struct tug__watch *watch,
                                   struct tug__recovered *out_recovered, struct tug_error *err)
{
    const struct tug__lock_wait wait = tug__watch_lock_wait(watch);
    struct tug__buf text;
    size_t length = 0;
    enum tug_status status = TUG_OK;

    tug__buf_init(&text, TUG__INDEX_BYTES_MAX);
    if (tug__store_index_read(store, &text, NULL) == TUG_OK) {
        length = tug__index_salvage(text.data, text.length);
    }
    *out_recovered = (struct tug__recovered){.kept = 1};
    if (length == 0) {
        tug__buf_clear(&text);
        status = write_anew(store, watch, &text, out_recovered, err);
        length = text.length;
    }
    if (status == TUG_OK) {
        status = tug__store_index_restore(store, text.data, length, &wait, err);
    }
    tug__buf_fini(&text);
    return status;
}

static void on_foreign(void *context, const char *name, bool is_dir)
{
    tug__tell_foreign(context, name, is_dir);
}

enum tug_status tug__tell_root(struct tug_store *store, struct tug__findings *findings,
                               struct tug_error *err)
{
    return tug__store_list_foreign(store, on_foreign, findings, err);
}

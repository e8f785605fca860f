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
#include "store/recover.h"
#include "walk/walk.h"

#define INDEX_HEAD                                                                                 \
    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","              \
    "\"manifests\":["

static enum tug_status append_root(struct tug__buf *text, bool is_first,
                                   const struct tug__walk_blob *blob, struct tug_error *err)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = tug__buf_printf(text, err, "%s{\"mediaType\":", is_first ? "" : ",");

    if (status == TUG_OK) {
        status = tug__json_append_string(text, blob->media_type, err);
    }
    return status == TUG_OK
               ? tug__buf_printf(text, err, ",\"digest\":\"%s\",\"size\":%" PRIu64 "}",
                                 tug_digest_format(&blob->digest, digest), blob->file_bytes)
               : status;
}

/* Write an index of all documents that no other names. */
static enum tug_status append_roots(struct tug_store *store, struct tug__watch *watch,
                                    struct tug__buf *text, struct tug_error *err)
{
    struct tug_error index_error = {0};
    const struct tug__walk_options options = {
        .orphans = TUG__ORPHANS_ALL,
        .watch = watch,
        .index_error = &index_error,
    };
    struct tug__walk *walk = NULL;
    enum tug_status status = tug__walk_open(store, &options, &walk, err);
    bool is_first = true;

    if (status != TUG_OK) {
        return status;
    }
    status = tug__buf_printf(text, err, INDEX_HEAD);
    for (uint32_t i = 0; status == TUG_OK && i < tug__walk_counts(walk).blobs; i++) {
        const struct tug__walk_blob *const blob = tug__walk_blob(walk, i);

        if (blob->is_read && !blob->is_named && blob->media_type != NULL) {
            status = append_root(text, is_first, blob, err);
            is_first = false;
        }
    }
    tug__walk_close(walk);
    return status == TUG_OK ? tug__buf_printf(text, err, "]}") : status;
}

enum tug_status tug__index_recover(struct tug_store *store, struct tug__watch *watch,
                                   bool *out_has_names, struct tug_error *err)
{
    const struct tug__lock_wait wait = tug__watch_lock_wait(watch);
    struct tug__buf text;
    size_t length = 0;
    enum tug_status status = TUG_OK;

    tug__buf_init(&text, TUG__INDEX_BYTES_MAX);
    if (tug__store_index_read(store, &text, NULL) == TUG_OK) {
        length = tug__index_salvage(text.data, text.length);
    }
    *out_has_names = length > 0;
    if (length == 0) {
        tug__buf_clear(&text);
        status = append_roots(store, watch, &text, err);
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

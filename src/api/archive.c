/* SPDX-License-Identifier: Apache-2.0
 *
 * The public functions on archives: check arguments, fill in defaults, hold the store.
 *
 * Knows: the archive room's interface. Does not know: how an archive is written or read.
 * Threads: see tug/archive.h.
 */
#include <tug/archive.h>

#include <tug/ref.h>

#include "archive/export.h"
#include "archive/import.h"
#include "base/error.h"
#include "base/options.h"
#include "store/store.h"

/* Later versions append members; none may end up in padding that an older program leaves unset. */
_Static_assert(sizeof(struct tug_export_options) ==
                   offsetof(struct tug_export_options, reserved) + 7 * sizeof(bool),
               "tug_export_options has no padding at its end");
_Static_assert(sizeof(struct tug_import_options) ==
                   offsetof(struct tug_import_options, image_context) + sizeof(void *),
               "tug_import_options has no padding at its end");

enum tug_status tug_store_export(struct tug_store *store, const char *const *texts, size_t count,
                                 int fd, const struct tug_export_options *options,
                                 const struct tug_watch *watch,
                                 struct tug_archive_result *out_result, struct tug_error *err)
{
    struct tug_export_options own = TUG_EXPORT_OPTIONS_INIT;
    struct tug_archive_result result = TUG_ARCHIVE_RESULT_INIT;
    struct tug__work work = {0};
    struct tug__lock_wait wait;
    int use_fd = -1;
    enum tug_status status = tug__watch_begin(&work.watch, watch, err);

    if (status == TUG_OK) {
        status = tug__result_check(out_result, "tug_archive_result", err);
    }
    if (status == TUG_OK && options != NULL) {
        status = tug__options_copy(&own, sizeof own, options, "tug_export_options", err);
    }
    if (status == TUG_OK && count == 0) {
        status = tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "no image to export");
    }
    if (status != TUG_OK) {
        return status;
    }
    wait = tug__watch_lock_wait(&work.watch);
    status = tug__store_use(store, &wait, &use_fd, err);
    if (status == TUG_OK) {
        status = tug__export(store, texts, count, fd, &own, &work, &result, err);
        tug__store_unlock(use_fd);
    }
    if (status == TUG_OK) {
        tug__result_copy(out_result, &result, sizeof result);
    }
    tug__watch_tell(&work.watch, &work.progress, true);
    return status;
}

enum tug_status tug_store_import(struct tug_store *store, int fd,
                                 const struct tug_import_options *options,
                                 const struct tug_watch *watch,
                                 struct tug_archive_result *out_result, struct tug_error *err)
{
    struct tug_import_options own = TUG_IMPORT_OPTIONS_INIT;
    struct tug_archive_result result = TUG_ARCHIVE_RESULT_INIT;
    struct tug__work work = {0};
    struct tug_ref *name = NULL;
    struct tug__lock_wait wait;
    int use_fd = -1;
    enum tug_status status = tug__watch_begin(&work.watch, watch, err);

    if (status == TUG_OK) {
        status = tug__result_check(out_result, "tug_archive_result", err);
    }
    if (status == TUG_OK && options != NULL) {
        status = tug__options_copy(&own, sizeof own, options, "tug_import_options", err);
    }
    if (status == TUG_OK && tug__store_has_sink(store)) {
        status = tug__fail(err, TUG_ERR_UNSUPPORTED, "an import into a store with a sink");
    }
    if (status == TUG_OK && own.name != NULL) {
        status = tug_ref_parse(own.name, &name, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    own.name = name != NULL ? tug_ref_name(name) : NULL;
    wait = tug__watch_lock_wait(&work.watch);
    status = tug__store_use(store, &wait, &use_fd, err);
    if (status == TUG_OK) {
        status = tug__import(store, fd, &own, &work, &result, err);
        tug__store_unlock(use_fd);
    }
    if (status == TUG_OK) {
        tug__result_copy(out_result, &result, sizeof result);
    }
    tug_ref_destroy(name);
    tug__watch_tell(&work.watch, &work.progress, true);
    return status;
}

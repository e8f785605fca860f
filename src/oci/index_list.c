/* SPDX-License-Identifier: Apache-2.0
 *
 * An index or manifest list of any length, as a list of what it names.
 *
 * Knows: digests, media types. Does not know: what becomes of the entries.
 * Threads: any.
 */
#include <stdlib.h>
#include <string.h>

#include <tug/oci.h>

#include "base/error.h"
#include "base/json.h"
#include "oci/descriptor.h"
#include "oci/digest.h"
#include "oci/media_type.h"

/* A list that somebody wrote for us may be longer than what a registry may send. */
static const struct tug__json_limits list_limits = {(size_t)256 * 1024 * 1024, 64, 64000000};
static const struct tug__json_limits entry_limits = {1024 * 1024, 32, 20000};

/* Read one element and hand it on. */
static enum tug_status take_entry(const char *text, size_t length, tug_index_entry_fn on_entry,
                                  void *context, struct tug_error *err)
{
    struct tug__json *json = NULL;
    const char *digest = NULL;
    const char *media_type = NULL;
    struct tug_index_entry entry = {0};
    enum tug_status status = tug__json_parse(text, length, &entry_limits, &json, err);

    if (status == TUG_OK) {
        status = tug__json_check_names(tug__json_root(json), tug__descriptor_names, err);
    }
    if (status == TUG_OK) {
        status = tug__json_get_string(tug__json_root(json), "digest", &digest, err);
    }
    if (status == TUG_OK) {
        status = tug__json_get_string(tug__json_root(json), "mediaType", &media_type, err);
    }
    if (status == TUG_OK && digest == NULL) {
        status = tug__fail(err, TUG_ERR_CONTENT, "no digest");
    }
    if (status == TUG_OK) {
        status = tug__digest_read(digest, &entry.digest, err);
    }
    if (status == TUG_OK) {
        entry.is_index = media_type != NULL && tug__media_kind(media_type) == TUG__MEDIA_INDEX;
        status = on_entry(context, &entry, err);
    }
    tug__json_destroy(json);
    return status;
}

enum tug_status tug_index_each(const char *text, size_t length, tug_index_entry_fn on_entry,
                               void *context, struct tug_error *err)
{
    struct tug__json_slice *slices = NULL;
    size_t count = 0;
    size_t open;
    size_t close;
    enum tug_status status = tug__json_slices(text, length, &list_limits, "manifests", &slices,
                                              &count, &open, &close, err);

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = take_entry(text + slices[i].offset, slices[i].length, on_entry, context, err);
        if (status != TUG_OK) {
            (void)tug__wrap(err, status, "manifests[%zu]", i);
        }
    }
    free(slices);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Read the platform from an image config.
 *
 * Knows: image-spec 1.1.1 "config". Does not know: the network, the store, which platform is
 * wanted. Threads: any.
 */
#include "oci/document.h"

#include <string.h>

#include "base/json.h"
#include "base/json_scan.h"
#include "oci/descriptor.h"
#include "oci/limits.h"

/* The members of an image config that other tools act on. */
static const char *const config_names[] = {
    "os",     "architecture", "variant", "os.version", "os.features", "config",
    "rootfs", "history",      "created", "author",     NULL,
};

enum tug_status tug__config_platform(const char *bytes, size_t length,
                                     struct tug_platform *out_platform, bool *out_has_platform,
                                     struct tug_error *err)
{
    static const struct tug__json_limits limits = {
        .max_bytes = TUG__CONFIG_BYTES_MAX,
        .max_depth = TUG__JSON_DEPTH_MAX,
        .max_values = TUG__JSON_VALUES_MAX,
    };
    const struct tug__json_input input = {bytes, length, &limits};
    struct tug_platform platform = {0};
    struct tug__json_counts counts;
    struct tug__json *json = NULL;
    enum tug_status status;

    *out_platform = platform;
    *out_has_platform = false;
    if (tug__json_scan(&input, NULL, NULL, &counts, NULL) != TUG_OK) {
        return TUG_OK; /* not a JSON object: an artifact may use anything as its config */
    }
    status = tug__json_parse(bytes, length, &limits, &json, err); /* refuses duplicate members */
    if (status != TUG_OK) {
        return status;
    }
    status = tug__json_check_names(tug__json_root(json), config_names, err);
    if (status == TUG_OK && tug__platform_read(tug__json_root(json), &platform, NULL) == TUG_OK &&
        platform.os[0] != '\0' && platform.architecture[0] != '\0') {
        *out_platform = platform;
        *out_has_platform = true;
    }
    tug__json_destroy(json);
    return status;
}

/* The time that is looked for. */
struct created {
    const char *bytes;
    char *text;
    size_t capacity;
};

static enum tug_status on_place(void *context, const struct tug__json_value_place *place,
                                struct tug_error *err)
{
    const struct created *const created = context;
    const char *const value = created->bytes + place->begin;
    const size_t length = place->end > 2 ? place->end - place->begin - 2 : 0; /* without quotes */

    (void)err;
    if (place->depth == 1 && place->end > 0 && *value == '"' && length < created->capacity &&
        place->key_length == strlen("created") &&
        memcmp(created->bytes + place->key_offset, "created", place->key_length) == 0 &&
        memchr(value, '\\', length + 1) == NULL) {
        memcpy(created->text, value + 1, length);
        created->text[length] = '\0';
    }
    return TUG_OK;
}

void tug__config_created(const char *bytes, size_t length, char *out_text, size_t capacity)
{
    static const struct tug__json_limits limits = {
        .max_bytes = TUG__CONFIG_BYTES_MAX,
        .max_depth = TUG__JSON_DEPTH_MAX,
        .max_values = TUG__JSON_VALUES_MAX,
    };
    const struct tug__json_input input = {.text = bytes, .length = length, .limits = &limits};
    struct created created = {.bytes = bytes, .text = out_text, .capacity = capacity};
    struct tug__json_counts counts;

    *out_text = '\0';
    if (tug__json_scan(&input, on_place, &created, &counts, NULL) != TUG_OK) {
        *out_text = '\0';
    }
}

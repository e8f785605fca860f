/* SPDX-License-Identifier: Apache-2.0
 *
 * Read the platform and the time out of an image config, quickly.
 *
 * Knows: image-spec 1.1.1 "config". Does not know: the network, the store, what is decided by it.
 * Threads: any.
 */
#include <string.h>

#include "base/json_scan.h"
#include "oci/document.h"
#include "oci/limits.h"
#include "oci/platform.h"

/* A config being scanned. */
struct glance {
    const char *bytes;
    struct tug__config_glance *out;
};

/* A member that is looked for, and where it goes. */
struct field {
    const char *name;
    char *text;
    size_t capacity;
};

static enum tug_status on_place(void *context, const struct tug__json_value_place *place,
                                struct tug_error *err)
{
    const struct glance *const glance = context;
    struct tug_platform *const platform = &glance->out->platform;
    const struct field fields[] = {
        {"os", platform->os, sizeof platform->os},
        {"architecture", platform->architecture, sizeof platform->architecture},
        {"variant", platform->variant, sizeof platform->variant},
        {"os.version", platform->os_version, sizeof platform->os_version},
        {"created", glance->out->created, sizeof glance->out->created},
    };
    const char *const value = glance->bytes + place->begin;
    const char *const key = glance->bytes + place->key_offset;

    (void)err;
    if (place->depth != 1 || place->end == 0 || *value != '"') {
        return TUG_OK;
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const size_t length = place->end - place->begin - 2; /* without the quotes */

        if (place->key_length == strlen(fields[i].name) &&
            memcmp(key, fields[i].name, place->key_length) == 0 && length < fields[i].capacity &&
            memchr(value, '\\', length + 1) == NULL) {
            memcpy(fields[i].text, value + 1, length);
            fields[i].text[length] = '\0';
        }
    }
    return TUG_OK;
}

void tug__config_glance(const char *bytes, size_t length, struct tug__config_glance *out_glance)
{
    static const struct tug__json_limits limits = {
        .max_bytes = TUG__CONFIG_BYTES_MAX,
        .max_depth = TUG__JSON_DEPTH_MAX,
        .max_values = TUG__JSON_VALUES_MAX,
    };
    const struct tug__json_input input = {.text = bytes, .length = length, .limits = &limits};
    struct glance glance = {.bytes = bytes, .out = out_glance};
    struct tug__json_counts counts;

    *out_glance = (struct tug__config_glance){0};
    if (tug__json_scan(&input, on_place, &glance, &counts, NULL) != TUG_OK) {
        *out_glance = (struct tug__config_glance){0};
        return;
    }
    out_glance->has_platform =
        out_glance->platform.os[0] != '\0' && out_glance->platform.architecture[0] != '\0';
    if (out_glance->has_platform) {
        tug__platform_normalise(&out_glance->platform);
    } else {
        out_glance->platform = (struct tug_platform){0};
    }
}

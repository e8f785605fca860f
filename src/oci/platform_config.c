/* SPDX-License-Identifier: Apache-2.0
 *
 * Read the platform out of an image config.
 *
 * Knows: image-spec 1.1.1 "config". Does not know: who asks, or what for.
 * Threads: any.
 */
#include "oci/document.h"

#include "base/json.h"
#include "oci/descriptor.h"
#include "oci/limits.h"

void tug__config_platform(const char *bytes, size_t length, struct tug_platform *out_platform,
                          bool *out_has_platform)
{
    static const struct tug__json_limits limits = {
        .max_bytes = TUG__CONFIG_BYTES_MAX,
        .max_depth = TUG__JSON_DEPTH_MAX,
        .max_values = TUG__JSON_VALUES_MAX,
    };
    struct tug_platform platform = {0};
    struct tug__json *json = NULL;

    *out_platform = platform;
    *out_has_platform = false;
    if (tug__json_parse(bytes, length, &limits, &json, NULL) != TUG_OK) {
        return;
    }
    if (tug__platform_read(tug__json_root(json), &platform, NULL) == TUG_OK &&
        platform.os[0] != '\0' && platform.architecture[0] != '\0') {
        *out_platform = platform;
        *out_has_platform = true;
    }
    tug__json_destroy(json);
}

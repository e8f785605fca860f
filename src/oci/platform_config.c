/* SPDX-License-Identifier: Apache-2.0
 *
 * Read the platform from an image config.
 *
 * Knows: image-spec 1.1.1 "config". Does not know: the network, the store, which platform is
 * wanted. Threads: any.
 */
#include "oci/document.h"

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

/* SPDX-License-Identifier: Apache-2.0
 *
 * Find again what an earlier conversion of a schema 1 manifest computed.
 *
 * Knows: what schema1.c writes. Does not know: the network, the store, how layers are packed.
 * Threads: any.
 */
#include "convert/schema1.h"

#include <string.h>

#include "base/json.h"
#include "oci/digest.h"
#include "oci/limits.h"

static const struct tug__json_limits limits = {
    .max_bytes = TUG__CONFIG_BYTES_MAX,
    .max_depth = TUG__JSON_DEPTH_MAX,
    .max_values = TUG__JSON_VALUES_MAX,
};

/* Find the type of a layer among those that a conversion writes. */
static const char *layer_type(const char *text)
{
    static const char *const types[] = {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
    };

    for (size_t i = 0; text != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(text, types[i]) == 0) {
            return types[i];
        }
    }
    return NULL;
}

/* Read the facts of a layer that is one of the image's. */
static bool recall_layer(const struct tug__json_value *layer, const struct tug__json_value *diff_id,
                         struct tug__layer_facts *out_facts)
{
    const char *const id = tug__json_text(diff_id);

    out_facts->media_type = layer_type(tug__json_text(tug__json_get(layer, "mediaType")));
    return out_facts->media_type != NULL && id != NULL &&
           tug__json_get_size(layer, "size", &out_facts->size_bytes, NULL) == TUG_OK &&
           tug__digest_read(id, &out_facts->diff_id, NULL) == TUG_OK;
}

static bool recall(const struct tug__schema1 *schema1, const struct tug__json_value *config,
                   const struct tug__json_value *manifest, struct tug__layer_facts *out_facts)
{
    const struct tug__json_value *const ids =
        tug__json_get(tug__json_get(config, "rootfs"), "diff_ids");
    const struct tug__json_value *const steps = tug__json_get(config, "history");
    const struct tug__json_value *const layers = tug__json_get(manifest, "layers");
    size_t next = 0;

    if (tug__json_length(steps) != schema1->count) {
        return false;
    }
    for (size_t i = 0; i < schema1->count; i++) {
        out_facts[i] = (struct tug__layer_facts){
            .is_blank = tug__json_is_true(tug__json_get(tug__json_at(steps, i), "empty_layer"))};
        if (schema1->layers[i].is_throwaway || out_facts[i].is_blank) {
            continue;
        }
        if (!recall_layer(tug__json_at(layers, next), tug__json_at(ids, next), &out_facts[i])) {
            return false;
        }
        next++;
    }
    return next == tug__json_length(layers) && next == tug__json_length(ids);
}

bool tug__convert_schema1_recall(const struct tug__schema1 *schema1, const struct tug__buf *config,
                                 const struct tug__buf *manifest,
                                 struct tug__layer_facts *out_facts)
{
    struct tug__json *config_json = NULL;
    struct tug__json *manifest_json = NULL;
    const bool is_found =
        tug__json_parse(config->data, config->length, &limits, &config_json, NULL) == TUG_OK &&
        tug__json_parse(manifest->data, manifest->length, &limits, &manifest_json, NULL) ==
            TUG_OK &&
        recall(schema1, tug__json_root(config_json), tug__json_root(manifest_json), out_facts);

    tug__json_destroy(config_json);
    tug__json_destroy(manifest_json);
    return is_found;
}

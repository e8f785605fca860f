/* SPDX-License-Identifier: Apache-2.0
 *
 * A schema 1 manifest as an OCI image: the config is the topmost history without what only schema 1
 * means, with `rootfs` and `history` put together from all of them.
 * Threads: any. Blocks: no.
 */
#ifndef TUG_CONVERT_SCHEMA1_H
#define TUG_CONVERT_SCHEMA1_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "oci/schema1.h"

/* What schema 1 does not say of a layer. */
struct tug__layer_facts {
    bool is_blank; /* its tar archive has no member: it is left out, as a throw-away layer is */
    struct tug_digest diff_id; /* of the unpacked layer */
    uint64_t size_bytes;       /* of its blob */
    const char *media_type;    /* OCI's, by how it is packed; borrowed */
};

/* Write the config. facts: one for each layer of schema1; those of throw-away layers are ignored.
 * config: appended to. Errors: TUG_ERR_CONTENT, TUG_ERR_TOO_LARGE (the limit of config),
 * TUG_ERR_NO_MEMORY; config is unchanged then. */
enum tug_status tug__convert_schema1_config(const struct tug__schema1 *schema1,
                                            const struct tug__layer_facts *facts,
                                            struct tug__buf *config, struct tug_error *err);
/* Write the manifest. config: its digest, and config_bytes its size. manifest: appended to. */
enum tug_status tug__convert_schema1_manifest(const struct tug__schema1 *schema1,
                                              const struct tug__layer_facts *facts,
                                              const struct tug_digest *config,
                                              uint64_t config_bytes, struct tug__buf *manifest,
                                              struct tug_error *err);

/* Find the facts again in what an earlier conversion wrote. They are right if, and only if, the
 * same config and manifest come out of them again, which is for the caller to compare; the diff ids
 * are then those that the earlier conversion computed. config, manifest: their texts.
 * out_facts: schema1->count elements, filled on success; media types are static text.
 * Returns: false when these two cannot come from this manifest. */
bool tug__convert_schema1_recall(const struct tug__schema1 *schema1, const struct tug__buf *config,
                                 const struct tug__buf *manifest,
                                 struct tug__layer_facts *out_facts);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer of the store, as it was before it was compressed.
 * Threads: the calling one. Blocks: on the disk.
 */
#ifndef TUG_ARCHIVE_LAYER_H
#define TUG_ARCHIVE_LAYER_H

#include "archive/intake.h"

/* How a layer is packed. */
enum tug__packing {
    TUG__PACKING_NONE = 0,
    TUG__PACKING_GZIP,
    TUG__PACKING_ZSTD,
};

/* Check that a committed layer has the digest that a config gives it, which is that of the unpacked
 * layer. out_packing: how it is packed.
 * Errors: TUG_ERR_CONTENT: it has another; TUG_ERR_STORE, TUG_ERR_CANCELLED, TUG_ERR_CONFIG. */
enum tug_status tug__layer_check(struct tug__intake *intake, const struct tug_digest *digest,
                                 const struct tug_digest *diff_id, enum tug__packing *out_packing,
                                 struct tug_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer of the store, compared with what a config says of it.
 * Threads: the calling one. Blocks: on the disk.
 */
#ifndef TUG_ARCHIVE_LAYER_H
#define TUG_ARCHIVE_LAYER_H

#include "archive/intake.h"
#include "unpack/unpack.h"

/* Check that a committed layer has the digest that a config gives it, which is that of the unpacked
 * layer. out_packing: how it is packed.
 * Errors: TUG_ERR_CONTENT: it has another; otherwise as tug__unpack_digest. */
enum tug_status tug__layer_check(struct tug__intake *intake, const struct tug_digest *digest,
                                 const struct tug_digest *diff_id, enum tug__packing *out_packing,
                                 struct tug_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What index.json says of blobs that an image lacks.
 * Threads: any.
 */
#ifndef TUG_PLAN_LEFT_OUT_H
#define TUG_PLAN_LEFT_OUT_H

#include <stddef.h>

#include <tug/oci.h>

/* Format the annotation of index.json for left-out blobs: their digests, separated by commas,
 * truncated after some. digests: sorted in place, so that the text is the same in each run.
 * Returns: owned; NULL when out of memory. */
char *tug__left_out_text(struct tug_digest *digests, size_t count);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A line on standard output for an image that a command changed.
 * Threads: main.
 */
#ifndef TUG_CLI_IMAGE_LINE_H
#define TUG_CLI_IMAGE_LINE_H

#include <tug/oci.h>

#include "store_run.h"

/* Print "NAME DIGEST", or an object with both.
 * name: raw; NULL: the image has none. digest: may be unset. A missing one is "-", or null. */
void image_line_print(struct store_run *run, const char *name, const struct tug_digest *digest);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The conversion of an image (options.convert), and what it has made so far.
 * Threads: its owner's.
 */
#ifndef TUG_PLAN_CONVERSION_H
#define TUG_PLAN_CONVERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/oci.h>

#include "base/buf.h"
#include "convert/schema1.h"
#include "unpack/unpack.h"

/* A blob that a conversion has made. No registry has it, so it stays in memory until the image has
 * its name. */
struct tug__made {
    struct tug_digest digest;
    char *bytes; /* owned */
    size_t length;
    struct tug__made *next;
};

/* All zero: nothing was converted. */
struct tug__conversion {
    bool is_done;           /* everything is made, or nothing has to be */
    struct tug__made *made; /* owned */
    /* a root of schema 1 */
    struct tug__schema1 schema1;    /* owned; count 0: the root is another */
    struct tug__layer_facts *facts; /* owned; one for each of its layers */
    bool are_facts_asked;           /* its layers are being unpacked, or were */
};

/* Add a blob. bytes: its content is moved out on success. out_digest: SHA-256 of it.
 * Errors: TUG_ERR_NO_MEMORY, TUG_ERR_INTERNAL. */
enum tug_status tug__conversion_add(struct tug__conversion *conversion, struct tug__buf *bytes,
                                    struct tug_digest *out_digest, struct tug_error *err);
/* Find a blob that was added; NULL: none. Borrowed. */
const struct tug__made *tug__conversion_find(const struct tug__conversion *conversion,
                                             const struct tug_digest *digest);
/* Note what a layer of a schema 1 image turned out to be, wherever the image has it. */
void tug__conversion_note_layer(struct tug__conversion *conversion, const struct tug_digest *layer,
                                const struct tug__unpacked *unpacked);
/* Free everything. */
void tug__conversion_fini(struct tug__conversion *conversion);

#endif

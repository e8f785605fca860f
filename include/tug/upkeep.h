/* SPDX-License-Identifier: Apache-2.0
 *
 * Keep a store in order.
 */
#ifndef TUG_UPKEEP_H
#define TUG_UPKEEP_H

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What is wrong with a part of a store. Later versions add kinds. */
enum tug_damage {
    TUG_DAMAGE_NONE = 0,
    TUG_DAMAGE_MISSING,      /* a document that is stored names it, and it is not there */
    TUG_DAMAGE_SIZE,         /* its size is not what its descriptor says */
    TUG_DAMAGE_CONTENT,      /* its bytes do not have the digest it is named after */
    TUG_DAMAGE_UNREADABLE,   /* the disk fails to read it */
    TUG_DAMAGE_NOT_A_FILE,   /* a link, directory, FIFO or device where a blob should be */
    TUG_DAMAGE_DOCUMENT,     /* of the right bytes, but no manifest or index that can be read */
    TUG_DAMAGE_FOREIGN_FILE, /* a file that is no part of a store */
    TUG_DAMAGE_INDEX,        /* index.json or oci-layout: missing, or not what it has to be */
};

/* Return the stable short name of a kind, e.g. "missing". Static text, never NULL. */
const char *tug_damage_name(enum tug_damage damage);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

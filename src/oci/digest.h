/* SPDX-License-Identifier: Apache-2.0
 *
 * Digest helpers that the public header does not need.
 */
#ifndef TUG_OCI_DIGEST_H
#define TUG_OCI_DIGEST_H

#include <stddef.h>

#include <tug/oci.h>

/* Name of an algorithm as in digests and directory names ("sha256"); "" for TUG_DIGEST_NONE. */
const char *tug__digest_algorithm_name(enum tug_digest_algorithm algorithm);
/* Bytes of an algorithm's result: 32, 48 or 64; 0 for TUG_DIGEST_NONE. */
size_t tug__digest_length(enum tug_digest_algorithm algorithm);
/* The hex part alone of a digest's text. Returns: out_text. */
char *tug__digest_hex(const struct tug_digest *digest, char out_text[TUG_DIGEST_TEXT_MAX]);
/* As tug_digest_parse, of a text in a document: one that is malformed is TUG_ERR_CONTENT, the fault
 * of its author and not of our caller. */
enum tug_status tug__digest_read(const char *text, struct tug_digest *out_digest,
                                 struct tug_error *err);
/* Compute the digest of bytes in memory. Errors: TUG_ERR_INTERNAL, TUG_ERR_NO_MEMORY. */
enum tug_status tug__digest_of(enum tug_digest_algorithm algorithm, const void *bytes,
                               size_t length, struct tug_digest *out_digest, struct tug_error *err);

#endif

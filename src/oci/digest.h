/* SPDX-License-Identifier: Apache-2.0
 *
 * Digest helpers for use within the library.
 */
#ifndef TUG_OCI_DIGEST_H
#define TUG_OCI_DIGEST_H

#include <stddef.h>

#include <tug/oci.h>

/* Name of an algorithm, as used in digests and directory names ("sha256"); "" for TUG_DIGEST_NONE.
 */
const char *tug__digest_algorithm_name(enum tug_digest_algorithm algorithm);
/* Length of an algorithm's result in bytes: 32, 48 or 64; 0 for TUG_DIGEST_NONE. */
size_t tug__digest_length(enum tug_digest_algorithm algorithm);
/* Write only the hex part of a digest. Returns: out_text. */
char *tug__digest_hex(const struct tug_digest *digest, char out_text[TUG_DIGEST_TEXT_MAX]);
/* Write the tag that stands for a digest: "sha256-" and its hex, cut after 64 characters
 * (distribution-spec, "Referrers Tag Schema"). Returns: out_text. */
char *tug__digest_tag(const struct tug_digest *digest, char out_text[TUG_DIGEST_TEXT_MAX]);
/* As tug_digest_parse, for a string in a document: a malformed one is TUG_ERR_CONTENT, an error of
 * the document and not of the caller. */
enum tug_status tug__digest_read(const char *text, struct tug_digest *out_digest,
                                 struct tug_error *err);
/* Order two digests, each the first member of what a and b point to: for qsort, tsearch. */
int tug__digest_compare(const void *a, const void *b);
/* Compute the digest of bytes in memory. Errors: TUG_ERR_INTERNAL, TUG_ERR_NO_MEMORY. */
enum tug_status tug__digest_of(enum tug_digest_algorithm algorithm, const void *bytes,
                               size_t length, struct tug_digest *out_digest, struct tug_error *err);

#endif

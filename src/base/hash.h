/* SPDX-License-Identifier: Apache-2.0
 *
 * Streaming SHA-2 over OpenSSL's EVP. The only file that includes OpenSSL's digests.
 * Threads: a hash belongs to one thread at a time. Blocks: never.
 */
#ifndef TUG_BASE_HASH_H
#define TUG_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

/* Most bytes of a result. */
#define TUG__HASH_BYTES_MAX 64

struct tug__hash;

/* Start a hash.
 * name: "sha256", "sha384" or "sha512". out_hash: owned by the caller.
 * Errors: TUG_ERR_INTERNAL (unknown name, or OpenSSL refuses), TUG_ERR_NO_MEMORY. */
enum tug_status tug__hash_create(const char *name, struct tug__hash **out_hash,
                                 struct tug_error *err);
/* Free a hash; NULL is allowed. */
void tug__hash_destroy(struct tug__hash *hash);
/* Add bytes. Errors: TUG_ERR_INTERNAL. */
enum tug_status tug__hash_update(struct tug__hash *hash, const void *bytes, size_t length,
                                 struct tug_error *err);
/* Finish: write the result and start over with the same algorithm.
 * out_bytes: as many bytes as the algorithm has are written, the rest is zeroed. Errors:
 * TUG_ERR_INTERNAL.
 */
enum tug_status tug__hash_finish(struct tug__hash *hash, uint8_t out_bytes[TUG__HASH_BYTES_MAX],
                                 struct tug_error *err);

#endif

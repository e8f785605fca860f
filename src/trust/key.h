/* SPDX-License-Identifier: Apache-2.0
 *
 * Public keys, and signatures made with their private halves. The only users of OpenSSL's keys.
 * Threads: a key may be used by one thread at a time. Blocks: only tug__key_load, on the disk.
 */
#ifndef TUG_TRUST_KEY_H
#define TUG_TRUST_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

/* A public key: ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits. */
struct tug__key;

/* Load a key from a PEM file ("PUBLIC KEY", as cosign.pub).
 * path: copied. out_key: owned; untouched on failure. Errors: TUG_ERR_CONFIG (the message says what
 * the file is instead), TUG_ERR_NO_MEMORY. */
enum tug_status tug__key_load(const char *path, struct tug__key **out_key, struct tug_error *err);
/* Make a key from PEM text. name: for messages; copied. Errors: as tug__key_load. */
enum tug_status tug__key_parse(const char *name, const char *pem, size_t length,
                               struct tug__key **out_key, struct tug_error *err);
/* Free a key; NULL is allowed. */
void tug__key_destroy(struct tug__key *key);

/* The file that the key is from. Borrowed. */
const char *tug__key_name(const struct tug__key *key);
/* The kind of key, e.g. "ECDSA P-256". Static text. */
const char *tug__key_kind(const struct tug__key *key);

/* Tell whether a signature of a message was made with this key: ECDSA in DER with SHA-256 (P-384:
 * with SHA-384 or SHA-256, which Cosign uses for every curve), Ed25519 as in RFC 8032, RSA with
 * SHA-256 by PKCS #1 v1.5 or PSS. */
bool tug__key_signed(const struct tug__key *key, const void *message, size_t length,
                     const uint8_t *signature, size_t signature_length);

#endif

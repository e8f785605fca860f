/* SPDX-License-Identifier: Apache-2.0
 *
 * The two forms of a signature: simple.c, bundle.c. Both first ask whether a key made it, and only
 * then read what was signed.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_TRUST_INTERNAL_H
#define TUG_TRUST_INTERNAL_H

#include "base/json.h"
#include "trust/trust.h"

#define TUG__SIMPLE_TYPE "application/vnd.dev.cosign.simplesigning.v1+json"
#define TUG__BUNDLE_TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"

/* Limits of everything that is signed, and of bundles. */
extern const struct tug__json_limits tug__signature_json;

/* One signature. All borrowed. */
struct tug__signature {
    const struct tug__keys *keys;
    const struct tug__claim *claim;
    const char *payload; /* length bytes, NUL-terminated */
    size_t length;
    const char *annotation; /* simple signing: the signature in base64; NULL: none */
};

/* Tell whether content of this type is a bundle. */
bool tug__is_bundle_type(const char *media_type);
/* Fail unless one of the keys made a signature of a message. Errors: TUG_ERR_CONTENT. */
enum tug_status tug__signature_check_keys(const struct tug__keys *keys, const void *message,
                                          size_t length, const uint8_t *signature,
                                          size_t signature_length, struct tug_error *err);
/* Fail unless a name, as a payload has it, is that of the claim's repository. name: NULL: there is
 * none. Errors: TUG_ERR_CONTENT. */
enum tug_status tug__claim_check_name(const struct tug__claim *claim, const char *name,
                                      struct tug_error *err);

/* Judge a signature. Errors: TUG_ERR_CONTENT: it does not count, and the message says why;
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__simple_check(const struct tug__signature *signature, struct tug_error *err);
enum tug_status tug__bundle_check(const struct tug__signature *signature, struct tug_error *err);

#endif

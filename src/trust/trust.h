/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the trust room: was an image signed by one of the keys that the user trusts?
 *
 * A signature is a manifest whose layers are payloads: Cosign's simple signing (the layer is the
 * payload, an annotation its signature) or sigstore bundles v0.3 (the layer is a DSSE envelope
 * around an in-toto statement). Each layer is a signature. It counts when a key made it, when what
 * it signs names the digest, and, unless any name will do, the repository.
 *
 * Certificates and transparency logs are not looked at: a signature that only they could prove does
 * not count, and the reason says so.
 *
 * Does not know: where signatures come from, registries, the store.
 * Threads: any; the objects of a call belong to one thread. Blocks: never, except in the callback.
 */
#ifndef TUG_TRUST_TRUST_H
#define TUG_TRUST_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>
#include <tug/oci.h>
#include <tug/ref.h>

#include "base/buf.h"
#include "trust/key.h"

/* Largest payload of a signature: simple signing takes 300 bytes, a bundle some KiB. */
#define TUG__SIGNATURE_BYTES_MAX ((size_t)1024 * 1024)
/* Signatures of one image that are looked at. A check takes up to a millisecond for each key, so
 * this bounds it to a second or so; images have one to five. */
#define TUG__SIGNATURES_MAX ((size_t)256)

/* The keys that a user trusts. Zero: none. */
struct tug__keys {
    struct tug__key **keys; /* owned */
    size_t count;
};

/* Load keys. out_keys: tug__keys_fini is due; untouched on failure. Errors: as tug__key_load. */
enum tug_status tug__keys_load(const char *const *paths, size_t count, struct tug__keys *out_keys,
                               struct tug_error *err);
/* Free the keys; a zeroed one is allowed. */
void tug__keys_fini(struct tug__keys *keys);

/* What a signature has to say. All borrowed. */
struct tug__claim {
    const struct tug_digest *digest;
    const struct tug_ref *ref; /* its registry and repository; NULL: any name will do */
};

/* The judgement so far; zero at first. */
struct tug__verdict {
    bool is_signed;    /* one of the signatures counts */
    size_t seen_count; /* signatures that were looked at */
    char reasons[480]; /* why those do not count, of the first ones */
    size_t told_count; /* of them in reasons */
};

/* Where payloads are. Borrowed for the call. */
struct tug__payloads {
    /* Append a blob, of size_bytes, to buf. */
    enum tug_status (*read)(void *context, const struct tug_digest *digest, struct tug__buf *buf,
                            struct tug_error *err);
    void *context;
};

/* Tell whether content of this type is a signature's payload. */
bool tug__is_signature_type(const char *media_type);
/* Tell whether a referrer of this artifact type may be a signature, so that it has to be fetched to
 * know. artifact_type: NULL or empty: not told, so it may be. */
bool tug__may_be_signature(const char *artifact_type);

/* Judge the signatures in a manifest; does nothing once the verdict is signed.
 * digest: the manifest's, for reasons. bytes: length bytes. Returns: TUG_OK whatever the verdict
 * is; a manifest that cannot be read, and a payload that cannot, are reasons. Errors:
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__verdict_add(struct tug__verdict *verdict, const struct tug__keys *keys,
                                 const struct tug__claim *claim, const struct tug_digest *digest,
                                 const char *bytes, size_t length,
                                 const struct tug__payloads *payloads, struct tug_error *err);
/* Add a reason of the caller's, for something that might have been a signature; one that was told
 * before is not repeated. */
void tug__verdict_tell(struct tug__verdict *verdict, const struct tug_digest *digest,
                       const char *reason);
/* Fail for an image that is not signed: what was found, and why it does not count.
 * Returns: TUG_OK when it is signed, else TUG_ERR_CONTENT. */
enum tug_status tug__verdict_check(const struct tug__verdict *verdict, struct tug_error *err);

#endif

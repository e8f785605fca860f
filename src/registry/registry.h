/* SPDX-License-Identifier: Apache-2.0
 *
 * The door of the registry room: what a registry is asked (distribution-spec 1.1.1, "pull"), over
 * one connection per client.
 *
 * Does not know: the store, the graph of an image, other workers. A call makes one attempt
 * (redirects included); whether to try again is tug__retry_decide's to say (registry/retry.h).
 */
#ifndef TUG_REGISTRY_REGISTRY_H
#define TUG_REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>

#include "oci/limits.h"

/* How a registry is spoken to. */
enum tug__scheme {
    TUG__SCHEME_UNKNOWN = 0, /* a loopback host: https, then http; settled by the first answer */
    TUG__SCHEME_HTTPS,
    TUG__SCHEME_HTTP,
};

/* The scheme to begin with for a host (as in a reference): http when plain_http asks for it,
 * unknown for a literal loopback host (localhost, 127/8, ::1), https for all others.
 * Threads: any. Blocks: no. */
enum tug__scheme tug__scheme_default(const char *host, bool plain_http);

/* Where something is asked for. */
struct tug__source {
    const char *host;        /* as in the reference, e.g. "docker.io"; borrowed */
    const char *repository;  /* borrowed */
    enum tug__scheme scheme; /* in: what is known; out: settled once the host answered */
};

/* Settings for the life of a client. */
struct tug__client_settings {
    uint64_t connect_timeout_ms;
    uint64_t stall_timeout_ms;
    /* Asked whenever the client wakes up; true ends the call with TUG_ERR_CANCELLED. */
    bool (*should_stop)(void *context);
    void *stop_context;
};

/* One connection to registries. Threads: its owner; tug__client_wake from any. */
struct tug__client;

/* Create a client.
 * settings: copied. out_client: owned. Errors: TUG_ERR_NO_MEMORY, TUG_ERR_INTERNAL. */
enum tug_status tug__client_create(const struct tug__client_settings *settings,
                                   struct tug__client **out_client, struct tug_error *err);
/* Free a client; NULL is allowed. */
void tug__client_destroy(struct tug__client *client);
/* Make a call that sleeps ask should_stop at once. Threads: any. Blocks: no. */
void tug__client_wake(struct tug__client *client);

/* A manifest as it came. */
struct tug__manifest_reply {
    char *body; /* owned (free); NULL for a HEAD */
    size_t length;
    char media_type[TUG__MEDIA_TYPE_MAX]; /* Content-Type; empty when missing */
    struct tug_digest digest;             /* Docker-Content-Digest; unset when missing */
    uint64_t retry_after_ms;              /* also filled on failure */
};

/* GET a manifest or index by tag or digest.
 * source: scheme may be updated. reference: tag or digest text.
 * out_reply: filled on success; on failure only retry_after_ms.
 * Errors: TUG_ERR_NOT_FOUND, TUG_ERR_AUTH, TUG_ERR_RATE_LIMITED, TUG_ERR_NETWORK,
 * TUG_ERR_TOO_LARGE (over TUG__MANIFEST_BYTES_MAX), TUG_ERR_CONTENT (encoded body, malformed digest
 * header), TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY. Blocks: as tug__http_perform. */
enum tug_status tug__client_get_manifest(struct tug__client *client, struct tug__source *source,
                                         const char *reference,
                                         struct tug__manifest_reply *out_reply,
                                         struct tug_error *err);

/* HEAD a manifest: only its digest and type. A registry that does not answer with a digest gives
 * TUG_OK and an unset one. Errors and blocking: as tug__client_get_manifest. */
enum tug_status tug__client_head_manifest(struct tug__client *client, struct tug__source *source,
                                          const char *reference,
                                          struct tug__manifest_reply *out_reply,
                                          struct tug_error *err);

/* A part of a blob, and where its bytes go. Borrowed for the call. */
struct tug__blob_request {
    const struct tug_digest *digest;
    uint64_t size_bytes; /* of the whole blob */
    uint64_t first_byte; /* first byte wanted */
    uint64_t end_byte;   /* one past the last byte wanted; no byte from there on reaches on_data */
    bool needs_range;    /* a server that ignores the range is no use: the call ends before its
                            body, with ranges_ignored */
    /* Receives the bytes in order, starting at first_byte, at most 16 KiB a time. */
    enum tug_status (*on_data)(void *context, const void *bytes, size_t length,
                               struct tug_error *err);
    void *context;
    bool is_enough; /* set by on_data to end the call with TUG_OK after this piece */
    /* results */
    uint64_t retry_after_ms;
    bool ranges_ignored; /* a 200 came, a range was needed */
};

/* GET a blob from first_byte to its end. A registry that ignores the range is read from zero and
 * what is there already is dropped.
 * Returns TUG_OK only when every byte up to size_bytes was delivered. Whatever was delivered before
 * a failure is right as far as the transport can tell.
 * Errors: as tug__client_get_manifest, and TUG_ERR_CONTENT when the blob there is longer or shorter
 * than size_bytes or a range answer does not fit what was asked. */
enum tug_status tug__client_get_blob(struct tug__client *client, struct tug__source *source,
                                     struct tug__blob_request *request, struct tug_error *err);

/* Initialise what clients share in this process; release once per acquire. Thread-safe. */
enum tug_status tug__registry_acquire(struct tug_error *err);
void tug__registry_release(void);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the registry room: the "pull" calls of distribution-spec 1.1.1, over one connection
 * per client.
 *
 * Does not know: the store, the graph of an image. A call makes one attempt; tug__retry_decide
 * (registry/retry.h) says whether to try again.
 */
#ifndef TUG_REGISTRY_REGISTRY_H
#define TUG_REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/credential.h>
#include <tug/error.h>
#include <tug/log.h>
#include <tug/oci.h>

#include "oci/limits.h"
#include "url/url.h"

/* The repository to ask. All is borrowed. */
struct tug__source {
    const char *host; /* as in the reference, e.g. "docker.io"; added to the session */
    const char *repository;
    const char *urls; /* of a foreign layer that the registry lacks: https URLs, separated by
                         spaces, to use instead; NULL: ask the registry */
};

/* What a program adds to requests. */
struct tug__added {
    const char *const *headers; /* "Name: value", for the registries themselves */
    size_t header_count;
    const char *user_agent; /* NULL: our own */
};

/* Check it. Errors: TUG_ERR_INVALID_ARGUMENT (see tug__header_split), TUG_ERR_NO_MEMORY. */
enum tug_status tug__added_check(const struct tug__added *added, struct tug_error *err);

/* The user's settings for registries, for the life of a session. Everything is copied. */
struct tug__session_settings {
    bool plain_http;              /* http unless a hosts.toml says otherwise */
    bool skip_verify;             /* of the registry itself; not of mirrors or redirect targets */
    const char *ca_file;          /* trusted besides the system's certificates; NULL: none */
    const char *certificate_file; /* of the client, for the registry itself; NULL: none */
    const char *key_file;         /* NULL: in certificate_file */
    const char *hosts_dir;        /* NULL: the places of tug__hosts_root */
    const char *proxy;            /* NULL: use the environment */
    const char *credential_host;  /* registry that user or refresh_token belong to */
    const char *user;
    const char *password;
    const char *refresh_token;
    const char *authfile;
    struct {
        tug_credential_fn on_credential; /* asked before all others; NULL: none */
        void *context;
    } program;
    /* Called for each log line, from any thread. NULL: no log. */
    tug_message_fn on_log;
    void *log_context;
    bool log_heads;  /* heads of requests and answers */
    bool log_timing; /* a line of times for each request */
    bool log_config; /* the configuration in use, and which of several endpoints failed */
    struct tug__added added;
};

/* State shared by all clients of a run: configuration, credentials, tokens, and the state of each
 * endpoint (registry/session.h). */
struct tug__session;

/* Create a session without registries.
 * settings: copied. out_session: owned.
 * Errors: TUG_ERR_CONFIG (certificate files, hosts directory, a proxy of the environment),
 * TUG_ERR_INVALID_ARGUMENT (proxy, user), TUG_ERR_NO_MEMORY. Blocks: on the disk. */
enum tug_status tug__session_create(const struct tug__session_settings *settings,
                                    struct tug__session **out_session, struct tug_error *err);
/* Wipe secrets and free; no client may still use it. NULL is allowed. */
void tug__session_destroy(struct tug__session *session);
/* Load the configuration of a registry; a second call for the same host does nothing.
 * host: as in a reference; copied. Errors: TUG_ERR_CONFIG, TUG_ERR_NO_MEMORY.
 * Threads: the creator's, before any client makes a request. Blocks: on the disk. */
enum tug_status tug__session_add(struct tug__session *session, const char *host,
                                 struct tug_error *err);
/* Wake calls that wait for a token another thread is fetching; each checks should_stop. Threads:
 * any. */
void tug__session_wake(struct tug__session *session);
/* Remove the oldest pending warning, from a registry or about a credentials file. Each text comes
 * up once in a session. out_text: "HOST: TEXT" or "FILE: TEXT", foreign text, not escaped. Returns:
 * false when there is none. Threads: any. */
bool tug__session_pop_warning(struct tug__session *session, char *out_text, size_t capacity);

/* Cut the secrets in use (http/secrets.h) out of an error's message, or out of a text: every text
 * that leaves the library passes through one of them. session: NULL: no secrets are known.
 * out_text: no part of text. Threads: any. */
void tug__session_cut_error(struct tug__session *session, struct tug_error *err);
void tug__session_cut_text(struct tug__session *session, char *out_text, size_t capacity,
                           const char *text);

/* Settings for the life of a client. */
struct tug__client_settings {
    struct tug__session *session; /* borrowed, must outlive the client */
    uint64_t connect_timeout_ms;
    uint64_t stall_timeout_ms;
    /* Checked whenever the client wakes up; true ends the call with TUG_ERR_CANCELLED. */
    bool (*should_stop)(void *context);
    void *stop_context;
    /* Called when a new connection takes so long that its server is far away (http/http.h). NULL:
     * not wanted. */
    void (*on_far)(void *context);
    void *far_context;
};

/* One connection to registries. Threads: its owner; tug__client_wake from any. */
struct tug__client;

/* Create a client.
 * settings: copied. out_client: owned. Errors: TUG_ERR_NO_MEMORY, TUG_ERR_INTERNAL. */
enum tug_status tug__client_create(const struct tug__client_settings *settings,
                                   struct tug__client **out_client, struct tug_error *err);
/* Free a client; NULL is allowed. */
void tug__client_destroy(struct tug__client *client);
/* Wake a sleeping call so that it checks should_stop. Threads: any. Blocks: no. */
void tug__client_wake(struct tug__client *client);

/* Each call below makes one attempt: it asks the endpoints of the registry in order (mirrors, then
 * the registry itself; those that failed lately last) until one of them serves. Tokens, redirects
 * and expired presigned URLs are part of it. Endpoints that asked for a pause are skipped; when all
 * of them have, the call makes no request and returns TUG_ERR_RATE_LIMITED with is_deferred. */

/* Facts about a call besides its content; filled on failure, too. */
struct tug__call_result {
    uint64_t retry_after_ms; /* wait requested by the server; 0: none */
    bool is_deferred;        /* no request was made: every endpoint pauses, for retry_after_ms */
    bool ranges_ignored;     /* the last endpoint answered a range with the whole blob */
    unsigned served_by;      /* endpoint that sent bytes of a blob; the first one in order, if
                                several did; 0: none */
    const char *coding;      /* Content-Encoding of the last good answer, if it is one that changes
                                bytes, which are delivered as received; static text. NULL: none */
};

/* Longest "HOST:PORT", with its NUL. */
#define TUG__SERVER_TEXT_MAX 280

/* A manifest as received. */
struct tug__manifest_reply {
    char *body; /* owned (free); NULL for a HEAD */
    size_t length;
    char media_type[TUG__MEDIA_TYPE_MAX]; /* Content-Type; empty when missing */
    struct tug_digest digest;             /* Docker-Content-Digest; unset when missing */
    bool has_size;                        /* the answer announced the length */
    uint64_t size_bytes;
    struct tug__call_result result;
};

/* Which manifest. Borrowed for the call. */
struct tug__manifest_request {
    const char *reference;  /* tag or digest text */
    const char *media_type; /* from the descriptor of this digest; NULL: use that of the answer */
    bool is_head;           /* only its digest, type and size */
    bool accepts_schema1;   /* take a schema 1 manifest, too: without its signatures, as registries
                               compute its digest */
    char *out_server;       /* TUG__SERVER_TEXT_MAX bytes: "HOST:PORT" that answered last, redirects
                               included; untouched when none did. NULL: not wanted */
};

/* GET a manifest or index by tag or digest, or HEAD it. Any other answer is a failure of that
 * endpoint, and the next one is asked. When the registry sends no digest, the call succeeds and the
 * digest is unset. out_reply: filled on success; on failure only its result.
 * Errors: TUG_ERR_NOT_FOUND, TUG_ERR_AUTH, TUG_ERR_RATE_LIMITED, TUG_ERR_NETWORK, TUG_ERR_TOO_LARGE
 * (over TUG__MANIFEST_BYTES_MAX), TUG_ERR_CONTENT (encoded body of a tag, malformed digest header,
 * a body of another digest than was asked for or, by tag, than the header says; and as
 * tug__document_parse), TUG_ERR_UNSUPPORTED (as there), TUG_ERR_CONFIG, TUG_ERR_CANCELLED,
 * TUG_ERR_NO_MEMORY. Blocks: as tug__http_perform, for each request. */
enum tug_status tug__client_get_manifest(struct tug__client *client,
                                         const struct tug__source *source,
                                         const struct tug__manifest_request *request,
                                         struct tug__manifest_reply *out_reply,
                                         struct tug_error *err);

/* Open a connection to the first endpoint of a registry, for a later call to use: asks for the root
 * of the API, without credentials, and takes any answer. For at most two seconds. Errors:
 * TUG_ERR_NETWORK, TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY; none of them is worth a report. */
enum tug_status tug__client_connect(struct tug__client *client, const char *host,
                                    struct tug_error *err);

/* HEAD a blob: its size, and the type that the registry gives it. out_reply: without digest and
 * body; on failure only its result. Errors: as tug__client_get_manifest, of the content none;
 * TUG_ERR_UNSUPPORTED: the answer does not tell the size. Blocks: the same. */
enum tug_status tug__client_head_blob(struct tug__client *client, const struct tug__source *source,
                                      const struct tug_digest *digest,
                                      struct tug__manifest_reply *out_reply, struct tug_error *err);

/* Which page of a repository's tags. Borrowed for the call. */
struct tug__tags_request {
    const char *query; /* of the page, from the reply before it; NULL: of the first page; "": of the
                          first page, of whatever size the registry likes */
    unsigned endpoint; /* that served the page before; 0: any */
    unsigned avoid;    /* endpoint to try last; 0: none */
};

/* A page of tags. */
struct tug__tags_reply {
    char *names;   /* owned (free): each ends with a NUL. Foreign text, not checked; NULL: none */
    size_t length; /* of names, in bytes */
    size_t count;
    char next[TUG__PAGE_QUERY_MAX]; /* query of the next page; "": this is the last */
    unsigned endpoint;              /* that served it, or was asked last */
    bool has_others;                /* the registry has further endpoints */
    struct tug__call_result result;
};

/* GET a page of a repository's tags. Of a link to the next page only the query is used, and one
 * that leads elsewhere is refused (T-19); the caller limits the number of pages (registry/page.h).
 * out_reply: on failure without names. Errors: as tug__client_get_manifest; TUG_ERR_TOO_LARGE over
 * TUG__TAGS_PAGE_BYTES_MAX, TUG_ERR_CONTENT: not a list of tags, or a link that is refused. */
enum tug_status tug__client_get_tags(struct tug__client *client, const struct tug__source *source,
                                     const struct tug__tags_request *request,
                                     struct tug__tags_reply *out_reply, struct tug_error *err);

/* What to list of it. Borrowed for the call. */
struct tug__referrers_request {
    const struct tug_digest *digest;
    const char *artifact_type; /* only referrers of this type, and those of which the list does not
                                  say it; NULL: all */
};

/* List what refers to a manifest by its `subject`, as one index: all pages of the referrers API put
 * together, ordered by digest; from a registry without it, the index that has the tag for the
 * digest (tug__digest_tag). Entries are as the registry sent them; their manifests have to be
 * looked at. out_reply: as that of tug__client_get_manifest by tag. Errors: TUG_ERR_NOT_FOUND:
 * nothing refers to it; TUG_ERR_TOO_LARGE (the limits of oci/limits.h, T-19); TUG_ERR_CONTENT: not
 * an index, or a link to a next page that is refused; otherwise as tug__client_get_manifest. */
enum tug_status tug__client_get_referrers(struct tug__client *client,
                                          const struct tug__source *source,
                                          const struct tug__referrers_request *request,
                                          struct tug__manifest_reply *out_reply,
                                          struct tug_error *err);

/* A part of a blob, and the receiver of its bytes. Borrowed for the call. */
struct tug__blob_request {
    const struct tug_digest *digest;
    uint64_t size_bytes; /* of the whole blob */
    uint64_t first_byte;
    uint64_t end_byte; /* one past the last byte wanted, at most size_bytes; on_data never gets a
                          byte beyond it */
    bool needs_range;  /* refuse a 200 to a range request before its body (ranges_ignored,
                          TUG_ERR_UNSUPPORTED) instead of skipping bytes */
    unsigned avoid;    /* endpoint to try last: served_by of an attempt with bad content; 0: none */
    char *out_server;  /* as of a manifest's request */
    /* Receives the bytes in order, starting at first_byte, at most 16 KiB a time. */
    enum tug_status (*on_data)(void *context, const void *bytes, size_t length,
                               struct tug_error *err);
    void *context;
    bool is_enough; /* set by on_data: end the call with TUG_OK after this piece */

    struct tug__call_result result; /* set by the call */
};

/* GET [first_byte, end_byte) of a blob. A Range header is sent only when that is less than the
 * whole. Returns TUG_OK only when every byte up to end_byte was delivered (or is_enough was set).
 * Bytes delivered before a failure are good as far as the transport can tell: ask for the rest
 * only. A call may deliver bytes of several endpoints, each continuing where the previous one broke
 * off.
 * Errors: as tug__client_get_manifest; TUG_ERR_NETWORK also for an answer shorter than the range;
 * TUG_ERR_CONTENT when the blob does not have size_bytes there or a range answer does not match the
 * request; TUG_ERR_UNSUPPORTED for needs_range. */
enum tug_status tug__client_get_blob(struct tug__client *client, const struct tug__source *source,
                                     struct tug__blob_request *request, struct tug_error *err);

/* Initialise the process-wide state of clients; release once per acquire. Thread-safe. */
enum tug_status tug__registry_acquire(struct tug_error *err);
void tug__registry_release(void);

#endif

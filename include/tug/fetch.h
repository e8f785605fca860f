/* SPDX-License-Identifier: Apache-2.0
 *
 * Fetch images from registries into a store.
 *
 * Calling sequence: tug_store_open, tug_fetch_create, tug_fetch_add (or tug_fetch_add_with,
 * tug_fetch_add_parsed) for each reference, tug_fetch_run (which reports through the event
 * callback), tug_fetch_destroy, tug_store_close. A program with a store of its own opens one with a
 * sink (tug/sink.h). Instead of tug_fetch_run: tug_fetch_resolve, or
 * tug_fetch_list_tags (tug/tags.h), or tug_fetch_read.
 */
#ifndef TUG_FETCH_H
#define TUG_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/credential.h>
#include <tug/error.h>
#include <tug/log.h>
#include <tug/oci.h>
#include <tug/ref.h>
#include <tug/store.h>
#include <tug/trace.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What happened. Later versions add kinds: ignore unknown ones. */
enum tug_event_kind {
    TUG_EVENT_NONE = 0,
    TUG_EVENT_RESOLVED, /* ref, digest, media_type, size_bytes: the reference's root is known */
    TUG_EVENT_STARTED, /* ref, digest, media_type, size_bytes, done_bytes: a blob's download begins;
                          done_bytes were received by an earlier, interrupted run */
    TUG_EVENT_PROGRESS,  /* ref, digest, size_bytes, done_bytes: at each tick, for each active blob
                          */
    TUG_EVENT_COMMITTED, /* ref, digest, media_type, size_bytes, copied_bytes, seconds: a blob is
                            verified and in the store */
    TUG_EVENT_REUSED,    /* ref, digest, media_type, size_bytes, is_rechecked: a blob is already in
                            the store */
    TUG_EVENT_WAITING,   /* ref, digest, size_bytes: another process is downloading this blob */
    TUG_EVENT_RETRY,   /* ref, digest (if known), error, delay_ms, attempt, attempts_max: an attempt
                          failed, another follows */
    TUG_EVENT_WARNING, /* ref (may be NULL), text: something the user should know */
    TUG_EVENT_IMAGE,   /* image: a reference is complete, or failed */
    TUG_EVENT_TICK,    /* totals only; every tick_ms, and once at the end of the run */
    TUG_EVENT_PLANNED, /* image (position and ref only), digest, media_type, size_bytes,
                          is_repeated, copied_bytes, donor: with options.dry_run: this would be
                          fetched for that image */
    TUG_EVENT_IMAGE_PROGRESS, /* image (status is not set yet): when an image starts, and at each
                                 tick for each image that changed since the last tick */
};

/* Totals of the run so far. */
struct tug_totals {
    uint64_t images, images_done, images_failed; /* references added, completed, failed */
    uint64_t blobs, blobs_done; /* blobs and manifests known so far; committed or reused */
    uint64_t bytes_known;       /* size of all blobs known so far */
    uint64_t bytes_done;     /* of bytes_known: in the store, or received but not yet committed */
    uint64_t bytes_received; /* body bytes received over the network in this run */
    uint64_t blobs_active;   /* downloads running now */
    double seconds;          /* since the start of tug_fetch_run */
    uint64_t bytes_copied;   /* of bytes_done: from other blobs, for which they were not received */
};

/* The result of one reference, or its progress. */
struct tug_image_result {
    size_t position;          /* 0 for the first reference added, and so on */
    const char *ref;          /* full name */
    enum tug_status status;   /* TUG_OK: everything asked for is in the store */
    struct tug_digest digest; /* of the root manifest or index, which index.json names; unset when
                                 unknown */
    const char *media_type;   /* of the root; NULL when unknown */
    uint64_t size_bytes;      /* of the root */
    uint64_t blobs;           /* blobs and manifests of this image, each digest counted once */
    uint64_t bytes_fetched;   /* total size of the blobs fetched */
    uint64_t bytes_reused;    /* total size of the blobs that were already in the store */
    double seconds;           /* from its first request to its completion */
    struct tug_error error;   /* filled when status is not TUG_OK; its message lacks ref */
    uint64_t blobs_done;      /* of blobs: in the store */
    uint64_t bytes_known;     /* total size of blobs, as far as known */
    uint64_t bytes_done;      /* of bytes_known: in the store, or received but not yet committed */
    const struct tug_digest *left_out; /* blobs that the image lacks: foreign layers that the
                                          registry does not have, without options.foreign_layers;
                                          and what options.on_offer skipped */
    size_t left_out_count;
    /* The image's platform: that of a single manifest's config, or the one chosen from an index;
     * NULL: unknown, or several. */
    const struct tug_platform *platform;
    struct {
        const char *name;               /* ref, unless the reference has a name of its own */
        struct tug_digest index_digest; /* of the index that digest was chosen from, when index.json
                                           names its manifest (options.platform_root); else unset */
        struct tug_digest converted_from; /* what the registry has in the place of digest, when
                                             that was made here (options.convert); else unset */
    } named;                              /* in index.json */
    uint64_t bytes_copied; /* of blobs fetched now, what was copied from others that were there; not
                              in bytes_fetched */
    size_t referrer_count; /* manifests that refer to the image, or to one that does, and are named
                              with it (options.referrers, verify_keys); each digest counted once */
};

/* Whether layers are put together from older ones. */
enum tug_delta {
    TUG_DELTA_AUTO = 0, /* where that saves a fifth of the layer, and 1 MiB */
    TUG_DELTA_OFF,
};

/* One event. Pointers are borrowed: valid during the callback only. Members that are not
 * listed with the kind are zero or NULL. All text is escaped as by tug_text_escape. If several
 * images wait for the same blob, ref names the first of them. */
struct tug_event {
    enum tug_event_kind kind;
    const char *ref;
    struct tug_digest digest;
    const char *media_type;
    uint64_t size_bytes;
    uint64_t done_bytes;
    uint64_t delay_ms;
    bool is_repeated;  /* already planned for another image; would be fetched only once */
    bool is_rechecked; /* REUSED: its content was hashed again, see options.recheck */
    double seconds;
    const char *text;
    bool is_shortfall; /* WARNING: an image is incomplete or differs from what was requested */
    const struct tug_error *error;
    const struct tug_image_result *image;
    const struct tug_totals *totals; /* set for every kind */
    unsigned attempt;      /* RETRY: number of the failed attempt, from 1, and from 1 again after
                              progress. 0: the next attempt uses another repository */
    unsigned attempts_max; /* RETRY: no further attempt after this many failures in a row */
    uint64_t
        copied_bytes; /* of size_bytes, copied from other blobs (options.delta). PLANNED: at
                         most. How much, only the layer's end says, which is not fetched then */
    const struct tug_digest *donor; /* PLANNED: of the layer that is the likeliest to be
                                       copied from, NULL: none */
};

/* Receives events, one at a time, on the thread that called tug_fetch_run. It must not call any
 * function on the same fetch except tug_fetch_cancel and tug_fetch_cancel_image, and should return
 * quickly: no new work is started while it runs. */
typedef void (*tug_event_fn)(void *context, const struct tug_event *event);

/* A blob that an image needs and the store lacks. Borrowed: valid during the callback only. */
struct tug_blob_offer {
    size_t position; /* of the image's reference: 0 for the first one added, and so on */
    const char *ref;
    struct tug_digest digest;
    const char *media_type;
    uint64_t size_bytes;
};

/* What becomes of it. */
enum tug_blob_choice {
    TUG_BLOB_FETCH = 0,
    TUG_BLOB_SKIP, /* this image is complete without it: see tug_image_result.left_out */
};

/* Decides whether an image gets a layer, or another blob that is not its config. It is called
 * before the blob is requested, for each image that names it; a blob that one image skips and
 * another one fetches is in the store afterwards. index.json notes what an image lacks. On the
 * thread that called tug_fetch_run; as tug_event_fn otherwise. */
typedef enum tug_blob_choice (*tug_offer_fn)(void *context, const struct tug_blob_offer *offer);

/* Options of a run. Start with `= TUG_FETCH_OPTIONS_INIT` and set what differs: zero is the default
 * of every other member. */
struct tug_fetch_options {
    size_t size; /* of this struct, as the program knows it: TUG_FETCH_OPTIONS_INIT sets it */

    /* What to fetch. */
    const struct tug_platform *platforms; /* wanted platforms; NULL: this machine's */
    size_t platform_count;
    bool all_platforms; /* every entry of every index */
    bool all_metadata;  /* also manifests and configs of the other platforms */
    bool metadata_only; /* no layers; manifests and configs of all platforms, unless platforms are
                           given (here or for a reference) */
    bool platform_root; /* index.json names the manifest of the one platform, not the index that it
                           was chosen from; not with all_platforms, all_metadata or several
                           platforms */
    const char *const *labels; /* "KEY=VALUE" strings, kept as annotations in index.json */
    size_t label_count;

    /* How to fetch. */
    unsigned max_concurrent_downloads; /* workers, each one connection; 1-64, 0 means 6 */
    unsigned max_per_host; /* concurrent requests to one registry; 0: max_concurrent_downloads */
    uint64_t chunk_size_bytes; /* blobs of half this size or more may use several connections, in
                                  parts of about this size or more, and of less toward their end; 0
                                  means 16 MiB */
    bool never_split;          /* one connection for each blob (chunk_size_bytes is then ignored) */
    uint64_t limit_bytes_per_s;  /* of all connections together; 0 means no limit */
    unsigned retries;            /* failed attempts in a row after the first; default below */
    bool no_retries;             /* never retry (retries is then ignored) */
    uint64_t retry_max_wait_ms;  /* longest single wait; 0 means 120 s */
    uint64_t connect_timeout_ms; /* name lookup, connect and TLS; 0 means 30 s */
    uint64_t stall_timeout_ms;   /* reconnect after this time below 1 KiB/s; 0 means 30 s */
    uint64_t timeout_ms;         /* the whole run; 0 means none */
    uint64_t max_size_bytes; /* an image that needs more than this (manifests, configs and layers,
                                each digest once, in the store or not) fails with TUG_ERR_TOO_LARGE
                                before the blobs of the manifest that exceeds the limit are fetched;
                                0 means no limit */
    bool fail_fast;          /* the first failed reference stops the run */
    bool dry_run; /* fetch only manifests, into memory, and report what would be fetched */
    bool recheck; /* also hash blobs that are already in the store, and fetch damaged ones again;
                     default: trust name and size (manifests are always hashed) */

    /* Registry. */
    bool plain_http;  /* http instead of https where no hosts.toml says otherwise; loopback hosts
                         (localhost, 127/8, ::1) are tried with https, then http, without it */
    bool skip_verify; /* accept any certificate from the references' registries themselves, but not
                         from mirrors, token servers or hosts they redirect to */
    const char *ca_file;          /* PEM: CA certificates to trust in addition to the system's */
    const char *certificate_file; /* PEM: client certificate for the registries themselves */
    const char *key_file;         /* PEM: its key; NULL: in certificate_file */
    const char *hosts_dir; /* directory of hosts.toml files; NULL: /etc/tug/certs.d if it exists,
                              else /etc/containerd/certs.d if it exists */
    const char *proxy;     /* URL for all requests, to loopback hosts too; "": none; NULL: as set in
                              http_proxy, https_proxy, all_proxy, no_proxy, lower or upper case */
    /* Credentials for the one registry that all references of this run belong to. Without any, auth
     * files and credential helpers are consulted when a registry asks for them. */
    const char *user;          /* with password; NULL: none */
    const char *password;      /* NULL: empty */
    const char *refresh_token; /* an OAuth2 identity token, instead of user; NULL: none */
    const char *authfile;      /* read before the usual auth files; NULL: none */
    bool foreign_layers; /* fetch foreign layers that the registry does not have from the URLs in
                            the manifest: https only, without credentials; default: leave them out,
                            see tug_image_result.left_out */
    /* Log of requests, for debugging; without secrets. */
    tug_log_fn on_log; /* NULL: none */
    void *log_context; /* passed to on_log */
    bool log_http;     /* headers of requests and responses, bodies of error responses */
    bool log_timing;   /* one line of timings for each request */
    bool log_config;   /* which hosts directory, hosts.toml files, places of credentials,
                          proxies and CA certificates are in use and why, and each endpoint's
                          failure when there are several */

    /* Reporting. */
    tug_event_fn on_event; /* NULL: none */
    void *event_context;   /* passed to on_event */
    uint64_t tick_ms;      /* interval of progress events; 0 means 200 ms */
    tug_trace_fn on_trace; /* what each thread does, see tug/trace.h; NULL: nothing is noted */
    void *trace_context;   /* passed to on_trace */

    /* Asked for credentials before all other places, see tug/credential.h; NULL: nobody is. */
    tug_credential_fn on_credential;
    void *credential_context; /* passed to on_credential */

    /* Messages with a level, instead of on_log. The log_ members above add what they are for,
     * whatever the level. */
    tug_message_fn on_message;        /* NULL: none; not together with on_log */
    void *message_context;            /* passed to on_message */
    enum tug_log_level message_level; /* of the least important messages that are wanted;
                                         TUG_LOG_NONE: warnings only */

    /* Further headers, "Name: value", for requests to the registries of the references themselves:
     * neither to mirrors, nor to token servers, nor to where they redirect. Refused are names that
     * tug or HTTP define (Authorization, Host, Accept, Range, Cookie, User-Agent and others),
     * control characters and empty values. A hosts.toml that sets the same header wins. Values are
     * kept out of every message, as secrets are. */
    const char *const *headers;
    size_t header_count;
    const char *user_agent; /* of every request; NULL: "tug/VERSION" */

    /* What refers to an image: signatures, SBOMs, attestations. It is fetched and named with it. */
    bool referrers; /* by the referrers API, or the tag that stands for it, and by Cosign's tags */
    const char *referrer_type; /* only of this artifact type (that of the config where there is
                                  none; of a layer for Cosign's tags); NULL: all */

    /* Signatures. An image is named only when one of these keys signed the digest that index.json
     * is to have, by a signature that its registry has (Cosign's simple signing, or a sigstore
     * bundle v0.3); else it fails with TUG_ERR_CONTENT. Its content stays in the store, and so does
     * what index.json had before. Not with dry_run. */
    bool verify_any_name;           /* signatures count whatever repository they name */
    const char *const *verify_keys; /* files, as for tug_verify_key_check; NULL: images need no
                                       signature */
    size_t verify_key_count;

    tug_offer_fn on_offer; /* asked whether a blob is to be fetched; NULL: each is */
    void *offer_context;   /* passed to on_offer */

    /* "oci": images of Docker's types become OCI ones, those of schema 1, too, before they are
     * named; see tug_image_result.named. verify_keys are for what the registry has. Without it,
     * schema 1 fails with TUG_ERR_UNSUPPORTED. NULL: nothing is converted */
    const char *convert;

    /* Layers with a table of contents (zstd:chunked, eStargz) are put together from older ones that
     * the store has: only what these lack is requested. */
    enum tug_delta delta;
    struct tug_store *const *donors; /* further stores to copy from, never written to; each must
                                        outlive the fetch. NULL: none */
    size_t donor_count;
};

/* All defaults. */
#define TUG_FETCH_OPTIONS_INIT TUG_SIZED(struct tug_fetch_options)

/* Attempts after the first when options.retries is 0 and options.no_retries is false. */
#define TUG_RETRIES_DEFAULT 5
/* Bounds and default of options.max_concurrent_downloads. */
#define TUG_DOWNLOADS_DEFAULT 6
#define TUG_DOWNLOADS_MAX 64

/* One run: a set of references fetched together. Opaque. */
struct tug_fetch;

/* Prepare a run.
 * store: borrowed, must outlive the fetch; NULL is allowed for tug_fetch_resolve. options: copied,
 * with everything it points to; NULL means all defaults. out_fetch: owned by the caller, untouched
 * on failure.
 * Returns: TUG_OK. Errors: TUG_ERR_INVALID_ARGUMENT (options.size is 0, an option out of range, a
 * label without '=', a key without a certificate, both kinds of credentials, verify_keys with
 * dry_run, recheck with a store that has a sink), TUG_ERR_UNSUPPORTED (an option set that the
 * library does not know, see tug/tug.h), TUG_ERR_CONFIG (one of verify_keys cannot be used),
 * TUG_ERR_NO_MEMORY. Threads: any. Blocks: on the disk, for verify_keys. */
enum tug_status tug_fetch_create(struct tug_store *store, const struct tug_fetch_options *options,
                                 struct tug_fetch **out_fetch, struct tug_error *err);

/* Add a reference, before tug_fetch_run.
 * reference: as for tug_ref_parse, borrowed.
 * Returns: TUG_OK. Errors: as tug_ref_parse; TUG_ERR_INVALID_ARGUMENT also after the run. The fetch
 * is unchanged then.
 * Threads: the fetch's owner. Blocks: no. */
enum tug_status tug_fetch_add(struct tug_fetch *fetch, const char *reference,
                              struct tug_error *err);

/* Options of one reference. Start with `= TUG_REFERENCE_OPTIONS_INIT`: with zero, the
 * run's options apply. */
struct tug_reference_options {
    size_t size;                          /* of this struct: TUG_REFERENCE_OPTIONS_INIT sets it */
    const struct tug_platform *platforms; /* instead of the run's; NULL: the run's */
    size_t platform_count;
    bool all_platforms;        /* every entry of every index; platforms are then ignored */
    bool all_metadata;         /* as the run's option of that name; false: the run's value */
    bool metadata_only;        /* likewise */
    bool platform_root;        /* likewise */
    const char *const *labels; /* added to the run's; these win if both have a key */
    size_t label_count;
    const char *name; /* of the image in index.json, as for tug_ref_parse, with the digest that the
                         reference has, or none; NULL: the reference */
    const char *const *verify_keys; /* instead of the run's; NULL: the run's */
    size_t verify_key_count;
    bool referrers;            /* with referrer_type, instead of the run's; false: as the run's */
    const char *referrer_type; /* as the run's option of that name */
};

/* The run's options apply unchanged. */
#define TUG_REFERENCE_OPTIONS_INIT TUG_SIZED(struct tug_reference_options)

/* As tug_fetch_add, with options of its own.
 * options: copied, with everything it points to; NULL: as tug_fetch_add.
 * Errors: also those of tug_label_check and tug_verify_key_check, those of tug_ref_parse for the
 * name, TUG_ERR_INVALID_ARGUMENT (options.size is 0; the name has a digest that the reference does
 * not have), TUG_ERR_UNSUPPORTED (as for tug_fetch_create), TUG_ERR_NO_MEMORY. */
enum tug_status tug_fetch_add_with(struct tug_fetch *fetch, const char *reference,
                                   const struct tug_reference_options *options,
                                   struct tug_error *err);

/* As tug_fetch_add_with, of a reference that is parsed already.
 * ref: taken on success, and valid until tug_fetch_destroy, which frees it; on failure it is still
 * the caller's. Errors: as tug_fetch_add_with, but those of tug_ref_parse. */
enum tug_status tug_fetch_add_parsed(struct tug_fetch *fetch, struct tug_ref *ref,
                                     const struct tug_reference_options *options,
                                     struct tug_error *err);

/* Check a label: KEY=VALUE in UTF-8, with a key that tug does not use itself.
 * Errors: TUG_ERR_INVALID_ARGUMENT. Threads: any. Blocks: no. */
enum tug_status tug_label_check(const char *label, struct tug_error *err);

/* Check that a file holds a key for options.verify_keys: a public key in PEM ("PUBLIC KEY", as
 * cosign.pub), ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits.
 * Errors: TUG_ERR_CONFIG (the message says what the file is instead), TUG_ERR_NO_MEMORY. Threads:
 * any. Blocks: on the disk. */
enum tug_status tug_verify_key_check(const char *path, struct tug_error *err);

/* Fetch every reference that was added; once per fetch object.
 * A reference that fails does not stop the others (unless options.fail_fast); each result is
 * reported as TUG_EVENT_IMAGE.
 * Returns: TUG_OK when every reference is complete; otherwise the code of the first failure, which
 * err describes. TUG_ERR_CANCELLED after tug_fetch_cancel, TUG_ERR_TIMEOUT after
 * options.timeout_ms. TUG_ERR_CONFIG, before any request: an unusable hosts.toml or certificate
 * file or proxy in the environment; TUG_ERR_INVALID_ARGUMENT: credentials for references of several
 * registries, an options.proxy that is not a URL. On failure, committed content stays and partial
 * downloads are kept for the next run. Threads: the fetch's owner; on_event callbacks run on this
 * thread. Blocks: until done. It starts up to max_concurrent_downloads + 4 threads with all signals
 * blocked, and joins them. */
enum tug_status tug_fetch_run(struct tug_fetch *fetch, struct tug_error *err);

/* Resolve every reference that was added, instead of tug_fetch_run: report the digest, media type
 * and size of each root as TUG_EVENT_IMAGE, in the order in which they become known. Nothing is
 * stored (tug_fetch_create accepts a NULL store for this), and a manifest is read only if the
 * registry's response to a HEAD lacks one of the three.
 * With one platform, in the options of the run or of a reference, what is reported is the manifest
 * for it: indexes are read, and an entry is chosen as by tug_fetch_run; a single image has to be
 * for this platform by its config (TUG_ERR_NOT_FOUND). More than one platform is
 * TUG_ERR_INVALID_ARGUMENT for that reference; all_platforms means the root itself, and the other
 * options of what to fetch have no effect. Returns, errors and threads: as tug_fetch_run. */
enum tug_status tug_fetch_resolve(struct tug_fetch *fetch, struct tug_error *err);

/* Content in memory. Start with `= TUG_CONTENT_INIT`. */
struct tug_content {
    size_t size; /* of this struct: TUG_CONTENT_INIT sets it */
    char *bytes; /* length bytes, and a NUL that does not count */
    size_t length;
    struct tug_digest digest; /* that the bytes have */
    char *media_type;         /* as the registry says; "": it does not */
};

/* Nothing. */
#define TUG_CONTENT_INIT TUG_SIZED(struct tug_content)

/* Read the one reference that was added into memory, instead of tug_fetch_run: the manifest or
 * index of a tag or digest, as the registry has it, or by its digest a blob of the repository.
 * Nothing is stored (tug_fetch_create accepts a NULL store for this). The bytes are verified when
 * the reference has a digest; what a tag means is up to the registry.
 * max_bytes: of the content; 0: no limit. A manifest has 4 MiB at most.
 * out_content: owned by the caller, for tug_content_fini; untouched on failure.
 * Returns: TUG_OK. Errors: TUG_ERR_INVALID_ARGUMENT (not one reference, or out_content.size is 0),
 * TUG_ERR_TOO_LARGE (over max_bytes), TUG_ERR_NOT_FOUND, TUG_ERR_CONTENT (another digest was
 * received), TUG_ERR_UNSUPPORTED (the registry does not tell the size of the blob),
 * TUG_ERR_CANCELLED, TUG_ERR_TIMEOUT, and those of tug_fetch_run.
 * Retries and warnings are reported by on_event and on_message. Options of what to fetch have no
 * effect. Threads: the fetch's owner; tug_fetch_cancel from any. Blocks: until done. */
enum tug_status tug_fetch_read(struct tug_fetch *fetch, uint64_t max_bytes,
                               struct tug_content *out_content, struct tug_error *err);

/* Free what tug_fetch_read returned; all zero is allowed. Threads: any. */
void tug_content_fini(struct tug_content *content);

/* Ask a run to stop: tug_fetch_run returns TUG_ERR_CANCELLED within a fraction of a second. A run
 * that begins after the call ends at once; after the run, or more than once, it has no effect.
 * Threads: any, while the fetch exists. Not from a signal handler. Blocks: no. */
void tug_fetch_cancel(struct tug_fetch *fetch);

/* Ask a run to give up one reference: unless it is complete, or about to be, its result is
 * TUG_ERR_CANCELLED. The others go on, also with options.fail_fast, and so do blobs that they need;
 * partial downloads are kept. tug_fetch_run returns TUG_ERR_CANCELLED then, if nothing has failed
 * before. A call before the run counts as well; runs of other kinds do not look at it.
 * position: of the reference, 0 for the first one added, and so on.
 * Returns: TUG_OK. Errors: TUG_ERR_INVALID_ARGUMENT (there is no such reference).
 * Threads: any, once all references are added and while the fetch exists; also from callbacks. Not
 * from a signal handler. Blocks: no. */
enum tug_status tug_fetch_cancel_image(struct tug_fetch *fetch, size_t position,
                                       struct tug_error *err);

/* Free a fetch that is not running; NULL is allowed. Threads: the owner, once. */
void tug_fetch_destroy(struct tug_fetch *fetch);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

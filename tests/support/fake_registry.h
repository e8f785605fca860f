/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door of the fake registry: an HTTP/1.1 server inside the test program that serves image
 * content for pull, misbehaves as scripted and keeps a record of all it was asked.
 *
 * Start with fake_registry_create(), add content (below, or with builders.h), add faults
 * (fake_rule.h), run the client, look at what happened (fake_record.h), fake_registry_destroy().
 *
 * Errors: a test cannot go on without its server, so when memory or a system call fails these
 * functions print one line on stderr and abort(); none of them reports failure.
 * Threads: every function may be called from any thread between create and destroy.
 */
#ifndef FAKE_REGISTRY_H
#define FAKE_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "fake_record.h"
#include "fake_rule.h"

/* Room for "sha512:" + 128 hex digits + NUL, rounded up. */
#define FAKE_DIGEST_SIZE 160

struct fake_registry;

/* How the server is set up; all zero (or a NULL pointer) is a fast server on a free port. */
struct fake_options {
    const char *address;       /* IPv4 address to listen on; NULL: 127.0.0.1 */
    uint16_t port;             /* 0: any free port */
    unsigned delay_ms;         /* wait before every answer (a round trip) */
    uint64_t rate_bytes_per_s; /* body bytes per second and connection; 0: no limit */
    int send_buffer_bytes;     /* SO_SNDBUF of each connection; 0: the system's. What is sent but
                                  not received when a client dies is at most twice this, and what
                                  its own buffer holds */
    size_t record_max_count;   /* requests kept in the record; 0: 65536; totals never stop */
};

/*
 * Start a server that listens and answers at once.
 * options: NULL for the defaults; borrowed for the call.
 * Returns: owned; give it to fake_registry_destroy().
 * Blocks: no.
 */
struct fake_registry *fake_registry_create(const struct fake_options *options);

/*
 * Close the listening socket and every connection, and join every thread.
 * Answers under way are cut. The record stays readable. A second call does nothing.
 * Blocks: until the threads have ended, which nothing a client does can delay.
 */
void fake_registry_stop(struct fake_registry *registry);

/*
 * Stop if needed and free everything, also the strings lent by the record.
 * registry: NULL does nothing; no other thread may use it any more.
 */
void fake_registry_destroy(struct fake_registry *registry);

/*
 * Shut every open connection, at whatever point of its answer; new ones are accepted.
 * Blocks: no.
 */
void fake_registry_drop_connections(struct fake_registry *registry);

/* The port listened on, 1 to 65535. */
uint16_t fake_registry_port(const struct fake_registry *registry);

/* "ADDRESS:PORT", the host part of references to this registry. Borrowed, until destroy. */
const char *fake_registry_host(const struct fake_registry *registry);

/* "http://ADDRESS:PORT", no slash at the end. Borrowed, until destroy. */
const char *fake_registry_url(const struct fake_registry *registry);

/*
 * Content. repo: the repository it is found in, or NULL for every one. digest: the name it is
 * served under, true or not, or NULL for its real sha256. out_digest: FAKE_DIGEST_SIZE bytes that
 * receive that name, or NULL. All text and data is copied. The same repository and digest (or
 * tag) added again replaces what was there for requests that come later.
 */

/*
 * Serve bytes in memory as a blob.
 * data, len: copied; len may be 0, then data may be NULL.
 */
void fake_blob_add(struct fake_registry *registry, const char *repo, const char *digest,
                   const void *data, size_t len, char *out_digest);

/*
 * Serve a file as a blob; it is read while answering, never held in memory.
 * path: a regular file that keeps its size and content until destroy; aborts if unreadable.
 * Blocks: while hashing the file when digest is NULL.
 */
void fake_blob_add_file(struct fake_registry *registry, const char *repo, const char *digest,
                        const char *path, char *out_digest);

/*
 * Serve size pseudo-random bytes as a blob, made while answering (see fake_generate()).
 * Blocks: while hashing when digest is NULL, about a second per GiB.
 */
void fake_blob_add_generated(struct fake_registry *registry, const char *repo, const char *digest,
                             uint64_t size_bytes, uint64_t seed, char *out_digest);

/* One document for /v2/<repo>/manifests/; nothing in it is checked. */
struct fake_manifest {
    const char *repo;       /* NULL: every repository */
    const char *tag;        /* NULL: only found by digest */
    const char *digest;     /* NULL: the real sha256 */
    const char *media_type; /* the Content-Type; NULL: OCI image manifest */
    const char *json;       /* the bytes */
    size_t len;             /* 0: strlen(json) */
};

/*
 * Serve a document as a manifest, by digest and by tag.
 * manifest: borrowed for the call. out_digest: FAKE_DIGEST_SIZE bytes or NULL.
 */
void fake_manifest_add(struct fake_registry *registry, const struct fake_manifest *manifest,
                       char *out_digest);

/*
 * Make a tag name a manifest that was added before; moves the tag if it exists.
 * repo: NULL for every repository. Aborts when there is no such manifest.
 */
void fake_tag_set(struct fake_registry *registry, const char *repo, const char *tag,
                  const char *digest);

/*
 * Fill buf with len bytes of the generated content (size-independent) of seed from offset on.
 * Any offset and length are equally cheap; no two seeds or offsets look alike.
 */
void fake_generate(uint64_t seed, uint64_t offset, void *buf, size_t len);

/*
 * Write "ALGORITHM:HEX" of data to out_digest (FAKE_DIGEST_SIZE bytes).
 * algorithm: "sha256", "sha384" or "sha512"; NULL is sha256; aborts on others.
 */
void fake_digest(const char *algorithm, const void *data, size_t len, char *out_digest);

/* As fake_digest(), of the first size_bytes bytes of generated content. Blocks: ~1 s per GiB. */
void fake_digest_generated(const char *algorithm, uint64_t size_bytes, uint64_t seed,
                           char *out_digest);

/* As fake_digest(), of a file; aborts when it cannot be read. */
void fake_digest_file(const char *algorithm, const char *path, char *out_digest);

#endif

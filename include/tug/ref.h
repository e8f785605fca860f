/* SPDX-License-Identifier: Apache-2.0
 *
 * Image references: [HOST[:PORT]/]NAME[:TAG][@DIGEST], the grammar of the distribution project.
 */
#ifndef TUG_REF_H
#define TUG_REF_H

#include <tug/error.h>
#include <tug/oci.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* A parsed reference. Opaque, immutable: any number of threads may read one. */
struct tug_ref;

/* Parse a reference and complete it: a name without host belongs to docker.io ("nginx" is
 * "docker.io/library/nginx"), one without tag and digest gets ":latest".
 * The first component is a host when it contains '.' or ':', is "localhost", or has upper-case
 * letters. A digest alone is refused, although by the grammar it is the tag of an image called
 * "sha256". text: NUL-terminated, borrowed. out_ref: owned by the caller, untouched on failure.
 * Returns: TUG_OK. Errors: TUG_ERR_INVALID_ARGUMENT (the message says which part is wrong),
 * TUG_ERR_NO_MEMORY. Threads: any. Blocks: no. */
enum tug_status tug_ref_parse(const char *text, struct tug_ref **out_ref, struct tug_error *err);

/* Free a reference; NULL is allowed. Threads: any, once. Blocks: no. */
void tug_ref_destroy(struct tug_ref *ref);

/* The full name: HOST/NAME[:TAG][@DIGEST]. Borrowed from ref. */
const char *tug_ref_name(const struct tug_ref *ref);
/* The registry's host with its port when one is given, e.g. "docker.io", "localhost:5000",
 * "[::1]:5000". Borrowed. */
const char *tug_ref_host(const struct tug_ref *ref);
/* The repository within the host, e.g. "library/nginx". Borrowed. */
const char *tug_ref_repository(const struct tug_ref *ref);
/* The tag, or NULL when only a digest is given. Borrowed. */
const char *tug_ref_tag(const struct tug_ref *ref);
/* The digest, or NULL. With both a tag and a digest, the digest decides. Borrowed. */
const struct tug_digest *tug_ref_digest(const struct tug_ref *ref);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

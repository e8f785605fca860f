/* SPDX-License-Identifier: Apache-2.0
 *
 * The internals of a reference, shared by the two files of this room.
 * Threads: any, since a reference is immutable. Blocks: never.
 */
#ifndef TUG_REF_REF_H
#define TUG_REF_REF_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/oci.h>
#include <tug/ref.h>

/* Most characters of host "/" repository, the limit of registries and of the distribution project.
 */
#define TUG__REF_NAME_MAX 255
/* Most characters of a tag. */
#define TUG__REF_TAG_MAX 128

struct tug_ref {
    /* set at create, then read-only; the texts point into storage */
    const char *name;
    const char *host;
    const char *repository;
    const char *tag; /* NULL: none */
    bool has_digest;
    struct tug_digest digest;
    char storage[];
};

/* A piece of a longer text; start is NULL when the reference has no such part. */
struct tug__ref_slice {
    const char *start;
    size_t length;
};

/* The parts of a reference, borrowed from its text or static. */
struct tug__ref_parts {
    struct tug__ref_slice host; /* with port */
    struct tug__ref_slice repository;
    bool is_official; /* "library/" belongs before the repository */
    struct tug__ref_slice tag;
    struct tug__ref_slice digest;
};

/* Fill in the parts that a reference may omit: docker.io, its "library/", the tag "latest". The
 * legacy host name index.docker.io becomes docker.io.
 * Returns: false when host "/" repository is then longer than TUG__REF_NAME_MAX. */
bool tug__ref_complete(struct tug__ref_parts *parts);

/* Make a reference from complete, valid parts.
 * digest: of parts->digest, NULL when there is none. Returns: owned; NULL when out of memory. */
struct tug_ref *tug__ref_create(const struct tug__ref_parts *parts,
                                const struct tug_digest *digest);

/* Tell whether a text of length bytes is a tag. */
bool tug__ref_is_tag(const char *text, size_t length);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of an archive's members. None of them ever becomes a path: they are compared, and kept in a
 * table.
 * Threads: any. Blocks: no.
 */
#ifndef TUG_ARCHIVE_MEMBER_H
#define TUG_ARCHIVE_MEMBER_H

#include <tug/error.h>
#include <tug/oci.h>

#include "archive/limits.h"

/* What a member is for, by its name. */
enum tug__member_use {
    TUG__USE_NOTHING = 0, /* part of no format */
    TUG__USE_LAYOUT,      /* oci-layout */
    TUG__USE_INDEX,       /* index.json */
    TUG__USE_DOCKER_LIST, /* manifest.json */
    TUG__USE_BLOB,        /* blobs/ALGORITHM/HEX: its name says its digest */
    TUG__USE_PART,        /* a config or layer as `docker save` and its relatives name them, if
                             manifest.json says so */
};

/* Bring a name into the one form that names are compared in: components joined by '/', without
 * "." and empty ones, and no '/' at the end; "" for the archive's root.
 * Errors: TUG_ERR_CONTENT: it is absolute, has "..", or is longer than TUG__ARCHIVE_NAME_MAX. */
enum tug_status tug__member_name(const char *raw, char out_name[TUG__ARCHIVE_NAME_MAX],
                                 struct tug_error *err);

/* Find out which member a link means.
 * name: of the link, as tug__member_name gives it; a symbolic link starts at its directory. NULL:
 * of a hard link, which starts at the archive's root. Errors: TUG_ERR_CONTENT: it leads out of the
 * archive. */
enum tug_status tug__member_target(const char *name, const char *target,
                                   char out_name[TUG__ARCHIVE_NAME_MAX], struct tug_error *err);

/* Tell what a member is for. name: as tug__member_name gives it. out_digest: of a blob. */
enum tug__member_use tug__member_use(const char *name, struct tug_digest *out_digest);

/* Get the SHA-256 that the last component of a name starts with: "HEX.json", "sha256:HEX".
 * Returns: false: it has none. */
bool tug__member_digest(const char *name, struct tug_digest *out_digest);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Images out of an archive into a store. Interface of the archive room, with export.h.
 */
#ifndef TUG_ARCHIVE_IMPORT_H
#define TUG_ARCHIVE_IMPORT_H

#include <tug/archive.h>

#include "archive/work.h"

/* As tug_store_import. options: with defaults; options->name is a full reference. The caller holds
 * the store (tug__store_use). */
enum tug_status tug__import(struct tug_store *store, int fd,
                            const struct tug_import_options *options, struct tug__work *work,
                            struct tug_archive_result *out_result, struct tug_error *err);

#endif

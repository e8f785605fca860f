/* SPDX-License-Identifier: Apache-2.0
 *
 * Images of a store as one archive. Interface of the archive room, with import.h.
 */
#ifndef TUG_ARCHIVE_EXPORT_H
#define TUG_ARCHIVE_EXPORT_H

#include <stddef.h>

#include <tug/archive.h>

#include "archive/work.h"

/* As tug_store_export. options: with defaults. The caller holds the store (tug__store_use). */
enum tug_status tug__export(struct tug_store *store, const char *const *texts, size_t count, int fd,
                            const struct tug_export_options *options, struct tug__work *work,
                            struct tug_archive_result *out_result, struct tug_error *err);

#endif

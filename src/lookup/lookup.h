/* SPDX-License-Identifier: Apache-2.0
 *
 * Resolve references at their registries, without fetching content.
 */
#ifndef TUG_LOOKUP_LOOKUP_H
#define TUG_LOOKUP_LOOKUP_H

#include "pipeline/pipeline.h"

/* Resolve all references; the contract is tug_fetch_resolve's (tug/fetch.h).
 * settings: borrowed for the call; the store is not used. */
enum tug_status tug__lookup_run(const struct tug__run_settings *settings, struct tug_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the api room share.
 */
#ifndef TUG_API_INTERNAL_H
#define TUG_API_INTERNAL_H

#include <tug/fetch.h>

#include "pipeline/pipeline.h"

/* Describe a fetch as the pipeline wants it. out_settings: borrows from fetch, until a reference is
 * added to it. */
void tug__fetch_settings(struct tug_fetch *fetch, struct tug__run_settings *out_settings);

/* The same for the one run of a fetch. Errors: TUG_ERR_INVALID_ARGUMENT: it has run already. */
enum tug_status tug__fetch_begin(struct tug_fetch *fetch, struct tug__run_settings *out_settings,
                                 struct tug_error *err);

#endif

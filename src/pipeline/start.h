/* SPDX-License-Identifier: Apache-2.0
 *
 * Create what a run needs first, whether it fetches or only resolves.
 */
#ifndef TUG_PIPELINE_START_H
#define TUG_PIPELINE_START_H

#include "engine/engine.h"
#include "pipeline/pipeline.h"
#include "plan/plan.h"

struct tug__session;

/* Create the session of a run, from its options, with every registry of its references.
 * out_session: owned (tug__session_destroy). Errors: TUG_ERR_CONFIG, TUG_ERR_INVALID_ARGUMENT
 * (credentials for several registries), TUG_ERR_NO_MEMORY. Blocks: on the disk. */
enum tug_status tug__run_session(const struct tug__run_settings *settings,
                                 struct tug__session **out_session, struct tug_error *err);

/* Create the engine of a run. When it has fewer workers than wanted, the log says so.
 * own: store, session, worker_count, is_dry, recheck, on_event; the rest comes from the options.
 * out_engine: owned (tug__engine_destroy).
 * Errors: as tug__engine_create. */
enum tug_status tug__run_engine(const struct tug__run_settings *settings,
                                const struct tug__engine_settings *own,
                                struct tug__engine **out_engine, struct tug_error *err);

/* Determine what a run wants of references without options of their own. Borrows from settings. */
struct tug__wish tug__run_wish(const struct tug__run_settings *settings);

#endif

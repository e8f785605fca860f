/* SPDX-License-Identifier: Apache-2.0
 *
 * Report events of runs that fetch nothing.
 * Threads: the caller of the run. Blocks: as the callback does.
 */
#ifndef TUG_PIPELINE_TELL_H
#define TUG_PIPELINE_TELL_H

#include "pipeline/pipeline.h"

struct tug__session;

/* Pass an event to the program, without secrets and with totals, if it wants events. */
void tug__tell(const struct tug__run_settings *settings, struct tug__session *session,
               const struct tug_event *event);
/* Pass on the warnings that registries and credentials files gave so far. */
void tug__tell_warnings(const struct tug__run_settings *settings, struct tug__session *session);

#endif

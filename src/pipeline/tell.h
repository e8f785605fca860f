/* SPDX-License-Identifier: Apache-2.0
 *
 * Report events of runs that fetch nothing.
 * Threads: the caller of the run. Blocks: as the callback does.
 */
#ifndef TUG_PIPELINE_TELL_H
#define TUG_PIPELINE_TELL_H

#include <stdbool.h>

#include "pipeline/pipeline.h"

struct tug__session;

/* Tell whether the program wants log lines. */
bool tug__has_log(const struct tug_fetch_options *options);
/* Pass a line of the log to the program, which wants them; a tug_message_fn. options: of the run.
 * Threads: any. */
void tug__say(void *options, enum tug_log_level level, const char *line);
/* Pass an event to the program as it is: to on_event, and warnings and retries to on_message. */
void tug__pass_event(const struct tug_fetch_options *options, const struct tug_event *event);

/* Pass an event to the program, without secrets and with totals, if it wants events. */
void tug__tell(const struct tug__run_settings *settings, struct tug__session *session,
               const struct tug_event *event);
/* Pass on the warnings that registries and credentials files gave so far. */
void tug__tell_warnings(const struct tug__run_settings *settings, struct tug__session *session);

#endif

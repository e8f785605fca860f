/* SPDX-License-Identifier: Apache-2.0
 *
 * How many concurrent downloads the process's limit of open files allows.
 */
#ifndef TUG_PIPELINE_FIT_H
#define TUG_PIPELINE_FIT_H

#include <stdint.h>

#include <tug/fetch.h>

/* Choose the number of workers: as many as wanted, but no more than there are descriptors for; at
 * least one. limit: of descriptors; open_count: descriptors in use. */
unsigned tug__fit_choose(unsigned wanted, uint64_t limit, uint64_t open_count);

/* The same for this process in its current state. Fewer than wanted are reported in the log, with
 * log_config. Does not change the limit, which is up to the program. */
unsigned tug__fit_workers(const struct tug_fetch_options *options, unsigned wanted);

/* Log that only so many downloads can run at once. why: one line. */
void tug__fit_log(const struct tug_fetch_options *options, unsigned count, unsigned wanted,
                  const char *why);

#endif

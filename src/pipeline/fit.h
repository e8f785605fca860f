/* SPDX-License-Identifier: Apache-2.0
 *
 * How many downloads at once fit into the process's limit of open files.
 */
#ifndef TUG_PIPELINE_FIT_H
#define TUG_PIPELINE_FIT_H

#include <stdint.h>

#include <tug/fetch.h>

/* Choose the number of workers: as many as wanted, but no more than have descriptors enough; never
 * less than one. limit: of descriptors; open_count: those in use. */
unsigned tug__fit_choose(unsigned wanted, uint64_t limit, uint64_t open_count);

/* The same for this process as it is now; fewer than wanted are told of in a line of the log, if
 * that has the configuration. Changes no limit: that is for the program. */
unsigned tug__fit_workers(const struct tug_fetch_options *options, unsigned wanted);

/* Tell in such a line that only so many downloads can run at once. why: one line. */
void tug__fit_log(const struct tug_fetch_options *options, unsigned count, unsigned wanted,
                  const char *why);

#endif

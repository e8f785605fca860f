/* SPDX-License-Identifier: Apache-2.0
 *
 * How many concurrent downloads the process's limit of open files allows.
 *
 * Knows: what a worker opens. Does not know: workers.
 * Threads: any.
 *
 * If the numbers below turn out too small, opening a file or a connection fails, waits and is
 * retried (retry.c).
 */
#include "pipeline/fit.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "pipeline/tell.h"

/* A worker's descriptors: its wake-up and libcurl's (3), connections to a registry, its token
 * server and its storage (3), a name being looked up (2), a partial file and its state (2). */
#define DESCRIPTORS_PER_WORKER 10
/* Other descriptors: blobs and documents that wait for their commit, index.json, locks,
 * configuration. */
#define DESCRIPTORS_SHARED 32
/* Assumed to be in use at the start when that cannot be determined. */
#define OPEN_ASSUMED 16

unsigned tug__fit_choose(unsigned wanted, uint64_t limit, uint64_t open_count)
{
    const uint64_t taken = open_count + DESCRIPTORS_SHARED;
    const uint64_t fit = limit > taken ? (limit - taken) / DESCRIPTORS_PER_WORKER : 0;

    return fit >= wanted ? wanted : fit > 1 ? (unsigned)fit : 1;
}

static uint64_t count_open(void)
{
    DIR *const dir = opendir("/proc/self/fd");
    uint64_t count = 0;

    if (dir == NULL) {
        return OPEN_ASSUMED;
    }
    while (readdir(dir) != NULL) {
        count++; /* three too many: ".", "..", and the directory's own */
    }
    (void)closedir(dir);
    return count;
}

void tug__fit_log(const struct tug_fetch_options *options, unsigned count, unsigned wanted,
                  const char *why)
{
    char line[256];

    if (tug__has_log(options) && options->log_config) {
        (void)snprintf(line, sizeof line, "downloads at once: %u instead of %u: %s", count, wanted,
                       why);
        tug__say((void *)(uintptr_t)options, TUG_LOG_INFO, line);
    }
}

unsigned tug__fit_workers(const struct tug_fetch_options *options, unsigned wanted)
{
    struct rlimit limit;
    char why[96];
    unsigned count;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return wanted;
    }
    count = tug__fit_choose(wanted, limit.rlim_cur, count_open());
    if (count < wanted) {
        (void)snprintf(why, sizeof why, "the limit of open files is %" PRIu64,
                       (uint64_t)limit.rlim_cur);
        tug__fit_log(options, count, wanted, why);
    }
    return count;
}

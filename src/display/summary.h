/* SPDX-License-Identifier: Apache-2.0
 *
 * The line that sums up a run. A pure function.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_DISPLAY_SUMMARY_H
#define TUG_DISPLAY_SUMMARY_H

#include <tug/fetch.h>

#include "text.h"

/* The figures of a finished run. */
struct summary {
    struct tug_totals totals; /* at its end */
    uint64_t fetched_count;   /* blobs and manifests that were fetched */
    uint64_t reused_count;    /* blobs and manifests that were already in the store */
    uint64_t reused_bytes;    /* sizes of the blobs that were reused */
    uint64_t
        stopped_count; /* of totals.images_failed: ended with the run, for no fault of theirs */
    int exit_status;   /* of the command; above 128: a signal ended the run */
};

/* Write the line, without newline: the outcome first, then every figure that is not zero. */
void summary_format(const struct summary *summary, struct text *out_text);

#endif

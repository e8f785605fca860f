/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a unit of work.
 *
 * Knows: jobs. Does not know: who made them, the graph.
 * Threads: the owner's.
 */
#include "pool/task.h"

#include <stdlib.h>

void tug__job_free(struct tug__job *job)
{
    if (job == NULL) {
        return;
    }
    tug__extents_fini(&job->present);
    free(job->reply.body);
    free(job);
}

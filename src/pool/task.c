/* SPDX-License-Identifier: Apache-2.0
 *
 * Close and free units of work.
 *
 * Knows: jobs. Does not know: who created them, the graph.
 * Threads: the owner's.
 */
#include "pool/task.h"

#include <stdlib.h>

void tug__transfer_close(struct tug__transfer *transfer)
{
    tug__hashed_fini(&transfer->front);
    tug__hashed_fini(&transfer->hashing.done);
    tug__extents_fini(&transfer->hashing.announced);
    tug__ingest_close(transfer->ingest);
    transfer->ingest = NULL;
}

void tug__job_free(struct tug__job *job)
{
    if (job == NULL) {
        return;
    }
    tug__extents_fini(&job->result.present);
    free(job->result.reply.body);
    free(job);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections ahead of the work.
 *
 * A manifest takes as many round trips as a connection does. While the first one of a registry that
 * is far away is on its way, idle workers connect as well; when it names blobs, each is one round
 * trip away (without TLS) or two (with TLS) less. A registry that is near gets no such request, nor
 * does a run that may need no blob: one that asks for a digest only, or stores nothing.
 *
 * Knows: registries, jobs. Does not know: images, what documents mean.
 * Threads: the resolver.
 */
#include <stdlib.h>

#include "engine/state.h"

/* Idle workers that may connect to a registry. */
static unsigned count_idle(const struct tug__engine *engine, const struct tug__host *host)
{
    const unsigned most = engine->settings.max_per_host;
    const unsigned idle = tug__parts_idle_workers(engine);
    const unsigned room = host->jobs_out < most ? most - host->jobs_out : 0;

    return most != 0 && room < idle ? room : idle;
}

/* Returns: false when no more can be sent. */
static bool submit(struct tug__engine *engine, struct tug__host *host)
{
    struct tug__job *const job = calloc(1, sizeof *job);

    if (job == NULL) {
        return false;
    }
    job->kind = TUG__JOB_CONNECT;
    job->owner = host;
    job->request.source.host = host->name;
    tug__cancel_init(&job->cancel);
    if (!tug__pool_submit(engine->pool, job)) {
        tug__job_free(job);
        return false;
    }
    engine->jobs_out++;
    host->jobs_out++;
    return true;
}

void tug__engine_connect_ahead(struct tug__engine *engine, struct tug__host *host)
{
    unsigned count = count_idle(engine, host);

    if (host->has_connected || engine->is_stopping || engine->settings.is_dry) {
        return;
    }
    host->has_connected = true;
    while (count > 0 && submit(engine, host)) {
        count--;
    }
}

void tug__engine_note_connected(struct tug__engine *engine, struct tug__job *job)
{
    engine->jobs_out--;
    ((struct tug__host *)job->owner)->jobs_out--;
    tug__job_free(job);
}

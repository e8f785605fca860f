/* SPDX-License-Identifier: Apache-2.0
 *
 * Communication between a pool's threads and the resolver: events, the stop flag, and a line about
 * what a lane waits for.
 *
 * Knows: the pool's flags and locks. Does not know: what jobs mean, the graph.
 * Threads: see pool.h.
 */
#include "pool/internal.h"

#include <stdio.h>
#include <string.h>

void tug__pool_leave_notice(struct tug__pool *pool, const char *text)
{
    (void)pthread_mutex_lock(&pool->notice_lock);
    (void)snprintf(pool->notice, sizeof pool->notice, "%s", text);
    (void)pthread_mutex_unlock(&pool->notice_lock);
    tug__bell_ring(pool->resolver_bell);
}

bool tug__pool_get_notice(struct tug__pool *pool, char *out_text)
{
    bool has_one;

    (void)pthread_mutex_lock(&pool->notice_lock);
    has_one = pool->notice[0] != '\0';
    memcpy(out_text, pool->notice, sizeof pool->notice);
    pool->notice[0] = '\0';
    (void)pthread_mutex_unlock(&pool->notice_lock);
    return has_one;
}

void tug__lane_send(struct tug__lane *lane, enum tug__msg_kind kind, void *object)
{
    const struct tug__msg msg = {.kind = kind, .object = object};

    tug__queue_push(lane->events, &msg);
}

bool tug__worker_should_stop(void *context)
{
    const struct tug__worker *const worker = context;

    return tug__cancel_is_set(&worker->pool->stop) ||
           (worker->job != NULL && tug__cancel_is_set(&worker->job->cancel));
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Queues over concurrencykit's rings. The only file that includes ck.
 *
 * Knows: ck_ring, POSIX semaphores. Does not know: images, what a message means.
 * Threads: see queue.h.
 *
 * Sleeping: `space` counts free slots (the producer acquires one before it enqueues, a consumer
 * releases one after it dequeued), the bell counts messages. So a ring is never unexpectedly full
 * or empty, and a wake-up wakes exactly one thread.
 *
 * ThreadSanitizer does not understand ck's inline assembly. This file is compiled without it, and
 * reports every transfer of an object to it instead; it knows semaphores itself.
 */
#include "base/queue.h"

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include <ck_ring.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/portable.h"

#ifdef TUG__TSAN
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define ANNOTATE_RELEASE(address) __tsan_release(address)
#define ANNOTATE_ACQUIRE(address) __tsan_acquire(address)
#else
#define ANNOTATE_RELEASE(address) ((void)(address))
#define ANNOTATE_ACQUIRE(address) ((void)(address))
#endif

CK_RING_PROTOTYPE(msg, tug__msg)

struct tug__bell {
    sem_t rings;
};

struct tug__queue {
    /* set at create, then read-only */
    enum tug__queue_shape shape;
    struct tug__bell *bell;
    struct tug__msg *slots; /* owned */
    /* shared: single producer; consumers as shape says */
    sem_t space;
    ck_ring_t ring;
};

/* Decrement a semaphore; signals do not interrupt that. */
static void take(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0 && errno == EINTR) {
    }
}

enum tug_status tug__bell_create(struct tug__bell **out_bell, struct tug_error *err)
{
    struct tug__bell *const bell = calloc(1, sizeof *bell);

    if (bell == NULL) {
        return tug__fail_memory(err);
    }
    (void)sem_init(&bell->rings, 0, 0); /* cannot fail: in-process, value in range */
    *out_bell = bell;
    return TUG_OK;
}

void tug__bell_destroy(struct tug__bell *bell)
{
    if (bell == NULL) {
        return;
    }
    (void)sem_destroy(&bell->rings);
    free(bell);
}

void tug__bell_ring(struct tug__bell *bell)
{
    (void)sem_post(&bell->rings); /* fails only past SEM_VALUE_MAX, when it rings anyway */
}

void tug__bell_take(struct tug__bell *bell)
{
    take(&bell->rings);
}

unsigned tug__bell_count(struct tug__bell *bell)
{
    int count = 0;

    (void)sem_getvalue(&bell->rings, &count);
    return count > 0 ? (unsigned)count : 0;
}

bool tug__bell_try(struct tug__bell *bell)
{
    return sem_trywait(&bell->rings) == 0;
}

void tug__bell_wait(struct tug__bell *bell, uint64_t deadline_ns)
{
    if (deadline_ns == TUG__NEVER_NS) {
        take(&bell->rings);
    } else {
        while (tug__sem_wait_until(&bell->rings, deadline_ns) == EINTR) {
        }
    }
    while (tug__bell_try(bell)) {
    }
}

enum tug_status tug__queue_create(enum tug__queue_shape shape, uint32_t capacity,
                                  struct tug__bell *bell, struct tug__queue **out_queue,
                                  struct tug_error *err)
{
    struct tug__queue *const queue = calloc(1, sizeof *queue);
    unsigned ring_size = 2;

    while (ring_size < capacity + 1) { /* a ring of 2^n holds 2^n - 1 */
        ring_size *= 2;
    }
    if (queue != NULL) {
        queue->slots = calloc(ring_size, sizeof *queue->slots);
    }
    if (queue == NULL || queue->slots == NULL) {
        free(queue);
        return tug__fail_memory(err);
    }
    queue->shape = shape;
    queue->bell = bell;
    (void)sem_init(&queue->space, 0, capacity);
    ck_ring_init(&queue->ring, ring_size);
    *out_queue = queue;
    return TUG_OK;
}

void tug__queue_destroy(struct tug__queue *queue)
{
    if (queue == NULL) {
        return;
    }
    (void)sem_destroy(&queue->space);
    free(queue->slots);
    free(queue);
}

/* Enqueue with a slot already acquired: there is room. */
static void enqueue_quietly(struct tug__queue *queue, const struct tug__msg *msg)
{
    struct tug__msg copy = *msg;

    ANNOTATE_RELEASE(msg->object);
    if (queue->shape == TUG__QUEUE_SPSC) {
        (void)CK_RING_ENQUEUE_SPSC(msg, &queue->ring, queue->slots, &copy);
    } else {
        (void)CK_RING_ENQUEUE_SPMC(msg, &queue->ring, queue->slots, &copy);
    }
}

static void enqueue(struct tug__queue *queue, const struct tug__msg *msg)
{
    enqueue_quietly(queue, msg);
    tug__bell_ring(queue->bell);
}

bool tug__queue_try_push(struct tug__queue *queue, const struct tug__msg *msg)
{
    if (sem_trywait(&queue->space) != 0) {
        return false;
    }
    enqueue(queue, msg);
    return true;
}

void tug__queue_push(struct tug__queue *queue, const struct tug__msg *msg)
{
    take(&queue->space);
    enqueue(queue, msg);
}

void tug__queue_push_quietly(struct tug__queue *queue, const struct tug__msg *msg)
{
    if (sem_trywait(&queue->space) != 0) {
        tug__bell_ring(queue->bell); /* the consumer sleeps on a full ring */
        take(&queue->space);
    }
    enqueue_quietly(queue, msg);
}

bool tug__queue_pop(struct tug__queue *queue, struct tug__msg *out_msg)
{
    const bool is_there = queue->shape == TUG__QUEUE_SPSC
                              ? CK_RING_DEQUEUE_SPSC(msg, &queue->ring, queue->slots, out_msg)
                              : CK_RING_DEQUEUE_SPMC(msg, &queue->ring, queue->slots, out_msg);

    if (!is_there) {
        return false;
    }
    ANNOTATE_ACQUIRE(out_msg->object);
    (void)sem_post(&queue->space);
    return true;
}

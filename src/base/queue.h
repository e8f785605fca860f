/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounded queues of small messages between threads, and bells to sleep on. No thread ever spins.
 *
 * A queue has one producer. Pushing a message passes the ownership of the object it points to:
 * after a successful push the sender may not access it (where an object is shared by design, its
 * struct says so); after a failed one it still owns it. Messages are copied by value.
 *
 * A bell counts messages for its sleeper and may serve several queues. Each push rings the bell of
 * its queue once; tug__bell_ring does the same without a message, to make a sleeper check its
 * state.
 *
 * Why rings of a single producer: ck's multi-producer enqueue spins until earlier producers have
 * finished, which burns whole time slices when threads outnumber cores.
 */
#ifndef TUG_BASE_QUEUE_H
#define TUG_BASE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <tug/error.h>

/* One message. The sender and the receiver define kind. */
struct tug__msg {
    uint32_t kind;
    void *object; /* never NULL */
    uint64_t offset;
    uint64_t length;
};

struct tug__bell;
struct tug__queue;

/* How many threads pop. */
enum tug__queue_shape {
    TUG__QUEUE_SPSC = 0, /* one producer, one consumer */
    TUG__QUEUE_SPMC,     /* one producer, any number of consumers */
};

/* Create a bell. out_bell: owned. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__bell_create(struct tug__bell **out_bell, struct tug_error *err);
/* Free a bell on which no thread sleeps; NULL is allowed. */
void tug__bell_destroy(struct tug__bell *bell);
/* Wake one sleeper, without a message. Threads: any. Blocks: no. */
void tug__bell_ring(struct tug__bell *bell);
/* For the consumers of one spmc queue: sleep until the bell rings, and consume that one ring.
 * Blocks: until rung. */
void tug__bell_take(struct tug__bell *bell);
/* For one consumer of several queues: sleep until the bell rings or the deadline (tug__now_ns)
 * passes, and consume all rings. The caller must then empty all its queues before it sleeps again.
 * Blocks: until rung, at most until the deadline. */
void tug__bell_wait(struct tug__bell *bell, uint64_t deadline_ns);
/* Count the rings that nobody has consumed yet. Threads: any; others may change it at any time. */
unsigned tug__bell_count(struct tug__bell *bell);
/* Consume one ring if there is one. Returns: true if so. Blocks: no. */
bool tug__bell_try(struct tug__bell *bell);

/* Create a queue.
 * capacity: messages it holds, 1 to 65535. bell: borrowed, rung at each push, must outlive the
 * queue. out_queue: owned. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__queue_create(enum tug__queue_shape shape, uint32_t capacity,
                                  struct tug__bell *bell, struct tug__queue **out_queue,
                                  struct tug_error *err);
/* Free a queue that no thread uses any more; NULL is allowed. Objects of messages in it are not
 * freed. */
void tug__queue_destroy(struct tug__queue *queue);
/* Append a message if there is room. Returns: false when full. Threads: the producer. Blocks: no.
 */
bool tug__queue_try_push(struct tug__queue *queue, const struct tug__msg *msg);
/* Append a message. Threads: the producer. Blocks: until there is room; the consumer must be one
 * that always goes on popping. */
void tug__queue_push(struct tug__queue *queue, const struct tug__msg *msg);
/* The same without ringing the bell, unless there is no room: the consumer sees the message when it
 * is woken by another one, or by its deadline. */
void tug__queue_push_quietly(struct tug__queue *queue, const struct tug__msg *msg);
/* Remove the oldest message. Returns: false when empty. Threads: a consumer. Blocks: no. */
bool tug__queue_pop(struct tug__queue *queue, struct tug__msg *out_msg);

#endif

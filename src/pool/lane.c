/* SPDX-License-Identifier: Apache-2.0
 *
 * A lane of the hash/commit stage: content is hashed, verified, and committed in groups.
 *
 * Knows: the parts of a lane. Does not know: images, the engine.
 * Threads: each lane's own.
 */
#include "base/clock.h"
#include "pool/internal.h"

static void handle_work(struct tug__lane *lane, const struct tug__msg *msg)
{
    if (msg->kind == TUG__MSG_SEGMENT || msg->kind == TUG__MSG_FRONT) {
        tug__lane_handle_segment(lane, msg);
    } else {
        tug__lane_handle_document(lane, msg->object);
    }
}

/* Drop a transfer. Its last segments may still be in a worker's ring (they were sent before the
 * resolver sent this): handle them first, so that nothing refers to it afterwards. They may
 * complete it, so that it waits to be committed, or was: then the verdict goes before DROPPED. */
static void drop_transfer(struct tug__lane *lane, const struct tug__msg *msg)
{
    struct tug__transfer *const transfer = msg->object;
    struct tug__msg work;

    for (unsigned i = 0; i < lane->pool->worker_count; i++) {
        while (tug__queue_pop(lane->pool->workers[i].segments[lane->number], &work)) {
            handle_work(lane, &work);
        }
    }
    tug__lane_stop_following(lane, transfer);
    tug__lane_remove_blob(lane, transfer);
    if (msg->length != 0) {
        tug__ingest_abort(transfer->ingest);
        transfer->ingest = NULL;
    }
    tug__transfer_close(transfer);
    tug__lane_send(lane, TUG__MSG_DROPPED, transfer);
}

static void handle(struct tug__lane *lane, const struct tug__msg *msg)
{
    switch ((enum tug__msg_kind)msg->kind) {
    case TUG__MSG_SEGMENT:
    case TUG__MSG_FRONT:
    case TUG__MSG_DOCUMENT:
        handle_work(lane, msg);
        break;
    case TUG__MSG_DROP:
        drop_transfer(lane, msg);
        break;
    case TUG__MSG_PUBLISH:
        tug__lane_add_publication(lane, msg->object);
        break;
    case TUG__MSG_STOP:
        lane->is_stopping = true;
        break;
    case TUG__MSG_END:
        lane->is_ending = true;
        break;
    case TUG__MSG_NONE:
    case TUG__MSG_JOB:
    case TUG__MSG_STARTED:
    case TUG__MSG_FLOWING:
    case TUG__MSG_FAR:
    case TUG__MSG_JOB_DONE:
    case TUG__MSG_JOB_FAILED:
    case TUG__MSG_COMMITTED:
    case TUG__MSG_REJECTED:
    case TUG__MSG_DROPPED:
    case TUG__MSG_PUBLISHED:
    case TUG__MSG_STOPPED:
    case TUG__MSG_ENDED:
    default:
        break; /* never sent to a lane */
    }
}

/* Handle one message, the resolver's first, then the workers' in turn. */
static bool next_message(struct tug__lane *lane, struct tug__msg *out_msg)
{
    const unsigned worker_count = lane->pool->worker_count;

    if (tug__queue_pop(lane->inbox, out_msg)) {
        return true;
    }
    for (unsigned i = 0; i < worker_count; i++) {
        const unsigned sender = lane->next_sender;

        lane->next_sender = (sender + 1) % worker_count;
        if (tug__queue_pop(lane->pool->workers[sender].segments[lane->number], out_msg)) {
            return true;
        }
    }
    return false;
}

void *tug__lane_main(void *argument)
{
    struct tug__lane *const lane = argument;

    for (;;) {
        struct tug__msg msg;
        const bool has_message = next_message(lane, &msg);

        if (has_message) {
            handle(lane, &msg);
        }
        if (tug__lane_follow_next(lane) || has_message) {
            if (tug__lane_is_commit_due(lane)) {
                tug__lane_commit(lane);
            }
        } else if (lane->group.count > 0) {
            tug__lane_commit(lane);
        } else if (lane->is_stopping && !lane->is_stopped) {
            lane->is_stopped = true;
            tug__lane_send(lane, TUG__MSG_STOPPED, lane);
        } else if (lane->is_ending) {
            break;
        } else {
            tug__bell_wait(lane->bell, TUG__NEVER_NS);
        }
    }
    tug__lane_send(lane, TUG__MSG_ENDED, lane);
    return NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes of feeds on their way into a partial file: no network and no other thread, what the lane
 * and the resolver are told is read from the queues here.
 */
#include "pool/piece.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/error.h"
#include "base/fs.h"
#include "oci/digest.h"
#include "support/tmpdir.h"

#define KIB UINT64_C(1024)
#define BLOB_BYTES (1100 * KIB + 7)

/* A blob, its transfer, and one job of it at a time. */
struct scene {
    char *path;
    struct tug_store *store;
    struct tug__bell *bell;
    struct tug__queue *events, *segments;
    struct tug__transfer transfer;
    struct tug__job job;
    struct tug__piece piece;
    struct tug__counter idle_workers; /* 1: the lane hashes */
    struct tug_error error;
    uint8_t *content;
    uint8_t *buffer;
};

/* The first job of a transfer, as the engine hands it out. */
static void take_first(struct scene *scene)
{
    scene->job = (struct tug__job){.kind = TUG__JOB_BLOB, .transfer = &scene->transfer};
    scene->job.request.is_opening = true;
    tug__ranges_fini(&scene->transfer.ranges);
    tug__ranges_init(&scene->transfer.ranges, BLOB_BYTES);
    tug__ranges_choose_first(&scene->transfer.ranges, 0, &scene->job.share);
    tug__ranges_join(&scene->transfer.ranges, &scene->job.share);
    scene->piece = (struct tug__piece){.job = &scene->job,
                                       .buffer = scene->buffer,
                                       .events = scene->events,
                                       .segments = scene->segments,
                                       .idle_workers = &scene->idle_workers};
}

static struct scene *create(void)
{
    struct scene *const scene = calloc(1, sizeof *scene);
    struct tug__transfer *const transfer = &scene->transfer;

    scene->path = tmpdir_create();
    scene->content = malloc(BLOB_BYTES);
    scene->buffer = malloc(TUG__PIECE_BYTES);
    for (uint64_t i = 0; i < BLOB_BYTES; i++) {
        scene->content[i] = (uint8_t)(i * 31 >> 7);
    }
    cr_assert_eq(tug_store_open(scene->path, NULL, &scene->store, NULL), TUG_OK);
    cr_assert_eq(tug__bell_create(&scene->bell, NULL), TUG_OK);
    cr_assert_eq(tug__queue_create(TUG__QUEUE_SPSC, 63, scene->bell, &scene->events, NULL), TUG_OK);
    cr_assert_eq(tug__queue_create(TUG__QUEUE_SPSC, 63, scene->bell, &scene->segments, NULL),
                 TUG_OK);
    transfer->size_bytes = BLOB_BYTES;
    cr_assert_eq(
        tug__digest_of(TUG_DIGEST_SHA256, scene->content, BLOB_BYTES, &transfer->digest, NULL),
        TUG_OK);
    tug__gate_init(&transfer->has_state);
    tug__counter_set(&transfer->noted, 0);
    tug__counter_set(&scene->idle_workers, 1);
    tug__ranges_init(&transfer->ranges, BLOB_BYTES);
    take_first(scene);
    return scene;
}

static void destroy(struct scene *scene)
{
    tug__extents_fini(&scene->job.result.present);
    tug__ranges_fini(&scene->transfer.ranges);
    tug__transfer_close(&scene->transfer);
    tug__queue_destroy(scene->events);
    tug__queue_destroy(scene->segments);
    tug__bell_destroy(scene->bell);
    tug_store_close(scene->store);
    tmpdir_remove(scene->path);
    free(scene->content);
    free(scene->buffer);
    free(scene);
}

/* The next message about the job; NONE when there is none. */
static enum tug__msg_kind next_event(struct scene *scene)
{
    struct tug__msg msg;

    if (!tug__queue_pop(scene->events, &msg)) {
        return TUG__MSG_NONE;
    }
    cr_assert_eq(msg.object, &scene->job);
    return (enum tug__msg_kind)msg.kind;
}

/* All that was announced follows on from first_byte without a gap, and is in the file.
 * Returns: where it ends. */
static uint64_t check_announced(struct scene *scene, uint64_t first_byte)
{
    uint8_t *const found = malloc(BLOB_BYTES);
    struct tug__msg msg;

    while (tug__queue_pop(scene->segments, &msg)) {
        cr_assert_eq(msg.kind, TUG__MSG_SEGMENT);
        cr_assert_eq(msg.object, &scene->transfer);
        cr_assert_eq(msg.offset, first_byte);
        cr_assert(msg.length > 0 && msg.length <= BLOB_BYTES - msg.offset);
        cr_assert_eq(
            tug__fs_pread_all(scene->transfer.ingest->fd, found, msg.length, msg.offset, NULL),
            TUG_OK);
        cr_assert_eq(memcmp(found, scene->content + msg.offset, msg.length), 0);
        first_byte = msg.offset + msg.length;
    }
    free(found);
    return first_byte;
}

/* The hashed beginning was passed on, as so many bytes that are noted. */
static void check_front(struct scene *scene, uint64_t length)
{
    struct tug__msg msg;

    cr_assert(tug__queue_pop(scene->segments, &msg), "no message");
    cr_assert_eq(msg.kind, TUG__MSG_FRONT);
    cr_assert_eq(msg.offset, 0);
    cr_assert_eq(msg.length, length);
    cr_assert_eq(scene->transfer.front.bytes, length);
    cr_assert_eq(tug__counter_get(&scene->transfer.noted), length);
}

/* --- a feed out of memory, which may break off --- */

struct memory {
    const uint8_t *content;
    size_t step;
    uint64_t stop_at; /* adds no byte from here on; 0: never */
    enum tug_status code;
    void (*before)(struct scene *scene, uint64_t position); /* each step; NULL: nothing */
    struct scene *scene;
};

static enum tug_status supply_memory(void *context, struct tug__piece *piece, struct tug_error *err)
{
    const struct memory *const memory = context;
    const uint64_t end = memory->stop_at > 0 ? memory->stop_at : piece->end_byte;
    uint64_t position = piece->job->result.next_byte;
    enum tug_status status = TUG_OK;

    while (status == TUG_OK && position < end && !piece->is_enough) {
        const size_t length = end - position < memory->step ? end - position : memory->step;

        if (memory->before != NULL) {
            memory->before(memory->scene, position);
        }
        status = tug__piece_add(piece, memory->content + position, length, err);
        position += length;
    }
    return status == TUG_OK && memory->code != TUG_OK ? tug__fail(err, memory->code, "broken off")
                                                      : status;
}

static enum tug_status fill(struct scene *scene, struct memory memory)
{
    memory.content = scene->content;
    memory.scene = scene;
    memory.step = memory.step > 0 ? memory.step : 16 * KIB;
    return tug__piece_fill(&scene->piece,
                           &(struct tug__feed){.supply = supply_memory, .context = &memory},
                           &scene->error);
}

static void open_first(struct scene *scene)
{
    cr_assert_eq(tug__piece_open(&scene->piece, scene->store, &scene->error), TUG_OK, "%s",
                 scene->error.message);
    cr_assert_eq(next_event(scene), TUG__MSG_STARTED);
    cr_assert_eq(tug__ranges_open(&scene->transfer.ranges, &scene->job.share,
                                  &scene->job.result.present, NULL),
                 TUG_OK);
}

Test(piece, bytes_are_written_and_announced_in_order, .timeout = 20)
{
    static const size_t steps[] = {1000, 16 * 1024, 100 * 1024, TUG__PIECE_BYTES};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct scene *const scene = create();

        open_first(scene);
        cr_assert_eq(fill(scene, (struct memory){.step = steps[i]}), TUG_OK);
        cr_assert_eq(next_event(scene), TUG__MSG_FLOWING);
        cr_assert_eq(next_event(scene), TUG__MSG_NONE);
        cr_assert_eq(check_announced(scene, 0), BLOB_BYTES);
        cr_assert_eq(scene->job.result.next_byte, BLOB_BYTES);
        cr_assert_not(tug__gate_is_open(&scene->transfer.has_state), "it came in order");
        destroy(scene);
    }
}

/* While every worker has a blob, each hashes its own, and says so once. */
Test(piece, a_blob_in_one_hand, .timeout = 20)
{
    struct scene *const scene = create();

    tug__counter_set(&scene->idle_workers, 0);
    open_first(scene);
    cr_assert_eq(fill(scene, (struct memory){0}), TUG_OK);
    check_front(scene, BLOB_BYTES);
    cr_assert_eq(check_announced(scene, BLOB_BYTES), BLOB_BYTES, "more was announced");
    cr_assert_eq(tug__hashed_check(&scene->transfer.front, scene->transfer.ingest, &scene->error),
                 TUG_OK, "%s", scene->error.message);
    destroy(scene);
}

static void become_idle(struct scene *scene, uint64_t position)
{
    tug__counter_set(&scene->idle_workers, position > 600 * KIB);
}

/* As soon as a worker is idle the lane goes on, and keeps on. */
Test(piece, a_blob_that_is_handed_over, .timeout = 20)
{
    struct scene *const scene = create();

    tug__counter_set(&scene->idle_workers, 0);
    open_first(scene);
    cr_assert_eq(fill(scene, (struct memory){.before = become_idle}), TUG_OK);
    check_front(scene, 2 * TUG__PIECE_BYTES);
    tug__counter_set(&scene->idle_workers, 0);
    cr_assert_eq(check_announced(scene, 2 * TUG__PIECE_BYTES), BLOB_BYTES);
    destroy(scene);
}

/* Others have bytes of it: the same. */
static void let_others_in(struct scene *scene, uint64_t position)
{
    if (position == 304 * KIB) {
        tug__gate_open(&scene->transfer.has_state);
    }
}

Test(piece, a_blob_that_others_join, .timeout = 20)
{
    struct scene *const scene = create();

    tug__counter_set(&scene->idle_workers, 0);
    open_first(scene);
    cr_assert_eq(tug__ingest_begin_state(scene->transfer.ingest, 0, NULL), TUG_OK);
    cr_assert_eq(fill(scene, (struct memory){.before = let_others_in}), TUG_OK);
    check_front(scene, TUG__PIECE_BYTES);
    cr_assert_eq(check_announced(scene, TUG__PIECE_BYTES), BLOB_BYTES);
    destroy(scene);
}

/* What was hashed before a failure is not hashed again. */
Test(piece, a_front_that_breaks_off, .timeout = 20)
{
    struct scene *const scene = create();
    const uint64_t stop_at = 300 * KIB + 5;

    tug__counter_set(&scene->idle_workers, 0);
    open_first(scene);
    cr_assert_eq(fill(scene, (struct memory){.stop_at = stop_at, .code = TUG_ERR_NETWORK}),
                 TUG_ERR_NETWORK);
    cr_assert_eq(scene->job.result.next_byte, stop_at);
    check_front(scene, stop_at);
    destroy(scene);
}

/* What came is written, whatever the feed ends with, and the next job goes on there. */
Test(piece, what_came_before_a_failure_is_kept, .timeout = 20)
{
    struct scene *const scene = create();
    const uint64_t stop_at = 300 * KIB + 5;
    struct tug__share share;

    open_first(scene);
    cr_assert_eq(fill(scene, (struct memory){.stop_at = stop_at, .code = TUG_ERR_NETWORK}),
                 TUG_ERR_NETWORK);
    cr_assert_str_eq(scene->error.message, "broken off");
    cr_assert_eq(scene->job.result.next_byte, stop_at);
    cr_assert_eq(check_announced(scene, 0), stop_at);
    cr_assert_eq(tug__ranges_give_back(&scene->transfer.ranges, &scene->job.share, stop_at, NULL),
                 TUG_OK);
    cr_assert(tug__ranges_choose(&scene->transfer.ranges, BLOB_BYTES, stop_at, &share));
    scene->job.share = share;
    tug__ranges_join(&scene->transfer.ranges, &scene->job.share);
    scene->job.result.next_byte = share.first_byte;
    scene->piece.is_flowing = false;
    cr_assert_eq(fill(scene, (struct memory){0}), TUG_OK);
    cr_assert_eq(check_announced(scene, stop_at), BLOB_BYTES);
    destroy(scene);
}

/* Bytes of something else: what was announced was good as far as anybody knew, the rest goes. */
Test(piece, what_is_not_the_blob_does_not_complete_it, .timeout = 20)
{
    struct scene *const scene = create();

    open_first(scene);
    cr_assert_eq(fill(scene, (struct memory){.code = TUG_ERR_CONTENT}), TUG_ERR_CONTENT);
    cr_assert_eq(check_announced(scene, 0), 4 * TUG__PIECE_BYTES);
    cr_assert_eq(scene->job.result.next_byte, 4 * TUG__PIECE_BYTES);
    destroy(scene);
}

static void cut_early(struct scene *scene, uint64_t position)
{
    if (position == 0) {
        cr_assert(tug__span_cut(scene->job.share.span, 500 * KIB));
    }
}

/* Another one took the tail: not a byte behind the cut is written. */
Test(piece, a_cut_ends_the_feed, .timeout = 20)
{
    struct scene *const scene = create();

    open_first(scene);
    cr_assert_eq(fill(scene, (struct memory){.before = cut_early, .step = 7000}), TUG_OK);
    cr_assert(scene->piece.is_enough);
    cr_assert_eq(scene->job.result.next_byte, 500 * KIB);
    cr_assert_eq(check_announced(scene, 0), 500 * KIB);
    destroy(scene);
}

/* A further share of the blob for the same job struct. */
static void go_on_at(struct scene *scene, uint64_t first_byte, uint64_t end_byte)
{
    struct tug__ranges *const ranges = &scene->transfer.ranges;
    uint64_t kept_bytes;

    scene->job.request.is_opening = false;
    cr_assert_eq(tug__ranges_keep(ranges, first_byte, end_byte, &kept_bytes, NULL), TUG_OK);
    cr_assert(tug__ranges_choose_at(ranges, first_byte, end_byte, 0, &scene->job.share));
    tug__ranges_join(ranges, &scene->job.share);
    scene->job.result.next_byte = scene->job.share.first_byte;
    scene->piece = (struct tug__piece){.job = &scene->job,
                                       .buffer = scene->buffer,
                                       .events = scene->events,
                                       .segments = scene->segments,
                                       .idle_workers = &scene->idle_workers};
}

/* A trial whose victim went past it is told nothing and writes nothing. */
Test(piece, who_comes_too_late_writes_nothing, .timeout = 20)
{
    struct scene *const scene = create();
    struct tug__span victim;
    bool is_end = false;

    open_first(scene);
    cr_assert_eq(tug__ranges_give_back(&scene->transfer.ranges, &scene->job.share, 0, NULL),
                 TUG_OK);
    go_on_at(scene, 600 * KIB, BLOB_BYTES);
    tug__span_set(&victim, 0, BLOB_BYTES);
    (void)tug__span_claim(&victim, 700 * KIB, &is_end);
    scene->job.share.victim_span = &victim;
    cr_assert_eq(fill(scene, (struct memory){0}), TUG_OK);
    cr_assert_eq(next_event(scene), TUG__MSG_NONE);
    cr_assert_eq(scene->job.result.next_byte, 600 * KIB);
    cr_assert_eq(check_announced(scene, 0), 0);
    destroy(scene);
}

Test(piece, a_removed_file_is_found_out, .timeout = 20)
{
    struct scene *const scene = create();
    char *const ingests = tmpdir_join(scene->path, "ingest/sha256");
    char hex[TUG_DIGEST_TEXT_MAX];
    char *file;

    open_first(scene);
    file = tmpdir_join(ingests, strchr(tug_digest_format(&scene->transfer.digest, hex), ':') + 1);
    cr_assert_eq(unlink(file), 0, "%s", file);
    cr_assert_eq(fill(scene, (struct memory){0}), TUG_ERR_STORE);
    cr_assert(tug__store_is_removed(&scene->error));
    cr_assert_eq(scene->job.result.next_byte, 0);
    free(file);
    free(ingests);
    destroy(scene);
}

/* --- a feed that copies out of another blob --- */

struct copy {
    int fd;
    uint64_t from_byte; /* of the other blob */
};

static enum tug_status supply_copy(void *context, struct tug__piece *piece, struct tug_error *err)
{
    const struct copy *const copy = context;
    const uint64_t first_byte = piece->job->result.next_byte;
    uint64_t position = first_byte;
    enum tug_status status = TUG_OK;

    while (status == TUG_OK && position < piece->end_byte && !piece->is_enough) {
        const uint64_t rest = piece->end_byte - position;
        const size_t length = rest < 64 * KIB ? (size_t)rest : 64 * KIB;
        uint8_t bytes[64 * KIB];

        status = tug__fs_pread_all(copy->fd, bytes, length, copy->from_byte + position - first_byte,
                                   err);
        if (status == TUG_OK) {
            status = tug__piece_add(piece, bytes, length, err);
        }
        position += length;
    }
    return status;
}

/* The middle of the blob is copied out of another file before its beginning is there; a kill then
 * leaves a partial file that says what it has, and the next run asks for the rest only. */
Test(piece, a_stretch_is_copied_while_the_rest_is_asked_for, .timeout = 20)
{
    const uint64_t first_byte = 400 * KIB;
    const uint64_t end_byte = 900 * KIB;
    struct scene *const scene = create();
    char *const donor = tmpdir_join(scene->path, "donor");
    struct copy copy = {.from_byte = 10};
    const struct tug__extents *const present = &scene->job.result.present;

    tmpdir_write(donor, scene->content + first_byte - 10, end_byte - first_byte + 20);
    copy.fd = open(donor, O_RDONLY | O_CLOEXEC);
    cr_assert_geq(copy.fd, 0);
    open_first(scene);
    cr_assert_eq(tug__ranges_give_back(&scene->transfer.ranges, &scene->job.share, 0, NULL),
                 TUG_OK);
    go_on_at(scene, first_byte, end_byte);
    cr_assert_eq(tug__piece_fill(&scene->piece, &(struct tug__feed){supply_copy, &copy}, NULL),
                 TUG_OK);
    cr_assert_eq(next_event(scene), TUG__MSG_FLOWING);
    cr_assert_eq(check_announced(scene, first_byte), end_byte);
    cr_assert(tug__gate_is_open(&scene->transfer.has_state));

    tug__ingest_close(scene->transfer.ingest); /* a kill, and another run */
    scene->transfer.ingest = NULL;
    tug__gate_init(&scene->transfer.has_state);
    take_first(scene);
    open_first(scene);
    cr_assert_eq(present->count, 1);
    cr_assert_eq(present->items[0].first, first_byte);
    cr_assert_eq(present->items[0].end, end_byte);
    cr_assert_eq(check_announced(scene, first_byte), end_byte);
    cr_assert(tug__gate_is_open(&scene->transfer.has_state), "its state is ours now");
    cr_assert_eq(fill(scene, (struct memory){0}), TUG_OK);
    cr_assert_eq(scene->job.result.next_byte, first_byte);
    cr_assert_eq(check_announced(scene, 0), first_byte);
    (void)close(copy.fd);
    free(donor);
    destroy(scene);
}

/* The blob came into the store after it was looked for: nothing is fetched. */
Test(piece, a_blob_that_was_just_committed_is_not_fetched, .timeout = 20)
{
    struct scene *const scene = create();
    struct tug__ingest *ingest = NULL;

    cr_assert_eq(tug__ingest_open(scene->store, &scene->transfer.digest, BLOB_BYTES, &ingest, NULL),
                 TUG_OK);
    cr_assert_eq(tug__fs_pwrite_all(ingest->fd, scene->content, BLOB_BYTES, 0, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_commit(ingest, NULL), TUG_OK);
    cr_assert_eq(tug__piece_open(&scene->piece, scene->store, &scene->error), TUG_ERR_BUSY);
    cr_assert_null(scene->transfer.ingest);
    cr_assert_eq(next_event(scene), TUG__MSG_NONE);
    destroy(scene);
}

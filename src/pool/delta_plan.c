/* SPDX-License-Identifier: Apache-2.0
 *
 * Read a layer's table of contents and those of its donors, and compare them.
 *
 * Knows: files, the room of the formats. Does not know: HTTP, retries, the engine.
 * Threads: the job's worker.
 */
#include "pool/delta_plan.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fs.h"
#include "store/store.h"

/* No further donor is read when this part of the bytes is found, in per cent; or when those read so
 * far have next to nothing. */
#define ENOUGH_PERCENT 75
#define NOTHING_PERCENT 2

/* A file that tables are read from. */
struct reading {
    int fd;
    const struct tug__search_stop *stop;
    bool is_stopped;
};

static enum tug_status read_file(void *context, uint64_t offset, void *bytes, size_t length,
                                 struct tug_error *err)
{
    struct reading *const reading = context;

    if (reading->stop->should_stop(reading->stop->context)) {
        reading->is_stopped = true;
        return tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
    }
    return tug__fs_pread_all(reading->fd, bytes, length, offset, err);
}

/* Read a donor's table. It may have been fetched in part only, be damaged, or have nothing in
 * common with the layer: then it has none. */
static bool read_donor(const struct tug__donor *donor, const struct tug__chunked_match *match,
                       struct reading *reading, struct tug__frame_table *out_table)
{
    const struct tug__chunked_source source = {.read = read_file, .context = reading};
    struct tug__chunked_place place = donor->place;
    TUG__AUTO_FD int fd = -1;
    bool is_read;

    if (tug__store_open_blob(donor->store, &donor->digest, &fd, NULL) != TUG_OK) {
        return false;
    }
    reading->fd = fd;
    is_read = tug__chunked_locate(&place, &source, NULL) == TUG_OK &&
              tug__chunked_read_donor(&place, &source, match, out_table, NULL) == TUG_OK;
    reading->fd = -1;
    return is_read;
}

/* Compare the donors with the layer's table, until that is enough. */
static enum tug_status compare(struct tug__delta_plan *plan, const struct tug__frame_table *target,
                               struct reading *reading, struct tug_error *err)
{
    struct tug__chunked_match *match = NULL;
    enum tug_status status = tug__chunked_match_create(target, &match, err);

    if (status != TUG_OK) {
        return status;
    }
    for (unsigned i = 0; i < plan->donor_count && !reading->is_stopped; i++) {
        const uint64_t percent = tug__chunked_match_bytes(match) / (target->end_byte / 100 + 1);
        struct tug__frame_table table = {0};

        if (percent >= ENOUGH_PERCENT || (i >= 2 && percent < NOTHING_PERCENT)) {
            break;
        }
        if (read_donor(plan->donors[i], match, reading, &table)) {
            tug__chunked_match_add(match, &table, i);
            tug__frame_table_fini(&table);
        }
        plan->donors_read++;
    }
    status = tug__chunked_match_copies(match, &plan->copies, err);
    tug__chunked_match_destroy(match);
    return status;
}

enum tug_status tug__delta_plan_make(struct tug__delta_plan *plan, int fd,
                                     const struct tug__search_stop *stop, struct tug_error *err)
{
    struct reading target_reading = {.fd = fd, .stop = stop};
    struct reading donor_reading = {.fd = -1, .stop = stop};
    const struct tug__chunked_source source = {.read = read_file, .context = &target_reading};
    struct tug__frame_table table = {0};
    enum tug_status status = tug__chunked_locate(&plan->place, &source, &plan->error);

    plan->needs_byte = tug__chunked_tail(&plan->place);
    if (status == TUG_OK && plan->needs_byte < plan->tail_byte) {
        return TUG_OK;
    }
    plan->needs_byte = plan->tail_byte;
    if (status == TUG_OK) {
        status = tug__chunked_read(&plan->place, &source, &table, &plan->error);
    }
    if (status == TUG_OK) {
        (void)compare(plan, &table, &donor_reading, &plan->error);
        tug__frame_table_fini(&table);
    }
    if (target_reading.is_stopped || donor_reading.is_stopped) {
        tug__delta_plan_fini(plan);
        return tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
    }
    return TUG_OK;
}

void tug__delta_plan_fini(struct tug__delta_plan *plan)
{
    tug__chunked_copies_fini(&plan->copies);
}

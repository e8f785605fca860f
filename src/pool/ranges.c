/* SPDX-License-Identifier: Apache-2.0
 *
 * The division of one blob into shares.
 *
 * Knows: extents, spans, the number of slots. Does not know: requests, files, clocks.
 * Threads: see ranges.h.
 */
#include "pool/ranges.h"

#include <stdlib.h>

#include "base/error.h"

/* Cuts are made at whole pages. */
#define CUT_ALIGN_BYTES UINT64_C(4096)

/* Parts ahead of the first missing byte: a state file keeps 128 of them for the next run. Copies,
 * which are quicker, leave room for what is requested between them. */
#define AHEAD_MAX 120
#define AHEAD_LOCAL_MAX 96

struct tug__slot_table {
    struct tug__span spans[TUG__INGEST_SLOTS];
    uint64_t ends[TUG__INGEST_SLOTS]; /* end of the part in a slot; 0: unused */
    bool is_running[TUG__INGEST_SLOTS];
};

void tug__ranges_init(struct tug__ranges *ranges, uint64_t size_bytes)
{
    *ranges = (struct tug__ranges){.size_bytes = size_bytes};
}

void tug__ranges_fini(struct tug__ranges *ranges)
{
    tug__extents_fini(&ranges->gaps);
    tug__extents_fini(&ranges->kept);
    free(ranges->slots);
    ranges->slots = NULL;
}

void tug__ranges_join(struct tug__ranges *ranges, struct tug__share *share)
{
    share->next = ranges->shares;
    ranges->shares = share;
    ranges->share_count++;
    if (ranges->slots != NULL) {
        ranges->slots->is_running[share->slot] = true;
    }
}

static void leave(struct tug__ranges *ranges, const struct tug__share *share)
{
    struct tug__share **link = &ranges->shares;

    while (*link != NULL && *link != share) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = share->next;
        ranges->share_count--;
    }
}

void tug__ranges_choose_first(struct tug__ranges *ranges, uint64_t first_byte,
                              struct tug__share *out_share)
{
    *out_share = (struct tug__share){.first_byte = first_byte,
                                     .slot = 1,
                                     .span = &ranges->whole,
                                     .end_byte = ranges->size_bytes};
    tug__span_set(&ranges->whole, first_byte, ranges->size_bytes);
}

bool tug__share_place(struct tug__share *share, const struct tug__extents *present,
                      uint64_t size_bytes)
{
    const uint64_t first = tug__extents_reach(present, share->first_byte);
    uint64_t end = size_bytes;

    for (size_t i = 0; i < present->count && end == size_bytes; i++) {
        if (present->items[i].first > first) {
            end = present->items[i].first;
        }
    }
    share->first_byte = first;
    share->slot = (unsigned)present->count + 1;
    tug__span_set(share->span, first, end);
    return first < end;
}

static bool make_slots(struct tug__ranges *ranges)
{
    if (ranges->slots != NULL) {
        return true;
    }
    ranges->slots = calloc(1, sizeof *ranges->slots);
    if (ranges->slots == NULL) {
        return false;
    }
    ranges->slots->ends[1] = ranges->prefix_bytes; /* if there was one, slot 1 records it */
    for (const struct tug__share *share = ranges->shares; share != NULL; share = share->next) {
        ranges->slots->is_running[share->slot] = true;
    }
    return true;
}

enum tug_status tug__ranges_open(struct tug__ranges *ranges, struct tug__share *first,
                                 const struct tug__extents *present, struct tug_error *err)
{
    const bool is_prefix = (present->count == 0 && first->first_byte == 0) ||
                           (present->count == 1 && present->items[0].first == 0 &&
                            present->items[0].end == first->first_byte);
    enum tug_status status;

    ranges->is_open = true;
    ranges->done_bytes = tug__extents_bytes(present);
    first->end_byte = tug__span_end(first->span);
    if (is_prefix) {
        ranges->prefix_bytes = ranges->done_bytes;
        return TUG_OK; /* the first share covers the whole rest */
    }
    if (present->count + 1 >= TUG__INGEST_SLOTS) {
        return tug__fail(err, TUG_ERR_INTERNAL,
                         "a partial file has %zu parts, at most %d can be noted", present->count,
                         TUG__INGEST_SLOTS - 2);
    }
    if (!make_slots(ranges)) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < present->count; i++) {
        ranges->slots->ends[i + 1] = present->items[i].end;
    }
    status = tug__extents_gaps(present, ranges->size_bytes, &ranges->gaps, err);
    if (status == TUG_OK) {
        status = tug__extents_remove(&ranges->gaps, first->first_byte, first->end_byte, err);
    }
    return status;
}

/* Tell whether a running trial may still access the span of a slot. */
static bool is_in_use(const struct tug__ranges *ranges, const struct tug__span *span)
{
    for (const struct tug__share *share = ranges->shares; share != NULL; share = share->next) {
        if (share->victim_span == span) {
            return true;
        }
    }
    return false;
}

/* Find a slot that no running share uses, and whose part is covered by slot 0. 0: none. */
static unsigned free_slot(const struct tug__ranges *ranges, uint64_t noted_bytes)
{
    for (unsigned i = 1; i < TUG__INGEST_SLOTS; i++) {
        if (!ranges->slots->is_running[i] && ranges->slots->ends[i] <= noted_bytes &&
            !is_in_use(ranges, &ranges->slots->spans[i])) {
            return i;
        }
    }
    return 0;
}

/* Get the first byte that is missing or being fetched. */
static uint64_t frontier(const struct tug__ranges *ranges)
{
    uint64_t first = ranges->gaps.count > 0 ? ranges->gaps.items[0].first : ranges->size_bytes;

    if (ranges->kept.count > 0 && ranges->kept.items[0].first < first) {
        first = ranges->kept.items[0].first;
    }
    for (const struct tug__share *share = ranges->shares; share != NULL; share = share->next) {
        const uint64_t at = tug__span_claimed(share->span);

        first = at < first ? at : first;
    }
    return first;
}

/* Number of running shares whose bytes are requested. */
static unsigned request_count(const struct tug__ranges *ranges)
{
    unsigned count = 0;

    for (const struct tug__share *share = ranges->shares; share != NULL; share = share->next) {
        count += !share->is_local;
    }
    return count;
}

/* Tell whether the first share beside another one still waits for its response, which shows whether
 * the server supports ranges. */
static bool is_on_trial(const struct tug__ranges *ranges)
{
    bool is_waiting = false;

    for (const struct tug__share *share = ranges->shares; share != NULL; share = share->next) {
        is_waiting = is_waiting || (!share->is_flowing && !share->is_local);
    }
    return is_waiting && !ranges->has_ranges;
}

/* Find the trial for a share's tail; NULL: none. */
static struct tug__share *trial_of(const struct tug__ranges *ranges, const struct tug__share *share)
{
    for (struct tug__share *other = ranges->shares; other != NULL; other = other->next) {
        if (other->victim == share) {
            return other;
        }
    }
    return NULL;
}

static uint64_t rest_of(const struct tug__share *share)
{
    const uint64_t at = tug__span_claimed(share->span);

    return share->end_byte > at ? share->end_byte - at : 0;
}

/* Choose the tail of the running share with most bytes left. Returns: false when none is worth it.
 */
static bool choose_tail(const struct tug__ranges *ranges, uint64_t length_bytes,
                        struct tug__share *out_share)
{
    struct tug__share *victim = NULL;
    uint64_t rest;
    uint64_t kept;

    for (struct tug__share *share = ranges->shares; share != NULL; share = share->next) {
        if (share->is_flowing && !share->is_local && share->victim == NULL &&
            trial_of(ranges, share) == NULL &&
            (victim == NULL || rest_of(share) > rest_of(victim))) {
            victim = share;
        }
    }
    rest = victim != NULL ? rest_of(victim) : 0;
    if (rest < 2 * TUG__SHARE_BYTES_MIN || rest / 2 < ranges->lead_bytes) {
        return false;
    }
    /* Leave it its own length, then take the next; near the end, half of the rest. */
    kept = length_bytes > ranges->lead_bytes ? length_bytes : ranges->lead_bytes;
    kept = kept < rest / 2 ? kept : rest / 2;
    out_share->first_byte = tug__span_claimed(victim->span) + kept;
    out_share->first_byte -= out_share->first_byte % CUT_ALIGN_BYTES;
    out_share->end_byte = victim->end_byte - out_share->first_byte <= length_bytes
                              ? victim->end_byte
                              : out_share->first_byte + length_bytes;
    out_share->victim = victim;
    out_share->victim_span = victim->span;
    return out_share->first_byte > tug__span_claimed(victim->span);
}

/* Count the slots of parts that are past the beginning of the blob. */
static unsigned used_slots(const struct tug__ranges *ranges, uint64_t noted_bytes)
{
    unsigned count = 0;

    for (unsigned i = 1; ranges->slots != NULL && i < TUG__INGEST_SLOTS; i++) {
        count += ranges->slots->is_running[i] || ranges->slots->ends[i] > noted_bytes;
    }
    return count;
}

/* Tell whether a part may be handed out: one that is not the first missing one only if there are
 * not too many ahead of that already. */
static bool may_go_ahead(const struct tug__ranges *ranges, uint64_t first_byte,
                         uint64_t noted_bytes, unsigned most)
{
    return first_byte == frontier(ranges) || used_slots(ranges, noted_bytes) < most;
}

/* Choose the beginning of the first gap. */
static bool choose_gap(struct tug__ranges *ranges, uint64_t length_bytes, uint64_t noted_bytes,
                       struct tug__share *out_share)
{
    const struct tug__extent gap =
        ranges->gaps.count > 0 ? ranges->gaps.items[0] : (struct tug__extent){0, 0};
    /* A rest not worth a request of its own is included. */
    const bool takes_all = gap.end - gap.first < length_bytes + TUG__SHARE_BYTES_MIN;

    if (gap.end == 0 || gap.first - frontier(ranges) > TUG__WINDOW_BYTES ||
        !may_go_ahead(ranges, gap.first, noted_bytes, AHEAD_MAX)) {
        return false;
    }
    out_share->first_byte = gap.first;
    out_share->end_byte = takes_all ? gap.end : gap.first + length_bytes;
    return tug__extents_remove(&ranges->gaps, out_share->first_byte, out_share->end_byte, NULL) ==
           TUG_OK;
}

/* Find a slot for the next share. Returns: false when there is none: the content of the partial
 * file is not known yet, or the hash is too far behind. */
static bool find_slot(struct tug__ranges *ranges, uint64_t noted_bytes, struct tug__share *share)
{
    if (!ranges->is_open || !make_slots(ranges)) {
        return false;
    }
    share->slot = free_slot(ranges, noted_bytes);
    return share->slot != 0;
}

/* Hand out a chosen share. */
static void hand_out(struct tug__ranges *ranges, struct tug__share *share,
                     struct tug__share *out_share)
{
    share->span = &ranges->slots->spans[share->slot];
    tug__span_set(share->span, share->first_byte, share->end_byte);
    *out_share = *share;
}

bool tug__ranges_choose(struct tug__ranges *ranges, uint64_t length_bytes, uint64_t noted_bytes,
                        struct tug__share *out_share)
{
    struct tug__share share = {0};
    const bool may_try = ranges->is_flowing && !ranges->is_single;

    if (request_count(ranges) > 0 && (!may_try || is_on_trial(ranges))) {
        return false; /* a cold cache, no ranges, or unknown yet: one at a time */
    }
    if (!find_slot(ranges, noted_bytes, &share)) {
        return false;
    }
    if (!choose_gap(ranges, length_bytes, noted_bytes, &share) &&
        (ranges->share_count == 0 || !choose_tail(ranges, length_bytes, &share))) {
        return false;
    }
    hand_out(ranges, &share, out_share);
    return true;
}

bool tug__ranges_choose_from(struct tug__ranges *ranges, uint64_t first_byte, uint64_t noted_bytes,
                             struct tug__share *out_share)
{
    struct tug__share share = {0};
    size_t i = 0;

    while (i < ranges->gaps.count && ranges->gaps.items[i].end <= first_byte) {
        i++;
    }
    if (i == ranges->gaps.count || !find_slot(ranges, noted_bytes, &share)) {
        return false;
    }
    share.first_byte =
        ranges->gaps.items[i].first > first_byte ? ranges->gaps.items[i].first : first_byte;
    share.end_byte = ranges->gaps.items[i].end;
    if (tug__extents_remove(&ranges->gaps, share.first_byte, share.end_byte, NULL) != TUG_OK) {
        return false;
    }
    hand_out(ranges, &share, out_share);
    return true;
}

enum tug_status tug__ranges_keep(struct tug__ranges *ranges, uint64_t first_byte, uint64_t end_byte,
                                 uint64_t *out_bytes, struct tug_error *err)
{
    *out_bytes = 0;
    return tug__extents_move(&ranges->gaps, &ranges->kept,
                             (struct tug__extent){first_byte, end_byte}, out_bytes, err);
}

enum tug_status tug__ranges_release(struct tug__ranges *ranges, uint64_t first_byte,
                                    uint64_t end_byte, struct tug_error *err)
{
    uint64_t bytes = 0;

    return tug__extents_move(&ranges->kept, &ranges->gaps,
                             (struct tug__extent){first_byte, end_byte}, &bytes, err);
}

bool tug__ranges_has_kept(const struct tug__ranges *ranges, uint64_t first_byte, uint64_t end_byte)
{
    struct tug__extent part;

    return tug__extents_find(&ranges->kept, first_byte, end_byte, &part);
}

bool tug__ranges_choose_at(struct tug__ranges *ranges, uint64_t first_byte, uint64_t end_byte,
                           uint64_t noted_bytes, struct tug__share *out_share)
{
    struct tug__share share = {.is_local = true};
    struct tug__extent part;

    if (!tug__extents_find(&ranges->kept, first_byte, end_byte, &part) ||
        !may_go_ahead(ranges, part.first, noted_bytes, AHEAD_LOCAL_MAX) ||
        !find_slot(ranges, noted_bytes, &share)) {
        return false;
    }
    share.first_byte = part.first;
    share.end_byte = part.end;
    if (share.first_byte - frontier(ranges) > TUG__WINDOW_BYTES ||
        tug__extents_remove(&ranges->kept, share.first_byte, share.end_byte, NULL) != TUG_OK) {
        return false;
    }
    hand_out(ranges, &share, out_share);
    return true;
}

/* A trial succeeded: the victim ends where the share starts, and the bytes after the share belong
 * to none. */
static enum tug_status confirm(struct tug__ranges *ranges, struct tug__share *share,
                               struct tug_error *err)
{
    struct tug__share *const victim = share->victim;
    const uint64_t victim_end = victim->end_byte;

    share->victim = NULL;
    victim->end_byte = share->first_byte;
    return tug__extents_add(&ranges->gaps, share->end_byte, victim_end, err);
}

enum tug_status tug__ranges_flow(struct tug__ranges *ranges, struct tug__share *share,
                                 struct tug_error *err)
{
    share->is_flowing = true;
    if (share->is_local) {
        return TUG_OK;
    }
    ranges->is_flowing = true;
    ranges->has_ranges = ranges->has_ranges || request_count(ranges) > 1;
    return share->victim != NULL ? confirm(ranges, share, err) : TUG_OK;
}

/* A share has ended while a trial for its tail is running. The position where its worker stopped
 * decides for both sides, because it does not change any more: at or before the trial's start, the
 * trial gets its part (cut already, or once its response arrives); past it, the trial gets nothing.
 */
static enum tug_status settle_trial(struct tug__ranges *ranges, const struct tug__share *share,
                                    struct tug__share *trial, struct tug_error *err)
{
    if (tug__span_claimed(share->span) <= trial->first_byte) {
        return confirm(ranges, trial, err);
    }
    trial->victim = NULL;
    trial->is_void = true;
    return TUG_OK;
}

enum tug_status tug__ranges_give_back(struct tug__ranges *ranges, struct tug__share *share,
                                      uint64_t next_byte, struct tug_error *err)
{
    struct tug__share *const trial = trial_of(ranges, share);
    enum tug_status status = TUG_OK;

    leave(ranges, share);
    if (ranges->slots != NULL) {
        ranges->slots->is_running[share->slot] = false;
        ranges->slots->ends[share->slot] = next_byte > share->first_byte ? next_byte : 0;
    }
    ranges->done_bytes += next_byte - share->first_byte;
    if (share->victim != NULL || share->is_void) {
        return TUG_OK; /* a trial that never cut: its bytes still belong to the victim */
    }
    if (trial != NULL) {
        status = settle_trial(ranges, share, trial, err);
    }
    if (status == TUG_OK) {
        status = tug__extents_add(&ranges->gaps, next_byte, share->end_byte, err);
    }
    return status;
}

uint64_t tug__ranges_done(const struct tug__ranges *ranges)
{
    uint64_t sum = ranges->done_bytes;

    if (!ranges->is_open) {
        return sum; /* the start of the first share belongs to its worker until it is reported */
    }
    for (const struct tug__share *share = ranges->shares; share != NULL; share = share->next) {
        const uint64_t at = tug__span_claimed(share->span);

        sum += at > share->first_byte ? at - share->first_byte : 0;
    }
    return sum < ranges->size_bytes ? sum : ranges->size_bytes;
}

bool tug__ranges_is_waiting(const struct tug__ranges *ranges)
{
    for (const struct tug__share *share = ranges->shares; share != NULL; share = share->next) {
        if (rest_of(share) > 0) {
            return true;
        }
    }
    return false;
}

bool tug__ranges_has_gaps(const struct tug__ranges *ranges)
{
    return ranges->gaps.count > 0;
}

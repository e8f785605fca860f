/* SPDX-License-Identifier: Apache-2.0
 *
 * How one blob is divided among jobs: what is missing, who fetches which share of it, what is taken
 * next. No I/O and no clock: the resolver decides when, this decides what.
 *
 * A blob begins as one share, its whole rest, asked for without a range. When the resolver wants
 * more connections on it, a further share takes the tail of a running one: a trial, which cuts the
 * other one's span only when the first byte of its own answer is there, so that a server without
 * ranges costs nothing. What is behind the trial's end becomes a gap, and gaps are handed out from
 * the front, so that the hash can follow.
 *
 * Threads: the resolver's, except that a share's worker reads first_byte, slot and its spans.
 */
#ifndef TUG_POOL_RANGES_H
#define TUG_POOL_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include <tug/error.h>

#include "base/extents.h"
#include "pool/progress.h"
#include "store/store.h"

/* Farthest a share may begin ahead of the first missing byte: the hash can then follow from the
 * page cache. */
#define TUG__WINDOW_BYTES (UINT64_C(512) * 1024 * 1024)
/* Smallest share worth a request of its own. */
#define TUG__SHARE_BYTES_MIN (UINT64_C(1024) * 1024)

/* One job's part of a blob. */
struct tug__share {
    /* set at hand-out, then read-only; the first share's first_byte and slot are its worker's until
     * the partial file is open (tug__share_place, tug__ranges_open) */
    uint64_t first_byte;
    unsigned slot;                 /* of the state file */
    struct tug__span *span;        /* where the worker is and up to where it may go */
    struct tug__span *victim_span; /* to be cut at first_byte by the worker; NULL: none */
    bool is_local;                 /* its bytes are copied, not requested */
    /* resolver only */
    uint64_t end_byte;         /* assigned; lowered when somebody else took the tail */
    struct tug__share *victim; /* whose tail it takes; NULL: none, or the cut is confirmed */
    bool is_flowing;           /* the first byte of its answer came */
    bool is_void;              /* a trial whose victim went past it: it will get nothing */
    struct tug__share *next;   /* of the same blob */
};

struct tug__slot_table; /* what is known of the state file's slots, and the shares' spans */

struct tug__ranges {
    uint64_t size_bytes;
    uint64_t done_bytes;       /* in the file, without what running shares have got */
    uint64_t prefix_bytes;     /* of these: the beginning that was there when it was opened */
    struct tug__extents gaps;  /* missing, and nobody's */
    struct tug__share *shares; /* running */
    unsigned share_count;
    struct tug__span whole;        /* span of the first share */
    struct tug__slot_table *slots; /* owned; NULL while there is one share from the start */
    bool is_open;                  /* what the partial file holds is known */
    bool is_flowing;               /* some answer for this blob came */
    bool is_single;                /* one share at a time: the server knows no ranges */
    bool has_ranges;               /* the server answered a range as it should */
};

/* Begin with a blob of which nothing is known but its size. */
void tug__ranges_init(struct tug__ranges *ranges, uint64_t size_bytes);
/* Free what it holds; no share may be running. */
void tug__ranges_fini(struct tug__ranges *ranges);

/* Choose the first share: the worker will open the partial file and find out where it begins
 * (tug__share_place). Like every chosen share it must be joined before anything else happens. */
void tug__ranges_choose_first(struct tug__ranges *ranges, struct tug__share *out_share);
/* The worker's part of that: make the share the first gap of what is there.
 * present: of the partial file. Returns: false when nothing is missing. Threads: the worker. */
bool tug__share_place(struct tug__share *share, const struct tug__extents *present,
                      uint64_t size_bytes);
/* The resolver's part: the partial file is open, and this is what it had.
 * present_slots: its parts are noted in slots 1 and up. Errors: TUG_ERR_NO_MEMORY;
 * TUG_ERR_INTERNAL: more parts than there are slots. */
enum tug_status tug__ranges_open(struct tug__ranges *ranges, struct tug__share *first,
                                 const struct tug__extents *present, struct tug_error *err);

/* Choose a further share: the first gap within the window, else the tail of a running share.
 * length_bytes: how much one share should be. noted_bytes: the beginning that slot 0 vouches for.
 * Returns: false when there is nothing to hand out now. */
bool tug__ranges_choose(struct tug__ranges *ranges, uint64_t length_bytes, uint64_t noted_bytes,
                        struct tug__share *out_share);
/* Choose a share for bytes that can be copied locally instead of being requested: the first part of
 * [first_byte, end_byte) that is missing, in no share, and within the window. Call again for the
 * next part. Such a share does not wait for a trial, and proves nothing about the server.
 * Returns: false when there is no such part, or nothing can be handed out now. */
bool tug__ranges_choose_at(struct tug__ranges *ranges, uint64_t first_byte, uint64_t end_byte,
                           uint64_t noted_bytes, struct tug__share *out_share);
/* Count a chosen share, now at its final place, as running. */
void tug__ranges_join(struct tug__ranges *ranges, struct tug__share *share);
/* The first byte of a share's answer is there (and a cut, if it was to make one, is made).
 * Errors: TUG_ERR_NO_MEMORY: the blob cannot be completed. */
enum tug_status tug__ranges_flow(struct tug__ranges *ranges, struct tug__share *share,
                                 struct tug_error *err);
/* A share's job is over: bytes [first_byte, next_byte) are in the file, the rest is a gap again.
 * Errors: TUG_ERR_NO_MEMORY: the blob cannot be completed. */
enum tug_status tug__ranges_give_back(struct tug__ranges *ranges, struct tug__share *share,
                                      uint64_t next_byte, struct tug_error *err);

/* Bytes in the file, those of running shares included (claimed ones, so a little early); what the
 * first share has done counts only after tug__ranges_open(). */
uint64_t tug__ranges_done(const struct tug__ranges *ranges);
/* Tell whether something is missing that nobody fetches. */
bool tug__ranges_has_gaps(const struct tug__ranges *ranges);

#endif

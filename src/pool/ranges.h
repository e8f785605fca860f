/* SPDX-License-Identifier: Apache-2.0
 *
 * How one blob is divided among jobs: what is missing, which job fetches which share, which share
 * comes next. No I/O and no clock: the resolver decides when, this decides what.
 *
 * A blob starts as one share, its whole rest, requested without a range. When the resolver wants
 * more connections for it, a further share takes the tail of a running one: a trial, which cuts the
 * other one's span only when the first byte of its own response has arrived, so that a server
 * without ranges costs nothing. The bytes after the trial's end become a gap, and gaps are handed
 * out from the front, so that the hash can follow.
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

/* Farthest that a share may start ahead of the first missing byte, so that the hash can follow from
 * the page cache. */
#define TUG__WINDOW_BYTES (UINT64_C(512) * 1024 * 1024)
/* Smallest share worth a request of its own. */
#define TUG__SHARE_BYTES_MIN (UINT64_C(1024) * 1024)

/* One job's part of a blob. */
struct tug__share {
    /* set at hand-out, then read-only; the first share's first_byte and slot are its worker's until
     * the partial file is open (tug__share_place, tug__ranges_open) */
    uint64_t first_byte;
    unsigned slot;                 /* of the state file */
    struct tug__span *span;        /* the worker's position and its limit */
    struct tug__span *victim_span; /* to be cut at first_byte by the worker; NULL: none */
    bool is_local;                 /* its bytes are copied, not requested */
    /* resolver only */
    uint64_t end_byte;         /* assigned; lowered when another share took the tail */
    struct tug__share *victim; /* share whose tail it takes; NULL: none, or the cut is confirmed */
    bool is_flowing;           /* the first byte of its response has arrived */
    bool is_void;              /* a trial whose victim went past it: it gets nothing */
    struct tug__share *next;   /* of the same blob */
};

struct tug__slot_table; /* use of the state file's slots, and the shares' spans */

struct tug__ranges {
    uint64_t size_bytes;
    uint64_t done_bytes;       /* in the file, without those of running shares */
    uint64_t prefix_bytes;     /* of these: the beginning found in the file when it was opened */
    struct tug__extents gaps;  /* missing, and in no share: to be requested */
    struct tug__extents kept;  /* the same, but to be copied; none touches a gap */
    struct tug__share *shares; /* running */
    unsigned share_count;
    struct tug__span whole;        /* span of the first share */
    struct tug__slot_table *slots; /* owned; NULL while there is one share from the start */
    uint64_t lead_bytes; /* the resolver: a tail is taken so far ahead of its share, so that
                            the response comes before the share gets there */
    bool is_open;        /* the parts in the partial file are known */
    bool is_flowing;     /* a response for this blob has arrived */
    bool is_single;      /* one share at a time: the server does not support ranges */
    bool has_ranges;     /* the server has returned a correct range */
};

/* Start with a blob of which only the size is known. */
void tug__ranges_init(struct tug__ranges *ranges, uint64_t size_bytes);
/* Free a division; no share may be running. */
void tug__ranges_fini(struct tug__ranges *ranges);

/* Choose the first share: the worker opens the partial file and finds out where it starts
 * (tug__share_place). Like every chosen share it must be joined before anything else happens.
 * first_byte: where it starts at the earliest: 0, or the beginning of a tail that is wanted first.
 */
void tug__ranges_choose_first(struct tug__ranges *ranges, uint64_t first_byte,
                              struct tug__share *out_share);
/* The worker's part of that: place the share at the first gap from its first_byte on. present:
 * parts in the partial file. Returns: false when nothing is missing there. Threads: the worker. */
bool tug__share_place(struct tug__share *share, const struct tug__extents *present,
                      uint64_t size_bytes);
/* The resolver's part: note the parts that the opened partial file had. They are recorded in slots
 * 1 and up. Errors: TUG_ERR_NO_MEMORY; TUG_ERR_INTERNAL: more parts than there are slots. */
enum tug_status tug__ranges_open(struct tug__ranges *ranges, struct tug__share *first,
                                 const struct tug__extents *present, struct tug_error *err);

/* Choose a share that begins at a byte, which is missing and in no share, and goes on to the next
 * byte that is not: for bytes that are wanted before all others. Returns: false when there is no
 * such byte before the end of the blob, or nothing can be handed out now. */
bool tug__ranges_choose_from(struct tug__ranges *ranges, uint64_t first_byte, uint64_t noted_bytes,
                             struct tug__share *out_share);
/* Choose a further share: the first gap within the window, else the tail of a running share that
 * has twice as much left as is worth a request, and as the lead. length_bytes: wanted length of a
 * share. noted_bytes: length of the beginning, as recorded in slot 0. Returns: false when there is
 * nothing to hand out now. */
bool tug__ranges_choose(struct tug__ranges *ranges, uint64_t length_bytes, uint64_t noted_bytes,
                        struct tug__share *out_share);
/* Keep what is missing of [first_byte, end_byte), and in no share, for copies: it is not requested.
 * out_bytes: how much that is. Errors: TUG_ERR_NO_MEMORY: the blob cannot be completed. */
enum tug_status tug__ranges_keep(struct tug__ranges *ranges, uint64_t first_byte, uint64_t end_byte,
                                 uint64_t *out_bytes, struct tug_error *err);
/* The opposite: request what is still kept of that. Errors: as tug__ranges_keep. */
enum tug_status tug__ranges_release(struct tug__ranges *ranges, uint64_t first_byte,
                                    uint64_t end_byte, struct tug_error *err);
/* Tell whether something is kept of [first_byte, end_byte). */
bool tug__ranges_has_kept(const struct tug__ranges *ranges, uint64_t first_byte, uint64_t end_byte);
/* Choose a share for bytes that are copied instead of being requested: the first part of
 * [first_byte, end_byte) that is kept, and within the window. Call again for the next part. Such a
 * share does not wait for a trial, and proves nothing about the server; what it does not copy is
 * requested. Returns: false when there is no such part, or nothing can be handed out now. */
bool tug__ranges_choose_at(struct tug__ranges *ranges, uint64_t first_byte, uint64_t end_byte,
                           uint64_t noted_bytes, struct tug__share *out_share);
/* Count a chosen share, now at its final place, as running. */
void tug__ranges_join(struct tug__ranges *ranges, struct tug__share *share);
/* Note that the first byte of a share's response has arrived (and its cut, if any, is made).
 * Errors: TUG_ERR_NO_MEMORY: the blob cannot be completed. */
enum tug_status tug__ranges_flow(struct tug__ranges *ranges, struct tug__share *share,
                                 struct tug_error *err);
/* Note the end of a share's job: bytes [first_byte, next_byte) are in the file, the rest is a gap
 * again. Errors: TUG_ERR_NO_MEMORY: the blob cannot be completed. */
enum tug_status tug__ranges_give_back(struct tug__ranges *ranges, struct tug__share *share,
                                      uint64_t next_byte, struct tug_error *err);

/* Bytes in the file, including those of running shares (claimed ones, so a little early); those of
 * the first share count only after tug__ranges_open(). */
uint64_t tug__ranges_done(const struct tug__ranges *ranges);
/* Tell whether a running share has bytes to come. */
bool tug__ranges_is_waiting(const struct tug__ranges *ranges);
/* Tell whether bytes are missing that no share fetches. */
bool tug__ranges_has_gaps(const struct tug__ranges *ranges);

#endif

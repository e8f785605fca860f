/* SPDX-License-Identifier: Apache-2.0
 *
 * Which frames of a target some donor has.
 *
 * The target's frames are in a hash table, by identity and length. A donor is walked once, in
 * order. Where its last frame was found, the next one is expected right behind: so a content that
 * appears many times is copied from the place that makes one long copy.
 *
 * Knows: frames. Does not know: JSON, files, documents.
 * Threads: see chunked.h.
 */
#include <stdlib.h>

#include "base/error.h"
#include "chunked/internal.h"

#define NOTHING UINT32_MAX
/* Places of the hash table that are tried: it is at most half full. */
#define PROBES_MAX 64

/* What was found for one frame of the target. */
struct found {
    uint64_t from; /* in the donor */
    uint32_t next; /* frame with the same identity and length; NOTHING: none */
    uint16_t donor;
    bool is_found;
};

struct tug__chunked_match {
    const struct tug__frame_table *target;
    struct found *found; /* one for each frame */
    uint32_t *heads;     /* hash table of frames; NOTHING: empty */
    size_t mask;         /* its size less one */
    uint64_t bytes;
};

static uint64_t end_of(const struct tug__frame_table *table, size_t i)
{
    return i + 1 < table->count ? table->frames[i + 1].first : table->end_byte;
}

static uint64_t length_of(const struct tug__frame_table *table, size_t i)
{
    return end_of(table, i) - table->frames[i].first;
}

static bool is_same(const struct tug__frame_table *left, size_t i,
                    const struct tug__frame_table *right, size_t j)
{
    return left->frames[i].identity[0] == right->frames[j].identity[0] &&
           left->frames[i].identity[1] == right->frames[j].identity[1] &&
           length_of(left, i) == length_of(right, j);
}

/* Find the place in the hash table where a frame is, or would be. Returns: NULL: there are too many
 * others around there, which happens only on purpose. */
static uint32_t *find_place(const struct tug__chunked_match *match,
                            const struct tug__frame_table *table, size_t i)
{
    const struct tug__frame *const frame = &table->frames[i];
    const uint64_t hash = (frame->identity[1] ^ length_of(table, i)) * UINT64_C(0x9e3779b97f4a7c15);

    for (size_t probe = 0; probe < PROBES_MAX; probe++) {
        uint32_t *const head = &match->heads[((size_t)(hash >> 20) + probe) & match->mask];

        if (*head == NOTHING || is_same(match->target, *head, table, i)) {
            return head;
        }
    }
    return NULL;
}

enum tug_status tug__chunked_match_create(const struct tug__frame_table *target,
                                          struct tug__chunked_match **out_match,
                                          struct tug_error *err)
{
    struct tug__chunked_match *const match = calloc(1, sizeof *match);
    size_t size = 16;

    while (size < 2 * target->count) {
        size *= 2;
    }
    if (match != NULL) {
        match->target = target;
        match->mask = size - 1;
        match->found = calloc(target->count + 1, sizeof *match->found);
        match->heads = malloc(size * sizeof *match->heads);
    }
    if (match == NULL || match->found == NULL || match->heads == NULL) {
        tug__chunked_match_destroy(match);
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < size; i++) {
        match->heads[i] = NOTHING;
    }
    for (size_t i = target->count; i-- > 0;) { /* the first of equal ones becomes the head */
        uint32_t *const head = find_place(match, target, i);

        if (head != NULL) {
            match->found[i].next = *head;
            *head = (uint32_t)i;
        }
    }
    *out_match = match;
    return TUG_OK;
}

static void note(struct tug__chunked_match *match, size_t i, uint64_t from, unsigned number)
{
    struct found *const found = &match->found[i];

    match->bytes += found->is_found ? 0 : length_of(match->target, i);
    found->is_found = true;
    found->from = from;
    found->donor = (uint16_t)number;
}

/* Note a donor's frame for all frames of the target that have none. Returns: the first of these;
 * NOTHING: there is none. Equal ones are found together, so the head tells for all. */
static uint32_t note_all(struct tug__chunked_match *match, const struct tug__frame_table *donor,
                         size_t i, unsigned number)
{
    const uint32_t *const head = find_place(match, donor, i);

    if (head == NULL || *head == NOTHING || match->found[*head].is_found) {
        return head != NULL ? *head : NOTHING;
    }
    for (uint32_t j = *head; j != NOTHING; j = match->found[j].next) {
        note(match, j, donor->frames[i].first, number);
    }
    return *head;
}

void tug__chunked_match_add(struct tug__chunked_match *match, const struct tug__frame_table *donor,
                            unsigned number)
{
    const struct tug__frame_table *const target = match->target;
    uint32_t expected = 0;

    for (size_t i = 0; i < donor->count; i++) {
        const uint32_t head = note_all(match, donor, i, number);

        if (expected < target->count && is_same(target, expected, donor, i)) {
            const struct found *const found = &match->found[expected];

            if (!found->is_found || found->donor == number) {
                note(match, expected, donor->frames[i].first, number);
            }
        } else {
            expected = head;
        }
        expected = expected == NOTHING ? NOTHING : expected + 1;
    }
}

bool tug__chunked_match_has(const struct tug__chunked_match *match,
                            const struct tug__frame_table *donor, unsigned percent)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i + 1 < donor->count; i++) {
        const uint32_t *const head = find_place(match, donor, i);

        bytes += head != NULL && *head != NOTHING ? length_of(donor, i) : 0;
    }
    return donor->count == 0 || bytes >= donor->frames[donor->count - 1].first / 100 * percent;
}

uint64_t tug__chunked_match_bytes(const struct tug__chunked_match *match)
{
    return match->bytes;
}

/* Tell whether a frame of the target continues the copy of the one before it. */
static bool is_continued(const struct tug__chunked_match *match, size_t i)
{
    const struct found *const found = match->found;

    return i > 0 && found[i - 1].is_found && found[i - 1].donor == found[i].donor &&
           found[i - 1].from + length_of(match->target, i - 1) == found[i].from;
}

enum tug_status tug__chunked_match_copies(const struct tug__chunked_match *match,
                                          struct tug__chunked_copies *out_copies,
                                          struct tug_error *err)
{
    const struct tug__frame_table *const target = match->target;
    struct tug__chunked_copies copies = {0};
    size_t count = 0;

    for (size_t i = 0; i < target->count; i++) {
        count += match->found[i].is_found && !is_continued(match, i);
    }
    copies.items = malloc((count + 1) * sizeof *copies.items);
    if (copies.items == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < target->count; i++) {
        const struct found *const found = &match->found[i];

        if (found->is_found && !is_continued(match, i)) {
            copies.items[copies.count++] = (struct tug__chunked_copy){
                .first = target->frames[i].first,
                .from = found->from,
                .donor = found->donor,
            };
        }
        if (found->is_found) {
            copies.items[copies.count - 1].end = end_of(target, i);
        }
    }
    copies.bytes = match->bytes;
    *out_copies = copies;
    return TUG_OK;
}

void tug__chunked_match_destroy(struct tug__chunked_match *match)
{
    if (match == NULL) {
        return;
    }
    free(match->found);
    free(match->heads);
    free(match);
}

void tug__chunked_copies_fini(struct tug__chunked_copies *copies)
{
    free(copies->items);
    *copies = (struct tug__chunked_copies){0};
}

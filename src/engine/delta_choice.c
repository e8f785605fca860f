/* SPDX-License-Identifier: Apache-2.0
 *
 * Which donors, which copies, and whether it is worth it.
 *
 * Knows: donors, copies, measured rates. Does not know: jobs, the graph.
 * Threads: any.
 */
#include "engine/delta_choice.h"

#include <stdlib.h>

#include "base/clock.h"

/* Shorter copies cost more than they save, whatever the link; longer ones are always made. */
#define COPY_BYTES_MIN ((uint64_t)4 * 1024)
#define COPY_BYTES_ALWAYS ((uint64_t)256 * 1024)
/* What a request costs when nothing is measured yet. */
#define REQUEST_BYTES_GUESS ((uint64_t)64 * 1024)
/* What may be requested although it could be copied: this part of the layer, and so many times what
 * is requested beyond another part. */
#define JOINED_PART 200
#define JOINED_FREE_PART 10
#define JOINED_TIMES 3
/* Work of this machine for a request and the copy behind it. */
#define REQUEST_WORK_S 150e-6

/* Donors that are looked at for one layer, of its repository and of others: those of the newest
 * images, of which the largest have 127 layers. */
#define LOOKS_MAX 512

/* Least gain: in bytes, and of what is missing. */
#define GAIN_BYTES_MIN ((uint64_t)1024 * 1024)
#define GAIN_PERCENT_MIN 20

/* State of a choice. */
struct choosing {
    const struct tug__donor_wish *wish;
    bool is_same;        /* of the wish's repository, or of others */
    bool has_newest;     /* a possible one was seen */
    uint64_t newest_age; /* its image's */
    struct tug__donor **chosen;
    unsigned kept; /* chosen before: they stay in front */
    unsigned count, capacity;
};

/* Images of one place in the manifest are tried before its neighbours' older ones. */
static uint64_t distance(const struct tug__donor *donor, const struct choosing *choosing)
{
    const unsigned number = choosing->wish->number;
    const uint64_t places =
        donor->number > number ? donor->number - number : number - donor->number;
    const uint64_t ages = donor->age - choosing->newest_age;

    return 2 * places + (ages < UINT32_MAX ? ages : UINT32_MAX);
}

static bool is_possible(const struct tug__donor *donor, const struct choosing *choosing)
{
    const struct tug__donor_wish *const wish = choosing->wish;

    return (donor->repository == wish->repository) == choosing->is_same && !donor->is_bad &&
           donor->place.format == wish->format && !tug_digest_equal(&donor->digest, wish->digest);
}

/* Where a layer is among the chosen ones; count: nowhere. */
static unsigned find_chosen(const struct choosing *choosing, const struct tug__donor *donor)
{
    unsigned i = 0;

    while (i < choosing->count && !tug_digest_equal(&choosing->chosen[i]->digest, &donor->digest)) {
        i++;
    }
    return i;
}

/* Choose a donor, if it is better than one that is chosen, or there is room. */
static void consider(struct choosing *choosing, struct tug__donor *donor)
{
    const uint64_t far = distance(donor, choosing);
    unsigned hole = find_chosen(choosing, donor);
    unsigned place = choosing->kept;

    while (place < choosing->count && distance(choosing->chosen[place], choosing) <= far) {
        place++;
    }
    if (place > hole || place == choosing->capacity) {
        return; /* the same layer is nearer in another image; or there are enough */
    }
    if (hole == choosing->count) {
        choosing->count += choosing->count < choosing->capacity;
        hole = choosing->count - 1;
    }
    for (unsigned i = hole; i > place; i--) {
        choosing->chosen[i] = choosing->chosen[i - 1];
    }
    choosing->chosen[place] = donor;
}

/* Look at one donor. */
static void look(struct choosing *choosing, struct tug__donor *donor)
{
    if (!is_possible(donor, choosing)) {
        return;
    }
    if (!choosing->has_newest) {
        choosing->has_newest = true;
        choosing->newest_age = donor->age;
    }
    consider(choosing, donor);
}

unsigned tug__donors_choose(const struct tug__donors *donors, const struct tug__donor_wish *wish,
                            struct tug__donor **out_donors, unsigned capacity)
{
    const struct tug__donor_list *const near = tug__donors_near(donors, wish->repository);
    struct choosing choosing = {
        .wish = wish, .is_same = true, .chosen = out_donors, .capacity = capacity};
    struct tug__donor *donor = near != NULL ? near->first : NULL;

    for (unsigned i = 0; donor != NULL && i < LOOKS_MAX; i++) {
        look(&choosing, donor);
        donor = donor->next_near;
    }
    choosing.is_same = false;
    choosing.has_newest = false;
    choosing.kept = choosing.count;
    donor = choosing.count < capacity ? donors->all.first : NULL;
    for (unsigned i = 0; donor != NULL && i < LOOKS_MAX; i++) {
        look(&choosing, donor);
        donor = donor->next;
    }
    return choosing.count;
}

static int compare_lengths(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* The length below which copies are dropped: as many as the budget allows, the shortest first. */
static uint64_t find_limit(const struct tug__chunked_copies *copies, uint64_t budget_bytes,
                           uint64_t limit_bytes)
{
    uint64_t *const lengths = malloc((copies->count + 1) * sizeof *lengths);
    uint64_t sum = 0;
    size_t i;

    if (lengths == NULL) {
        return 0; /* more requests than needed */
    }
    for (i = 0; i < copies->count; i++) {
        lengths[i] = copies->items[i].end - copies->items[i].first;
    }
    qsort(lengths, copies->count, sizeof *lengths, compare_lengths);
    for (i = 0; i < copies->count && lengths[i] < limit_bytes && sum + lengths[i] <= budget_bytes;
         i++) {
        sum += lengths[i];
    }
    /* of equal lengths either all or none */
    limit_bytes = i < copies->count && lengths[i] < limit_bytes ? lengths[i] : limit_bytes;
    free(lengths);
    return limit_bytes;
}

/* Tell whether bytes on both sides of a copy are requested, so that it parts two requests. */
static bool is_between_gaps(const struct tug__chunked_copies *copies, size_t i,
                            uint64_t layer_bytes)
{
    const struct tug__chunked_copy *const copy = &copies->items[i];

    return copy->first > (i > 0 ? copies->items[i - 1].end : 0) &&
           copy->end < (i + 1 < copies->count ? copies->items[i + 1].first : layer_bytes);
}

uint64_t tug__copies_request_bytes(double rate_each, uint64_t answer_ns, double rate_all)
{
    const double awaited = rate_each * ((double)answer_ns / (double)TUG__NS_PER_S);
    const double worked = rate_all * REQUEST_WORK_S;

    return (uint64_t)(awaited > worked ? awaited : worked);
}

/* Bytes that may be requested although they could be copied. */
static uint64_t find_budget(uint64_t layer_bytes, uint64_t copied_bytes, bool is_measured)
{
    const uint64_t requested = layer_bytes > copied_bytes ? layer_bytes - copied_bytes : 0;
    const uint64_t free_bytes = layer_bytes / JOINED_FREE_PART;
    const uint64_t beyond = requested > free_bytes ? requested - free_bytes : 0;

    return layer_bytes / JOINED_PART + (is_measured ? JOINED_TIMES * beyond : 0);
}

void tug__copies_join(struct tug__chunked_copies *copies, uint64_t layer_bytes,
                      uint64_t request_bytes)
{
    uint64_t limit = request_bytes > 0 ? request_bytes : REQUEST_BYTES_GUESS;
    size_t kept = 0;

    limit = limit > COPY_BYTES_MIN ? limit : COPY_BYTES_MIN;
    limit = limit < COPY_BYTES_ALWAYS ? limit : COPY_BYTES_ALWAYS;
    limit = find_limit(copies, find_budget(layer_bytes, copies->bytes, request_bytes > 0), limit);
    for (size_t i = 0; i < copies->count; i++) {
        const struct tug__chunked_copy copy = copies->items[i];

        if (copy.end - copy.first < limit && is_between_gaps(copies, i, layer_bytes)) {
            copies->bytes -= copy.end - copy.first;
            copies->items[i].end = copies->items[i].first; /* for the next one's look at it */
        } else {
            copies->items[kept++] = copy;
        }
    }
    copies->count = kept;
}

bool tug__copies_may_be_worth_it(uint64_t tail_byte)
{
    return tail_byte >= GAIN_BYTES_MIN;
}

bool tug__copies_are_worth_it(const struct tug__copies_gain *gain)
{
    const uint64_t copied = gain->copied_bytes;

    if (gain->is_begun) {
        return copied > 0;
    }
    return copied >= GAIN_BYTES_MIN && copied <= gain->missing_bytes &&
           copied / GAIN_PERCENT_MIN >= gain->missing_bytes / 100 &&
           copied / (gain->request_bytes > 0 ? gain->request_bytes : 1) >= gain->gap_count;
}

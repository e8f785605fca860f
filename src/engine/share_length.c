/* SPDX-License-Identifier: Apache-2.0
 *
 * Long shares first, shorter ones toward the end.
 *
 * Knows: rates. Does not know: jobs, clocks.
 * Threads: any.
 */
#include "engine/share_length.h"

#include "pool/ranges.h"

#define NS_PER_S 1e9
#define MIB (UINT64_C(1024) * 1024)
/* What a connection should need for a share, so that its request costs 2.5 % at most. */
#define SHARE_SECONDS 2.0
#define SHARE_ANSWERS 40.0
#define SHARE_BYTES_MAX (64 * MIB)
/* Toward the end shares get shorter, down to the first, or on a long way to what comes in so many
 * answers' times, at most the second: the hash needs a moment for the last ones. */
#define LAST_BYTES (4 * MIB)
#define LAST_ANSWERS 10.0
#define LAST_BYTES_FAR (16 * MIB)
/* A share's tail is taken as many answers' times ahead: an answer that comes too late is of no use,
 * and its connection, closed in the middle of a body, begins again slowly. */
#define LEAD_ANSWERS 3.0

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What a connection brings in so many answers' times. */
static uint64_t bytes_in_answers(const struct tug__share_view *view, double count)
{
    return (uint64_t)(view->rate_each * ((double)view->answer_ns / NS_PER_S) * count);
}

uint64_t tug__share_length(const struct tug__share_view *view)
{
    const unsigned connections = view->connections > 0 ? view->connections : 1;
    const uint64_t even = view->rest_bytes / connections;
    const uint64_t last =
        most(least(bytes_in_answers(view, LAST_ANSWERS), LAST_BYTES_FAR), LAST_BYTES);
    const uint64_t shortest = most(least(last, even), TUG__SHARE_BYTES_MIN);
    const uint64_t longest =
        most((uint64_t)(view->rate_each * SHARE_SECONDS), bytes_in_answers(view, SHARE_ANSWERS));

    return least(most(least(longest, SHARE_BYTES_MAX), view->chunk_bytes),
                 most(even / 2, shortest));
}

uint64_t tug__share_lead(const struct tug__share_view *view)
{
    return bytes_in_answers(view, LEAD_ANSWERS);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * A span between two threads: one claims pieces and writes them, the other cuts the tail off and
 * writes that. Whatever they meet in, no byte is written by both, and none that the cut got is left
 * out.
 */
#include "pool/progress.h"

#include <pthread.h>
#include <string.h>

#include "stress/stress.h"

#define ROUNDS 20000
#define SPAN_BYTES 4096

struct round {
    struct tug__span span;
    pthread_barrier_t barrier;
    /* each written by one thread, read by main between rounds */
    unsigned char owner_marks[SPAN_BYTES];
    unsigned char cutter_marks[SPAN_BYTES];
    uint64_t reached; /* by the owner */
    bool is_cut;
    uint64_t cut_at;
    uint64_t random; /* of the owner */
};

static void *run_owner(void *argument)
{
    struct round *const round = argument;

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t at = 0;
        uint64_t read = 0; /* of the stream, which never goes back */
        bool is_end = false;

        pthread_barrier_wait(&round->barrier);
        while (!is_end) {
            uint64_t allowed;

            REQUIRE(at == read); /* else what comes is written at a wrong place */
            read += 1 + stress_random(&round->random, 300);
            read = read < SPAN_BYTES ? read : SPAN_BYTES;
            allowed = tug__span_claim(&round->span, read, &is_end);
            REQUIRE(allowed >= at);
            memset(round->owner_marks + at, 1, allowed - at);
            at = allowed;
        }
        round->reached = at;
        pthread_barrier_wait(&round->barrier);
    }
    return NULL;
}

/* What must hold after both are done with it. */
static void check(const struct round *round)
{
    const uint64_t cutter_from = round->is_cut ? round->cut_at : SPAN_BYTES;

    for (uint64_t i = 0; i < SPAN_BYTES; i++) {
        REQUIRE(round->owner_marks[i] + round->cutter_marks[i] <= 1);
        REQUIRE(round->owner_marks[i] == (i < round->reached));
        REQUIRE(round->cutter_marks[i] == (i >= cutter_from));
    }
    if (round->is_cut) {
        REQUIRE(round->reached == round->cut_at);
    } else {
        /* It may have stopped where the cut was tried, and says so. */
        REQUIRE(round->reached == SPAN_BYTES || round->reached >= round->cut_at);
    }
}

int main(int argc, char **argv)
{
    static struct round round;
    uint64_t random = stress_seed(argc, argv);
    unsigned cuts = 0;
    pthread_t owner;

    round.random = random + 1;
    REQUIRE(pthread_barrier_init(&round.barrier, NULL, 2) == 0);
    REQUIRE(pthread_create(&owner, NULL, run_owner, &round) == 0);
    for (int i = 0; i < ROUNDS; i++) {
        memset(round.owner_marks, 0, sizeof round.owner_marks);
        memset(round.cutter_marks, 0, sizeof round.cutter_marks);
        tug__span_set(&round.span, 0, SPAN_BYTES);
        round.cut_at = 1 + stress_random(&random, SPAN_BYTES - 1);
        pthread_barrier_wait(&round.barrier);
        for (unsigned spin = stress_random(&random, 400); spin > 0; spin--) {
            (void)tug__span_claimed(&round.span);
        }
        round.is_cut = tug__span_cut(&round.span, round.cut_at);
        if (round.is_cut) {
            memset(round.cutter_marks + round.cut_at, 1, SPAN_BYTES - round.cut_at);
            cuts++;
        }
        pthread_barrier_wait(&round.barrier);
        check(&round);
    }
    REQUIRE(pthread_join(owner, NULL) == 0);
    REQUIRE(cuts > 0);
    return 0;
}

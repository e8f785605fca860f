/* SPDX-License-Identifier: Apache-2.0
 *
 * The questions of a run that resolves: one per reference. Internal to lookup.c and question.c.
 * Threads: the caller of tug__lookup_run.
 */
#ifndef TUG_LOOKUP_QUESTION_H
#define TUG_LOOKUP_QUESTION_H

#include "engine/engine.h"
#include "pipeline/gauge.h"
#include "pipeline/pipeline.h"
#include "lookup/survey.h"

struct tug__session;
struct tug__lookup;

/* One reference, by its position in the array. */
struct tug__question {
    struct tug__waiter waiter;  /* first: an edge's waiter is found by it */
    struct tug__lookup *lookup; /* once it has begun */
    struct tug__survey *survey; /* owned; for one platform; NULL: the root itself is wanted */
    bool is_done;
};

struct tug__lookup {
    const struct tug__run_settings *settings;
    struct tug__session *session;
    struct tug__engine *engine;
    struct tug__wish wish;           /* of references without options of their own */
    struct tug__question *questions; /* owned; ref_count */
    size_t begun;                    /* all before this one are started */
    size_t done_count;
    bool is_failing_fast;
    struct tug_error first_error; /* of the first reference that failed; zero: none has */
    struct tug__gauge gauge;
};

/* Start a question. If that fails, it is answered with the error. */
void tug__question_begin(struct tug__lookup *lookup, size_t position);
/* Answer a question with an error. seconds: of its requests. */
void tug__question_fail(struct tug__lookup *lookup, struct tug__question *question,
                        const struct tug_error *error, double seconds);
/* Answer questions, or go on with them, by all results of the engine. */
void tug__questions_settle(struct tug__lookup *lookup);
/* Report the registries' warnings. */
void tug__lookup_warn(const struct tug__lookup *lookup);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * List the tags of repositories, several of them at a time.
 *
 * The caller sleeps and reports; each lister, a thread with a client of its own, takes one
 * repository after the other and asks for its pages (pages.c).
 *
 * Shutdown: the caller sets the stop flag, wakes the clients and rings the bells; each lister ends
 * its call, hands over what it has and says END; the caller takes messages until all have, and
 * joins them.
 *
 * Knows: sessions, clients, queues. Does not know: HTTP, how pages are linked.
 * Threads: the caller of tug__tags_run, and the listers.
 */
#include "tags/tags.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "pipeline/start.h"
#include "pipeline/tell.h"
#include "ref/ref.h"
#include "tags/pages.h"

/* Results that a lister may be ahead of the caller. */
#define RESULTS_CAPACITY 1

/* Messages to the caller; their object is the lister. */
enum { LISTED, END };

struct listing;

/* One thread. */
struct lister {
    /* set before it starts, then read-only */
    struct listing *listing;
    struct tug__tag_pages pages; /* its client, and how it asks */
    struct tug__bell *bell;      /* it sleeps on it */
    struct tug__queue *results;  /* to the caller */
    pthread_t thread;
    bool is_started;
};

/* What became of one repository. */
struct listed {
    /* the lister's until LISTED, then the caller's */
    struct tug__tag_set tags;
    struct tug_error error; /* code TUG_OK: none */
    double seconds;
    /* the caller's */
    bool is_told;
};

struct listing {
    /* set at create, then read-only */
    const struct tug__run_settings *settings;
    const struct tug__tag_wish *wish;
    struct tug__session *session;
    struct lister *listers;
    unsigned lister_count;
    struct listed **results; /* one for each reference; owned */
    struct tug__cancel stop;
    /* shared: guarded by the mutex */
    pthread_mutex_t mutex;
    size_t next; /* the reference to be taken next */
    /* the caller's */
    size_t told_count;
    bool is_stopping;
    bool is_failing_fast;
    struct tug_error first_error; /* of the first repository that failed; zero: none has */
};

/* --- listers --- */

static bool should_stop(void *context)
{
    const struct lister *const lister = context;

    return tug__cancel_is_set(&lister->listing->stop);
}

/* Take the next repository. Returns: its position, ref_count when there is none. */
static size_t take(struct listing *listing)
{
    size_t position;

    (void)pthread_mutex_lock(&listing->mutex);
    position = listing->next;
    listing->next += position < listing->settings->ref_count;
    (void)pthread_mutex_unlock(&listing->mutex);
    return position;
}

static void *lister_main(void *context)
{
    struct lister *const lister = context;
    struct listing *const listing = lister->listing;
    struct tug__msg msg = {.kind = LISTED, .object = lister};

    while (!should_stop(lister)) {
        const size_t position = take(listing);
        const uint64_t begin_ns = tug__now_ns();
        struct listed *result;

        if (position == listing->settings->ref_count) {
            break;
        }
        result = listing->results[position];
        if (tug__tag_pages_read(&lister->pages, listing->settings->refs[position], &result->tags,
                                &result->error) == TUG_OK) {
            tug__tag_set_finish(&result->tags, listing->wish);
        }
        result->seconds = (double)(tug__now_ns() - begin_ns) / (double)TUG__NS_PER_S;
        msg.offset = position;
        tug__queue_push(lister->results, &msg);
    }
    msg.kind = END;
    tug__queue_push(lister->results, &msg);
    return NULL;
}

/* --- the caller: results --- */

/* Pass on the tags of a repository. */
static void tell_tags(const struct listing *listing, size_t position, const char *repository)
{
    const struct tug_tags_options *const options = listing->wish->options;
    const struct tug__tag_set *const set = &listing->results[position]->tags;
    char ref[TUG__REF_NAME_MAX + TUG__REF_TAG_MAX + 2];
    struct tug_event warning = {.kind = TUG_EVENT_WARNING, .ref = repository};
    char text[TUG_ERROR_MESSAGE_MAX];
    char shown[4 * sizeof set->foreign];

    for (size_t i = 0; options->on_tag != NULL && i < set->count; i++) {
        const struct tug_tag tag = {.position = position,
                                    .repository = repository,
                                    .name = set->tags[i].name,
                                    .ref = ref,
                                    .is_version = set->tags[i].is_version};

        (void)snprintf(ref, sizeof ref, "%s:%s", repository, tag.name);
        options->on_tag(options->tag_context, &tag);
    }
    if (set->foreign_count > 0) {
        (void)tug_text_escape(shown, sizeof shown, set->foreign, strlen(set->foreign));
        (void)snprintf(text, sizeof text,
                       "%s: %zu of the names that the registry lists cannot be tags, and are left "
                       "out, such as '%s'",
                       repository, set->foreign_count, shown);
        warning.text = text;
        tug__tell(listing->settings, listing->session, &warning);
    }
}

/* Report the result of a repository. error: code TUG_OK: its tags are known. */
static void tell_result(struct listing *listing, size_t position, const struct tug_error *error)
{
    const struct tug_ref *const ref = listing->settings->refs[position];
    struct listed *const listed = listing->results[position];
    char repository[TUG__REF_NAME_MAX + 1];
    struct tug_image_result result = {.position = position,
                                      .ref = repository,
                                      .status = error->code,
                                      .error = *error,
                                      .seconds = listed->seconds};
    const struct tug_event event = {.kind = TUG_EVENT_IMAGE, .image = &result};

    (void)snprintf(repository, sizeof repository, "%s/%s", tug_ref_host(ref),
                   tug_ref_repository(ref));
    tug__tell_warnings(listing->settings, listing->session);
    if (error->code == TUG_OK) {
        tell_tags(listing, position, repository);
    }
    tug__tell(listing->settings, listing->session, &event);
    listed->is_told = true;
    listing->told_count++;
    tug__tag_set_fini(&listed->tags);
    if (error->code != TUG_OK && listing->first_error.code == TUG_OK) {
        listing->first_error = *error;
    }
    listing->is_failing_fast =
        listing->is_failing_fast || (error->code != TUG_OK && listing->settings->options.fail_fast);
}

/* Report the repositories that the end of the run left out. */
static void tell_rest(struct listing *listing)
{
    struct tug_error error = {0};

    if (tug__cancel_is_set(listing->settings->cancel)) {
        (void)tug__fail(&error, TUG_ERR_CANCELLED, "interrupted");
    } else if (listing->is_failing_fast) {
        (void)tug__fail(&error, TUG_ERR_CANCELLED, "not listed: another repository failed first");
    } else {
        (void)tug__fail(&error, TUG_ERR_TIMEOUT, "timed out");
    }
    for (size_t i = 0; i < listing->settings->ref_count; i++) {
        if (!listing->results[i]->is_told) {
            tell_result(listing, i, &error);
        }
    }
}

/* --- the caller: the run --- */

static void stop(struct listing *listing)
{
    listing->is_stopping = true;
    tug__cancel_set(&listing->stop);
    for (unsigned i = 0; i < listing->lister_count; i++) {
        tug__client_wake(listing->listers[i].pages.client);
        tug__bell_ring(listing->listers[i].bell);
    }
}

/* Take all messages of a lister. Returns: whether it has ended. */
static bool take_results(struct listing *listing, const struct lister *lister)
{
    struct tug__msg msg;

    while (tug__queue_pop(lister->results, &msg)) {
        if (msg.kind == END) {
            return true;
        }
        if (listing->results[msg.offset]->error.code != TUG_ERR_CANCELLED) {
            tell_result(listing, msg.offset, &listing->results[msg.offset]->error);
        }
    }
    return false;
}

/* Report results until every lister has ended. running: of them that are started. */
static void loop(struct listing *listing, unsigned running, uint64_t end_ns)
{
    const struct tug__run_settings *const settings = listing->settings;

    while (running > 0) {
        if (!listing->is_stopping && (tug__cancel_is_set(settings->cancel) ||
                                      tug__now_ns() >= end_ns || listing->is_failing_fast)) {
            stop(listing);
        }
        tug__bell_wait(settings->bell, listing->is_stopping ? TUG__NEVER_NS : end_ns);
        for (unsigned i = 0; i < listing->lister_count; i++) {
            if (listing->listers[i].is_started && take_results(listing, &listing->listers[i])) {
                (void)pthread_join(listing->listers[i].thread, NULL);
                listing->listers[i].is_started = false;
                running--;
            }
        }
    }
}

static enum tug_status make_lister(struct listing *listing, struct lister *lister,
                                   struct tug_error *err)
{
    const struct tug_fetch_options *const options = &listing->settings->options;
    const struct tug__client_settings client = {
        .session = listing->session,
        .connect_timeout_ms = options->connect_timeout_ms,
        .stall_timeout_ms = options->stall_timeout_ms,
        .should_stop = should_stop,
        .stop_context = lister,
    };
    enum tug_status status = tug__client_create(&client, &lister->pages.client, err);

    if (status == TUG_OK) {
        status = tug__bell_create(&lister->bell, err);
    }
    if (status == TUG_OK) {
        status = tug__queue_create(TUG__QUEUE_SPSC, RESULTS_CAPACITY, listing->settings->bell,
                                   &lister->results, err);
    }
    lister->listing = listing;
    lister->pages.bell = lister->bell;
    lister->pages.stop = &listing->stop;
    lister->pages.wish = listing->wish;
    lister->pages.random = (uint32_t)tug__now_ns();
    lister->pages.policy = (struct tug__retry_policy){
        .retries = options->no_retries ? 0 : options->retries,
        .max_wait_ms = options->retry_max_wait_ms,
    };
    return status;
}

static enum tug_status set_up(struct listing *listing, struct tug_error *err)
{
    const struct tug__run_settings *const settings = listing->settings;
    const unsigned most = settings->options.max_concurrent_downloads;
    const unsigned count = settings->ref_count < most ? (unsigned)settings->ref_count : most;
    enum tug_status status = tug__run_session(settings, &listing->session, err);

    listing->results = calloc(settings->ref_count + 1, sizeof(struct listed *));
    listing->listers = calloc(count + 1, sizeof *listing->listers);
    if (listing->results == NULL || listing->listers == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; status == TUG_OK && i < settings->ref_count; i++) {
        listing->results[i] = calloc(1, sizeof **listing->results);
        status = listing->results[i] != NULL ? TUG_OK : tug__fail_memory(err);
    }
    for (unsigned i = 0; status == TUG_OK && i < count; i++) {
        listing->lister_count = i + 1;
        status = make_lister(listing, &listing->listers[i], err);
    }
    return status;
}

/* Start as many listers as the system has threads for. */
static unsigned start(struct listing *listing, struct tug_error *err)
{
    unsigned running = 0;

    while (running < listing->lister_count) {
        struct lister *const lister = &listing->listers[running];

        if (tug__thread_start(&lister->thread, lister_main, lister, err) != TUG_OK) {
            break;
        }
        lister->is_started = true;
        running++;
    }
    return running;
}

static void fini(struct listing *listing)
{
    for (unsigned i = 0; i < listing->lister_count; i++) {
        tug__client_destroy(listing->listers[i].pages.client);
        tug__queue_destroy(listing->listers[i].results);
        tug__bell_destroy(listing->listers[i].bell);
    }
    for (size_t i = 0; listing->results != NULL && i < listing->settings->ref_count; i++) {
        if (listing->results[i] != NULL) {
            tug__tag_set_fini(&listing->results[i]->tags);
            free(listing->results[i]);
        }
    }
    free(listing->results);
    free(listing->listers);
    tug__session_destroy(listing->session); /* after its clients */
    (void)pthread_mutex_destroy(&listing->mutex);
}

enum tug_status tug__tags_run(const struct tug__run_settings *settings,
                              const struct tug__tag_wish *wish, struct tug_error *err)
{
    struct listing listing = {.settings = settings, .wish = wish};
    const uint64_t end_ns = settings->options.timeout_ms > 0
                                ? tug__deadline_ns(settings->options.timeout_ms)
                                : TUG__NEVER_NS;
    struct tug_error error = {0};
    enum tug_status status;
    unsigned running = 0;

    (void)pthread_mutex_init(&listing.mutex, NULL);
    tug__cancel_init(&listing.stop);
    status = set_up(&listing, &error);
    if (status == TUG_OK && settings->ref_count > 0) {
        running = start(&listing, &error);
        status = running > 0 ? TUG_OK : error.code;
    }
    if (status == TUG_OK) {
        loop(&listing, running, end_ns);
        tell_rest(&listing);
        tug__tell_warnings(settings, listing.session);
        error = listing.first_error;
        status = error.code;
    }
    if (status != TUG_OK && err != NULL) {
        *err = error;
        tug__session_cut_error(listing.session, err);
    }
    fini(&listing);
    return status;
}

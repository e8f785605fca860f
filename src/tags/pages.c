/* SPDX-License-Identifier: Apache-2.0
 *
 * From the first page of tags to the last.
 *
 * Knows: pages, the retry policy. Does not know: curl, versions.
 * Threads: the lister.
 */
#include "tags/pages.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "registry/page.h"

/* One repository's list. */
struct reading {
    struct tug__tag_pages *how;
    struct tug__source source;
    struct tug__pages pages;
    struct tug__tag_set *set;
    /* the next request */
    char query[TUG__PAGE_QUERY_MAX];
    bool has_query;
    unsigned endpoint; /* that serves the list; 0: none yet */
    unsigned avoid;    /* that failed in the middle of it; 0: none has */
};

/* Sleep. Returns: false when the lister has to stop. */
static bool wait(const struct reading *reading, uint64_t delay_ms)
{
    const uint64_t end_ns = tug__deadline_ns(delay_ms);

    while (!tug__cancel_is_set(reading->how->stop) && tug__now_ns() < end_ns) {
        tug__bell_wait(reading->how->bell, end_ns);
    }
    return !tug__cancel_is_set(reading->how->stop);
}

/* Decide whether a failed attempt is repeated, and when. *failures: attempts so far. */
static bool may_retry(struct reading *reading, const struct tug__call_result *result,
                      const struct tug_error *error, unsigned *failures, uint64_t *out_delay_ms)
{
    struct tug__tag_pages *const how = reading->how;
    struct tug__failed_attempt attempt = {.error = error, .retry_after_ms = result->retry_after_ms};

    if (result->is_deferred) { /* nothing was asked */
        *out_delay_ms = result->retry_after_ms;
        return result->retry_after_ms <= how->policy.max_wait_ms;
    }
    *failures = tug__retry_count(*failures, 0);
    attempt.failures = *failures;
    how->random = how->random * UINT32_C(1664525) + UINT32_C(1013904223);
    return tug__retry_decide(&how->policy, &attempt, how->random >> 16, out_delay_ms);
}

/* Get the next page, in as many attempts as it takes. out_reply: its names are owned. */
static enum tug_status get(struct reading *reading, struct tug__tags_reply *out_reply,
                           struct tug_error *err)
{
    unsigned failures = 0;

    for (;;) {
        const struct tug__tags_request request = {
            .query = reading->has_query ? reading->query : NULL,
            .endpoint = reading->endpoint,
            .avoid = reading->avoid,
        };
        struct tug_error error = {0};
        uint64_t delay_ms = 0;
        enum tug_status status = tug__client_get_tags(reading->how->client, &reading->source,
                                                      &request, out_reply, &error);

        if (status == TUG_OK) {
            return TUG_OK;
        }
        if (error.http_status == 400 && !reading->has_query) {
            reading->has_query = true; /* it refuses the size of the page: ask for any */
            continue;
        }
        if (!may_retry(reading, &out_reply->result, &error, &failures, &delay_ms)) {
            *err = error;
            return status;
        }
        if (!wait(reading, delay_ms)) {
            return tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
        }
    }
}

/* Tell whether to begin anew at another endpoint after a failure. */
static bool may_begin_anew(const struct reading *reading, const struct tug__tags_reply *reply,
                           enum tug_status status)
{
    return reading->endpoint != 0 && reading->avoid == 0 && reply->has_others &&
           status != TUG_ERR_CANCELLED && status != TUG_ERR_NO_MEMORY &&
           status != TUG_ERR_TOO_LARGE;
}

/* Read page after page. *out_reply: the last one. */
static enum tug_status read_pages(struct reading *reading, struct tug__tags_reply *out_reply,
                                  struct tug_error *err)
{
    enum tug_status status;

    do {
        status = get(reading, out_reply, err);
        if (status != TUG_OK) {
            return status;
        }
        status = tug__pages_take(&reading->pages, out_reply->count, out_reply->next, err);
        if (status == TUG_OK) {
            status = tug__tag_set_add(reading->set, reading->how->wish, out_reply->names,
                                      out_reply->length, err);
        }
        free(out_reply->names);
        out_reply->names = NULL;
        reading->endpoint = out_reply->endpoint;
        reading->has_query = true;
        (void)strcpy(reading->query, out_reply->next);
    } while (status == TUG_OK && *out_reply->next != '\0');
    return status;
}

enum tug_status tug__tag_pages_read(struct tug__tag_pages *pages, const struct tug_ref *ref,
                                    struct tug__tag_set *out_set, struct tug_error *err)
{
    struct reading reading = {
        .how = pages,
        .source = {.host = tug_ref_host(ref), .repository = tug_ref_repository(ref)},
        .pages = {.max_pages = TUG__TAGS_PAGES_MAX,
                  .max_items = TUG__TAGS_MAX,
                  .max_barren = TUG__TAGS_EMPTY_PAGES_MAX},
        .set = out_set,
    };
    struct tug__tags_reply *const reply = calloc(1, sizeof *reply);
    enum tug_status status;

    if (reply == NULL) {
        return tug__fail_memory(err);
    }
    status = read_pages(&reading, reply, err);
    if (status != TUG_OK && may_begin_anew(&reading, reply, status)) {
        tug__tag_set_fini(out_set);
        tug__pages_clear(&reading.pages);
        reading.avoid = reading.endpoint;
        reading.endpoint = 0;
        reading.has_query = false;
        reading.query[0] = '\0';
        *err = (struct tug_error){0};
        status = read_pages(&reading, reply, err);
    }
    tug__pages_clear(&reading.pages);
    free(reply);
    return status;
}

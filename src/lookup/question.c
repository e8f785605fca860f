/* SPDX-License-Identifier: Apache-2.0
 *
 * One reference to resolve: its request, what comes of it, its result.
 *
 * Knows: the engine's interface, documents. Does not know: HTTP, retries, how many there are at
 * once. Threads: the caller of tug__lookup_run.
 */
#include "lookup/question.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "oci/descriptor.h"
#include "oci/document.h"
#include "oci/media_type.h"
#include "pipeline/tell.h"
#include "registry/registry.h"

_Static_assert(offsetof(struct tug__question, waiter) == 0,
               "a question is found by its first member");

/* --- events --- */

void tug__lookup_warn(const struct tug__lookup *lookup)
{
    tug__tell_warnings(lookup->settings, lookup->session);
}

/* Report a warning about the choice among the entries of an index. */
static void warn(void *context, bool is_shortfall, const char *text)
{
    const struct tug__question *const question = context;
    const struct tug__lookup *const lookup = question->lookup;
    char shown[TUG_ERROR_MESSAGE_MAX];
    const struct tug_event event = {
        .kind = TUG_EVENT_WARNING,
        .ref = tug_ref_name(lookup->settings->refs[question - lookup->questions]),
        .text = shown,
        .is_shortfall = is_shortfall,
    };

    (void)tug_text_escape(shown, sizeof shown, text, strlen(text));
    tug__tell(lookup->settings, lookup->session, &event);
}

/* A question waits for nothing any more. */
static void close_question(struct tug__lookup *lookup, struct tug__question *question)
{
    tug__engine_forget(lookup->engine, &question->waiter);
    if (question->survey != NULL) {
        tug__survey_fini(question->survey);
        free(question->survey);
        question->survey = NULL;
    }
}

/* Report the result of a question. result: complete, except for position and reference. */
static void report(struct tug__lookup *lookup, struct tug__question *question,
                   struct tug_image_result *result)
{
    const struct tug_event event = {.kind = TUG_EVENT_IMAGE, .image = result};

    question->is_done = true;
    lookup->done_count++;
    result->position = (size_t)(question - lookup->questions);
    result->ref = tug_ref_name(lookup->settings->refs[result->position]);
    tug__lookup_warn(lookup);
    tug__tell(lookup->settings, lookup->session, &event);
    close_question(lookup, question);
    if (result->status == TUG_OK) {
        return;
    }
    if (lookup->first_error.code == TUG_OK) {
        lookup->first_error = result->error;
    }
    lookup->is_failing_fast = lookup->is_failing_fast || lookup->settings->options.fail_fast;
}

void tug__question_fail(struct tug__lookup *lookup, struct tug__question *question,
                        const struct tug_error *error, double seconds)
{
    struct tug_image_result result = {.status = error->code, .error = *error, .seconds = seconds};

    report(lookup, question, &result);
}

/* --- answers --- */

/* Choose the media type: the registry's or, if that is generic, the document's own. Returns: owned;
 * NULL when out of memory. */
static char *choose_media_type(const struct tug__settled *settled)
{
    const struct tug__document_text text = {
        .bytes = settled->body, .length = settled->size_bytes, .media_type = settled->media_type};
    struct tug__document document;
    char *type = NULL;

    if (tug__media_is_generic(settled->media_type) && settled->body != NULL &&
        tug__document_parse(&text, &document, NULL) == TUG_OK) {
        type = strdup(document.media_type);
        tug__document_fini(&document);
        return type;
    }
    type = strdup(settled->media_type);
    if (type != NULL) {
        type[strcspn(type, "; \t")] = '\0';
        if (tug__media_type_check(type, NULL) != TUG_OK) {
            type[0] = '\0'; /* it is passed to terminals and scripts unchanged */
        }
    }
    return type;
}

/* Check the digest of a reply against the reference. Errors: TUG_ERR_CONTENT. */
static enum tug_status check_digest(const struct tug_ref *ref, const struct tug_digest *digest,
                                    struct tug_error *err)
{
    const struct tug_digest *const pinned = tug_ref_digest(ref);
    char text[TUG_DIGEST_TEXT_MAX];

    if (pinned == NULL || pinned->algorithm != digest->algorithm ||
        tug_digest_equal(pinned, digest)) {
        return TUG_OK;
    }
    return tug__fail(err, TUG_ERR_CONTENT, "the registry returned another manifest: %s",
                     tug_digest_format(digest, text));
}

static void handle_answer(struct tug__lookup *lookup, struct tug__question *question,
                          const struct tug__settled *settled)
{
    const struct tug_ref *const ref = lookup->settings->refs[question - lookup->questions];
    struct tug_error error = {0};
    char *media_type = NULL;
    struct tug_image_result result = {
        .digest = tug_ref_digest(ref) != NULL ? *tug_ref_digest(ref) : settled->digest,
        .size_bytes = settled->size_bytes,
        .seconds = settled->seconds,
    };

    if (check_digest(ref, &settled->digest, &error) == TUG_OK) {
        media_type = choose_media_type(settled);
        if (media_type == NULL) {
            (void)tug__fail_memory(&error);
        }
    }
    if (error.code != TUG_OK) {
        tug__question_fail(lookup, question, &error, settled->seconds);
    } else {
        result.media_type = media_type;
        report(lookup, question, &result);
    }
    free(media_type);
}

/* Use what was found out for a question about one platform. */
static void handle_survey(struct tug__lookup *lookup, struct tug__question *question,
                          const struct tug__settled *settled, const struct tug__edge *edge)
{
    struct tug__survey *const survey = question->survey;
    struct tug_error error = {0};

    if (tug__survey_use(survey, settled, edge, &error) != TUG_OK) {
        tug__question_fail(lookup, question, &error, settled->seconds);
    } else if (tug__survey_is_complete(survey)) {
        struct tug_image_result result = {
            .digest = survey->digest,
            .media_type = survey->media_type,
            .size_bytes = survey->size_bytes,
            .seconds = settled->seconds,
            .platform = survey->has_platform ? &survey->platform : NULL,
        };

        report(lookup, question, &result);
    }
}

static void handle_edge(struct tug__lookup *lookup, const struct tug__settled *settled,
                        const struct tug__edge *edge)
{
    struct tug__question *const question = (struct tug__question *)edge->waiter;
    struct tug_error error;

    if (question == NULL) {
        return;
    }
    if (tug__settled_refusal(settled, edge, &error)) {
        tug__question_fail(lookup, question, &error, settled->seconds);
    } else if (question->survey != NULL) {
        handle_survey(lookup, question, settled, edge);
    } else {
        handle_answer(lookup, question, settled);
    }
}

void tug__questions_settle(struct tug__lookup *lookup)
{
    struct tug__settled settled;

    while (tug__engine_next_settled(lookup->engine, &settled)) {
        for (const struct tug__edge *edge = settled.edges; edge != NULL; edge = edge->next) {
            handle_edge(lookup, &settled, edge);
        }
    }
}

/* --- the beginning --- */

/* Prepare a question: with a survey, if one platform is wanted.
 * Errors: TUG_ERR_INVALID_ARGUMENT: several are; TUG_ERR_NO_MEMORY. */
static enum tug_status prepare(struct tug__lookup *lookup, size_t position, struct tug_error *err)
{
    struct tug__question *const question = &lookup->questions[position];
    const struct tug__wish wish =
        tug__wish_of(&lookup->wish, lookup->settings->ref_options[position]);

    question->lookup = lookup;
    if (wish.all_platforms || wish.is_default) {
        return TUG_OK;
    }
    if (wish.platform_count > 1) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                         "only one platform can be resolved at a time, not %zu",
                         wish.platform_count);
    }
    question->survey = malloc(sizeof *question->survey);
    if (question->survey == NULL) {
        return tug__fail_memory(err);
    }
    *question->survey = (struct tug__survey){
        .engine = lookup->engine,
        .waiter = &question->waiter,
        .ref = lookup->settings->refs[position],
        .wish = {.platforms = wish.platforms, .platform_count = 1},
        .warn = warn,
        .warn_context = question,
        .requested = 1,
    };
    return TUG_OK;
}

/* Request the root: its headers, or the document when it has to be read. */
static enum tug_status request_root(struct tug__lookup *lookup, struct tug__question *question,
                                    const struct tug_ref *ref, struct tug_error *err)
{
    const struct tug_digest *const pinned = tug_ref_digest(ref);
    char reference[TUG_DIGEST_TEXT_MAX]; /* a tag is shorter */
    struct tug__wanted wanted = {
        .tag = reference,
        .is_document = true,
        .source = ref,
        .asks_digest_first = question->survey == NULL,
        .may_be_blob = pinned != NULL,
        .is_lookup = true,
    };

    if (pinned != NULL) {
        wanted.digest = *pinned;
        (void)tug_digest_format(pinned, reference);
    } else {
        (void)snprintf(reference, sizeof reference, "%s", tug_ref_tag(ref));
    }
    return tug__engine_start(lookup->engine, &wanted, &question->waiter, 0, err);
}

void tug__question_begin(struct tug__lookup *lookup, size_t position)
{
    struct tug__question *const question = &lookup->questions[position];
    struct tug_error error = {0};
    enum tug_status status = prepare(lookup, position, &error);

    if (status == TUG_OK) {
        status = request_root(lookup, question, lookup->settings->refs[position], &error);
    }
    if (status != TUG_OK) {
        tug__question_fail(lookup, question, &error, 0);
    }
}

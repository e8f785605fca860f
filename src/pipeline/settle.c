/* SPDX-License-Identifier: Apache-2.0
 *
 * Pass results to the images that waited: each goes on, does without, or fails.
 *
 * Knows: images, what the engine settles. Does not know: jobs, requests.
 * Threads: the resolver.
 *
 * This is the only way back from the engine. It runs after each call that may settle something, and
 * requests that images make in turn are only queued, so nothing here is reentrant.
 */
#include "pipeline/resolver.h"

/* Handle content that an image does not get: it fails, or does without. */
static void fail_edge(struct tug__resolver *resolver, const struct tug__settled *settled,
                      const struct tug__edge *edge, const struct tug_error *error)
{
    const struct tug__purpose purpose = tug__purpose_unpack(edge->number);
    struct tug__image *const image = tug__image_of(edge);
    struct tug_error memory_error = {0};

    if (settled->kind != TUG__SETTLED_FAILED || error->code != TUG_ERR_NOT_FOUND ||
        (!purpose.is_optional &&
         !tug__image_lose_payload(resolver, image, &settled->digest, settled->announced_type,
                                  edge->size_bytes))) {
        struct tug_error shown = *error;

        if (purpose.extra > 0 && purpose.is_optional &&
            image->extras.questions[purpose.extra - 1].tag != NULL) { /* one about a list says it */
            tug__extras_blame(&image->extras.questions[purpose.extra - 1], &shown);
        }
        tug__image_fail(resolver, image, &shown);
        return;
    }
    if (!purpose.is_optional) {
        ; /* a payload, which is lost */
    } else if (purpose.extra > 0) {
        tug__image_lacks_referrers(resolver, image, &purpose);
    } else if (purpose.is_document) {
        tug__image_skip_entry(resolver, image, &settled->digest, edge->size_bytes);
    } else if (tug__image_leave_out(resolver, image, &settled->digest, edge->size_bytes,
                                    &memory_error) != TUG_OK) {
        tug__image_fail(resolver, image, &memory_error);
    }
    tug__image_arrive(resolver, image);
}

/* Fail the images that do not get the settled content. */
static void refuse(struct tug__resolver *resolver, const struct tug__settled *settled)
{
    for (const struct tug__edge *edge = settled->edges; edge != NULL; edge = edge->next) {
        struct tug_error error;

        if (edge->waiter != NULL && tug__settled_refusal(settled, edge, &error)) {
            fail_edge(resolver, settled, edge, &error);
        }
    }
}

/* Content was fetched, or found by the engine's workers: count it for all waiting images, and
 * report it. */
static void report_done(struct tug__resolver *resolver, const struct tug__settled *settled)
{
    struct tug__reporter *const reporter = &resolver->reporter;
    const uint64_t size_bytes = settled->size_bytes;
    struct tug_event event = {
        .kind = settled->was_present ? TUG_EVENT_REUSED : TUG_EVENT_COMMITTED,
        .ref = settled->ref,
        .digest = settled->digest,
        .media_type = settled->announced_type,
        .size_bytes = size_bytes,
        .done_bytes = size_bytes,
        .seconds = settled->seconds,
        .is_rechecked = settled->is_rechecked,
        .copied_bytes = settled->copied_bytes,
    };
    bool is_charged = settled->was_present; /* to the first image that waits; the others reuse it */

    reporter->bytes_copied += settled->copied_bytes;
    for (const struct tug__edge *edge = settled->edges; edge != NULL; edge = edge->next) {
        if (edge->waiter != NULL) {
            struct tug_image_result *const result = &tug__image_of(edge)->result;

            *(is_charged ? &result->bytes_reused : &result->bytes_fetched) +=
                is_charged ? size_bytes : size_bytes - settled->copied_bytes;
            result->bytes_copied += is_charged ? 0 : settled->copied_bytes;
            result->blobs_done++;
            result->bytes_known += edge->has_size ? 0 : size_bytes;
            is_charged = true;
        }
        reporter->totals.bytes_known += edge->has_size ? 0 : size_bytes;
        reporter->totals.blobs_done++;
        reporter->bytes_stored += size_bytes;
    }
    tug__emit(resolver, &event);
}

/* The store turned out to have the content: each waiting image reuses it. */
static void report_reused(struct tug__resolver *resolver, const struct tug__settled *settled)
{
    const char *const media_type = settled->announced_type != NULL ? settled->announced_type : "";

    for (const struct tug__edge *edge = settled->edges; edge != NULL; edge = edge->next) {
        struct tug__image *const image = tug__image_of(edge);

        if (image == NULL) {
            continue;
        }
        if (!edge->has_size) {
            resolver->reporter.totals.bytes_known += settled->size_bytes;
            image->result.bytes_known += settled->size_bytes;
        }
        tug__image_note_reused(resolver, image, &settled->digest, media_type, settled->size_bytes);
    }
}

/* In a dry run: report it as to be fetched, unless the store has it. */
static void report_planned(struct tug__resolver *resolver, const struct tug__settled *settled)
{
    for (const struct tug__edge *edge = settled->edges; edge != NULL; edge = edge->next) {
        struct tug__image *const image = tug__image_of(edge);

        if (image == NULL) {
            continue;
        }
        if (settled->was_present) {
            image->result.bytes_reused += settled->size_bytes;
        } else {
            tug__plan_report(resolver, image, settled, NULL);
        }
    }
}

/* Hand an image the content that it waited for: note its facts, and read it if it is a document. */
static void deliver(struct tug__resolver *resolver, const struct tug__settled *settled,
                    const struct tug__edge *edge)
{
    const struct tug__purpose purpose = tug__purpose_unpack(edge->number);
    struct tug__image *const image = tug__image_of(edge);
    struct tug__need *need;
    bool is_new = false;

    if (settled->is_referrers) { /* an answer, which is no content */
        tug__image_use_extra(resolver, image, &purpose, settled);
        return;
    }
    if (settled->unpacked != NULL) { /* likewise */
        tug__conversion_note_layer(&image->conversion, &settled->digest, settled->unpacked);
        return;
    }
    (void)tug__image_see(image, &settled->digest, &is_new, NULL); /* counted already */
    need = tug__image_need(image, &settled->digest);
    if (need != NULL) {
        need->is_document = settled->is_document;
        need->has_size = true;
        need->size_bytes = settled->size_bytes;
    }
    if (!purpose.is_document || purpose.is_again) {
        return;
    }
    if (purpose.extra > 0) {
        tug__image_use_extra(resolver, image, &purpose, settled);
    } else if (settled->is_document) {
        tug__image_use_content(resolver, image, &purpose, &settled->digest, settled->body,
                               settled->size_bytes, settled->media_type, settled->is_pinned);
    } else {
        tug__image_use_stored(resolver, image, &purpose, settled);
    }
}

static void pass_on(struct tug__resolver *resolver, const struct tug__settled *settled)
{
    const struct tug_fetch_options *const options = &resolver->settings->options;

    if (settled->is_referrers || settled->unpacked != NULL) {
        ; /* nothing was fetched */
    } else if (settled->kind == TUG__SETTLED_REUSED) {
        report_reused(resolver, settled);
    } else if (options->dry_run && (settled->is_document || !settled->was_present)) {
        report_planned(resolver, settled);
    } else {
        report_done(resolver, settled);
    }
    if (options->recheck && !settled->is_document && settled->unpacked == NULL) {
        (void)tug__digest_set_add(&resolver->checked, &settled->digest);
    }
    for (const struct tug__edge *edge = settled->edges; edge != NULL; edge = edge->next) {
        if (edge->waiter != NULL) {
            deliver(resolver, settled, edge);
        }
    }
    for (const struct tug__edge *edge = settled->edges; edge != NULL; edge = edge->next) {
        if (edge->waiter != NULL) {
            tug__image_arrive(resolver, tug__image_of(edge));
        }
    }
}

void tug__images_settle(struct tug__resolver *resolver)
{
    struct tug__settled settled;

    while (tug__engine_next_settled(resolver->engine, &settled)) {
        refuse(resolver, &settled);
        if (settled.kind != TUG__SETTLED_FAILED) {
            pass_on(resolver, &settled);
        }
    }
    tug__images_sweep(resolver);
}

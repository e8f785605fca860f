/* SPDX-License-Identifier: Apache-2.0
 *
 * Find the manifest of a reference for one platform.
 *
 * Knows: documents, the choice of entries (plan.h), the engine's interface. Does not know: HTTP,
 * retries.
 * Threads: the engine's owner.
 */
#include "lookup/survey.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "oci/limits.h"

/* Number of a config's edge. Those of documents have their depth: the root 0, entries of it 1. */
#define CONFIG_NUMBER UINT_MAX

/* Keep the result. */
static enum tug_status conclude(struct tug__survey *survey, const struct tug_digest *digest,
                                uint64_t size_bytes, const char *media_type, struct tug_error *err)
{
    survey->digest = *digest;
    survey->size_bytes = size_bytes;
    survey->media_type = strdup(media_type);
    return survey->media_type != NULL ? TUG_OK : tug__fail_memory(err);
}

static enum tug_status request(struct tug__survey *survey, const struct tug__descriptor *descriptor,
                               bool is_document, unsigned number, struct tug_error *err)
{
    const struct tug__wanted wanted = {
        .digest = descriptor->digest,
        .has_size = true,
        .size_bytes = descriptor->size_bytes,
        .kind = descriptor->kind,
        .is_document = is_document,
        .media_type = descriptor->media_type[0] != '\0' ? descriptor->media_type : NULL,
        .data = descriptor->data,
        .source = survey->ref,
    };
    const enum tug_status status =
        tug__engine_start(survey->engine, &wanted, survey->waiter, number, err);

    survey->requested += status == TUG_OK;
    return status;
}

/* Request nested indexes; keep the other entries for the choice. */
static enum tug_status use_index(struct tug__survey *survey, const struct tug__document *document,
                                 unsigned depth, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    if (depth >= TUG__INDEX_DEPTH_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "indexes are nested more than %d levels deep",
                         TUG__INDEX_DEPTH_MAX);
    }
    for (size_t i = 0; status == TUG_OK && i < document->child_count; i++) {
        const struct tug__descriptor *const child = &document->children[i];

        if (!tug__plan_may_be_index(child)) {
            status = tug__gathered_add_entry(&survey->gathered, child, err);
        } else if (tug__digest_set_add(&survey->indexes, &child->digest)) {
            status = request(survey, child, true, depth + 1, err);
        }
    }
    return status;
}

/* The root is a single image: it is the result, if its config has the right platform. */
static enum tug_status use_root_manifest(struct tug__survey *survey,
                                         const struct tug__settled *settled,
                                         const struct tug__document *document,
                                         struct tug_error *err)
{
    const struct tug__descriptor *const config = document->has_config ? document->children : NULL;
    enum tug_status status =
        conclude(survey, &settled->digest, settled->size_bytes, document->media_type, err);

    if (status == TUG_OK && config != NULL && config->kind == TUG__MEDIA_CONFIG &&
        config->size_bytes <= TUG__CONFIG_BYTES_MAX) {
        status = request(survey, config, false, CONFIG_NUMBER, err);
    }
    return status;
}

static enum tug_status use_document(struct tug__survey *survey, const struct tug__settled *settled,
                                    unsigned depth, struct tug_error *err)
{
    const struct tug__document_text text = {
        .bytes = settled->body,
        .length = settled->size_bytes,
        .media_type = settled->media_type,
        .is_pinned = depth > 0 || tug_ref_digest(survey->ref) != NULL,
    };
    struct tug__document document = {0};
    enum tug_status status = tug__document_parse(&text, &document, err);
    char digest[TUG_DIGEST_TEXT_MAX];

    if (status != TUG_OK) {
        return tug__wrap(err, status, "manifest %s", tug_digest_format(&settled->digest, digest));
    }
    if (document.kind == TUG__MEDIA_INDEX) {
        survey->gathered.is_index = true;
        status = use_index(survey, &document, depth, err);
    } else if (depth == 0) {
        status = use_root_manifest(survey, settled, &document, err);
    } else { /* an entry that might have been an index: now it can be chosen */
        status = tug__gathered_add_entry(&survey->gathered,
                                         &(struct tug__descriptor){
                                             .digest = settled->digest,
                                             .size_bytes = settled->size_bytes,
                                             .kind = document.kind,
                                             .media_type = document.media_type,
                                         },
                                         err);
    }
    tug__document_fini(&document);
    return status;
}

static enum tug_status use_config(struct tug__survey *survey, const struct tug__settled *settled,
                                  struct tug_error *err)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    const enum tug_status status = tug__config_platform(
        settled->body, settled->size_bytes, &survey->platform, &survey->has_platform, err);

    if (status != TUG_OK) {
        return tug__wrap(err, status, "config %s", tug_digest_format(&settled->digest, digest));
    }
    return survey->has_platform ? tug__plan_check(&survey->wish, &survey->platform, err) : TUG_OK;
}

/* Determine the chosen entry: the best one for the platform, or else the only one that may fit.
 * Returns: count when there are several of those. */
static size_t find_chosen(const enum tug__want *wants, size_t count, size_t best)
{
    size_t chosen = count;

    if (best < count) {
        return best;
    }
    for (size_t i = 0; i < count; i++) {
        if (wants[i] == TUG__WANT_ALL && chosen < count) {
            return count;
        }
        chosen = wants[i] == TUG__WANT_ALL ? i : chosen;
    }
    return chosen;
}

/* All indexes are read: choose among their entries. */
static enum tug_status choose(struct tug__survey *survey, struct tug_error *err)
{
    const struct tug__descriptor *const entries = survey->gathered.entries;
    const size_t count = survey->gathered.entry_count;
    enum tug__want *const wants = calloc(count + 1, sizeof *wants);
    size_t best = count;
    size_t chosen = count;
    const struct tug__choice choice = {
        .wish = &survey->wish, .entries = entries, .count = count, .wants = wants, .best = &best};
    enum tug_status status =
        wants != NULL ? tug__plan_select(&survey->wish, entries, count, wants, &best, err)
                      : tug__fail_memory(err);

    if (status == TUG_OK) {
        chosen = find_chosen(wants, count, best);
        status = chosen < count
                     ? conclude(survey, &entries[chosen].digest, entries[chosen].size_bytes,
                                entries[chosen].media_type, err)
                     : tug__fail(err, TUG_ERR_NOT_FOUND,
                                 "the index does not say which platforms its entries are for");
    }
    if (status == TUG_OK) {
        survey->has_platform = entries[chosen].has_platform;
        survey->platform = entries[chosen].platform;
        tug__choice_warn(&choice, survey->warn, survey->warn_context);
    }
    free(wants);
    return status;
}

enum tug_status tug__survey_use(struct tug__survey *survey, const struct tug__settled *settled,
                                const struct tug__edge *edge, struct tug_error *err)
{
    enum tug_status status;

    if (edge->number == CONFIG_NUMBER) {
        status = use_config(survey, settled, err);
    } else if (settled->is_document) {
        status = use_document(survey, settled, edge->number, err);
    } else { /* the root is a blob, which has no platform */
        status = conclude(survey, &settled->digest, settled->size_bytes, settled->media_type, err);
    }
    survey->received++;
    if (status == TUG_OK && survey->received == survey->requested && survey->gathered.is_index) {
        status = choose(survey, err);
    }
    return status;
}

bool tug__survey_is_complete(const struct tug__survey *survey)
{
    return survey->received == survey->requested && survey->media_type != NULL;
}

void tug__survey_fini(struct tug__survey *survey)
{
    tug__gathered_fini(&survey->gathered);
    tug__digest_set_fini(&survey->indexes);
    free(survey->media_type);
    survey->media_type = NULL;
}
